//! The tape: every input of a call, with its time, so that the call can be run again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::input::Input;
use crate::time::Instant;

/// One line of the tape.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TapeLine {
    /// When it was handed in.
    pub at: Instant,
    /// What was handed in.
    pub input: Input,
}

/// A stretch of tape in its stored form: each line in [postcard](https://postcard.jamesmunns.com/wire-format) after
/// its length in four bytes, little endian. Stretches can be joined by appending one to the other.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tape(Vec<u8>);

/// The stored form is damaged.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the tape is damaged at byte {at}")]
pub struct TapeError {
    /// Where.
    pub at: usize,
}

impl Tape {
    /// Takes a stored stretch.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The stored form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Empties the tape and gives what was on it.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// Adds a line.
    pub fn push(&mut self, at: Instant, input: &Input) {
        // Writing to memory has no way to fail; were it to, the line is left out and the rest stays readable.
        let Ok(line) = postcard::to_stdvec(&(at, input)) else {
            return;
        };
        let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(&line);
    }

    /// Reads the lines.
    ///
    /// # Errors
    ///
    /// [`TapeError`] where the stored form is damaged.
    pub fn lines(&self) -> impl Iterator<Item = Result<TapeLine, TapeError>> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            if at >= self.0.len() {
                return None;
            }
            let line = self.line(at);
            at = line.as_ref().map_or(self.0.len(), |(_, next)| *next);
            Some(line.map(|(line, _)| line))
        })
    }

    fn line(&self, at: usize) -> Result<(TapeLine, usize), TapeError> {
        let damaged = TapeError { at };
        let head: [u8; 4] = self
            .0
            .get(at..at + 4)
            .and_then(|head| head.try_into().ok())
            .ok_or(damaged)?;
        let length = u32::from_le_bytes(head) as usize;
        let body = self
            .0
            .get(at + 4..)
            .and_then(|rest| rest.get(..length))
            .ok_or(damaged)?;
        let line = postcard::from_bytes(body).map_err(|_| damaged)?;
        Ok((line, at + 4 + length))
    }
}
