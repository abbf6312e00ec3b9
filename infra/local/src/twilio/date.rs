//! The two ways in which Twilio writes a moment, both in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

struct Civil {
    year: u64,
    /// From 0.
    month: u64,
    day: u64,
    /// Days since 1970, a Thursday.
    days: u64,
    seconds: u64,
}

/// Seconds since 1970, now.
pub(super) fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// RFC 2822, such as `Tue, 06 Oct 2026 10:00:00 +0000`.
pub(super) fn rfc_2822(unix_s: u64) -> String {
    let at = civil(unix_s);
    let name = |names: &[&'static str], index: u64| {
        let index = usize::try_from(index).unwrap_or(0);
        names.get(index).copied().unwrap_or_default()
    };
    format!(
        "{}, {:02} {} {} {} +0000",
        name(&DAYS, at.days % 7),
        at.day,
        name(&MONTHS, at.month),
        at.year,
        time(at.seconds),
    )
}

/// ISO 8601, such as `2026-10-06T10:00:00Z`.
pub(super) fn iso_8601(unix_s: u64) -> String {
    let at = civil(unix_s);
    format!(
        "{:04}-{:02}-{:02}T{}Z",
        at.year,
        at.month + 1,
        at.day,
        time(at.seconds)
    )
}

fn time(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

fn civil(unix_s: u64) -> Civil {
    let days = unix_s / 86_400;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    for length in [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
    ] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    Civil {
        year,
        month,
        day: left + 1,
        days,
        seconds: unix_s % 86_400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_twilio_writes_them() {
        assert_eq!(rfc_2822(0), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(rfc_2822(1_791_280_800), "Tue, 06 Oct 2026 10:00:00 +0000");
        assert_eq!(rfc_2822(1_709_251_199), "Thu, 29 Feb 2024 23:59:59 +0000");
        assert_eq!(iso_8601(1_709_251_200), "2024-03-01T00:00:00Z");
        assert_eq!(iso_8601(1_735_689_599), "2024-12-31T23:59:59Z");
    }
}
