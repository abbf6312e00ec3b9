//! How much may come: so much at once, and then so much a second.

use call::Instant;

/// A thousandth of what one message takes.
const WHOLE: u64 = 1_000;

/// What may still come.
#[derive(Debug)]
pub(crate) struct Allowance {
    per_second: u64,
    at_once: u64,
    /// In thousandths, and when it was so; none: all of it.
    left: Option<(Instant, u64)>,
}

impl Allowance {
    /// So many messages at once, and so many a second for long.
    pub(crate) const fn new(at_once: u64, per_second: u64) -> Self {
        Self {
            per_second,
            at_once,
            left: None,
        }
    }

    /// Takes one, if there is any.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let most = self.at_once * WHOLE;
        let (then, left) = self.left.unwrap_or((now, most));
        let elapsed_ms = u64::try_from(now.since(then).as_millis()).unwrap_or(u64::MAX);
        let earned = elapsed_ms.saturating_mul(self.per_second);
        let left = left.saturating_add(earned).min(most);
        let is_there = left >= WHOLE;
        let left = if is_there { left - WHOLE } else { left };
        self.left = Some((now.max(then), left));
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_in_a_second_are_cut_to_what_may_come() {
        let mut allowance = Allowance::new(10, 5);
        let taken = (0..1_000)
            .filter(|ms| allowance.take(Instant::from_ms(*ms)))
            .count();
        assert_eq!(taken, 14);
    }

    #[test]
    fn whoever_keeps_to_the_rate_is_always_heard_and_silence_earns_no_more_than_all() {
        let mut allowance = Allowance::new(2, 3);
        let mut at_once = |ms| {
            let now = Instant::from_ms(ms);
            (0..9).filter(|_| allowance.take(now)).count()
        };
        assert_eq!(at_once(0), 2);
        assert_eq!([at_once(333), at_once(334)], [0, 1], "a third of a second");
        assert_eq!(at_once(60_000), 2);
        assert!((1..100).all(|n| allowance.take(Instant::from_ms(60_000 + n * 334))));
    }
}
