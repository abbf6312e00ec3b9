//! What providers' answers mean: at most one cue.

use crate::call::{Call, Words};
use crate::output::Output;
use crate::provider::{Failure, Reply, RequestId, Stage};
use crate::record::Note;
use crate::speak::Loss;
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// Turns in a row of which nothing was understood because the voice was weak, before somebody else has to listen. A
/// caller can speak up; a provider that is out of order cannot.
const UNHEARD_MAX: u32 = 4;

impl Call {
    pub(crate) fn reply(
        &mut self,
        now: Instant,
        id: RequestId,
        reply: Reply,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        if self.listen.owns(id) {
            match reply {
                Reply::Transcript { flush, text } => self.transcript(now, flush, text, out),
                Reply::Failed(failure) => self.listen_failed(now, failure),
                Reply::Done(_) => self.listen_failed(now, Failure::Broken),
                Reply::Hint { ending, text } => self.hint(now, ending, &text),
                Reply::Words(_) | Reply::Tool(_) | Reply::Audio(_) | Reply::Result(_) => None,
            }
        } else if self.think.owns(id) {
            self.thought(now, reply, out)
        } else if self.speak.owns(id) {
            self.sound(now, id, reply, out)
        } else if self.jobs.owns(id) {
            self.worked(now, reply, out)
        } else {
            // An answer to what was cancelled: nobody wants it any more.
            None
        }
    }

    fn transcript(
        &mut self,
        now: Instant,
        flush: u32,
        text: String,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        let is_ours = matches!(self.turn, Turn::Pausing | Turn::Transcribing);
        if text.is_empty() && is_ours && !self.holds_reply() && self.listen.wants_words(flush) {
            // Whoever spoke at length is answered, even if only with the request to say it again.
            self.listen.note_wordless();
            out.extend(self.listen.request().map(Output::Cancel));
            return self.listen_failed(now, Failure::Broken);
        }
        if !self.listen.read(flush, text) {
            return None;
        }
        self.timers.cancel(Timer::Listen);
        let text = self.listen.text()?.to_owned();
        match self.turn {
            Turn::Transcribing | Turn::Away => {
                self.words = Some(self.words_of(now, &text));
                Some(self.verdict(now, &text))
            }
            Turn::Pausing => self.so_far(now, &text),
            Turn::Replying if self.listen.is_doubtful() => Some(if self.is_murmur(&text) {
                Cue::Murmur
            } else {
                Cue::BargeIn
            }),
            Turn::Ringing
            | Turn::Waiting
            | Turn::Hearing
            | Turn::Keying
            | Turn::Replying
            | Turn::Voicemail
            | Turn::Leaving
            | Turn::Ended => None,
        }
    }

    /// The open utterance, in these words.
    pub(crate) fn words_of(&self, now: Instant, text: &str) -> Words {
        Words {
            text: text.to_owned(),
            began: self.listen.began().unwrap_or(now),
            ended: self.listen.voice_ended(),
            read: now,
        }
    }

    /// What the words of a turn that is over mean.
    pub(crate) fn verdict(&mut self, now: Instant, text: &str) -> Cue {
        if let Some(cue) = self.spot(now, text) {
            return cue;
        }
        match (self.holds_reply(), text.is_empty()) {
            (true, _) if self.is_murmur(text) => Cue::Murmur,
            (true, _) => Cue::Interrupted,
            (false, false) => Cue::Words,
            // A filler goes on to its end.
            (false, true) if self.speak.has_pieces() => Cue::Murmur,
            (false, true) => Cue::NoWords,
        }
    }

    pub(crate) fn listen_failed(&mut self, now: Instant, failure: Failure) -> Option<Cue> {
        self.timers.cancel(Timer::Listen);
        if self.listen.fail(failure != Failure::Refused) {
            self.note(now, Note::Retried(Stage::Listen, failure));
            return Some(Cue::ListenStumbled);
        }
        self.note(now, Note::GaveUp(Stage::Listen, failure));
        match self.turn {
            Turn::Transcribing => Some(self.deaf()),
            // While the sound goes on it would only be asked for again.
            Turn::Replying if self.listen.is_doubtful() => {
                (!self.listen.is_speaking()).then_some(Cue::Murmur)
            }
            Turn::Away
            | Turn::Ringing
            | Turn::Waiting
            | Turn::Hearing
            | Turn::Pausing
            | Turn::Keying
            | Turn::Replying
            | Turn::Voicemail
            | Turn::Leaving
            | Turn::Ended => None,
        }
    }

    /// A turn that nobody could write down.
    pub(crate) fn deaf(&mut self) -> Cue {
        // Whoever was interrupted by something unknown had better go on, if there is anything to go on with.
        if self.holds_reply() && self.goes_on() {
            Cue::Murmur
        } else if self.listen.was_too_weak() {
            self.unheard += 1;
            if self.unheard >= UNHEARD_MAX {
                Cue::FailedAgain
            } else {
                Cue::Failed
            }
        } else {
            self.failed()
        }
    }

    pub(crate) fn failed(&mut self) -> Cue {
        self.failures += 1;
        if self.failures >= 2 {
            Cue::FailedAgain
        } else {
            Cue::Failed
        }
    }

    fn thought(&mut self, now: Instant, reply: Reply, out: &mut Vec<Output>) -> Option<Cue> {
        let budget = self.config.budgets.think;
        match reply {
            Reply::Words(words) => {
                self.timers.set(Timer::Think, now + budget);
                if let Some(wait) = &mut self.wait {
                    wait.words.get_or_insert(now);
                } else {
                    self.draft_words_at(now);
                }
                let ready = self.think.words(&words, &self.config, out);
                self.after_thought();
                ready.then_some(Cue::Sentence)
            }
            Reply::Tool(tool) => {
                self.think.wish(tool);
                if !self.drafting {
                    self.journal_next();
                }
                None
            }
            Reply::Done(_) => {
                let ready = self.think.finish(self.config.reply_chars_max);
                if !self.think.has_result() {
                    return self.think_failed(now, Failure::Broken);
                }
                self.after_thought();
                ready.then_some(Cue::Sentence)
            }
            Reply::Failed(failure) => self.think_failed(now, failure),
            Reply::Transcript { .. } | Reply::Audio(_) | Reply::Result(_) | Reply::Hint { .. } => {
                None
            }
        }
    }

    /// Once the model is done, the reply may be complete.
    fn after_thought(&mut self) {
        if !self.think.is_busy() {
            self.timers.cancel(Timer::Think);
            self.timers.set(Timer::Check, Instant::ZERO);
        }
    }

    pub(crate) fn think_failed(&mut self, now: Instant, failure: Failure) -> Option<Cue> {
        self.timers.cancel(Timer::Think);
        if failure != Failure::Refused && self.think.may_retry() {
            self.think.fail();
            self.note(now, Note::Retried(Stage::Think, failure));
            return Some(Cue::ThinkStumbled);
        }
        self.note(now, Note::GaveUp(Stage::Think, failure));
        if self.drafting {
            // Nobody heard any of it: once the turn is over the model is asked anew.
            self.think.fail();
            return Some(Cue::DraftFailed);
        }
        let ready = self.think.break_off(self.config.reply_chars_max);
        if !self.think.has_result() {
            return Some(self.failed());
        }
        // The sentences that are there are said. Asking the model to go on from them is no way out: many take what they
        // said for the other's turn and begin anew. So the caller is told, unless it is their turn anyway.
        self.after_thought();
        if self.think.can_stand() || self.turn != Turn::Replying {
            return ready.then_some(Cue::Sentence);
        }
        Some(if self.failed() == Cue::FailedAgain {
            Cue::BrokeAgain
        } else {
            Cue::Broke
        })
    }

    fn sound(
        &mut self,
        now: Instant,
        id: RequestId,
        reply: Reply,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        match reply {
            Reply::Audio(clip) => {
                if self.awaited == Some(id) && !clip.is_empty() {
                    self.wait_for_sound(now);
                }
                self.speak.audio(id, clip);
                self.pump(now, out);
                None
            }
            Reply::Done(_) => {
                if !self.speak.done(id) {
                    return self.speak_failed(now, id, Failure::Broken, out);
                }
                self.ask_for_sound(now, out);
                self.pump(now, out);
                self.heard();
                None
            }
            Reply::Failed(failure) => self.speak_failed(now, id, failure, out),
            Reply::Transcript { .. }
            | Reply::Words(_)
            | Reply::Tool(_)
            | Reply::Result(_)
            | Reply::Hint { .. } => None,
        }
    }

    pub(crate) fn speak_failed(
        &mut self,
        now: Instant,
        id: RequestId,
        failure: Failure,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        match self.speak.fail(id, failure != Failure::Refused) {
            Loss::Retry => {
                self.note(now, Note::Retried(Stage::Speak, failure));
                Some(Cue::SpeakStumbled)
            }
            Loss::None => {
                self.ask_for_sound(now, out);
                self.pump(now, out);
                self.heard();
                None
            }
            Loss::Sentence => {
                self.note(now, Note::GaveUp(Stage::Speak, failure));
                Some(if self.drafting {
                    Cue::DraftFailed
                } else if self.speak.is_open() {
                    Cue::Mute
                } else {
                    Cue::HeldMute
                })
            }
        }
    }
}
