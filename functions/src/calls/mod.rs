//! `calls`: the operator's API, behind the operator key. Bots, numbers, outbound calls, and what became of a call.

mod dial;
mod setup;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};

use crate::Refusal;
use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::config::BaseUrl;
use crate::door::operator;
use crate::edge::Edge;
use crate::secrets::Keyring;
use crate::store::{Bots, Calls, Dials, Files};

/// What the function needs.
pub struct Api {
    /// Bots and numbers.
    pub bots: Arc<dyn Bots>,
    /// Calls.
    pub calls: Arc<dyn Calls>,
    /// Orders to dial.
    pub dials: Arc<dyn Dials>,
    /// Recordings.
    pub files: Arc<dyn Files>,
    /// The edge, for its health.
    pub edge: Arc<dyn Edge>,
    /// Who dials.
    pub carrier: Arc<dyn Carrier>,
    /// Secrets.
    pub keyring: Arc<Keyring>,
    /// Time.
    pub clock: Clock,
    /// Where `voice` is.
    pub voice_url: BaseUrl,
    /// Where `status` is.
    pub status_url: BaseUrl,
}

/// The function.
pub fn app(api: Api) -> Router {
    let api = Arc::new(api);
    Router::new()
        .route("/calls", get(view::list).post(dial::place))
        .route("/calls/{sid}", get(view::detail))
        .route("/bots/{id}", put(setup::put_bot).get(setup::get_bot))
        .route(
            "/numbers/{number}",
            put(setup::put_number).get(setup::get_number),
        )
        .route("/usage/{month}", get(view::usage))
        .route("/health", get(view::health))
        .fallback(async || Refusal::not_found("page of this API"))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), behind_key))
        .with_state(api)
}

async fn behind_key(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    match operator(&api.keyring, request.headers()).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}
