//! The reply as a whole: begun, held back, taken up again, ended.

use crate::call::Call;
use crate::output::Output;
use crate::record::{Note, Record};
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::Turn;

impl Call {
    pub(crate) fn hold(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.speak.is_audible(now) {
            self.note(now, Note::BargeIn);
        }
        self.speak.hold(now, out);
        self.timers.cancel(Timer::Pump);
        self.timers.cancel(Timer::Playout);
    }

    pub(crate) fn resume_reply(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.note(now, Note::ReplyResumed);
        let since = if self.turn == Turn::Away {
            now
        } else {
            self.listen.voice_ended()
        };
        let slow_at = since + self.config.budgets.slow_after;
        if self.speak.began().is_none() {
            self.timers.set(Timer::Slow, slow_at);
        } else if self.speak.is_complete() {
            // There is nothing to go on with before the model or its work is done.
            self.timers.hasten(Timer::Fill, slow_at.max(now));
        }
        self.speak.open();
        self.ask_for_sound(now, out);
        self.pump(now, out);
        self.timers.set(Timer::Check, now);
    }

    pub(crate) fn end_reply(&mut self, now: Instant, interrupted: bool, out: &mut Vec<Output>) {
        if let Some(id) = self.think.request() {
            out.push(Output::Cancel(id));
        }
        if self.saying {
            let replied = Record::Replied {
                text: self.speak.heard_text(),
                began: self.speak.began(),
                ended: now,
                interrupted,
                timing: self.timing(),
            };
            self.records.push(replied);
        }
        self.think = crate::think::Think::default();
        self.jobs.detach();
        self.consenting = false;
        self.speak.abandon(now, out);
        self.drafting = false;
        self.saying = false;
        self.promised = None;
        self.heard_chars = 0;
        self.awaited = None;
        self.filling = false;
        for timer in [
            Timer::Think,
            Timer::Speak,
            Timer::Pump,
            Timer::Playout,
            Timer::Slow,
            Timer::Fill,
        ] {
            self.timers.cancel(timer);
        }
    }

    /// Whether more of this reply is being made: by the model, or by work that it waits for.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.think.is_busy() || self.jobs.is_awaited()
    }

    pub(crate) fn conclude(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Some(tool) = self.think.tool().cloned() {
            if self.departure.is_none() {
                self.departure = Self::departure_of(&tool);
            }
            self.records.push(Record::Tool(tool));
        }
        if self.think.has_result() && !self.think.is_broken() {
            self.failures = 0;
        }
        let cut = !self.speak.is_complete();
        self.concluded = now;
        self.end_reply(now, cut, out);
    }

    pub(crate) fn greet(&mut self, now: Instant, out: &mut Vec<Output>) {
        if !self.speak.has_pieces() {
            self.prepare_greeting(now, out);
        }
        let words = self.first_words();
        self.journal_saying(&words);
        self.consenting = !self.config.consent.is_empty();
        self.speak.open();
        self.pump(now, out);
        self.timers.set(Timer::Check, now);
    }

    /// What is said before anybody was asked anything.
    pub(crate) fn first_words(&self) -> Vec<String> {
        let words = [&self.config.consent, &self.config.greeting];
        words
            .into_iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect()
    }

    /// Whether the consent line is being said, which the caller has to hear to its end.
    pub(crate) fn is_consenting(&self) -> bool {
        let chars = |text: &str| text.chars().count();
        self.consenting && chars(&self.speak.heard_text()) < chars(&self.config.consent)
    }

    /// Whether the caller cannot interrupt now.
    pub(crate) fn is_deaf_to_barge_in(&self) -> bool {
        let is_underway = self.speak.began().is_some() && !self.speak.is_complete();
        (!self.config.barge_in && is_underway) || self.is_consenting()
    }

    /// Has the greeting spoken before there is a stream for it.
    pub(crate) fn prepare_greeting(&mut self, now: Instant, out: &mut Vec<Output>) {
        for text in self.first_words() {
            self.speak.say(text);
        }
        self.ask_for_sound(now, out);
    }

    pub(crate) fn apologise(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.make_room(now, out);
        self.say(now, self.config.apology.clone(), out);
    }

    /// Ends what is being said, unless nothing of it was heard yet: that is a filler, and to begin anew with something
    /// else would make the caller wait still longer for the first sound.
    pub(crate) fn make_room(&mut self, now: Instant, out: &mut Vec<Output>) {
        let is_underway = self.speak.is_open() && self.speak.has_pieces();
        if !is_underway || self.speak.has_sounded() {
            self.end_reply(now, true, out);
        }
    }

    pub(crate) fn prompt(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.note(now, Note::Idle);
        self.holding = false;
        self.idle_prompts += 1;
        self.say(now, self.config.idle_prompt.clone(), out);
    }

    pub(crate) fn fill(&mut self, now: Instant, out: &mut Vec<Output>) {
        let words = self.jobs.filler().unwrap_or(&self.config.filler).to_owned();
        // While work is done, the caller is told again and again.
        let again = self.is_unfinished() && self.speak.is_complete();
        if !self.speak.has_pieces() || again {
            self.note(now, Note::Slow);
            self.filling = !self.speak.has_pieces() || self.filling;
            self.say(now, words, out);
        }
    }
}
