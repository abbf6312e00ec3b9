//! The functions from outside: each route on the store in memory, the store itself in memory and on DynamoDB's protocol
//! through the real SDK, the programs with a bad environment.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod accounts;
mod bots;
mod calls;
mod caps;
mod carrier;
mod costs;
mod dialling;
mod edge;
mod fakes;
mod gate;
mod hooks;
mod keys;
mod lost_answers;
mod manners;
mod numbers;
mod plays;
mod prices;
mod programs;
mod put_through;
mod reach;
mod routes;
mod sessions;
mod speech;
mod status;
mod store;
mod storm;
mod support;
mod tenants;
mod told;
mod turned_away;
mod voice;
