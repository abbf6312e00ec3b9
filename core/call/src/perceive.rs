//! What an input means: at most one cue.

use std::time::Duration;

use audio::Clip;

use crate::call::{Call, Words};
use crate::carry::QUIET_AFTER;
use crate::endpoint;
use crate::input::{Closing, Input, Key};
use crate::output::{Mark, Output};
use crate::provider::{Failure, Reply, RequestId, Stage};
use crate::record::{Note, Record};
use crate::speak::Loss;
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// So much of a voice stops our sound. A cough has less than 80 ms of it; speech reaches 100 ms within 180 ms.
const BARGE_IN_VOICE_MS: u32 = 100;
/// So much sound without a pitch stops it too: whispering, or a line that ate the pitch.
const BARGE_IN_ANY: Duration = Duration::from_millis(700);
/// Drafts of one turn: each costs a request to three providers.
const DRAFTS_MAX: u32 = 3;
/// How much more must have been heard, in characters, to be worth a row in the journal: about a second of speech.
const HEARD_STEP_CHARS: usize = 15;

impl Call {
    pub(crate) fn perceive(
        &mut self,
        now: Instant,
        input: Input,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        match input {
            Input::Opened => Some(self.opened(now, out)),
            Input::Frame { at, audio } => self.frame(now, at, audio, out),
            Input::Key(key) => self.key(now, key),
            Input::Played(mark) => {
                self.played(now, mark, out);
                None
            }
            Input::Reply(id, reply) => self.reply(now, id, reply, out),
            Input::Tick => None,
            Input::Closed(Closing::Stopped) => Some(Cue::Stopped),
            Input::Closed(Closing::Dropped) => {
                self.note(now, Note::Dropped);
                if self.turn == Turn::Keying {
                    // There will be no more keys: those that came are words already.
                    self.keyed(now);
                }
                Some(Cue::Dropped)
            }
            Input::Order(_) | Input::Text(_) | Input::Answered(_) => None,
        }
    }

    fn frame(
        &mut self,
        now: Instant,
        at: Duration,
        clip: Clip,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        if matches!(self.turn, Turn::Ringing | Turn::Away) {
            return None;
        }
        let paused_since = self.listen.voice_ended();
        let ear = self.listen.hear(now, at, clip, out);
        let voice = if self.speak.is_audible(now) {
            let is_voice = self.listen.voice_ms() >= BARGE_IN_VOICE_MS
                || self.listen.speaking_for(now) >= BARGE_IN_ANY;
            (self.listen.is_speaking() && is_voice).then_some(Cue::BargeIn)
        } else {
            self.listen.is_speaking().then_some(Cue::Onset)
        };
        match self.turn {
            Turn::Waiting | Turn::Replying => voice,
            Turn::Hearing => {
                self.timers.set(Timer::Quiet, now + QUIET_AFTER);
                ear.offset.then_some(Cue::Pause)
            }
            Turn::Pausing if ear.onset.is_some() => {
                let onset = now - ear.onset.unwrap_or_default();
                self.listen.habit.learn(onset.since(paused_since));
                Some(Cue::Onset)
            }
            Turn::Transcribing if ear.onset.is_some() || self.speak.is_audible(now) => voice,
            Turn::Ringing
            | Turn::Pausing
            | Turn::Transcribing
            | Turn::Keying
            | Turn::Leaving
            | Turn::Away
            | Turn::Ended => None,
        }
    }

    fn key(&mut self, now: Instant, key: Key) -> Option<Cue> {
        if matches!(self.turn, Turn::Ringing | Turn::Away | Turn::Leaving) {
            return None;
        }
        if self.keys.is_empty() {
            self.keys_began = now;
        }
        if key.digit() == '#' && self.turn == Turn::Keying {
            return Some(self.keyed(now));
        }
        self.keys.push(key.digit());
        Some(Cue::Key)
    }

    pub(crate) fn keyed(&mut self, now: Instant) -> Cue {
        let text = std::mem::take(&mut self.keys);
        self.words = Some(Words {
            text,
            began: self.keys_began,
            ended: now,
            read: now,
        });
        Cue::Keyed
    }

    fn played(&mut self, now: Instant, mark: Mark, out: &mut Vec<Output>) {
        if self.speak.played(mark) {
            self.heard();
            self.pump(now, out);
        }
    }

    /// Writes down how far the reply was heard, if that is worth a row.
    pub(crate) fn heard(&mut self) {
        let complete = self.speak.is_complete();
        let chars = self.speak.heard_text().chars().count();
        if self.saying && !complete && chars >= self.heard_chars + HEARD_STEP_CHARS {
            self.heard_chars = chars;
            self.records.push(Record::Heard { chars });
        }
        if complete {
            self.timers.set(Timer::Check, Instant::ZERO);
        }
    }

    fn reply(
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
                Reply::Words(_)
                | Reply::Tool(_)
                | Reply::Audio(_)
                | Reply::Result(_)
                | Reply::Hint { .. } => None,
            }
        } else if self.think.owns(id) {
            self.thought(now, reply, out)
        } else if self.speak.owns(id) {
            self.sound(now, id, reply, out)
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
            out.extend(self.listen.request().map(Output::Cancel));
            return self.listen_failed(now, Failure::Broken);
        }
        if !self.listen.read(flush, text) {
            return None;
        }
        self.timers.cancel(Timer::Listen);
        let text = self.listen.text()?.to_owned();
        self.words = Some(Words {
            text: text.clone(),
            began: self.listen.began().unwrap_or(now),
            ended: self.listen.voice_ended(),
            read: now,
        });
        match self.turn {
            Turn::Transcribing | Turn::Away => Some(self.verdict(&text)),
            Turn::Pausing => {
                let silence = endpoint::silence(self.config.end, Some(&text), self.listen.habit);
                self.timers
                    .set(Timer::Silence, self.listen.voice_ended() + silence);
                let may_draft = self.config.speculate
                    && self.drafts < DRAFTS_MAX
                    && !self.drafting
                    && !self.holds_reply()
                    && !text.is_empty();
                may_draft.then_some(Cue::Drafted)
            }
            Turn::Ringing
            | Turn::Waiting
            | Turn::Hearing
            | Turn::Keying
            | Turn::Replying
            | Turn::Leaving
            | Turn::Ended => None,
        }
    }

    /// What the words of a turn that is over mean.
    pub(crate) fn verdict(&self, text: &str) -> Cue {
        match (self.holds_reply(), text.is_empty()) {
            (true, _) if endpoint::is_backchannel(text) => Cue::Murmur,
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
            Turn::Away
            | Turn::Ringing
            | Turn::Waiting
            | Turn::Hearing
            | Turn::Pausing
            | Turn::Keying
            | Turn::Replying
            | Turn::Leaving
            | Turn::Ended => None,
        }
    }

    /// A turn that nobody could write down.
    pub(crate) fn deaf(&mut self) -> Cue {
        // Whoever was interrupted by something unknown had better go on, if there is anything to go on with.
        let is_answer = !self.filling || self.think.is_busy();
        if self.holds_reply() && is_answer {
            Cue::Murmur
        } else {
            self.failed()
        }
    }

    fn failed(&mut self) -> Cue {
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
                let ready = self.think.words(&words, self.config.reply_chars_max, out);
                self.after_thought();
                ready.then_some(Cue::Sentence)
            }
            Reply::Tool(tool) => {
                self.think.wish(tool);
                None
            }
            Reply::Done(spent) => {
                self.usage.think.input_tokens += spent.input_tokens;
                self.usage.think.cached_tokens += spent.cached_tokens;
                self.usage.think.output_tokens += spent.output_tokens;
                let ready = self.think.finish(self.config.reply_chars_max);
                if !self.think.has_result() {
                    return self.think_failed(now, Failure::Broken);
                }
                self.after_thought();
                ready.then_some(Cue::Sentence)
            }
            Reply::Failed(failure) => self.think_failed(now, failure),
            Reply::Transcript { .. }
            | Reply::Audio(_)
            | Reply::Result(_)
            | Reply::Hint { .. } => None,
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
        let ready = self.think.finish(self.config.reply_chars_max);
        if self.think.has_result() {
            // Half a reply is better than an apology after it.
            self.after_thought();
            return ready.then_some(Cue::Sentence);
        }
        if self.drafting {
            Some(Cue::DraftFailed)
        } else {
            Some(self.failed())
        }
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
                } else {
                    Cue::Mute
                })
            }
        }
    }
}
