//! What the shell must do.

use std::fmt;
use std::str::FromStr;

use audio::Clip;
use serde::{Deserialize, Serialize};

use crate::provider::{Request, RequestId};
use crate::record::Record;

/// What the shell must do, in the order given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Queue this sound at the carrier, who plays it in real time.
    Play(Clip),
    /// Queue a mark: the carrier sends it back as [`Input::Played`](crate::Input::Played).
    Mark(Mark),
    /// Make the carrier forget all sound that is still queued.
    Clear,
    /// End the call. Nothing follows but [`Output::Persist`].
    HangUp(Say),
    /// Hand the caller over. Nothing follows but [`Output::Persist`].
    Transfer {
        /// Number or address, as the bot's configuration has it.
        to: String,
        /// What the carrier says first.
        say: Say,
    },
    /// Press keys towards the far end. The carrier closes the stream for that and opens another.
    SendKeys(String),
    /// Start a provider's work. It answers with any number of [`Reply`](crate::Reply)s, the last of which is
    /// `Done` or `Failed`.
    Ask(RequestId, Request),
    /// More for a request under way.
    Feed(RequestId, Feed),
    /// Stop a request: nothing of it is wanted any more, and nothing of it will be looked at.
    Cancel(RequestId),
    /// Write to the journal, after all else of this list is done.
    Persist(Record),
}

/// What the carrier says with its own voice, when our speech is out of order.
pub type Say = Option<String>;

/// More for a `Listen` under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Feed {
    /// Sound that follows what was fed before.
    Audio(Clip),
    /// Answer with one `Transcript` of everything fed so far, carrying this number. More sound may follow.
    Flush(u32),
}

/// A place in the sound that was queued. Its text form is `{generation}:{number}`.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Mark {
    /// Grows with every [`Output::Clear`], since clearing echoes the marks that were pending as if played.
    pub generation: u64,
    /// Grows with every mark.
    pub number: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.generation, self.number)
    }
}

impl FromStr for Mark {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (generation, number) = text.split_once(':').ok_or(())?;
        Ok(Self {
            generation: generation.parse().map_err(|_| ())?,
            number: number.parse().map_err(|_| ())?,
        })
    }
}
