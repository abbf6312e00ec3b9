//! Whether a bot answers now.

use contract::{Day, Hours, Opens, minute_of_day};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone that nobody knows.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an IANA time zone such as Europe/Madrid")]
pub struct UnknownZone;

/// Whether `hours` say open at a moment, in milliseconds since the Unix epoch. By the clock on the wall there: an hour that
/// a change of the clock skips or repeats is as open as the wall says.
///
/// # Errors
/// If the time zone is not known.
pub fn is_open(hours: &Hours, now_ms: u64) -> Result<bool, UnknownZone> {
    let zone = zone(&hours.time_zone)?;
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let moment = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::MAX);
    let wall = zone.to_datetime(moment);
    let minute = u16::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute()));
    let minute = minute.unwrap_or_default();
    let (today, yesterday) = (wall.weekday(), wall.weekday().previous());
    Ok(hours
        .open
        .iter()
        .any(|span| covers(span, today, yesterday, minute)))
}

/// Finds a time zone among those that came with this program.
///
/// # Errors
/// If there is none of that name.
pub fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| UnknownZone)
}

fn covers(span: &Opens, today: Weekday, yesterday: Weekday, minute: u16) -> bool {
    let (Some(from), Some(to)) = (minute_of_day(&span.from), minute_of_day(&span.to)) else {
        return false;
    };
    let on = |weekday| span.days.iter().any(|day| weekday_of(*day) == weekday);
    if from < to {
        on(today) && (from..to).contains(&minute)
    } else {
        // Past midnight: what is left of it belongs to the day on which it began.
        (on(today) && minute >= from) || (on(yesterday) && minute < to)
    }
}

fn weekday_of(day: Day) -> Weekday {
    match day {
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
        Day::Sunday => Weekday::Sunday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Closed;

    fn hours(time_zone: &str, days: &[Day], from: &str, to: &str) -> Hours {
        Hours {
            time_zone: time_zone.to_owned(),
            open: vec![Opens {
                days: days.to_vec(),
                from: from.to_owned(),
                to: to.to_owned(),
            }],
            closed: Closed::default(),
        }
    }

    fn at(time: &str) -> u64 {
        let moment: Timestamp = time.parse().unwrap();
        u64::try_from(moment.as_millisecond()).unwrap()
    }

    #[test]
    fn a_span_begins_with_its_first_minute_and_ends_before_its_last() {
        let office = hours("Europe/Madrid", &[Day::Monday], "09:00", "17:30");
        // Monday, 23 November 2026; Madrid is an hour ahead of UTC.
        for (time, open) in [
            ("2026-11-23T07:59:59Z", false),
            ("2026-11-23T08:00:00Z", true),
            ("2026-11-23T16:29:59Z", true),
            ("2026-11-23T16:30:00Z", false),
            ("2026-11-24T12:00:00Z", false),
        ] {
            assert_eq!(is_open(&office, at(time)), Ok(open), "{time}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let bar = hours("America/New_York", &[Day::Friday], "20:00", "02:00");
        // New York is five hours behind UTC: Friday 20:00 there is Saturday 01:00.
        for (time, open) in [
            ("2026-11-21T00:59:59Z", false),
            ("2026-11-21T01:00:00Z", true),
            ("2026-11-21T06:59:59Z", true),
            ("2026-11-21T07:00:00Z", false),
            ("2026-11-22T02:00:00Z", false),
        ] {
            assert_eq!(is_open(&bar, at(time)), Ok(open), "{time}");
        }
    }

    #[test]
    fn a_whole_day_is_open_until_midnight_and_the_same_minute_twice_is_a_whole_day() {
        let sunday = hours("UTC", &[Day::Sunday], "00:00", "24:00");
        assert_eq!(is_open(&sunday, at("2026-11-22T23:59:59Z")), Ok(true));
        assert_eq!(is_open(&sunday, at("2026-11-23T00:00:00Z")), Ok(false));
        let round = hours("UTC", &[Day::Sunday], "06:00", "06:00");
        assert_eq!(is_open(&round, at("2026-11-23T05:59:00Z")), Ok(true));
        assert_eq!(is_open(&round, at("2026-11-23T06:00:00Z")), Ok(false));
    }

    #[test]
    fn the_wall_clock_counts_when_clocks_change() {
        let early = hours("Europe/Berlin", &[Day::Sunday], "02:30", "03:30");
        // 28 March 2027: after 01:59:59 comes 03:00:00, which is 01:00 UTC.
        assert_eq!(is_open(&early, at("2027-03-28T00:59:59Z")), Ok(false));
        assert_eq!(is_open(&early, at("2027-03-28T01:00:00Z")), Ok(true));
        assert_eq!(is_open(&early, at("2027-03-28T01:30:00Z")), Ok(false));
    }

    #[test]
    fn a_zone_that_is_none_is_told() {
        let mars = hours("Mars/Olympus", &[Day::Monday], "09:00", "17:00");
        assert_eq!(is_open(&mars, 0), Err(UnknownZone));
        assert!(zone("Asia/Kathmandu").is_ok());
    }
}
