//! All that Twilio says and wants to hear, as values.
//!
//! | module | what it holds |
//! |---|---|
//! | [`ids`] | the identifiers and telephone parties of the wire, parsed at the door |
//! | [`media`] | the messages of a media stream's WebSocket, both ways |
//! | [`twiml`] | call instructions: a writer of values and a strict reader |
//! | [`webhook`] | the forms Twilio posts: voice, call status, stream status, answering machine |
//! | [`signature`] | who may have sent a request or opened a media stream |
//! | [`rest`] | requests to the REST API, and what their answers mean |
//!
//! Each shape is written down once and serves both ends: the platform that talks to Twilio, and the simulated Twilio that
//! the platform is tested against. Nothing here opens a socket or reads a clock.

pub mod form;
pub mod ids;
pub mod media;
pub mod rest;
pub mod signature;
pub mod twiml;
pub mod webhook;

pub use form::Form;
pub use ids::{AccountSid, BadSid, CallSid, NumberSid, Party, PhoneNumber, StreamSid};
