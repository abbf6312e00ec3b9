//! A call as it is listed.

use std::collections::BTreeMap;

use contract::{BotId, CallId, Direction, EndReason, Leg, TenantId};
use serde::{Deserialize, Serialize};
use twilio::webhook::{AnsweredBy, CallStatus};
use twilio::{AccountSid, Party, PhoneNumber};

use crate::{country, words};

/// A call, in one row. What it cost is not for everybody to see: that is added where it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CallEntry {
    /// The call.
    pub call: CallId,
    /// When it was first heard of, in milliseconds since the Unix epoch.
    pub began_ms: u64,
    /// The account that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
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
    #[schema(value_type = Option<String>)]
    pub from: Option<Party>,
    /// Who is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub to: Option<Party>,
    /// How far it is, as the carrier tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::call_status)]
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
    #[schema(schema_with = words::answered_by)]
    pub answered_by: Option<AnsweredBy>,
    /// How it ended, as the edge tells.
    #[serde(skip)]
    pub ended: Option<Ended>,
    /// Why no bot answered, though the call reached us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
    /// To whom the caller was put through, by the bot or because none came. The carrier goes on until they hang up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub put_through_to: Option<PhoneNumber>,
    /// How often the caller had a turn.
    #[serde(skip)]
    pub turns: u32,
    /// Highest number of the edge's records.
    pub records: u64,
    /// Whether nothing more will come from the edge.
    #[serde(skip_serializing_if = "is_false")]
    pub filed: bool,
    /// What the summary cost, in micro-dollars.
    #[serde(skip)]
    pub summary_micro_dollars: u64,
    /// What the carrier took after the caller was put through, in micro-dollars; none: it is not counted.
    #[serde(skip)]
    pub line_micro_dollars: Option<u64>,
    /// What the call has cost so far, as counted in its tenant's day, in micro-dollars.
    #[serde(skip)]
    pub spent_micro_dollars: u64,
    /// What whoever placed the call wants to find again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(inline)]
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
            unanswered: None,
            put_through_to: None,
            turns: 0,
            records: 0,
            filed: false,
            inferred: false,
            summary_micro_dollars: 0,
            line_micro_dollars: None,
            spent_micro_dollars: 0,
            metadata: Metadata::new(),
            note: String::new(),
            seat: None,
        }
    }

    /// Whether nothing more is to come: the carrier has told its end, and the edge too. A call that the edge never had
    /// (busy, no answer, turned away) is complete with the carrier's word alone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let carrier = self.status.is_some_and(CallStatus::is_final);
        carrier
            && (self.ended.is_some()
                || self.unanswered.is_some()
                || self.status != Some(CallStatus::Completed)
                || self.bot.is_none())
    }

    /// Whether it is over, as far as anybody tells.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended.is_some() || self.status.is_some_and(CallStatus::is_final)
    }

    /// Whether the caller was put through to somebody.
    #[must_use]
    pub fn is_put_through(&self) -> bool {
        let transferred = |ended: Ended| ended.reason == EndReason::Transferred;
        self.put_through_to.is_some() || self.ended.is_some_and(transferred)
    }

    /// Whether it needs its place no longer: it is over, and a caller who was put through to somebody has left them too.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let speaks_on = self.call.carrier().is_some() && self.is_put_through();
        self.status.is_some_and(CallStatus::is_final) || (self.ended.is_some() && !speaks_on)
    }

    /// Whether the minutes of a caller who was put through are known, and not counted yet.
    #[must_use]
    pub fn has_line_to_count(&self) -> bool {
        self.is_put_through()
            && self.line_micro_dollars.is_none()
            && self.status.is_some_and(CallStatus::is_final)
            && self.carrier_duration_s.is_some()
            && (self.ended.is_some() || self.unanswered.is_some())
    }

    /// The caller's line, by what its price depends on.
    #[must_use]
    pub fn leg(&self) -> Leg {
        let called = self.to.as_ref().and_then(Party::number);
        Leg {
            direction: self.direction,
            country: called.and_then(country::of).unwrap_or_default(),
        }
    }

    /// What it cost when it was over, in micro-dollars, what was counted after its end included.
    #[must_use]
    pub fn cost_micro_dollars(&self) -> u64 {
        let ended = self.ended.map(|ended| ended.cost_micro_dollars);
        let line = self.line_micro_dollars;
        ended.unwrap_or_default() + self.summary_micro_dollars + line.unwrap_or_default()
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

/// Why a call that reached us met no bot.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// It was outside business hours.
    Closed,
    /// As many calls as may be were going on.
    Busy,
    /// The day's calls had cost what they may.
    Spent,
    /// Something of ours was out of order: the caller heard the fallback.
    Failed,
}

impl std::str::FromStr for Unanswered {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
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
