//! One sentence of a reply, on its way from text to the caller's ear.

use std::time::Duration;

use audio::Clip;

use crate::provider::RequestId;

/// Speaking time of a character, where the length of a sentence is not known yet.
const CHAR: Duration = Duration::from_millis(60);

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

    /// In proportion to the sound that was heard, up to the end of a word.
    pub(crate) fn heard_text(&self) -> &str {
        if self.state == State::Done && self.heard >= self.length {
            return &self.text;
        }
        let chars = self.text.chars().count();
        let estimate = if self.state == State::Done {
            self.length
        } else {
            self.length
                .max(CHAR * u32::try_from(chars).unwrap_or(u32::MAX))
        };
        let scaled = chars as u128 * self.heard.as_millis();
        let heard = scaled.checked_div(estimate.as_millis()).unwrap_or(0);
        let heard = usize::try_from(heard).unwrap_or(usize::MAX);
        let end = self
            .text
            .char_indices()
            .nth(heard)
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
