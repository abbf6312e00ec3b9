//! What tenants' servers are told: `call.started` and `call.ended`, signed as Standard Webhooks.
//!
//! That something is to be told is kept before whoever caused it gets an answer, under an id that the event alone decides:
//! told twice, kept once. The edge is the clock; it comes back ([`contract::ErrandCall`]) until the server has said 2xx, or
//! for three days. Each attempt carries the same id, by which the server knows a repeat.

mod address;
mod post;
mod teller;

use contract::{CallId, ERRAND_S_MAX};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use address::is_public;
pub use post::{HttpPost, Post, PostError};
pub use teller::{Teller, unreachable};

/// What happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub enum Happening {
    /// A call was answered, or a conversation opened.
    #[serde(rename = "call.started")]
    Started,
    /// A call is over, and all that there will be of it is known.
    #[serde(rename = "call.ended")]
    Ended,
}

impl Happening {
    /// In the words of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "call.started",
            Self::Ended => "call.ended",
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ended => "ended",
        }
    }
}

/// Names an event, the same at every attempt: `{CallId}-started` or `{CallId}-ended`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(into = "String")]
pub struct HookId {
    /// Of which call.
    pub call: CallId,
    /// What happened.
    pub happening: Happening,
}

impl HookId {
    /// Reads an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (call, suffix) = text.split_once('-')?;
        let happening = [Happening::Started, Happening::Ended]
            .into_iter()
            .find(|happening| happening.suffix() == suffix)?;
        let call = call.parse().ok()?;
        Some(Self { call, happening })
    }
}

impl std::fmt::Display for HookId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.call, self.happening.suffix())
    }
}

impl From<HookId> for String {
    fn from(id: HookId) -> Self {
        id.to_string()
    }
}

/// Something that the functions asked to be reminded of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reminder {
    /// To tell a tenant's server something.
    Tell {
        /// What.
        hook: HookId,
        /// Which time it was set going: more than 1 if somebody asked for it again.
        round: u32,
    },
    /// To see that a call has come to its end on both sides.
    Settle(CallId),
}

impl Reminder {
    /// The errand's id.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Tell { hook, round } => format!("tell-{round}-{hook}"),
            Self::Settle(call) => format!("settle-{call}"),
        }
    }

    /// Reads an errand's id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        if let Some(call) = id.strip_prefix("settle-") {
            return call.parse().ok().map(Self::Settle);
        }
        let (round, hook) = id.strip_prefix("tell-")?.split_once('-')?;
        Some(Self::Tell {
            hook: HookId::parse(hook)?,
            round: round.parse().ok()?,
        })
    }
}

/// What lies between the edge's clock and ours, and on the way to it, in milliseconds.
const SLACK_MS: u64 = 30_000;

/// How long to wait after so many attempts that failed, in seconds: from ten seconds to four hours.
#[must_use]
pub fn pause_s(attempts: u32) -> u32 {
    const PAUSES_S: [u32; 8] = [10, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    PAUSES_S.get(index).copied().unwrap_or(14_400)
}

/// Whether another attempt, after a failed one that was the last of so many, can still be made in time for what was set going
/// at `since_ms`. The edge waits up to a quarter longer than it is told, and forgets what would be too late.
#[must_use]
pub fn goes_on(since_ms: u64, now_ms: u64, attempts: u32) -> bool {
    let pause_ms = u64::from(pause_s(attempts)) * 1_000;
    is_worth(since_ms, now_ms + pause_ms + pause_ms / 4 + SLACK_MS)
}

/// Whether an attempt at `now_ms` is still worth it for what was set going at `since_ms`.
#[must_use]
pub fn is_worth(since_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(since_ms) < ERRAND_S_MAX * 1_000
}

/// The message, as the Standard Webhooks specification lays it out.
#[must_use]
pub fn message(happening: Happening, at_ms: u64, data: &serde_json::Value) -> Vec<u8> {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or(i64::MAX));
    let message = serde_json::json!({
        "type": happening.as_str(),
        "timestamp": at.unwrap_or(Timestamp::MAX).to_string(),
        "data": data,
    });
    message.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_what_they_write_and_fit_an_errand() {
        let call = CallId::web(7);
        for happening in [Happening::Started, Happening::Ended] {
            let hook = HookId { call, happening };
            assert_eq!(HookId::parse(&hook.to_string()), Some(hook));
            let told = Reminder::Tell {
                hook,
                round: u32::MAX,
            };
            assert_eq!(Reminder::parse(&told.id()), Some(told));
            assert!(told.id().len() <= 80, "{}", told.id());
        }
        let settle = Reminder::Settle(call);
        assert_eq!(Reminder::parse(&settle.id()), Some(settle));
        for wrong in [
            "",
            "tell-1-x",
            "tell-x",
            "settle-",
            "tell--CA-ended",
            "other-1",
        ] {
            assert_eq!(Reminder::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn pauses_grow_to_four_hours_and_stop_after_three_days() {
        let mut now_s = 0_u64;
        let mut attempts = 0;
        while is_worth(0, now_s * 1_000) {
            attempts += 1;
            now_s += u64::from(pause_s(attempts));
        }
        assert_eq!((pause_s(1), pause_s(2), pause_s(99)), (10, 30, 14_400));
        assert_eq!(attempts, 25);
    }

    #[test]
    fn who_says_that_it_goes_on_is_reminded_in_time() {
        // As the edge does it, at its slowest: it forgets what would come after the three days.
        let (deadline_ms, mut now_ms, mut attempts) = (ERRAND_S_MAX * 1_000, 0, 1);
        while goes_on(0, now_ms, attempts) {
            now_ms += u64::from(pause_s(attempts)) * 1_250;
            attempts += 1;
            assert!(now_ms < deadline_ms, "{attempts}");
        }
        assert_eq!(attempts, 21);
    }

    #[test]
    fn a_message_has_type_time_and_data() {
        let message = message(Happening::Ended, 1_795_262_400_500, &serde_json::json!({}));
        assert_eq!(
            String::from_utf8(message).unwrap(),
            r#"{"data":{},"timestamp":"2026-11-21T12:00:00.5Z","type":"call.ended"}"#
        );
    }
}
