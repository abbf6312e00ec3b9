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
mod event;
mod options;
mod record;
mod sound;

pub use call::Call;
pub use event::{Closer, Event, Events, Webhook, What};
pub use options::{
    Behaviour, Callee, CarrierOptions, Delivery, Handshake, Number, Order, Reaction,
};
pub use sound::{Silence, Spoken, Voice};

// The service object, to come:
//   Carrier::start(CarrierOptions) -> io::Result<Carrier>          (async)
//   carrier.url() -> String                                        base of the REST API
//   carrier.add_number(Number) -> NumberSid
//   carrier.dial(from: Party, to: &PhoneNumber) -> Result<Call, NotInService>
//   carrier.outbound().await -> Call                               the next call that the REST API created
//   carrier.call(CallSid) -> Option<Call>, carrier.calls() -> Vec<Call>
//   carrier.set_callee(PhoneNumber, Callee)
//   carrier.behave(|behaviour| behaviour.omit_silence = true)
//   carrier.refuse_next(RestError)                                 the next REST request fails so
