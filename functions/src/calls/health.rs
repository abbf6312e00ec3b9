//! How the platform is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use crate::account::Principal;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(health))
}

/// How the platform is. Without a key: that the API answers, and its version.
#[derive(Serialize, utoipa::ToSchema)]
struct Health {
    /// `ok` or `failing`.
    status: &'static str,
    /// Of the functions.
    version: &'static str,
    /// `ok`, or what is wrong with the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    /// `ok`, or what is wrong with the edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge: Option<String>,
    /// What the edge says of itself, its version too.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_says: Option<serde_json::Value>,
}

/// Ask how the platform is
///
/// With a key the answer tells of store and edge too, which are asked for it; without, nobody else is asked.
#[utoipa::path(get, path = "/health", tag = "platform", security((), ("key" = [])),
    responses((status = 200, description = "All is well", body = Health), (status = 503, description = "Store or edge do not answer", body = Health)))]
async fn health(State(api): State<Arc<Api>>, who: Option<Principal>) -> Response {
    let short = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        store: None,
        edge: None,
        edge_says: None,
    };
    if who.is_none() {
        return Json(short).into_response();
    }
    let (store, edge) =
        futures_util::future::join(api.store.bots.reachable(), api.edge.health()).await;
    let well = store.is_ok() && edge.is_ok();
    let state = |problem: Option<String>| Some(problem.unwrap_or_else(|| "ok".to_owned()));
    let edge_says = edge.as_ref().ok().cloned();
    let whole = Health {
        status: if well { "ok" } else { "failing" },
        store: state(store.err().map(|error| error.to_string())),
        edge: state(edge.err().map(|error| error.to_string())),
        edge_says,
        ..short
    };
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(whole)).into_response()
}
