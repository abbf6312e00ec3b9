//! How good the turn-taking is, in numbers: `make bench turns`.
//!
//! The engine runs in simulated time and hears real sound: flite's voices with scripted pauses, noise, coughs and the
//! echo of the bot's own voice, as 20 ms frames of μ-law. What it is told by speech-to-text, and how long providers take,
//! is simulated. It is a crate of its own beside the tests because the local platform must never use the engine, and because
//! nothing of it is needed to pass the tests.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement: sound and shares are floats, and a broken script must stop it"
)]

pub mod caller;
pub mod corpus;
mod fill;
pub mod fit;
mod lines;
pub mod oracle;
pub mod room;
pub mod run;
pub mod score;
pub mod sound;
pub mod table;
