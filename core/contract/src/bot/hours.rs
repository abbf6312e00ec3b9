//! When a bot answers.

use serde::{Deserialize, Serialize};

/// Business hours. Told by the functions, which know the time zones; a call in progress at closing time goes on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Hours {
    /// IANA name: `Europe/Madrid`.
    pub time_zone: String,
    /// When it is open; overlapping spans are one.
    pub open: Vec<Opens>,
    /// What callers get at other times.
    #[serde(default)]
    pub closed: Closed,
}

/// One span of each of some days.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Opens {
    /// On which days.
    pub days: Vec<Day>,
    /// `HH:MM`, local time.
    pub from: String,
    /// `HH:MM`, local time, not included; `24:00` for the end of the day. Not after `from`: until that time of the next
    /// day.
    pub to: String,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they say themselves what they are")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// What callers get outside business hours.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Closed {
    /// Said by the carrier's voice; empty: a sentence of ours.
    pub say: String,
    /// Whether the caller is then put through to the bot's fallback number.
    pub transfer: bool,
}
