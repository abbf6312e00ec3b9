//! What was said, as it was heard.

use serde::{Deserialize, Serialize};

use crate::provider::ToolCall;
use crate::record::Record;

/// One line of the conversation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Line {
    /// The caller said, or keyed in, this.
    Caller(String),
    /// The caller heard this from the bot.
    Bot(String),
}

/// The conversation, exactly as the caller heard it. A fold over the journal, so that memory and store cannot differ.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct History(Vec<Line>);

impl History {
    /// Takes in one record.
    pub fn note(&mut self, record: &Record) {
        let line = match record {
            Record::Caller { text, .. } => Line::Caller(text.clone()),
            Record::Replied { text, .. } if !text.is_empty() => Line::Bot(text.clone()),
            // The model must know that it did, or it does so again.
            Record::Tool(ToolCall::SendKeys { keys }) => Line::Bot(format!("(pressed {keys})")),
            Record::Begun { .. }
            | Record::Connected { .. }
            | Record::Saying { .. }
            | Record::Heard { .. }
            | Record::Replied { .. }
            | Record::Tool(_)
            | Record::Note { .. }
            | Record::Used(_)
            | Record::Ended { .. } => return,
        };
        self.0.push(line);
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }
}
