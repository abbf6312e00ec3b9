//! A call without a world around it: what is heard is given frame by frame.

use std::time::Duration;

use audio::Clip;
use call::{Call, Config, Ending, Input, Instant, Output, Reply, Request, RequestId, Spent};
use tests::voice::{Tag, voiced};

/// A call on the line, frame by frame.
pub(crate) struct Line {
    pub(crate) call: Call,
    pub(crate) now: u64,
    frame: u16,
    pub(crate) listen: Option<RequestId>,
}

impl Line {
    /// A call whose caller may speak at once.
    pub(crate) fn open(config: Config) -> Self {
        Self::greeted(config, &Clip::from(vec![0x9F; 8 * 4_000]))
    }

    /// The same, with this sound as the greeting.
    pub(crate) fn greeted(config: Config, greeting: &Clip) -> Self {
        let (call, outputs) = Call::begin(config, Instant::ZERO);
        let mut line = Self {
            call,
            now: 0,
            frame: 0,
            listen: None,
        };
        // The greeting, if there is one, is there before the stream.
        for output in outputs {
            if let Output::Ask(id, Request::Speak { .. }) = output {
                line.give(Input::Reply(id, Reply::Audio(greeting.clone())));
                line.give(Input::Reply(id, Reply::Done(Spent::default())));
            }
        }
        line.give(Input::Opened);
        line
    }

    pub(crate) fn give(&mut self, input: Input) -> Vec<Output> {
        let outputs = self.call.handle(Instant::from_ms(self.now), input);
        for output in &outputs {
            if let Output::Ask(id, Request::Listen) = output {
                self.listen = Some(*id);
            }
        }
        outputs
    }

    /// So much time passes, in which the caller speaks or not.
    pub(crate) fn pass(&mut self, ms: u64, speaks: bool) -> Vec<Output> {
        let mut outputs = Vec::new();
        for _ in 0..ms / 20 {
            let audio = if speaks {
                self.frame += 1;
                voiced(
                    Tag {
                        phrase: 0,
                        frame: self.frame,
                    },
                    false,
                )
            } else {
                Clip::silence(Duration::from_millis(20))
            };
            outputs.extend(self.hear(audio));
        }
        outputs
    }

    /// This is heard, and answered by what is heard of the bot.
    pub(crate) fn hear(&mut self, audio: Clip) -> Vec<Output> {
        let at = Duration::from_millis(self.now);
        self.now += 20;
        let mut outputs = self.give(Input::Frame { at, audio });
        outputs.extend(self.give(Input::Tick));
        outputs
    }

    /// An answer of speech-to-text.
    pub(crate) fn listened(&mut self, reply: Reply) -> Vec<Output> {
        let Some(id) = self.listen else {
            panic!("nobody listens")
        };
        self.give(Input::Reply(id, reply))
    }

    pub(crate) fn hint(&mut self, ending: Ending, text: &str) -> Vec<Output> {
        let text = text.to_owned();
        self.listened(Reply::Hint { ending, text })
    }
}
