//! What the edge tells the functions about a call, while it runs and after.

use serde::{Deserialize, Serialize};
use twilio::AccountSid;

use crate::{BotId, CallId, TenantId, Usage};

/// Body of `POST {status}/records`. Sent again until accepted; a record that is already known (same call, same
/// number) changes nothing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Batch {
    /// The call.
    pub call: CallId,
    /// The carrier's account of this deployment.
    pub account: AccountSid,
    /// Whose bot.
    #[serde(default)]
    pub tenant: TenantId,
    /// The bot.
    pub bot: BotId,
    /// The bot's version.
    pub bot_version: u32,
    /// In order. None: only how much was used is told, so that a cap is noticed.
    pub records: Vec<Numbered>,
    /// Turns of the caller's among all records up to the last of these.
    #[serde(default)]
    pub turns: u32,
    /// All that was used so far; what counts in the end is in [`Record::Ended`].
    #[serde(default)]
    pub usage: Usage,
}

/// A record and its place in the call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Numbered {
    /// From 1, per call. A gap may be left by a version of the edge that was taken back in mid-call.
    pub number: u64,
    /// Milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What happened.
    pub record: Record,
}

/// Answer to a [`Batch`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Accepted {
    /// The highest number now stored.
    pub through: u64,
    /// Whether the call has reached a cap: it must be ended politely.
    #[serde(default)]
    pub wrap: bool,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Record {
    /// A stream was opened: the first, or after a drop another one.
    Connected {
        /// From 1.
        stream: u32,
    },
    /// Somebody's turn was heard.
    Turn(Turn),
    /// Something worth knowing.
    Event(Event),
    /// The call is over. After it come only [`Record::Summary`], [`Record::Stored`] and [`Record::Filed`].
    Ended {
        /// Why.
        reason: EndReason,
        /// From the first stream's start, in milliseconds.
        duration_ms: u64,
        /// All that was used, counted once.
        usage: Usage,
    },
    /// The call in a few sentences.
    Summary {
        /// The sentences; empty: none came, but what was asked for is paid.
        text: String,
        /// What the summary took, beyond what [`Record::Ended`] tells; counted once.
        usage: Usage,
    },
    /// Nothing more will come: all is told and stored, or was given up. Always the last.
    Filed,
    /// A file of the call is in the bucket.
    Stored {
        /// `recording` or `tape`.
        name: String,
        /// Object key.
        key: String,
        /// Size.
        bytes: u64,
    },
}

/// One turn, as it was heard.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Turn {
    /// Whose.
    pub speaker: Speaker,
    /// What was heard: of an interrupted reply, only what the caller heard of it.
    pub text: String,
    /// When it began, in milliseconds since the call was opened.
    pub began_ms: u64,
    /// When it ended.
    pub ended_ms: u64,
    /// Whether the other side cut it off.
    #[serde(default)]
    pub interrupted: bool,
    /// How long the caller waited for it: on the first sound of a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// Whose turn.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Speaker {
    /// The person on the phone.
    Caller,
    /// Us.
    Bot,
}

/// How long the caller waited for a reply, each in milliseconds after the end of the caller's speech.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Timing {
    /// When we decided that the turn was over.
    pub decided_ms: u32,
    /// When the caller's words were there. Less than `decided_ms` if they were drafted.
    pub text_ms: u32,
    /// When the first words of the reply were there.
    pub words_ms: u32,
    /// When the first sound of the reply went out.
    pub sound_ms: u32,
}

/// Something worth knowing: for the audio log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Event {
    /// Stable, lower case with underscores: `barge_in`, `listen_failed`, `resumed`.
    pub name: String,
    /// For people; no spoken words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Milliseconds since the call was opened.
    pub at_ms: u64,
    /// Whence it came, if it came from outside.
    #[serde(default, skip_serializing_if = "Source::is_unknown")]
    pub source: Source,
}

/// Whence something about a call came.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Source {
    /// IP address of whoever sent it, as the cloud tells it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// The carrier's name of what it is about: a call's `CA…`, or a stream's `MZ…`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sid: String,
}

impl Source {
    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.ip.is_empty() && self.sid.is_empty()
    }
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum EndReason {
    /// The caller hung up, or the carrier did.
    CallerLeft,
    /// The bot said goodbye.
    BotLeft,
    /// The bot handed the caller over.
    Transferred,
    /// Nobody spoke.
    Idle,
    /// The longest duration was reached.
    TooLong,
    /// A cap on what may be spent was reached.
    Capped,
    /// An order from outside.
    Ordered,
    /// A machine answered.
    Machine,
    /// Providers failed and there was nobody to hand over to.
    Failed,
    /// The stream went away and no other came.
    Lost,
}
