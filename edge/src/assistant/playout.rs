//! What of our sound was played by a client that plays for itself.

use std::collections::VecDeque;
use std::time::Duration;

use audio::RATE_HZ;
use call::{Instant, Mark};

/// Between sending a sound and its being heard, when nobody says: network, decoding, the sound card's queue.
const WAY: Duration = Duration::from_millis(200);
/// A mark this near has been reached: clients count in whole milliseconds, and resampling keeps back the last two.
const NEAR: u64 = RATE_HZ as u64 / 50;

/// What lies at the client, and where its marks are.
#[derive(Debug, Default)]
pub(super) struct Playout {
    /// Samples sent since the socket was ready.
    sent: u64,
    /// When all of it will have been played, by the clock.
    end: Instant,
    marks: VecDeque<Place>,
    /// The client says itself what was played.
    is_reported: bool,
}

#[derive(Debug)]
struct Place {
    mark: Mark,
    /// In samples.
    position: u64,
    due: Instant,
}

impl Playout {
    pub(super) fn play(&mut self, now: Instant, samples: usize) {
        let samples = u64::try_from(samples).unwrap_or(u64::MAX);
        self.sent += samples;
        self.end =
            self.end.max(now) + Duration::from_micros(samples * 1_000_000 / u64::from(RATE_HZ));
    }

    pub(super) fn mark(&mut self, now: Instant, mark: Mark) {
        self.marks.push_back(Place {
            mark,
            position: self.sent,
            due: self.end.max(now) + WAY,
        });
    }

    /// The client drops what it has: no mark of it will be played.
    pub(super) fn clear(&mut self, now: Instant) {
        self.marks.clear();
        self.end = now;
    }

    /// The client says how much was played or dropped since the socket was ready. From now on it is believed, not the
    /// clock; if it says no more, the engine does not wait for ever.
    pub(super) fn reported(&mut self, ms: u64) -> Vec<Mark> {
        self.is_reported = true;
        let position = ms.saturating_mul(u64::from(RATE_HZ) / 1_000).min(self.sent);
        self.take(|place| place.position <= position.saturating_add(NEAR))
    }

    /// When the next mark counts as played.
    pub(super) fn due(&self) -> Option<Instant> {
        let next = self.marks.front().filter(|_| !self.is_reported);
        next.map(|place| place.due)
    }

    /// The marks that count as played by now.
    pub(super) fn played_by(&mut self, now: Instant) -> Vec<Mark> {
        if self.is_reported {
            return Vec::new();
        }
        self.take(|place| place.due <= now)
    }

    fn take(&mut self, is_played: impl Fn(&Place) -> bool) -> Vec<Mark> {
        let count = self
            .marks
            .iter()
            .take_while(|place| is_played(place))
            .count();
        self.marks.drain(..count).map(|place| place.mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = RATE_HZ as usize;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    fn mark(generation: u64, number: u64) -> Mark {
        Mark { generation, number }
    }

    #[test]
    fn without_reports_sound_counts_as_heard_when_it_must_have_been() {
        let mut playout = Playout::default();
        playout.play(at(100), SECOND);
        playout.mark(at(100), mark(0, 1));
        playout.play(at(400), SECOND);
        playout.mark(at(400), mark(0, 2));
        assert_eq!(playout.due(), Some(at(1_300)));
        assert_eq!(playout.played_by(at(1_299)), []);
        assert_eq!(playout.played_by(at(1_300)), [mark(0, 1)]);
        assert_eq!(playout.played_by(at(9_000)), [mark(0, 2)]);
        assert_eq!(playout.due(), None);
    }

    #[test]
    fn a_client_that_reports_is_believed_and_not_the_clock() {
        let mut playout = Playout::default();
        for number in 1..=3 {
            playout.play(at(0), SECOND);
            playout.mark(at(0), mark(0, number));
        }
        assert_eq!(playout.reported(900), []);
        assert_eq!(playout.due(), None);
        assert_eq!(playout.played_by(at(60_000)), []);
        assert_eq!(playout.reported(2_000), [mark(0, 1), mark(0, 2)]);
        assert_eq!(playout.reported(2_000), []);
        assert_eq!(playout.reported(u64::MAX), [mark(0, 3)]);
    }

    #[test]
    fn a_report_that_was_under_way_when_sound_was_cleared_says_nothing_of_what_follows() {
        let mut playout = Playout::default();
        playout.play(at(0), 2 * SECOND);
        playout.mark(at(0), mark(0, 1));
        playout.clear(at(700));
        playout.play(at(800), SECOND);
        playout.mark(at(800), mark(1, 2));
        assert_eq!(playout.reported(600), []);
        // What was dropped counts as dealt with.
        assert_eq!(playout.reported(2_000), []);
        assert_eq!(playout.reported(3_000), [mark(1, 2)]);
    }

    #[test]
    fn after_a_clear_the_clock_begins_anew() {
        let mut playout = Playout::default();
        playout.play(at(0), 10 * SECOND);
        playout.clear(at(500));
        playout.play(at(600), SECOND);
        playout.mark(at(600), mark(1, 1));
        assert_eq!(playout.due(), Some(at(1_800)));
    }
}
