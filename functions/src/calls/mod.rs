//! `calls`: the operator's API, behind `Authorization: Bearer {operator key}`.
//!
//! | request | answer |
//! |---|---|
//! | `PUT /bots/{id}` with a [`contract::Bot`] | the bot; its version is one more if anything changed |
//! | `GET /bots/{id}` | the bot |
//! | `PUT /numbers/{e164}` `{bot}`, `GET /numbers/{e164}` | `{number, bot}` |
//! | `POST /calls` `{to, bot, from?}`, with an `Idempotency-Key` or without | 201 `{call, status, bot, to, from}` |
//! | `GET /calls?limit&after&bot&status` | `{calls, next}`, newest first; `next` goes into `after` |
//! | `GET /calls/{sid}` | the call with turns, events, the carrier's news, usage, cost, and a link to its recording for five minutes |
//! | `GET /usage/{yyyy-mm}` | how many calls ended in that month, how long they were, what they cost |
//! | `GET /health` | 200 or 503, with the state of store and edge |

mod bots;
mod dial;
mod gate;
mod health;
mod numbers;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use utoipa_axum::router::OpenApiRouter;

use crate::Refusal;
use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::config::BaseUrl;
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
    let (router, _) = routes().split_for_parts();
    router
        .fallback(async || Refusal::not_found("page of this API"))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&api),
            gate::behind_key,
        ))
        .with_state(api)
}

/// All routes, each file's own.
fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .merge(bots::routes())
        .merge(numbers::routes())
        .merge(dial::routes())
        .merge(view::routes())
        .merge(health::routes())
}
