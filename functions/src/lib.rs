//! What runs at AWS, each function a plain [`axum::Router`] made of its dependencies:
//!
//! | function | who calls it | what it does |
//! |---|---|---|
//! | [`voice`] | Twilio | answers webhooks with TwiML, and opens the call at the edge |
//! | [`calls`] | the operator | bots, numbers, outbound calls, what became of a call |
//! | [`status`] | Twilio and the edge | status callbacks, records, presigned uploads |
//!
//! A request is verified at the door ([`twilio_request`], [`sealed`], and before the API its own gate); behind it nothing doubts it. What they
//! did wrong is a [`Refusal`]; what the world did wrong is an error value that each function answers in its own way: `voice`
//! with words for the caller, the others with a 503 that makes the sender try again.

pub mod account;
pub mod calls;
pub mod carrier;
pub mod clock;
pub mod config;
pub mod country;
pub mod door;
pub mod edge;
pub mod hook;
pub mod hours;
pub mod limits;
pub mod refusal;
pub mod runtime;
pub mod secrets;
pub mod shown;
pub mod status;
pub mod store;
pub mod voice;
mod words;

pub use refusal::Refusal;

#[cfg(doc)]
use door::{sealed, twilio_request};
