//! `status`: what Twilio tells about calls and streams, and what the edge tells and wants stored. Nothing comes just once,
//! nothing in order; an answer other than 2xx makes the sender try again.

mod carrier;
mod records;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use contract::PriceTable;

use crate::Refusal;
use crate::clock::Clock;
use crate::secrets::Keyring;
use crate::store::{Calls, Dials, Files};

/// What the function needs.
pub struct Status {
    /// Calls.
    pub calls: Arc<dyn Calls>,
    /// Orders to dial.
    pub dials: Arc<dyn Dials>,
    /// The bucket.
    pub files: Arc<dyn Files>,
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
        .fallback(async || {
            Refusal::not_found("page: POST /twilio/call, /twilio/stream, /records or /uploads")
        })
        .with_state(Arc::new(status))
}
