//! The local platform, part by part, asked as the originals are.

mod edge;
mod emulator;
mod front;
mod platform;
mod speech;
mod stores;
mod twilio;
