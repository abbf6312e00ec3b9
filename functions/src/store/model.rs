use std::collections::BTreeMap;

use contract::{Bot, BotId, CallId, Direction, EndReason, Numbered, Record, TenantId};
use serde::{Deserialize, Serialize};
use twilio::webhook::{AnsweredBy, CallStatus};
use twilio::{AccountSid, Party};

use super::Receipt;

/// A call, in one row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallEntry {
    /// The call.
    pub call: CallId,
    /// When it was first heard of, in milliseconds since the Unix epoch.
    pub began_ms: u64,
    /// The account that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountSid>,
    /// Whose it is. Unknown if only status callbacks came; then nobody sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// Who answers. Unknown if only status callbacks came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot: Option<BotId>,
    /// The version of the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_version: Option<u32>,
    /// Who dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Who calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// Who is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Party>,
    /// How far it is, as the carrier tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CallStatus>,
    /// Whether nobody told so, and it was concluded from what else is known: a later callback still counts.
    #[serde(skip_serializing_if = "is_false")]
    pub inferred: bool,
    /// Number of the callback that told so; -1 for what came without.
    #[serde(skip)]
    pub sequence: i64,
    /// How long the carrier says it was, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier_duration_s: Option<u32>,
    /// The last answer of the far end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_response_code: Option<u16>,
    /// Who or what answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<AnsweredBy>,
    /// How it ended, as the edge tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Highest number of the edge's records.
    pub records: u64,
    /// Whether nothing more will come from the edge.
    #[serde(skip_serializing_if = "is_false")]
    pub filed: bool,
    /// What the summary cost, in micro-dollars.
    #[serde(skip)]
    pub summary_micro_dollars: u64,
    /// What the call has cost so far, as counted in its tenant's day, in micro-dollars.
    pub spent_micro_dollars: u64,
    /// What whoever placed the call wants to find again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
    /// Words of people about the call.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Under which name it has a place among the calls at the same time.
    #[serde(skip)]
    pub seat: Option<String>,
}

/// Names and values of the operator's: at most 16.
pub type Metadata = BTreeMap<String, String>;

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl CallEntry {
    /// A call of which nothing more is known.
    #[must_use]
    pub fn new(call: CallId, began_ms: u64) -> Self {
        Self {
            call,
            began_ms,
            account: None,
            tenant: None,
            bot: None,
            bot_version: None,
            direction: None,
            from: None,
            to: None,
            status: None,
            sequence: -1,
            carrier_duration_s: None,
            sip_response_code: None,
            answered_by: None,
            ended: None,
            records: 0,
            filed: false,
            inferred: false,
            summary_micro_dollars: 0,
            spent_micro_dollars: 0,
            metadata: Metadata::new(),
            note: String::new(),
            seat: None,
        }
    }

    /// Whether nothing more is to come: the carrier has told its end, and the edge too. A call that the edge never had
    /// (busy, no answer) is complete with the carrier's word alone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let carrier = self.status.is_some_and(CallStatus::is_final);
        carrier
            && (self.ended.is_some()
                || self.status != Some(CallStatus::Completed)
                || self.bot.is_none())
    }

    /// Whether it is over, as far as anybody tells.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended.is_some() || self.status.is_some_and(CallStatus::is_final)
    }

    /// What it cost when it was over, in micro-dollars, its summary included.
    #[must_use]
    pub fn cost_micro_dollars(&self) -> u64 {
        let ended = self.ended.map(|ended| ended.cost_micro_dollars);
        ended.unwrap_or_default() + self.summary_micro_dollars
    }

    /// Where it stands among other calls: by time, then by id.
    #[must_use]
    pub fn sort_key(&self) -> String {
        sort_key(self.began_ms, &self.call)
    }
}

/// Orders calls by time, then by id.
#[must_use]
pub fn sort_key(began_ms: u64, call: &CallId) -> String {
    format!("{began_ms:014}#{call}")
}

/// How a call ended, as the edge tells.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// From the first stream's start, in milliseconds.
    pub duration_ms: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What it cost, in micro-dollars.
    pub cost_micro_dollars: u64,
    /// What the tenant pays for it, in micro-dollars.
    #[serde(default)]
    pub price_micro_dollars: u64,
}

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
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
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
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Progress {
    /// Its number, with -1 for none.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.sequence
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(-1)
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
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct News {
    /// `ringing`, `stream-started`, `amd`, …
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// When, as Twilio writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
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
                Record::Summary { text, .. } => Some(text.as_str()),
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
