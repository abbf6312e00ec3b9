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
    /// The model wanted this done. Its [`Line::Result`] follows at once, or is not there yet.
    Call {
        /// Names the call. Never used twice in a conversation.
        id: String,
        /// The tool's name.
        name: String,
        /// Its arguments, as JSON.
        arguments: String,
    },
    /// What came of the call before.
    Result {
        /// Names the call.
        id: String,
        /// For the model to read.
        text: String,
    },
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
            Record::Tool(ToolCall::Custom {
                id,
                name,
                arguments,
            }) => Line::Call {
                id: id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            },
            Record::Result { id, text, .. } => {
                self.answer(id, text);
                return;
            }
            // The model must know that it did, or it does so again.
            Record::Tool(ToolCall::SendKeys { keys }) => Line::Bot(format!("(pressed {keys})")),
            Record::Begun { .. }
            | Record::Connected { .. }
            | Record::Saying { .. }
            | Record::Heard { .. }
            | Record::Replied { .. }
            | Record::Tool(ToolCall::EndCall | ToolCall::Transfer { .. })
            | Record::Answered { .. }
            | Record::Ordered { .. }
            | Record::Note { .. }
            | Record::Used(_)
            | Record::Next(_)
            | Record::Ended { .. } => return,
        };
        self.0.push(line);
    }

    /// A result has its place right behind its call, however late it comes: models insist on that.
    fn answer(&mut self, id: &str, text: &str) {
        let is_call = |line: &Line| matches!(line, Line::Call { id: of, .. } if of == id);
        if let Some(at) = self.0.iter().rposition(is_call) {
            let result = Line::Result {
                id: id.to_owned(),
                text: text.to_owned(),
            };
            self.0.insert(at + 1, result);
        }
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }
}
