//! Moments, as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment on the clock of whoever reads.
pub(crate) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The same, of milliseconds since the Unix epoch.
pub(crate) fn local_ms(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| "?".to_owned(), local)
}

/// A length such as `3:07`.
pub(crate) fn minutes(length_ms: u64) -> String {
    let seconds = length_ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Money: at least cents, and as many digits as it takes to tell it exactly.
pub(crate) fn dollars(micro_dollars: u64) -> String {
    let exact = format!(
        "{}.{:06}",
        micro_dollars / 1_000_000,
        micro_dollars % 1_000_000
    );
    let end = exact.len();
    let cents = end.saturating_sub(4);
    let kept = exact.trim_end_matches('0').len().clamp(cents, end);
    format!("${}", exact.get(..kept).unwrap_or(&exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_told_exactly_and_in_cents_at_least() {
        assert_eq!(dollars(0), "$0.00");
        assert_eq!(dollars(12_340_000), "$12.34");
        assert_eq!(dollars(1_500_000), "$1.50");
        assert_eq!(dollars(12_345), "$0.012345");
    }
}
