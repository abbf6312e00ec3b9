//! Whoever has said something must hear something, soon.

use call::{Config, Delivery, EndOfTurn, Turn};

use crate::carrier::Carrier;
use crate::weather::Line;

/// From the end of speech to the first sound, in the worst weather.
const LIMIT_MS: u64 = 5_000;
/// A late timer here and there, and the frame that shows that a turn is over.
const SLACK_MS: u64 = 60;
/// The longest silence that the engine waits on its own account.
const PATIENCE_MS: u64 = 1_800;
/// A file is whole before it is played, and somebody has to be asked for that, in milliseconds.
const FILE_MS: u64 = 4_000;
/// While its sound comes, so slowly that it is made at all, it will be there some time.
const MADE_MS_MAX: u64 = 1_000;
/// How long it waits for more keys.
const KEYS_MS: u64 = 2_000;

/// What the caller has a right to.
#[derive(Debug)]
pub struct Owed {
    since: Option<u64>,
    extra_ms: u64,
    paused: bool,
    limit_ms: u64,
    by_files: bool,
    /// When sound of a sentence last came.
    made_at: u64,
    faint: bool,
}

impl Owed {
    /// Nothing yet.
    #[must_use]
    pub fn new(config: &Config, line: Line) -> Self {
        // Who configures a silence of four seconds wants the bot to wait for so long.
        let silence_ms = match config.end {
            EndOfTurn::Silence(silence) => u64::try_from(silence.as_millis()).unwrap_or(0),
            EndOfTurn::Adaptive => 0,
        };
        let file_ms = match config.delivery {
            Delivery::Stream => 0,
            Delivery::Files => FILE_MS,
        };
        Self {
            since: None,
            extra_ms: 0,
            paused: false,
            faint: line.faint,
            by_files: config.delivery == Delivery::Files,
            made_at: 0,
            limit_ms: LIMIT_MS + SLACK_MS + silence_ms.saturating_sub(PATIENCE_MS) + file_ms,
        }
    }

    /// The engine has heard the end of an utterance with words.
    pub fn speech_ended(&mut self, now: u64, turn: Turn) {
        self.extra_ms = if turn == Turn::Keying { KEYS_MS } else { 0 };
        // Whoever is too faint to be noticed at all, or while the bot speaks to be told from its echo, cannot be answered.
        let unnoticed = self.faint && matches!(turn, Turn::Waiting | Turn::Replying);
        let hears = !unnoticed && !matches!(turn, Turn::Ringing | Turn::Away | Turn::Ended);
        self.since = hears.then_some(now);
    }

    /// A turn was typed; before there is a stream, and into the consent line, it may have to wait.
    pub fn typed(&mut self, now: u64, turn: Turn) {
        if turn == Turn::Replying {
            self.since = Some(now);
            self.extra_ms = 0;
        }
    }

    /// The engine has taken a key.
    pub fn keyed(&mut self, now: u64, turn: Turn) {
        if turn == Turn::Keying {
            self.since = Some(now);
            self.extra_ms = KEYS_MS;
        }
    }

    /// The caller makes a sound again.
    pub fn goes_on(&mut self, now: u64) {
        self.since = self.since.map(|_| now);
    }

    /// Some sound of a sentence has come.
    pub fn made(&mut self, now: u64) {
        if self.by_files {
            self.extra_ms += (now - self.made_at).min(MADE_MS_MAX);
            self.made_at = now;
        }
    }

    /// Nothing is owed after all.
    pub fn forgive(&mut self) {
        self.since = None;
    }

    /// Nothing can be heard.
    pub fn dropped(&mut self) {
        self.paused = true;
    }

    /// Something can be heard again. `owes`: whether the history ends with the caller's words.
    pub fn opened(&mut self, now: u64, owes: bool) {
        self.paused = false;
        self.since = (self.since.is_some() || owes).then_some(now);
    }

    /// Whether the caller has waited for too long.
    pub fn is_late(&mut self, now: u64, carrier: &Carrier) -> bool {
        let Some(since) = self.since else {
            return false;
        };
        if carrier.last_heard(now).is_some_and(|at| at > since) {
            self.since = None;
            return false;
        }
        !self.paused && now > since + self.extra_ms + self.limit_ms
    }
}
