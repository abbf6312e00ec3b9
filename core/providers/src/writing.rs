//! What a language model has written so far: words for the ear, calls to tools, and what it cost.

use call::{Reply, Spent};
use serde_json::Value;

use crate::Tool;
use crate::calls::Calls;
use crate::text::Speakable;

/// A reply under way.
#[derive(Debug)]
pub(crate) struct Writing {
    tools: Vec<Tool>,
    calls: Calls,
    speakable: Speakable,
    /// Whether anything was said.
    said: bool,
    /// A reason for the end was given: only usage may follow.
    finished: bool,
    /// Nothing at all will follow.
    over: bool,
    /// The latest that was told of the cost.
    pub(crate) spent: Spent,
}

impl Writing {
    pub(crate) fn new(tools: Vec<Tool>) -> Self {
        Self {
            tools,
            calls: Calls::default(),
            speakable: Speakable::default(),
            said: false,
            finished: false,
            over: false,
            spent: Spent::default(),
        }
    }

    /// The next piece of text.
    pub(crate) fn words(&mut self, text: &str, replies: &mut Vec<Reply>) {
        let said = self.speakable.push(text);
        self.say(said, replies);
    }

    /// Pieces of calls, in OpenAI's shape: `[{"index","id","function":{"name","arguments"}}]`.
    pub(crate) fn calls(&mut self, fragments: &Value) {
        self.calls.push(fragments);
    }

    /// A reason for the end was given: what was held back comes out, and the calls.
    pub(crate) fn finish(&mut self, replies: &mut Vec<Reply>) {
        self.finished = true;
        let rest = self.speakable.finish();
        self.say(rest, replies);
        self.calls.settle(&self.tools, replies);
    }

    /// It ends because it was too long, or for another reason of theirs. Of a call that may be cut short nobody knows
    /// what it would have been: none is carried out.
    pub(crate) fn break_off(&mut self, replies: &mut Vec<Reply>) {
        self.calls = Calls::default();
        self.finish(replies);
    }

    /// Nothing more is to come.
    pub(crate) fn end(&mut self, replies: &mut Vec<Reply>) {
        self.finish(replies);
        self.over = true;
    }

    /// Whether anything was said.
    pub(crate) const fn has_said(&self) -> bool {
        self.said
    }

    /// Whether a reason for the end was given.
    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether nothing more is to come.
    pub(crate) const fn is_over(&self) -> bool {
        self.over
    }

    fn say(&mut self, words: String, replies: &mut Vec<Reply>) {
        if !words.is_empty() {
            self.said = true;
            replies.push(Reply::Words(words));
        }
    }
}
