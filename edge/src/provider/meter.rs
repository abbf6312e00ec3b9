//! What a socket costs that no request on it did: the time that it is open, where that is what the provider bills, and else
//! the silence that keeps it open.

use std::time::Duration;

use call::{Instant, Stage};
use providers::Listener;

use super::work::{did, listened};
use super::{Line, Works};

/// Measures how long a socket is open, a stretch at a time, and the silence that was sent on it.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Up to when it was read, since it is open.
    read: Option<Instant>,
    /// That was sent for nobody, since it was last read.
    silence: Duration,
}

impl Meter {
    /// The socket is open from now on.
    pub(super) fn start(&mut self, now: Instant) {
        self.read.get_or_insert(now);
    }

    /// Silence was sent.
    pub(super) fn kept_open(&mut self, silence: Duration) {
        self.silence += silence;
    }

    /// How much silence was sent since it was last asked.
    pub(super) fn take_silence(&mut self) -> Duration {
        std::mem::take(&mut self.silence)
    }

    /// How long it was open since it was last read.
    pub(super) fn read(&mut self, now: Instant) -> Duration {
        let Some(read) = &mut self.read else {
            return Duration::ZERO;
        };
        now.since(std::mem::replace(read, now.max(*read)))
    }

    /// The same, for the last time: the socket is closed.
    pub(super) fn stop(&mut self, now: Instant) -> Duration {
        let open = self.read(now);
        self.read = None;
        open
    }
}

impl Works {
    /// Whether who listens there is paid for the time, and not for the sound.
    pub(super) fn is_billed_by_time(&self, (stage, runner): Line) -> bool {
        let place = self.lineup.listen.get(runner);
        let listener = place.filter(|_| stage == Stage::Listen);
        listener.is_some_and(|place| match &place.doer {
            Listener::Socket(dialled) => dialled.is_billed_by_time(),
            Listener::Upload(_) => false,
        })
    }

    /// Writes down how long a socket was open, if that is paid, or else how much silence has kept it so.
    pub(super) fn meter(&mut self, now: Instant, line: Line) {
        let is_billed_by_time = self.is_billed_by_time(line);
        let (stage, runner) = line;
        let Some(socket) = self.sockets.get_mut(&line) else {
            return;
        };
        let silence = socket.meter.take_silence();
        let paid = match (is_billed_by_time, socket.is_over()) {
            (false, _) => silence,
            (true, true) => socket.meter.stop(now),
            (true, false) => socket.meter.read(now),
        };
        let place = self.lineup.listen.get(runner);
        let place = place.filter(|_| stage == Stage::Listen && !paid.is_zero());
        if let Some(place) = place {
            self.remarks.extend(did(&place.post.who, listened(paid)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn a_socket_is_paid_from_its_opening_and_every_moment_once() {
        let mut meter = Meter::default();
        assert_eq!(meter.read(at(5_000)), Duration::ZERO, "not open yet");
        meter.start(at(6_000));
        meter.start(at(6_500));
        assert_eq!(meter.read(at(7_000)), Duration::from_secs(1));
        assert_eq!(meter.read(at(7_000)), Duration::ZERO);
        assert_eq!(meter.stop(at(9_500)), Duration::from_millis(2_500));
        assert_eq!(meter.read(at(12_000)), Duration::ZERO, "closed");
    }

    #[test]
    fn silence_is_counted_once() {
        let mut meter = Meter::default();
        for _ in 0..3 {
            meter.kept_open(Duration::from_millis(100));
        }
        assert_eq!(meter.take_silence(), Duration::from_millis(300));
        assert_eq!(meter.take_silence(), Duration::ZERO);
    }
}
