//! The one clock of a call: the platform's, read once per event.

use call::Instant;

/// Milliseconds since the Unix epoch. The platform lets its clock stand still between two inputs, so what is read here
/// is when the event came in.
pub(crate) fn epoch_ms() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive whole number, far below 2^53"
    )]
    let ms = js_sys::Date::now() as u64;
    ms
}

/// Seconds since the Unix epoch.
pub(crate) fn epoch_s() -> u64 {
    epoch_ms() / 1000
}

/// The time of a call: milliseconds since it was opened. Never goes back, whatever the platform's clock does, and goes
/// on where it was after a restart, since the opening is stored as a time of day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    opened_ms: u64,
    last: Instant,
}

impl Clock {
    /// The clock of a call that was opened then.
    pub(crate) const fn new(opened_ms: u64) -> Self {
        Self {
            opened_ms,
            last: Instant::ZERO,
        }
    }

    /// Now.
    pub(crate) fn read(&mut self) -> Instant {
        self.at(epoch_ms())
    }

    /// The call's time at a time of day, but never before a time that was given out.
    fn at(&mut self, epoch_ms: u64) -> Instant {
        self.last = self
            .last
            .max(Instant::from_ms(epoch_ms.saturating_sub(self.opened_ms)));
        self.last
    }

    /// Time of day of a moment of the call.
    pub(crate) const fn epoch_ms_of(&self, at: Instant) -> u64 {
        self.opened_ms.saturating_add(at.as_ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_stands_still_until_it_has_caught_up() {
        let mut clock = Clock::new(1_000);
        assert_eq!(clock.at(1_500), Instant::from_ms(500));
        assert_eq!(clock.at(900), Instant::from_ms(500));
        assert_eq!(clock.at(1_501), Instant::from_ms(501));
        assert_eq!(clock.epoch_ms_of(Instant::from_ms(501)), 1_501);
    }
}
