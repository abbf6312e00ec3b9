//! Time, as a dependency: handlers are told the hour, so that tests can be too.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in milliseconds since the Unix epoch.
pub type Clock = fn() -> u64;

/// The machine's clock.
#[must_use]
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| {
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    })
}

/// The day of a moment in UTC, as `2026-11-21`.
#[must_use]
pub fn date(ms: u64) -> String {
    let moment = i64::try_from(ms).ok();
    let moment = moment.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let moment = moment.unwrap_or(jiff::Timestamp::MAX);
    jiff::tz::TimeZone::UTC
        .to_datetime(moment)
        .date()
        .to_string()
}

/// A month of the Gregorian calendar, in UTC. Shown as `2026-11`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Month {
    /// Four digits.
    pub year: u64,
    /// 1 to 12.
    pub month: u64,
}

impl Month {
    /// The month of a moment, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn of(ms: u64) -> Self {
        // Years begin in March here, so that the leap day is the last: then months have a pattern of 153 days in five.
        let days = ms / 86_400_000 + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: year_of_era + era * 400 + u64::from(month <= 2),
            month,
        }
    }

    /// Reads `2026-11`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let fits = year.len() == 4
            && month.len() == 2
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let month = Self {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
        };
        (fits && (1..=12).contains(&month.month)).then_some(month)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 86_400_000;

    #[test]
    fn months_begin_and_end_where_the_calendar_says() {
        assert_eq!(Month::of(0).to_string(), "1970-01");
        assert_eq!(Month::of(31 * DAY_MS - 1).to_string(), "1970-01");
        assert_eq!(Month::of(31 * DAY_MS).to_string(), "1970-02");
        // 29 February 2000 is day 11 016.
        assert_eq!(Month::of(11_016 * DAY_MS).to_string(), "2000-02");
        assert_eq!(Month::of(11_017 * DAY_MS).to_string(), "2000-03");
        assert_eq!(Month::of(1_795_219_200_000).to_string(), "2026-11");
        assert_eq!(Month::of(1_798_761_599_999).to_string(), "2026-12");
        assert_eq!(Month::of(1_798_761_600_000).to_string(), "2027-01");
    }

    #[test]
    fn a_month_reads_what_it_writes_and_nothing_else() {
        assert_eq!(
            Month::parse("2026-11"),
            Some(Month {
                year: 2026,
                month: 11
            })
        );
        for wrong in [
            "2026-13", "2026-00", "26-11", "2026-1", "2026/11", "+026-11", "",
        ] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
