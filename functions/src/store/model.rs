use contract::{Bot, BotId, CallId, Direction, Numbered, Record, Source};
use serde::{Deserialize, Serialize};
use twilio::webhook::{AnsweredBy, CallStatus};
use twilio::{AccountSid, Party};

use super::{CallEntry, Metadata, Receipt};

/// A call was heard of: by its webhook, or by the answer to our dialling.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The call.
    pub call: CallId,
    /// The account that owns it.
    pub account: AccountSid,
    /// Who answers, as of now.
    pub bot: Bot,
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// Who dialled.
    pub direction: Direction,
    /// How far it is; counts for nothing if a callback has told already.
    pub status: CallStatus,
    /// What whoever placed it wants to find again.
    pub metadata: Metadata,
    /// Under which name it has a place among the calls at the same time.
    pub seat: Option<String>,
    /// Who told of it; nobody if we placed it ourselves.
    pub source: Option<Source>,
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Opened {
    /// What is kept beside the call of how it came.
    #[must_use]
    pub fn note(&self) -> Option<Note> {
        let source = self.source.clone()?;
        Some(Note {
            call: self.call,
            key: "opened".to_owned(),
            news: News {
                name: "opened".to_owned(),
                detail: String::new(),
                timestamp: None,
                at_ms: self.now_ms,
                duration_s: None,
                source,
            },
            answered_by: None,
            now_ms: self.now_ms,
        })
    }
}

/// The carrier tells how far a call is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The call.
    pub call: CallId,
    /// The account that owns it.
    pub account: AccountSid,
    /// How far it is.
    pub status: CallStatus,
    /// Whether nobody told so.
    pub inferred: bool,
    /// Number of the callback; a number's own callback, at the end of an inbound call, has none.
    pub sequence: Option<u64>,
    /// Who calls.
    pub from: Option<Party>,
    /// Who is called.
    pub to: Option<Party>,
    /// Who dialled, in Twilio's words.
    pub direction: Option<twilio::webhook::Direction>,
    /// How long it was, in seconds.
    pub duration_s: Option<u32>,
    /// The last answer of the far end.
    pub sip_response_code: Option<u16>,
    /// Who or what answered.
    pub answered_by: Option<AnsweredBy>,
    /// When, as Twilio writes it.
    pub timestamp: Option<String>,
    /// Who told.
    pub source: Source,
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Progress {
    /// How far a call is, and nothing else.
    #[must_use]
    pub fn new(call: CallId, account: AccountSid, status: CallStatus, now_ms: u64) -> Self {
        Self {
            call,
            account,
            status,
            inferred: false,
            sequence: None,
            from: None,
            to: None,
            direction: None,
            duration_s: None,
            sip_response_code: None,
            answered_by: None,
            timestamp: None,
            source: Source::default(),
            now_ms,
        }
    }

    /// Its number, with -1 for none, and less for what nobody told.
    #[must_use]
    pub fn number(&self) -> i64 {
        let told = self
            .sequence
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(-1);
        if self.inferred { -2 } else { told }
    }

    /// Whether it tells more than what is known. A call only goes forward; of two ends the later-numbered one counts, so
    /// that the order in which they come does not matter.
    #[must_use]
    pub fn is_news(&self, status: Option<CallStatus>, sequence: i64) -> bool {
        status.is_none_or(|known| (self.status.rank(), self.number()) > (known.rank(), sequence))
    }

    /// Who dialled, as far as it tells.
    #[must_use]
    pub fn dialled_by(&self) -> Option<Direction> {
        use twilio::webhook::Direction as Wire;
        self.direction.map(|direction| match direction {
            Wire::Inbound | Wire::TrunkingOriginating => Direction::Inbound,
            Wire::OutboundApi | Wire::OutboundDial | Wire::TrunkingTerminating => {
                Direction::Outbound
            }
        })
    }

    /// What is kept of it beside the call.
    #[must_use]
    pub fn note(&self) -> Note {
        let key = match self.sequence {
            Some(sequence) => format!("{sequence:06}"),
            None if self.inferred => format!("inferred-{}", self.status),
            None => format!("status-{}", self.status),
        };
        Note {
            call: self.call,
            key,
            news: News {
                name: self.status.to_string(),
                detail: if self.inferred { "inferred" } else { "" }.to_owned(),
                timestamp: self.timestamp.clone(),
                at_ms: self.now_ms,
                duration_s: self.duration_s,
                source: self.source.clone(),
            },
            answered_by: self.answered_by,
            now_ms: self.now_ms,
        }
    }
}

/// The carrier tells something about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The call.
    pub call: CallId,
    /// What makes it the same when it is told again.
    pub key: String,
    /// What.
    pub news: News,
    /// Who or what answered, if it tells that.
    pub answered_by: Option<AnsweredBy>,
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

/// What the carrier told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct News {
    /// `opened`, `ringing`, `stream-started`, `answered-by-human`, …
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// When, as Twilio writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// When we heard of it, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub at_ms: u64,
    /// How long the call was by then, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    /// Who told.
    #[serde(default, skip_serializing_if = "Source::is_unknown")]
    pub source: Source,
}

/// Which calls: those of which all that is asked is true.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Of that bot.
    pub bot: Option<BotId>,
    /// Of that status.
    pub status: Option<CallStatus>,
    /// Of that direction.
    pub direction: Option<Direction>,
    /// Begun then or later, in milliseconds since the Unix epoch.
    pub from_ms: Option<u64>,
    /// Begun before.
    pub to_ms: Option<u64>,
}

impl Filter {
    /// Whether it lets a call through.
    #[must_use]
    pub fn passes(&self, entry: &CallEntry) -> bool {
        let (bot, status) = (self.bot.as_ref(), self.status);
        bot.is_none_or(|bot| entry.bot.as_ref() == Some(bot))
            && status.is_none_or(|status| entry.status == Some(status))
            && self
                .direction
                .is_none_or(|direction| entry.direction == Some(direction))
            && self.from_ms.is_none_or(|from| entry.began_ms >= from)
            && self.to_ms.is_none_or(|to| entry.began_ms < to)
    }
}

/// Some calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Newest first.
    pub calls: Vec<CallEntry>,
    /// The sort key after which to go on, if there may be more.
    pub next: Option<String>,
}

/// All that is known of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The row.
    pub entry: CallEntry,
    /// What the carrier told, in order.
    pub news: Vec<News>,
    /// What the edge told, in order.
    pub records: Vec<Numbered>,
    /// What it used, cost and is paid for, what came after its end included.
    pub receipt: Option<Receipt>,
}

impl Detail {
    /// The call in a few sentences.
    #[must_use]
    pub fn summary(&self) -> Option<&str> {
        self.records
            .iter()
            .find_map(|numbered| match &numbered.record {
                // There is none of a summary that failed, but what it cost.
                Record::Summary { text, .. } => Some(text.as_str()).filter(|text| !text.is_empty()),
                Record::Stored { .. }
                | Record::Connected { .. }
                | Record::Turn(_)
                | Record::Event(_)
                | Record::Ended { .. }
                | Record::Filed => None,
            })
    }

    /// The key of a stored file of that name.
    #[must_use]
    pub fn file(&self, wanted: &str) -> Option<&str> {
        self.records
            .iter()
            .rev()
            .find_map(|numbered| match &numbered.record {
                Record::Stored { name, key, .. } if name == wanted => Some(key.as_str()),
                Record::Stored { .. }
                | Record::Connected { .. }
                | Record::Turn(_)
                | Record::Event(_)
                | Record::Ended { .. }
                | Record::Summary { .. }
                | Record::Filed => None,
            })
    }
}
