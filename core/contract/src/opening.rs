//! How the functions open a call at the edge.

use serde::{Deserialize, Serialize};
use twilio::{AccountSid, Party, PhoneNumber};

use crate::{Bot, CallId, HookSecret};

/// Largest bot, in bytes of JSON: an item of the functions' store holds 400 kB.
pub const BOT_BYTES_MAX: usize = 300_000;

/// Longest [`Opening`], in bytes of JSON: any bot fits, with room for the rest.
pub const OPENING_BYTES_MAX: usize = BOT_BYTES_MAX + 32_000;

/// Body of `PUT {edge}/calls/{CallId}`: all that the edge needs to hold the call. Sent again, with new handshake
/// signatures, before every new stream of the same call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Opening {
    /// The call.
    pub call: CallId,
    /// The account that owns it; the stream's `start` must name the same.
    pub account: AccountSid,
    /// Who calls. Untrusted: display only.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// Who dialled.
    pub direction: Direction,
    /// Who answers, as of now.
    pub bot: Bot,
    /// What Twilio's `X-Twilio-Signature` may be on the WebSocket handshake of the announced stream. Signed by the
    /// functions, so that the edge needs no Twilio credential.
    pub handshakes: Vec<String>,
    /// Where [`crate::Batch`]es go.
    pub records_url: String,
    /// Where [`crate::UploadRequest`]s go.
    pub uploads_url: String,
    /// Where [`crate::SpeechRequest`]s go; empty: no speech is kept beyond the edge's memory.
    #[serde(default)]
    pub speech_url: String,
    /// Where [`crate::PlayRequest`]s go, if the carrier plays replies by URL and streams one way only; empty: the stream takes
    /// replies too.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plays_url: String,
    /// Signs what goes to the tenant's own servers; none: it goes unsigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_secret: Option<HookSecret>,
}

/// Who dialled.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Direction {
    /// The caller dialled our number.
    Inbound,
    /// We dialled.
    Outbound,
}

/// What the edge answers to an [`Opening`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OpeningReply {
    /// How far the call is.
    pub state: OpeningState,
    /// What the carrier has to do before, or instead of, the next stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub farewell: Option<Farewell>,
    /// Whether a stream of the call is open already.
    #[serde(default)]
    pub streaming: bool,
}

/// How far the call is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningState {
    /// Ready for a stream.
    Ready,
    /// Over; no stream will be accepted.
    Ended,
}

/// What the edge cannot do itself, because only TwiML can: it closes the stream, Twilio asks the functions what comes next,
/// and they answer with this.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Farewell {
    /// Hang up.
    HangUp {
        /// Said by the carrier first, when our own speech is out of order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        say: Option<String>,
    },
    /// Connect the caller with a person.
    Transfer {
        /// Whom.
        to: PhoneNumber,
        /// Said by the carrier first, when our own speech is out of order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        say: Option<String>,
    },
    /// Press keys, then open the next stream.
    SendKeys {
        /// `0`–`9`, `*`, `#`, and `w` for half a second.
        keys: String,
    },
}
