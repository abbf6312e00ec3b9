//! The local platform, part by part, asked as the originals are.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why"
)]

mod edge;
mod emulator;
mod front;
mod platform;
mod speech;
mod stores;
mod twilio;
