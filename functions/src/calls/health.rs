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
use crate::edge::EdgeError;

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
    /// Why it is not: `seal_forged` if the secrets of both differ, `misconfigured` if it lacks a setting, `edge_silent`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_code: Option<String>,
    /// What the edge says of itself: its version, and in `defaults` who works for bots that name no provider and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_says: Option<serde_json::Value>,
}

/// Ask how the platform is
///
/// With a key the answer tells of store and edge too, which are asked for it; without, nobody else is asked.
#[utoipa::path(get, path = "/health", tag = "platform", security((), ("key" = [])),
    responses((status = 200, description = "All is well", body = Health), (status = 503, description = "Store or edge do not answer, or the edge does not know the functions' secret", body = Health)))]
async fn health(State(api): State<Arc<Api>>, who: Option<Principal>) -> Response {
    let short = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        store: None,
        edge: None,
        edge_code: None,
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
        edge_code: edge.as_ref().err().map(|error| error.code().to_owned()),
        edge: state(edge.err().map(|error| words(&error))),
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

/// What is wrong with the edge; where that is known, with what to do.
fn words(error: &EdgeError) -> String {
    let advice = match error.code() {
        "seal_forged" => {
            "the secrets differ: EDGE_SECRET at the edge must be the member edge_secret of the functions' secret"
        }
        "seal_stale" => "the clocks of edge and functions differ by more than seals allow",
        "misconfigured" => "GET /health of the edge names the setting that it lacks",
        "not_found" => "the edge is older than the functions: deploy it",
        _ => return error.to_string(),
    };
    format!("{error}; {advice}")
}
