//! The tape: every input of a call, with its time, so that the call can be run again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::call::Call;
use crate::config::Config;
use crate::input::Input;
use crate::output::Output;
use crate::record::Record;
use crate::time::Instant;

/// One line of the tape.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TapeLine {
    /// When it was handed in.
    pub at: Instant,
    /// What was handed in.
    pub what: Taped,
}

/// What an engine can be handed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Taped {
    /// The call was opened, with this configuration. What follows was handed to that engine.
    Begun(Box<Config>),
    /// The engine was lost and made anew from this journal. What follows was handed to the new one; the end of what came
    /// before may be missing.
    Resumed(Vec<Record>),
    /// Something happened.
    Input(Input),
}

/// A line's beginning, with the format where a new engine begins: whatever wrote the rest.
#[derive(Deserialize)]
enum Head {
    Begun(u16),
    Resumed(u16),
    Input,
}

/// What is written down.
#[derive(Deserialize, Serialize)]
enum Stored<C, J, I> {
    Begun(u16, C),
    Resumed(u16, J),
    Input(I),
}

/// A stretch of tape in its stored form: each line in [postcard](https://postcard.jamesmunns.com/wire-format) after
/// its length in four bytes, little endian. Stretches can be joined by appending one to the other.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tape(Vec<u8>);

/// The stored form cannot be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TapeError {
    /// It was cut, or changed.
    #[error("the tape is damaged at byte {at}")]
    Damaged {
        /// Where.
        at: usize,
    },
    /// Another version has written it.
    #[error(
        "the tape is of format {found}, and only format {} can be read here",
        Tape::FORMAT
    )]
    Foreign {
        /// Its format.
        found: u16,
    },
}

impl Tape {
    /// The stored form that is written and read here. It is raised whenever that changes: a tape does not describe itself,
    /// and one that is misread must not look like a call.
    pub const FORMAT: u16 = 3;

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

    /// Notes that the call was opened by [`Call::begin`].
    pub fn begun(&mut self, at: Instant, config: &Config) {
        self.add(at, Stored::Begun(Self::FORMAT, config));
    }

    /// Notes that the call goes on by [`Call::resume`].
    pub fn resumed(&mut self, at: Instant, journal: &[Record]) {
        self.add(at, Stored::Resumed(Self::FORMAT, journal));
    }

    /// Notes an input, for [`Call::handle`].
    pub fn push(&mut self, at: Instant, input: &Input) {
        self.add(at, Stored::Input(input));
    }

    fn add(&mut self, at: Instant, what: Stored<&Config, &[Record], &Input>) {
        // Writing to memory has no way to fail; were it to, the line is left out and the rest stays readable.
        let Ok(line) = postcard::to_stdvec(&(at, what)) else {
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
    /// [`TapeError`] where the stored form cannot be read.
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

    /// Runs the call again: for each line its time and what the engine answered. Inputs before the engine was made, of
    /// which a whole tape has none, are answered by nothing.
    ///
    /// # Errors
    ///
    /// [`TapeError`] where the stored form cannot be read.
    pub fn replay(&self) -> impl Iterator<Item = Result<(TapeLine, Vec<Output>), TapeError>> + '_ {
        let mut call: Option<Call> = None;
        self.lines().map(move |line| {
            let line = line?;
            let (made, outputs) = match line.what.clone() {
                Taped::Begun(config) => {
                    let (made, outputs) = Call::begin(*config, line.at);
                    (Some(made), outputs)
                }
                Taped::Resumed(journal) => {
                    let (made, outputs) = Call::resume(journal, line.at);
                    (Some(made), outputs)
                }
                Taped::Input(input) => {
                    let call = call.as_mut();
                    let outputs = call.map(|call| call.handle(line.at, input));
                    (None, outputs.unwrap_or_default())
                }
            };
            call = made.or_else(|| call.take());
            Ok((line, outputs))
        })
    }

    fn line(&self, at: usize) -> Result<(TapeLine, usize), TapeError> {
        let damaged = TapeError::Damaged { at };
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
        let ((_, head), _) =
            postcard::take_from_bytes::<(Instant, Head)>(body).map_err(|_| damaged)?;
        if let Head::Begun(found) | Head::Resumed(found) = head
            && found != Self::FORMAT
        {
            return Err(TapeError::Foreign { found });
        }
        let (at_time, stored) = postcard::from_bytes(body).map_err(|_| damaged)?;
        let what = match stored {
            Stored::Begun(_, config) => Taped::Begun(config),
            Stored::Resumed(_, journal) => Taped::Resumed(journal),
            Stored::Input(input) => Taped::Input(input),
        };
        let line = TapeLine { at: at_time, what };
        Ok((line, at + 4 + length))
    }
}
