//! The real parts together, through a caller, a browser, a program or a failure.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

mod api;
mod assistant;
mod configuration;
mod conversation;
mod crash;
mod doors;
mod errands;
mod flood;
mod handshakes;
mod hedging;
mod junk;
mod keys;
mod live;
mod number;
mod operator;
mod orders;
mod outages;
mod pages;
mod providers;
mod replay;
mod speech_cache;
mod tokens;
mod url_mode;
mod webhooks;
