//! Thinking of a reply: words become sentences, up to the longest reply.

use crate::config::Config;
use crate::history::Line;
use crate::job::Wanted;
use crate::output::Output;
use crate::provider::{Request, RequestId, ToolCall};
use crate::sentence::{Sentences, shorten};

/// Work that the model can ask for at once.
const WORK_MAX: usize = 8;

/// One reply as it is thought.
#[derive(Debug, Default)]
pub(crate) struct Think {
    request: Option<RequestId>,
    history: Vec<Line>,
    attempts: u32,
    sentences: Sentences,
    ready: Vec<String>,
    /// Characters of the sentences so far.
    chars: usize,
    tool: Option<ToolCall>,
    /// Work that the model wants done before it goes on.
    work: Vec<Wanted>,
    /// Whether the last sentence asks something.
    asks: bool,
    /// Whether the model stopped in the middle.
    broke: bool,
}

impl Think {
    /// Asks the model.
    pub(crate) fn ask(&mut self, id: RequestId, history: Vec<Line>, out: &mut Vec<Output>) {
        *self = Self {
            request: Some(id),
            history: history.clone(),
            attempts: 1,
            ..Self::default()
        };
        out.push(Output::Ask(id, Request::Think { history }));
    }

    /// Asks once more.
    pub(crate) fn retry(&mut self, id: RequestId, out: &mut Vec<Output>) {
        self.attempts += 1;
        self.sentences = Sentences::default();
        self.request = Some(id);
        out.push(Output::Ask(
            id,
            Request::Think {
                history: self.history.clone(),
            },
        ));
    }

    /// Whether this is the model's request.
    pub(crate) fn owns(&self, id: RequestId) -> bool {
        self.request == Some(id)
    }

    /// The request under way.
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.request
    }

    /// Whether the model is still at it.
    pub(crate) fn is_busy(&self) -> bool {
        self.request.is_some()
    }

    /// Takes words. Answers whether a sentence is ready. At the longest reply the model is stopped.
    pub(crate) fn words(&mut self, words: &str, config: &Config, out: &mut Vec<Output>) -> bool {
        let chars_max = config.reply_chars_max;
        let mut complete = Vec::new();
        self.sentences
            .push(words, &config.language, |sentence| complete.push(sentence));
        for sentence in complete {
            if !self.accept(&sentence, chars_max) {
                self.stop(out);
                break;
            }
        }
        if self.is_busy() && self.chars + self.sentences.waiting() > chars_max {
            // A sentence without an end is too long before it is over.
            self.stop(out);
            self.finish(chars_max);
        }
        !self.ready.is_empty()
    }

    /// The model is done. Answers whether a last sentence is ready.
    pub(crate) fn finish(&mut self, chars_max: usize) -> bool {
        self.request = None;
        if let Some(rest) = self.sentences.finish() {
            self.accept(&rest, chars_max);
        }
        !self.ready.is_empty()
    }

    /// Makes room for one more sentence. Answers whether more may follow.
    fn accept(&mut self, sentence: &str, chars_max: usize) -> bool {
        if !sentence.contains(char::is_alphanumeric) {
            // Nobody can say a row of dots, and some text-to-speech fails at it.
            return true;
        }
        let room = chars_max.saturating_sub(self.chars);
        let fits = sentence.chars().count() <= room;
        self.asks = sentence.trim_end().ends_with(['?', '？']);
        if fits {
            self.chars += sentence.chars().count() + 1;
            self.ready.push(sentence.to_owned());
        } else if self.chars == 0 {
            // A first sentence that is too long is better cut than left out.
            self.chars = chars_max;
            self.ready.push(shorten(sentence, chars_max).to_owned());
        }
        fits
    }

    /// Takes out the sentences that can be spoken.
    pub(crate) fn take_ready(&mut self) -> Vec<String> {
        std::mem::take(&mut self.ready)
    }

    /// What the model wants done. Of wishes that end the reply the first counts, and only if no work is wanted too:
    /// what follows from that, the model will know when it is done.
    pub(crate) fn wish(&mut self, tool: ToolCall) {
        match tool {
            ToolCall::Custom {
                id,
                name,
                arguments,
            } => {
                if self.work.len() < WORK_MAX {
                    self.work.push(Wanted {
                        id,
                        name,
                        arguments,
                    });
                }
            }
            ToolCall::EndCall | ToolCall::Transfer { .. } | ToolCall::SendKeys { .. } => {
                self.tool.get_or_insert(tool);
            }
        }
    }

    /// What the model wanted done at the end is not done any more.
    pub(crate) fn wish_no_more(&mut self) {
        self.tool = None;
    }

    /// Whether the model wants work done before it goes on.
    pub(crate) fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// Takes out the work that the model wants done.
    pub(crate) fn take_work(&mut self) -> Vec<Wanted> {
        std::mem::take(&mut self.work)
    }

    /// The model stopped in the middle: what is no whole sentence is left out, if there is a whole one. Answers whether
    /// a last sentence is ready.
    pub(crate) fn break_off(&mut self, chars_max: usize) -> bool {
        self.broke = true;
        if self.chars > 0 {
            self.sentences = Sentences::default();
        }
        self.finish(chars_max)
    }

    /// Whether the model stopped in the middle.
    pub(crate) fn is_broken(&self) -> bool {
        self.broke
    }

    /// Whether what there is can stand as it is: it asks the caller something, or something will be done.
    pub(crate) fn can_stand(&self) -> bool {
        self.asks || self.tool.is_some() || self.has_work()
    }

    /// What the model wants done.
    pub(crate) fn tool(&self) -> Option<&ToolCall> {
        self.tool.as_ref()
    }

    /// Whether the model has brought anything that can be said or done yet.
    pub(crate) fn has_result(&self) -> bool {
        self.chars > 0 || self.tool.is_some() || self.has_work()
    }

    /// Whether the request failed for the first time, and nothing of it was used.
    pub(crate) fn may_retry(&self) -> bool {
        self.attempts < 2 && !self.has_result()
    }

    /// The request is over, by failing.
    pub(crate) fn fail(&mut self) {
        self.request = None;
    }

    /// Stops the model.
    pub(crate) fn stop(&mut self, out: &mut Vec<Output>) {
        if let Some(id) = self.request.take() {
            out.push(Output::Cancel(id));
        }
    }
}
