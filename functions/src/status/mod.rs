//! `status`: what Twilio tells about calls and streams, what the edge tells and wants stored, and what the edge reminds us
//! of. Nothing comes just once, nothing in order; an answer other than 2xx makes the sender try again.

mod carrier;
mod errands;
mod news;
mod records;
mod speech;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use contract::PriceTable;

use crate::Refusal;
use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::edge::Edge;
use crate::hook::Post;
use crate::secrets::Keyring;
use crate::store::{Files, Store};

/// What the function needs.
pub struct Status {
    /// What is kept.
    pub store: Store,
    /// The bucket.
    pub files: Arc<dyn Files>,
    /// The edge: orders to calls, and reminders.
    pub edge: Arc<dyn Edge>,
    /// Twilio, when a call's end got lost.
    pub carrier: Arc<dyn Carrier>,
    /// Who sends to tenants' servers.
    pub post: Arc<dyn Post>,
    /// Secrets.
    pub keyring: Arc<Keyring>,
    /// Time.
    pub clock: Clock,
    /// What usage costs.
    pub prices: PriceTable,
}

/// The function.
pub fn app(status: Status) -> Router {
    Router::new()
        .route("/twilio/call", post(carrier::call))
        .route("/twilio/stream", post(carrier::stream))
        .route("/records", post(records::take))
        .route("/uploads", post(records::uploads))
        .route("/errands", post(errands::remembered))
        .route("/speech", post(speech::places))
        .fallback(async || {
            Refusal::not_found(
                "page: POST /twilio/call, /twilio/stream, /records, /uploads, /speech or /errands",
            )
        })
        .with_state(Arc::new(status))
}
