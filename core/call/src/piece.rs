//! One sentence of a reply, on its way from text to the caller's ear.

use std::time::Duration;

use audio::Clip;

use crate::provider::RequestId;

/// Speaking time of a character, where the length of a sentence is not known yet.
const CHAR: Duration = Duration::from_millis(60);

/// Nobody speaks a character in less: twelve times as fast as usual. What comes instead is no speech.
const CHAR_MIN: Duration = Duration::from_millis(5);

/// One sentence of a reply.
#[derive(Debug)]
pub(crate) struct Piece {
    /// What is said.
    pub(crate) text: String,
    pub(crate) state: State,
    pub(crate) attempts: u32,
    /// Sound that came before its turn.
    pub(crate) early: Vec<Clip>,
    /// How much sound there is of it so far.
    pub(crate) length: Duration,
    /// How much of it was heard.
    pub(crate) heard: Duration,
}

/// How far its sound is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Waiting,
    Asked(RequestId),
    Done,
}

impl Piece {
    /// A sentence that nothing was done about yet.
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            state: State::Waiting,
            attempts: 0,
            early: Vec::new(),
            length: Duration::ZERO,
            heard: Duration::ZERO,
        }
    }

    /// Whether all the sound there is can be the whole sentence.
    pub(crate) fn is_plausible(&self) -> bool {
        let chars = u32::try_from(self.text.chars().count()).unwrap_or(u32::MAX);
        !self.length.is_zero() && self.length >= CHAR_MIN.saturating_mul(chars)
    }

    /// Its sound has broken off. Keeps the words that were spoken, as its length has it, and gives back the rest.
    pub(crate) fn break_off(&mut self) -> Option<Self> {
        let spoken = self.text_until(self.length, false).len();
        let rest = self.text.split_off(spoken);
        self.state = State::Done;
        let rest = rest.trim();
        (!rest.is_empty()).then(|| Self {
            attempts: self.attempts,
            ..Self::new(rest.to_owned())
        })
    }

    /// What was heard of it, up to the end of a word.
    pub(crate) fn heard_text(&self) -> &str {
        self.text_until(self.heard, self.state == State::Done)
    }

    /// The text in proportion to its sound. While that is not complete, how long it will be is estimated.
    fn text_until(&self, at: Duration, complete: bool) -> &str {
        if complete && at >= self.length {
            return &self.text;
        }
        let chars = self.text.chars().count();
        let estimate = if complete {
            self.length
        } else {
            self.length
                .max(CHAR * u32::try_from(chars).unwrap_or(u32::MAX))
        };
        let scaled = chars as u128 * at.as_millis();
        let spoken = scaled.checked_div(estimate.as_millis()).unwrap_or(0);
        let spoken = usize::try_from(spoken).unwrap_or(usize::MAX);
        let end = self
            .text
            .char_indices()
            .nth(spoken)
            .map_or(self.text.len(), |(at, _)| at);
        let whole = self.text.get(..end).unwrap_or_default();
        let rest = self.text.get(end..).unwrap_or_default();
        if rest.is_empty() || rest.starts_with(char::is_whitespace) {
            return whole.trim_end();
        }
        whole
            .rfind(char::is_whitespace)
            .and_then(|at| whole.get(..at))
            .unwrap_or_default()
            .trim_end()
    }
}
