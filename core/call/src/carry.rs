//! Carrying out: moves become outputs.

use std::time::Duration;

use crate::call::{Call, Wait};
use crate::config::EndOfTurn;
use crate::endpoint;
use crate::history::Line;
use crate::job;
use crate::output::Output;
use crate::phrases;
use crate::record::{Note, Record};
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Move, Turn};

/// Silence after which words are drafted: as soon as it is known for one.
const DRAFT_AFTER: Duration = Duration::from_millis(200);
/// Nobody speaks for so long without a pause.
const UTTERANCE_MAX: Duration = Duration::from_secs(30);
/// Longer than frames are late on a bad line, shorter than a caller notices.
pub(crate) const QUIET_AFTER: Duration = Duration::from_millis(500);
/// After the last key.
const KEYS_AFTER: Duration = Duration::from_secs(2);
/// How long a goodbye may take in all.
const LEAVE_AFTER: Duration = Duration::from_secs(15);
/// Or, if it has many words, for each character: half as fast as people speak.
const LEAVE_CHAR: Duration = Duration::from_millis(120);
/// How long a caller who asked for a moment is left alone.
const HOLD: Duration = Duration::from_mins(1);

impl Call {
    pub(crate) fn carry_out(&mut self, now: Instant, step: Move, out: &mut Vec<Output>) {
        match step {
            Move::Listen => {
                let id = self.new_id();
                self.listen.open(id, now, out);
            }
            Move::ListenInDoubt => {
                let id = self.new_id();
                self.listen.open_in_doubt(id, now, out);
            }
            Move::Transcribe => {
                if self.turn == Turn::Away {
                    // Words that were there before the stream broke would bring no answer any more: they are read anew.
                    self.listen.unread();
                }
                let length = self.listen.transcribe(out);
                self.expect_words(now, length);
            }
            Move::Forget => self.forget(out),
            Move::TakeWords => self.take_words(now, out),
            Move::Think => self.think(now, out),
            Move::ThinkAhead => self.think_ahead(now, out),
            Move::DropDraft => self.drop_draft(now, out),
            Move::Commit => self.commit(now, out),
            Move::Speak => self.speak_ready(now, out),
            Move::Hold => self.hold(now, out),
            Move::Resume => self.resume_reply(now, out),
            Move::Yield => self.end_reply(now, true, out),
            Move::Conclude => self.conclude(now, out),
            Move::Greet => self.greet(now, out),
            Move::Prompt => self.prompt(now, out),
            Move::Apologise => self.apologise(now, out),
            Move::Fill => self.fill(now, out),
            Move::Goodbye(reason) => self.say_goodbye(now, reason, out),
            Move::Fallback => self.fall_back(now, out),
            Move::Farewell => self.farewell(now, out),
            Move::RetryListen => {
                let id = self.new_id();
                let length = self.listen.retry(id, out);
                self.expect_words(now, length);
            }
            Move::RetryThink => self.retry_model(now, out),
            Move::RetrySpeak => self.ask_for_sound(now, out),
            Move::Leave => self.leave(now, None, out),
            Move::LeaveMute => self.leave_mute(now, out),
            Move::PressKeys => self.press_keys(out),
            Move::End(reason) => self.end(now, reason, out),
            Move::TakeTyped => self.take_typed(now, out),
            Move::Introduce => self.introduce(now, out),
            Move::Work => self.work(now, out),
            Move::ThinkOn => self.think_on(now, out),
            Move::ApologiseToo => self.say(now, self.config.apology.clone(), out),
            Move::FallbackToo => self.fall_back_too(now, out),
            Move::SayOrdered => self.say_ordered(now, out),
            Move::PressOrdered => self.press_ordered(out),
            Move::Depart => self.depart(now, out),
            Move::Wrap => self.wrap(now, out),
        }
    }

    /// Sets the waits that belong to a turn.
    pub(crate) fn enter(&mut self, now: Instant) {
        use Timer as T;
        let of_a_turn = [
            T::Draft,
            T::Silence,
            T::Quiet,
            T::Endless,
            T::Keys,
            T::Idle,
            T::Next,
            T::Beep,
        ];
        for timer in of_a_turn {
            self.timers.cancel(timer);
        }
        if !matches!(self.turn, Turn::Transcribing | Turn::Replying) {
            self.timers.cancel(T::Slow);
        }
        match self.turn {
            Turn::Ringing => (),
            Turn::Waiting => {
                self.wait = None;
                let patience = if self.holding {
                    HOLD.max(self.config.idle_after)
                } else {
                    self.config.idle_after
                };
                self.timers.set(T::Idle, now + patience);
                if self.news || !self.asked.is_empty() {
                    self.timers.set(T::Next, now);
                }
            }
            Turn::Hearing => {
                self.timers.set(T::Endless, now + UTTERANCE_MAX);
                self.timers.set(T::Quiet, now + QUIET_AFTER);
            }
            Turn::Pausing => self.enter_pause(),
            Turn::Transcribing => {
                let at = self.slow_at(self.listen.voice_ended().max(self.concluded));
                self.timers.set(T::Slow, at);
                if self.listen.has_failed() {
                    // Nothing will come.
                    self.timers.set(T::Silence, now);
                }
            }
            Turn::Keying => self.timers.set(T::Keys, now + KEYS_AFTER),
            Turn::Replying => self.timers.set(T::Check, now),
            Turn::Voicemail => self.enter_voicemail(now),
            Turn::Leaving => self.leave_in_time(now),
            Turn::Away => self
                .timers
                .set(T::Reconnect, now + self.config.budgets.reconnect),
            Turn::Ended => self.timers.clear(),
        }
    }

    /// The last words have their time, and not more.
    pub(crate) fn leave_in_time(&mut self, now: Instant) {
        let chars = u32::try_from(self.speak.chars()).unwrap_or(u32::MAX);
        let words = LEAVE_CHAR.saturating_mul(chars);
        self.timers.set(Timer::Leave, now + LEAVE_AFTER.max(words));
    }

    fn enter_pause(&mut self) {
        let ended = self.listen.voice_ended();
        let silence = self.patience(self.listen.text());
        self.timers.set(Timer::Silence, ended + silence);
        let needs_words = self.config.end == EndOfTurn::Adaptive || self.config.speculate;
        if needs_words && silence > DRAFT_AFTER {
            self.timers.set(Timer::Draft, ended + DRAFT_AFTER);
        }
    }

    /// When the caller has been waiting for long, after a turn that ended then.
    pub(crate) fn slow_at(&self, ended: Instant) -> Instant {
        // Who configures a longer silence than ours wants the caller to wait for it.
        let wanted = match self.config.end {
            EndOfTurn::Silence(silence) => silence.saturating_sub(endpoint::SILENCE_MAX),
            EndOfTurn::Adaptive => Duration::ZERO,
        };
        ended + wanted + self.config.budgets.slow_after
    }

    fn expect_words(&mut self, now: Instant, length: Option<Duration>) {
        if length.is_some() {
            self.timers
                .set(Timer::Listen, now + self.config.budgets.listen);
        }
    }

    fn forget(&mut self, out: &mut Vec<Output>) {
        self.timers.cancel(Timer::Listen);
        self.listen.close(out);
        self.words = None;
        self.drafts = 0;
    }

    pub(crate) fn take_words(&mut self, now: Instant, out: &mut Vec<Output>) {
        let words = self.words.take();
        self.forget(out);
        let Some(words) = words else { return };
        self.idle_prompts = 0;
        self.unheard = 0;
        self.holding = phrases::asks_to_hold(&self.config.language, &words.text);
        if self.holding {
            self.note(now, Note::Holding);
        }
        let draft_words = self
            .wait
            .and_then(|wait| wait.words)
            .filter(|_| self.drafting);
        // Whoever spoke over the bot has not been waiting before it was done.
        let since = words.ended.max(self.concluded);
        self.wait = Some(Wait {
            since,
            decided: now,
            read: words.read,
            words: draft_words,
        });
        // Who was told that it takes a moment, because the words were late, has been told.
        if !self.filling {
            let slow_at = self.slow_at(since);
            self.timers.set(Timer::Slow, slow_at);
        }
        // The history is needed before the records of this input are flushed, hence in this order.
        let record = Record::Caller {
            text: words.text,
            began: words.began,
            ended: words.ended,
        };
        self.records.push(record);
    }

    /// The conversation including what was not flushed yet.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut history = self.history.clone();
        for record in &self.records {
            history.note(record);
        }
        history.lines().to_vec()
    }

    fn think(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.turn == Turn::Away {
            let slow_at = self.slow_at(now);
            self.timers.set(Timer::Slow, slow_at);
        }
        let lines = self.lines();
        self.ask_model(now, lines, out);
        self.speak.open();
    }

    fn retry_model(&mut self, now: Instant, out: &mut Vec<Output>) {
        let id = self.new_id();
        self.think.retry(id, out);
        self.timers
            .set(Timer::Think, now + self.config.budgets.think);
    }

    pub(crate) fn ask_model(&mut self, now: Instant, lines: Vec<Line>, out: &mut Vec<Output>) {
        let id = self.new_id();
        self.think.ask(id, job::complete(lines), out);
        self.news = false;
        self.timers
            .set(Timer::Think, now + self.config.budgets.think);
    }

    fn think_ahead(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(words) = &self.words else { return };
        let mut lines = self.lines();
        lines.push(Line::Caller(words.text.clone()));
        self.drafting = true;
        self.drafts += 1;
        self.wait = None;
        self.speak.shut();
        self.ask_model(now, lines, out);
    }

    /// Remembers when the first words of a draft came: there is no turn yet whose wait it would end.
    pub(crate) fn draft_words_at(&mut self, now: Instant) {
        if self.drafting {
            self.wait = Some(Wait {
                since: now,
                decided: now,
                read: now,
                words: Some(now),
            });
        }
    }

    fn drop_draft(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.drafting {
            self.wait = None;
            self.note(now, Note::DraftDropped);
            self.end_reply(now, true, out);
        }
    }

    fn commit(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.take_words(now, out);
        self.drafting = false;
        let drafted = self.speak.texts();
        self.journal_saying(&drafted);
        self.speak.open();
        self.pump(now, out);
    }

    fn speak_ready(&mut self, now: Instant, out: &mut Vec<Output>) {
        let sentences = self.think.take_ready();
        if !self.drafting {
            self.journal_saying(&sentences);
        }
        for sentence in sentences {
            self.filling = false;
            self.speak.say(sentence);
        }
        self.ask_for_sound(now, out);
    }

    pub(crate) fn journal_saying(&mut self, sentences: &[String]) {
        if !sentences.is_empty() {
            self.saying = true;
            self.records.push(Record::Saying {
                text: sentences.join(" "),
            });
            self.journal_next();
        }
    }

    /// Writes down, once for each reply, what is to be done when it was heard.
    pub(crate) fn journal_next(&mut self) {
        let next = self.next();
        if self.saying && next.is_some() && next != self.promised {
            self.promised.clone_from(&next);
            self.records.extend(next.map(Record::Next));
        }
    }

    /// Says a phrase of our own.
    pub(crate) fn say(&mut self, now: Instant, text: String, out: &mut Vec<Output>) {
        self.timers.set(Timer::Check, now);
        if !text.is_empty() {
            self.journal_saying(std::slice::from_ref(&text));
            self.speak.say(text);
        }
        self.speak.open();
        self.ask_for_sound(now, out);
        self.pump(now, out);
    }

    /// Asks text-to-speech for the next sentences, if it has room.
    pub(crate) fn ask_for_sound(&mut self, now: Instant, out: &mut Vec<Output>) {
        let next_id = &mut self.next_id;
        let new_id = || {
            *next_id += 1;
            crate::provider::RequestId(*next_id)
        };
        self.speak.ask(new_id, out);
        self.expect_sound(now);
    }

    /// Waits for the sound of the sentence whose turn it is. What else is asked for, or comes early, does not make
    /// that wait longer.
    fn expect_sound(&mut self, now: Instant) {
        let front = self.speak.front();
        if front != self.awaited {
            self.awaited = front;
            self.wait_for_sound(now);
        }
    }

    /// Waits for more sound, now that some has come.
    pub(crate) fn wait_for_sound(&mut self, now: Instant) {
        match self.awaited {
            Some(_) => self
                .timers
                .set(Timer::Speak, now + self.config.budgets.speak),
            None => self.timers.cancel(Timer::Speak),
        }
    }

    /// Gives the carrier what it can take.
    pub(crate) fn pump(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.speak.pump(now, out);
        if self.speak.began().is_some() {
            self.timers.cancel(Timer::Slow);
        }
        match self.speak.more_at() {
            Some(at) => self
                .timers
                .set(Timer::Pump, at.max(now + Duration::from_millis(1))),
            None => self.timers.cancel(Timer::Pump),
        }
        if self.speak.is_audible(now) {
            let slack = self.config.delivery.slack();
            self.timers
                .set(Timer::Playout, self.speak.playout_end() + slack);
        } else {
            self.timers.cancel(Timer::Playout);
        }
    }
}
