//! `calls`: the API, behind `Authorization: Bearer {operator key, API key or token}`.
//!
//! | file | routes |
//! |---|---|
//! | `tenants` | the operator's customers |
//! | `keys`, `tokens` | what opens the API |
//! | `bots`, `numbers` | who answers, and where |
//! | `reach` | where they may have somebody called |
//! | `dial` (of a `call_order`), `view`, `orders` | calls: placed, looked at, told what to do |
//! | `sessions` | conversations through the edge's own sockets |
//! | `usage`, `webhooks` | what they cost, and what tenants' servers were told |
//! | `health`, `describe` | how the platform is, and what the API can do |
//!
//! Each handler takes a [`crate::account::Principal`], and gets the tenant whose things it may touch only by naming the scope
//! that this needs.

mod body;
mod bots;
mod call_order;
mod describe;
mod dial;
mod gate;
mod health;
mod keys;
mod listing;
mod numbers;
mod orders;
mod outcome;
mod phrases;
mod rate;
mod reach;
mod sessions;
mod settings;
mod tenants;
mod tokens;
mod usage;
mod view;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use utoipa_axum::router::OpenApiRouter;

use crate::Refusal;
use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::config::BaseUrl;
use crate::edge::Edge;
use crate::secrets::Keyring;
use crate::store::{Files, Store};
pub use settings::Settings;

/// What the function needs.
pub struct Api {
    /// What is kept.
    pub store: Store,
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
    /// Where the edge is, for those who watch a call.
    pub edge_url: BaseUrl,
    /// What the operator chose.
    pub settings: Settings,
    /// What is remembered between requests.
    pub doors: Doors,
}

/// What the gate remembers from one request to the next.
#[derive(Default)]
pub struct Doors {
    rates: rate::Rates,
    known: tenants::Known,
}

/// The function.
pub fn app(api: Api) -> Router {
    let api = Arc::new(api);
    let cors = describe::cors(&api.settings.origins);
    let (private, mut document) = private().split_for_parts();
    let (open, also) = open().split_for_parts();
    document.merge(also);
    private
        .fallback(async || Refusal::not_found("page of this API"))
        .method_not_allowed_fallback(describe::wrong_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&api),
            gate::behind_key,
        ))
        .merge(
            open.method_not_allowed_fallback(describe::wrong_method)
                .layer(middleware::from_fn_with_state(
                    Arc::clone(&api),
                    gate::with_or_without_key,
                )),
        )
        .merge(describe::pages(document))
        .layer(cors)
        .with_state(api)
}

/// What the API can do, as `OpenAPI` 3.1.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = private().into_openapi();
    document.merge(open().into_openapi());
    describe::finish(document)
}

/// All routes that need a key, each file's own.
fn private() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .merge(tenants::routes())
        .merge(keys::routes())
        .merge(tokens::routes())
        .merge(bots::routes())
        .merge(numbers::routes())
        .merge(dial::routes())
        .merge(view::routes())
        .merge(orders::routes())
        .merge(usage::routes())
        .merge(webhooks::routes())
}

/// Those that do not.
fn open() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .merge(health::routes())
        .merge(sessions::routes())
}

/// How often a change is tried again on top of another's that came between.
const TRIES: u32 = 8;

/// Others always came between.
fn others_change(what: &str) -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "others_change_it",
        format!("others keep changing this {what}: try again in a moment"),
    )
}

/// Bytes that nobody can guess.
fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no random number");
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_randomness",
            "try again in a moment",
        )
    })?;
    Ok(bytes)
}
