//! Money and limits.

use serde::{Deserialize, Serialize};

/// What the tenant pays for a call. A call nobody answered is free.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Pricing {
    /// For each answered call, in micro-dollars.
    pub per_call_micro_dollars: u64,
    /// For each started minute of it beyond the included ones, in micro-dollars.
    pub per_minute_micro_dollars: u64,
    /// Started minutes of each call that cost nothing.
    pub included_minutes: u32,
}

impl Pricing {
    /// What its amounts may be.
    pub const RANGE: &str = "at most 1000000000 micro-dollars ($1000) each";

    /// Whether its amounts are within their range.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let amounts = [self.per_call_micro_dollars, self.per_minute_micro_dollars];
        amounts.iter().all(|amount| *amount <= 1_000_000_000)
    }

    /// The price of an answered call that long, in micro-dollars.
    #[must_use]
    pub fn of(&self, duration_ms: u64) -> u64 {
        let minutes = duration_ms
            .div_ceil(60_000)
            .saturating_sub(self.included_minutes.into());
        self.per_minute_micro_dollars
            .saturating_mul(minutes)
            .saturating_add(self.per_call_micro_dollars)
    }
}

/// What a bot may use. Checked before a call begins and, for what is spent, while it runs; a call at its cap ends politely.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Calls at the same time; 0: no limit.
    pub concurrent_calls_max: u32,
    /// What its calls of one UTC day may cost, in micro-dollars; 0: no limit.
    pub spend_per_day_max: u64,
    /// Countries it may dial, by ISO 3166-1 code such as `ES`, of those that its tenant may; empty: all of these.
    pub outbound_countries: Vec<String>,
}

/// What happens when somebody else than a person answers a call that we placed, or may have. Who answered is found out only
/// if it matters: if for a machine, or for when nobody can tell, it is anything but `continue`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Machine {
    /// Talk to it as to a person; nobody is asked who answered.
    #[default]
    Continue,
    /// Hang up.
    HangUp,
    /// Wait for the end of its greeting, say this, and hang up.
    LeaveMessage {
        /// What is said.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn started_minutes_beyond_the_included_ones_are_paid() {
        let pricing = Pricing {
            per_call_micro_dollars: 50_000,
            per_minute_micro_dollars: 20_000,
            included_minutes: 1,
        };
        for (duration_ms, price) in [
            (0, 50_000),
            (60_000, 50_000),
            (60_001, 70_000),
            (180_000, 90_000),
        ] {
            assert_eq!(pricing.of(duration_ms), price, "{duration_ms}");
        }
    }
}
