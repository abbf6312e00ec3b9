//! For how long whoever was refused should not ask again, in the ways servers say it.

use httpdate::parse_http_date;

use super::Head;

/// The seconds, rounded up. A date is told from the response's own, so that nobody needs a clock; without one it says
/// nothing.
pub(super) fn seconds(head: &Head) -> Option<u32> {
    // OpenAI's own, and the more exact.
    if let Ok(ms) = head.retry_after_ms.trim().parse::<u32>() {
        return Some(ms.div_ceil(1000));
    }
    let wish = head.retry_after.trim();
    if let Ok(until) = parse_http_date(wish) {
        let now = parse_http_date(head.date.trim()).ok()?;
        let wait = until.duration_since(now).unwrap_or_default();
        return u32::try_from(wait.as_secs()).ok();
    }
    let (whole, rest) = wish.split_once('.').unwrap_or((wish, ""));
    if !rest.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let more = u32::from(rest.bytes().any(|digit| digit != b'0'));
    whole.parse().ok().map(|s: u32| s.saturating_add(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(names: &[(&str, &str)]) -> Option<u32> {
        let header = |name: &str| {
            let value = names.iter().find(|(known, _)| *known == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        Head::new(429, header).retry_after_s()
    }

    #[test]
    fn who_is_asked_to_wait_knows_for_how_long() {
        for (header, seconds) in [
            ("", None),
            ("20", Some(20)),
            (" 0 ", Some(0)),
            ("1.5", Some(2)),
            ("7.000", Some(7)),
            ("99999999999", None),
            ("-1", None),
            ("1.x", None),
            ("Sat, 21 Nov 2026 10:00:00 GMT", None),
        ] {
            assert_eq!(waits(&[("retry-after", header)]), seconds, "{header:?}");
        }
    }

    #[test]
    fn milliseconds_are_more_exact() {
        let both = [("retry-after", "2"), ("retry-after-ms", "400")];
        assert_eq!(waits(&both), Some(1));
        let garbage = [("retry-after", "2"), ("retry-after-ms", "soon")];
        assert_eq!(waits(&garbage), Some(2));
    }

    #[test]
    fn a_date_is_told_from_the_servers_own_clock() {
        for (now, until, seconds) in [
            (
                "Sat, 21 Nov 2026 10:00:00 GMT",
                "Sat, 21 Nov 2026 10:00:30 GMT",
                Some(30),
            ),
            (
                "Thu, 31 Dec 2026 23:59:50 GMT",
                "Fri, 01 Jan 2027 00:00:05 GMT",
                Some(15),
            ),
            (
                "Mon, 28 Feb 2028 23:59:59 GMT",
                "Wed, 01 Mar 2028 00:00:00 GMT",
                Some(86_401),
            ),
            (
                "Sat, 21 Nov 2026 10:00:00 GMT",
                "Sat, 21 Nov 2026 09:00:00 GMT",
                Some(0),
            ),
            ("yesterday", "Sat, 21 Nov 2026 09:00:00 GMT", None),
            (
                "Sat, 21 Nov 2026 10:00:00 GMT",
                "Sat, 21 Mai 2026 09:00:00 GMT",
                None,
            ),
            (
                "Sat, 21 Nov 2026 10:00:00 GMT",
                "Sat, 21 Nov 99999999999999999 09:00:00 GMT",
                None,
            ),
        ] {
            let headers = [("date", now), ("retry-after", until)];
            assert_eq!(waits(&headers), seconds, "{until}");
        }
    }
}
