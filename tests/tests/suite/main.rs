//! Whole conversations with the engine in simulated time, and the rules of the house.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and says why"
)]

mod common;
mod conversation;
mod endings;
mod halves;
mod hints;
mod house;
mod keys;
mod line;
mod machines;
mod orders;
mod simulation;
mod streams;
mod tape;
mod tools;
mod trouble;
mod unclear;
