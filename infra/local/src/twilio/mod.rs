//! The simulated Twilio: numbers, calls, webhooks, TwiML, media streams and the REST API, strict where Twilio is strict and failing as
//! it fails.
//!
//! ```text
//! Carrier ── REST API (calls, numbers)
//!    │ dial, or REST create
//!    ▼
//!  Call ◀─ orders ─ whoever plays the person on the telephone
//!    │ one task: webhooks → TwiML → verbs → media stream, driven by the line's 20 ms clock
//!    ▼
//!  Events, recording
//! ```

mod call;
mod carrier;
mod client;
mod courier;
mod date;
mod dialling;
mod event;
mod gather;
mod leg;
mod line;
mod options;
mod plan;
mod playout;
mod program;
mod record;
mod rest;
mod sid;
mod sound;
mod stream;

pub use call::Call;
pub use carrier::{Carrier, NotInService};
pub use event::{Closer, Event, Events, Webhook, What};
pub use options::{
    Behaviour, Callee, CarrierOptions, Delivery, Handshake, Number, Order, Reaction,
};
pub use sound::{Silence, Spoken, Voice};
