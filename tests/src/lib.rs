//! What only shows when the parts work together.
//!
//! A simulated world for the engine: a caller who follows a script, a carrier who plays in virtual time, providers in
//! any weather, a journal that survives crashes. One seed gives one story; [`rules`] says what must hold in all.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a world that contradicts itself had better stop at once: it is only run by tests"
)]

pub mod caller;
pub mod carrier;
mod days;
mod deeds;
mod extras;
mod files;
pub mod heard;
pub mod log;
pub mod owed;
pub mod providers;
pub mod random;
pub mod rules;
pub mod story;
pub mod voice;
pub mod weather;
pub mod world;
