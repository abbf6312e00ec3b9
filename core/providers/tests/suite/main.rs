//! Every provider's protocol against recorded shapes, cut everywhere.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why"
)]

mod adapters_law;
mod corpus;
mod desk;
mod exchanges;
mod law;
mod listening;
mod listening_law;
mod road;
mod speak;
mod speaking;
mod speaking_corpus;
mod speaking_time;
mod think;
mod uploads;
mod voices;
