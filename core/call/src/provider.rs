//! What the engine asks of providers, and what they answer.

use audio::Clip;
use serde::{Deserialize, Serialize};

use crate::history::Line;

/// Names a request. Never used twice in a call.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// The kinds of work.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Stage {
    /// Speech-to-text.
    Listen,
    /// Language model.
    Think,
    /// Text-to-speech.
    Speak,
    /// What the model wants done.
    Do,
}

/// What is asked. Models, voices, keys and prompts are the shell's business.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// Write down what is fed. Answers each [`Feed::Flush`](crate::Feed::Flush) with a [`Reply::Transcript`]; ended
    /// by cancelling.
    Listen,
    /// Go on with this conversation. Answers with [`Reply::Words`] and [`Reply::Tool`], then [`Reply::Done`].
    Think {
        /// What was said so far, oldest first; ends with what must be answered.
        history: Vec<Line>,
    },
    /// Say this. Answers with [`Reply::Audio`], then [`Reply::Done`].
    Speak {
        /// One or more sentences.
        text: String,
    },
    /// Do this for the model. Answers with [`Reply::Result`]. It is asked for once: what it does may have happened
    /// although no result has come. Cancelling says no more than that nobody waits for the result.
    Do {
        /// The tool's name.
        name: String,
        /// Its arguments, as JSON; whatever the model wrote.
        arguments: String,
    },
}

impl Request {
    /// Whose work it is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Listen => Stage::Listen,
            Self::Think { .. } => Stage::Think,
            Self::Speak { .. } => Stage::Speak,
            Self::Do { .. } => Stage::Do,
        }
    }
}

/// What a provider answers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Reply {
    /// Everything heard from the first sound fed up to this flush. Empty: there were no words.
    Transcript {
        /// The number given to the flush.
        flush: u32,
        /// The words.
        text: String,
    },
    /// The next piece of the reply; any cut, also within a word.
    Words(String),
    /// The model wants something done.
    Tool(ToolCall),
    /// The next piece of speech; any length.
    Audio(Clip),
    /// That was all.
    Done(Spent),
    /// It did not work; nothing follows.
    Failed(Failure),
    /// What came of [`Request::Do`], for the model to read; nothing follows.
    Result(String),
    /// Where the provider itself thinks the caller's turn is, unasked, while it listens. It promises nothing.
    Hint {
        /// Where the turn is.
        ending: Ending,
        /// Everything heard so far from the first sound fed, as far as it is known now: it may still change.
        text: String,
    },
}

/// Where a provider that hears turns, and not only words, thinks the caller's turn is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Ending {
    /// It goes on: these are its words so far.
    Going,
    /// It may be over: worth a draft.
    Eager,
    /// It was not over after all.
    Resumed,
    /// It is over.
    Ended,
}

/// What a finished request cost, as far as the provider says.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Spent {
    /// Fresh input, in tokens.
    pub input_tokens: u64,
    /// Input from the provider's cache, in tokens.
    pub cached_tokens: u64,
    /// Output, in tokens.
    pub output_tokens: u64,
}

/// What a language model wants done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ToolCall {
    /// End the call.
    EndCall,
    /// Hand the caller over.
    Transfer {
        /// Number or address.
        to: String,
    },
    /// Press keys.
    SendKeys {
        /// `0`–`9`, `*`, `#`, and `w` for half a second.
        keys: String,
    },
    /// Do what a [`ToolConfig`](crate::ToolConfig) names, and tell what came of it.
    Custom {
        /// The provider's name for the call; empty: it gave none, and the engine will.
        id: String,
        /// The tool's name.
        name: String,
        /// Its arguments, as JSON; whatever the model wrote.
        arguments: String,
    },
}

/// Why a request failed, as far as it matters here.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Failure {
    /// It was not accepted, and will not be: credentials, money, a model that is gone.
    Refused,
    /// Too many requests.
    Busy,
    /// It broke: an error of theirs, a cut stream, garbage.
    Broken,
    /// It took too long.
    Late,
}
