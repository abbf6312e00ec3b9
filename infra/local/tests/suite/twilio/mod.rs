//! The simulated Twilio against a small customer: a web server whose answers the test decides, and the far end of media streams.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test may fail"
)]

mod callbacks;
mod documents;
mod endings;
mod media;
mod rest;
mod world;
