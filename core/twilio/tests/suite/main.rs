//! What Twilio says and wants to hear, against its documentation.

mod media;
mod media_any;
mod rest;
mod signature;
mod twiml;
mod webhook;
