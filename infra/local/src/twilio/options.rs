//! How the simulated Twilio behaves.

use std::sync::Arc;

use ::twilio::signature::AuthToken;
use ::twilio::webhook::AnsweredBy;
use ::twilio::{AccountSid, PhoneNumber};

use super::sound::{Silence, Voice};

/// What a [`Carrier`](super::Carrier) is started with.
#[derive(Clone)]
pub struct CarrierOptions {
    /// The account.
    pub account: AccountSid,
    /// Its auth token: opens the REST API and signs webhooks.
    pub token: AuthToken,
    /// All randomness comes from here: SIDs, and the order of shuffled callbacks.
    pub seed: u64,
    /// Mix the time of the start into the SIDs, so that they do not come again after a restart over the same data.
    pub fresh_sids: bool,
    /// Where to listen on 127.0.0.1; 0 takes a free port.
    pub port: u16,
    /// How long a webhook may take, in milliseconds: 15,000 at Twilio, retry included.
    pub webhook_timeout_ms: u64,
    /// Speaks `<Say>`.
    pub voice: Arc<dyn Voice>,
    /// How it treats calls.
    pub behaviour: Behaviour,
}

impl CarrierOptions {
    /// An account on a free port that behaves well.
    #[must_use]
    pub fn new(account: AccountSid, token: AuthToken) -> Self {
        Self {
            account,
            token,
            seed: 0,
            fresh_sids: false,
            port: 0,
            webhook_timeout_ms: 15_000,
            voice: Arc::new(Silence),
            behaviour: Behaviour::default(),
        }
    }
}

/// What can be changed while it runs; calls take it as it is when they need it.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// How callbacks arrive.
    pub delivery: Delivery,
    /// How media streams show who they are.
    pub handshake: Handshake,
    /// Send no media messages while the caller says nothing. Twilio does so on some calls.
    pub omit_silence: bool,
    /// Send the voice webhook of an inbound call twice, and follow the second answer: what a lost connection leads to.
    pub voice_webhook_twice: bool,
    /// How long an inbound caller hears it ring before Twilio asks what to do, in milliseconds.
    pub ring_ms: u64,
    /// Keep what both sides said, for [`Call::recording`](super::Call::recording): 16 kB a second.
    pub record: bool,
    /// Whoever is called and has no [`Carrier::set_callee`](super::Carrier::set_callee) of their own.
    pub callee: Callee,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            delivery: Delivery::default(),
            handshake: Handshake::Signed,
            omit_silence: false,
            voice_webhook_twice: false,
            ring_ms: 0,
            record: true,
            callee: Callee::default(),
        }
    }
}

/// How status callbacks arrive: those of calls, of streams and of machine detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// In which order.
    pub order: Order,
    /// Each is held back up to that long, in milliseconds.
    pub delay_ms_max: u64,
    /// How many of a hundred arrive twice.
    pub duplicate_percent: u8,
}

/// In which order callbacks arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they happened: each is sent when the one before it was answered.
    #[default]
    AsHappened,
    /// Each for itself, after a delay of its own.
    Shuffled,
    /// All after the end of the call, the last first.
    Reversed,
}

/// What a media stream says of itself in its handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handshake {
    /// A signature over the URL, as in the document.
    #[default]
    Signed,
    /// A signature over the URL with a slash at its end, as Twilio sometimes does.
    SignedWithSlash,
    /// A signature that fits nothing.
    Forged,
    /// No signature.
    Unsigned,
}

/// Someone who can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// What they do.
    pub reaction: Reaction,
    /// What machine detection finds out.
    pub answered_by: AnsweredBy,
    /// How long it needs for that, in milliseconds after the answer.
    pub detection_ms: u64,
    /// For a `<Dial>`: when they hang up, in milliseconds after the answer.
    pub talk_ms: u64,
}

impl Default for Callee {
    fn default() -> Self {
        Self {
            reaction: Reaction::Answers { after_ms: 200 },
            answered_by: AnsweredBy::Human,
            detection_ms: 500,
            talk_ms: 1000,
        }
    }
}

/// What someone does who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Picks up.
    Answers {
        /// After ringing so long, in milliseconds.
        after_ms: u64,
    },
    /// Is on another call, or declines.
    Busy {
        /// After ringing so long, in milliseconds.
        after_ms: u64,
    },
    /// Lets it ring until Twilio gives up.
    NoAnswer,
    /// There is no such number.
    Unreachable,
}

/// A number of the account, and what it does with calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub number: PhoneNumber,
    /// Where Twilio asks what to do with a call.
    pub voice_url: String,
    /// Where it asks if that fails.
    pub fallback_url: Option<String>,
    /// Where it posts that a call is over.
    pub status_callback: Option<String>,
}
