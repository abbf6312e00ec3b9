//! What the call waits for, and until when.

use std::collections::BTreeMap;

use crate::time::Instant;

/// What may be waited for. Each at most once at a time, so that a wait cannot be forgotten, only moved.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Timer {
    /// Look whether the reply is complete; always due at once.
    Check,
    /// The pause is long enough for a draft.
    Draft,
    /// The pause is long enough for the end of the turn.
    Silence,
    /// No sound has come while the caller speaks: there are carriers that send nothing in silence.
    Quiet,
    /// The caller has been speaking without a pause for too long to be a person.
    Endless,
    /// No more keys will come.
    Keys,
    /// The transcript is late.
    Listen,
    /// The model's words are late.
    Think,
    /// The speech is late.
    Speak,
    /// The caller has been waiting for an answer for long.
    Slow,
    /// Work for the model is late.
    Job,
    /// It has been silent for long while work is done.
    Fill,
    /// The floor is free for what waits for it; always due at once.
    Next,
    /// The machine's greeting is over.
    Beep,
    /// The carrier can take more sound.
    Pump,
    /// All sound must have been played, whether or not its marks came back.
    Playout,
    /// Nobody has spoken for long.
    Idle,
    /// The goodbye has taken too long.
    Leave,
    /// The broken stream has not come back.
    Reconnect,
    /// The longest call.
    Duration,
}

/// The waits of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers(BTreeMap<Timer, Instant>);

impl Timers {
    /// Waits until `at`, instead of what was set before.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.0.insert(timer, at);
    }

    /// Waits until `at`, or for as long as was set before if that is shorter.
    pub(crate) fn hasten(&mut self, timer: Timer, at: Instant) {
        let until = self.0.entry(timer).or_insert(at);
        *until = at.min(*until);
    }

    /// Waits no longer.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    /// Waits for nothing any more.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes out the wait that ended first, if one has ended.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Timer> {
        let (timer, _) = self
            .0
            .iter()
            .map(|(timer, at)| (*timer, *at))
            .filter(|(_, at)| *at <= now)
            .min_by_key(|(timer, at)| (*at, *timer))?;
        self.0.remove(&timer);
        Some(timer)
    }

    /// When the next wait ends.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }
}
