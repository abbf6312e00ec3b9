//! How the platform is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(health))
}

#[utoipa::path(get, path = "/health", tag = "platform", responses((status = 200, body = serde_json::Value)))]
async fn health(State(api): State<Arc<Api>>) -> Response {
    let (store, edge) = futures_util::future::join(api.bots.reachable(), api.edge.health()).await;
    let well = store.is_ok() && edge.is_ok();
    let state = |problem: Option<String>| problem.unwrap_or_else(|| "ok".to_owned());
    let edge_says = edge.as_ref().ok().cloned();
    let body = json!({
        "status": if well { "ok" } else { "failing" },
        "version": env!("CARGO_PKG_VERSION"),
        "store": state(store.err().map(|error| error.to_string())),
        "edge": state(edge.err().map(|error| error.to_string())),
        "edge_says": edge_says,
    });
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}
