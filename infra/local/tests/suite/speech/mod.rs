//! The stand-ins for the providers, over HTTP: what they hear and say after the telephone, and how they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "helpers of tests are tests"
)]

mod desk;
mod hearing;
mod kin;
mod road;
mod speaking;
mod telephone;
mod thinking;
