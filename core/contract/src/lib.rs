//! What the functions and the edge say to each other, defined once and used by both.
//!
//! | message | from → to | form |
//! |---|---|---|
//! | [`Opening`] → [`OpeningReply`] | functions → edge | `PUT {edge}/calls/{CallId}` |
//! | [`Order`] → [`OrderReply`] | functions → edge | `POST {edge}/calls/{CallId}/orders` |
//! | [`Played`] → [`PlayedReply`] | functions → edge | `POST {edge}/calls/{CallId}/played` |
//! | [`Errand`] | functions → edge | `PUT {edge}/errands/{id}` |
//! | [`ErrandCall`] → [`ErrandReply`] | edge → functions | `POST` to the errand's URL |
//! | [`Ticket`] | functions → Twilio → edge | last segment of the stream's path |
//! | [`Pass`] | functions → browser → edge | query of `GET {edge}/calls/{CallId}/events` |
//! | [`SessionRequest`] → [`SessionReply`] | edge → functions | `POST {calls}/sessions` |
//! | [`Batch`] → [`Accepted`] | edge → functions | `POST {status}/records` |
//! | [`UploadRequest`] → [`UploadReply`] | edge → functions | `POST {status}/uploads` |
//! | [`SpeechRequest`] → [`SpeechReply`] | edge → functions | `POST {status}/speech` |
//! | [`PlayRequest`] → [`PlayReply`] | edge → functions | `POST {voice}/voice/plays` |
//!
//! Requests between the two carry a [`Seal`]. Every refusal, of either, is one JSON shape: [`ErrorBody`].

mod bot;
mod call_id;
mod errand;
mod error;
mod hook;
mod opening;
mod order;
mod pass;
mod play;
mod price;
mod record;
mod seal;
mod session;
mod speech;
mod tenant;
mod ticket;
mod upload;
mod usage;

pub use bot::{
    Bot, BotId, Closed, Day, EndOfTurn, Fallback, Hours, Idle, Invalid, Limits, Machine, Opens,
    Phrases, Pricing, ReplyMode, Stage, Tool, Turns, Voice, WebhookTool, are_countries,
    is_web_address, minute_of_day,
};
pub use call_id::{BadCallId, CallId};
pub use errand::{ERRAND_S_MAX, Errand, ErrandCall, ErrandReply};
pub use error::{ErrorBody, ErrorDetail};
pub use hook::{HOOK_ID_HEADER, HOOK_SIGNATURE_HEADER, HOOK_TIME_HEADER, HookSecret};
pub use opening::{
    BOT_BYTES_MAX, Direction, Farewell, OPENING_BYTES_MAX, Opening, OpeningReply, OpeningState,
};
pub use order::{Answerer, Do, Order, OrderReply};
pub use pass::{BadPass, Pass};
pub use play::{PLAY_BYTES_MAX, Play, PlayReply, PlayRequest, PlaySound, Played, PlayedReply};
pub use price::{Cost, CostItem, Dimension, Leg, Price, PriceTable};
pub use record::{
    Accepted, Batch, EndReason, Event, Numbered, Record, Source, Speaker, Timing, Turn,
};
pub use seal::{SEAL_HEADER, Seal, SealError, Secret};
pub use session::{SessionReply, SessionRequest};
pub use speech::{
    BadSpeechKey, SPEECH_BYTES_MAX, SPEECH_KEYS_MAX, SpeechKey, SpeechReply, SpeechRequest,
    SpeechWish,
};
pub use tenant::TenantId;
pub use ticket::{Ticket, TicketError};
pub use upload::{Upload, UploadReply, UploadRequest, UploadWish};
pub use usage::{Amount, Usage, Work, WorkStage};

/// Speech-to-text providers that a bot may name.
pub const LISTENERS: &[&str] = &[
    "openai",
    "deepgram-flux",
    "deepgram-nova",
    "elevenlabs",
    "assemblyai",
    "google",
    "workers-ai",
];

/// Language model providers that a bot may name.
pub const THINKERS: &[&str] = &["openai", "anthropic", "ollama", "workers-ai"];

/// Text-to-speech providers that a bot may name.
pub const SPEAKERS: &[&str] = &[
    "openai",
    "elevenlabs",
    "elevenlabs-socket",
    "deepgram",
    "deepgram-flux",
    "deepgram-socket",
    "cartesia",
    "cartesia-socket",
    "http",
    "workers-ai",
];
