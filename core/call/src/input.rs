//! What happened.

use std::time::Duration;

use audio::Clip;
use serde::{Deserialize, Serialize};

use crate::order::Order;
use crate::output::Mark;
use crate::provider::{Reply, RequestId};

/// What happened, as the shell tells it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Input {
    /// The carrier's stream is open: the first one, or another after [`Closing::Dropped`] or [`Call::resume`].
    ///
    /// [`Call::resume`]: crate::Call::resume
    Opened,
    /// Sound from the caller.
    Frame {
        /// Where it belongs: time since the stream was opened, by the carrier's own clock. Frames may be missing.
        at: Duration,
        /// Usually 20 ms.
        audio: Clip,
    },
    /// The caller pressed a key.
    Key(Key),
    /// The carrier has played everything before this mark, or was told to clear it.
    Played(Mark),
    /// A provider's answer to [`Output::Ask`](crate::Output::Ask).
    Reply(RequestId, Reply),
    /// The deadline has come.
    Tick,
    /// The carrier's stream is gone.
    Closed(Closing),
    /// Somebody outside wants something of the running call.
    Order(Order),
    /// The caller typed this: a whole turn at once. While the bot speaks, it interrupts.
    Text(String),
    /// The carrier says who or what answered an outbound call. May come late, or more than once.
    Answered(Answerer),
    /// The carrier has begun to play sound that it was given as a file, so much later than computed. All that lies there
    /// will be heard so much later.
    Delayed(Duration),
}

/// Who or what answered an outbound call, as the carrier's detection has it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Answerer {
    /// A person.
    Human,
    /// A machine, which may still be saying its greeting.
    Machine,
    /// A machine whose greeting is over: what is said now is recorded.
    MachineReady,
    /// A fax.
    Fax,
    /// Nobody can say.
    Unknown,
}

/// How a stream went away.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Closing {
    /// The carrier said that it is over: the caller hung up.
    Stopped,
    /// It broke. The caller may still be on the line, and the carrier may open another stream.
    Dropped,
}

/// A key of the telephone: `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Key(char);

impl Key {
    /// Reads a key.
    #[must_use]
    pub fn new(digit: char) -> Option<Self> {
        matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Self(digit))
    }

    /// The key's character.
    #[must_use]
    pub const fn digit(self) -> char {
        self.0
    }
}
