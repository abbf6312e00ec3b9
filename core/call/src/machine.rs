//! Outbound calls that are not answered by the person who was called.

use std::time::Duration;

use crate::call::{Call, Departure};
use crate::config::Machine;
use crate::history::Line;
use crate::input::Answerer;
use crate::output::Output;
use crate::phrases;
use crate::record::{EndReason, Note, Record};
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// A machine that has been silent for so long has said its greeting. Its beep follows within a second.
const GREETING_PAUSE: Duration = Duration::from_secs(2);
/// No greeting is longer.
const GREETING_MAX: Duration = Duration::from_secs(45);
/// A machine gives itself away in its first turns. Later the same words come from a person.
const TURNS_MAX: usize = 3;
/// Whoever asks more often who is calling is told by the model.
const SCREENINGS_MAX: u32 = 2;

impl Call {
    /// What the carrier's detection means.
    pub(crate) fn answered(&mut self, now: Instant, answerer: Answerer) -> Option<Cue> {
        if matches!(self.turn, Turn::Leaving | Turn::Ended) {
            return None;
        }
        self.records.push(Record::Answered { answerer, at: now });
        self.note_answerer(answerer);
        if !self.is_machine() {
            return None;
        }
        match self.turn {
            Turn::Voicemail => {
                if self.is_ready() {
                    self.timers.set(Timer::Beep, now);
                }
                None
            }
            Turn::Ringing | Turn::Away | Turn::Leaving | Turn::Ended => None,
            Turn::Waiting
            | Turn::Hearing
            | Turn::Pausing
            | Turn::Transcribing
            | Turn::Keying
            | Turn::Replying => Some(Cue::Machine),
        }
    }

    /// Remembers who answered. Once it was a machine, it is.
    pub(crate) fn note_answerer(&mut self, answerer: Answerer) {
        let is_news = match answerer {
            Answerer::Machine | Answerer::MachineReady | Answerer::Fax => true,
            Answerer::Unknown => self.answerer.is_none(),
            Answerer::Human => false,
        };
        if is_news {
            self.answerer = Some(answerer);
        }
    }

    /// What is done about whoever answered.
    fn policy(&self) -> &Machine {
        let config = &self.config;
        let minds = [&config.machine, &config.unknown]
            .iter()
            .any(|policy| **policy != Machine::Continue);
        match self.answerer {
            Some(Answerer::Machine | Answerer::MachineReady) => &config.machine,
            Some(Answerer::Unknown) => &config.unknown,
            // No message is for a fax.
            Some(Answerer::Fax) if minds => &Machine::HangUp,
            Some(Answerer::Fax | Answerer::Human) | None => &Machine::Continue,
        }
    }

    /// Whether a machine answered, or may have, and something is to be done about it.
    pub(crate) fn is_machine(&self) -> bool {
        *self.policy() != Machine::Continue
    }

    /// Whether there is nothing to wait for.
    fn is_ready(&self) -> bool {
        let greets = matches!(self.answerer, Some(Answerer::Machine | Answerer::Unknown));
        !(greets && matches!(self.policy(), Machine::LeaveMessage { .. }))
    }

    /// What the words themselves say about who answered.
    pub(crate) fn spot(&mut self, now: Instant, text: &str) -> Option<Cue> {
        let is_caller = |line: &&Line| matches!(line, Line::Caller(_));
        let turns = self.history.lines().iter().filter(is_caller).count();
        let is_over = matches!(self.turn, Turn::Pausing | Turn::Transcribing);
        if !self.config.outbound || turns >= TURNS_MAX || !is_over {
            return None;
        }
        let language = &self.config.language;
        let may_introduce = !self.config.greeting.is_empty() && self.screenings < SCREENINGS_MAX;
        if may_introduce && phrases::is_screening(language, text) {
            self.screenings += 1;
            self.note(now, Note::Screened);
            return Some(Cue::Screened);
        }
        if self.config.machine != Machine::Continue && phrases::is_voicemail(language, text) {
            let answerer = Answerer::Machine;
            self.records.push(Record::Answered { answerer, at: now });
            self.note_answerer(answerer);
            return Some(Cue::MachineSaid);
        }
        None
    }

    /// Sets the waits of [`Turn::Voicemail`].
    pub(crate) fn enter_voicemail(&mut self, now: Instant) {
        if self.is_ready() {
            self.timers.set(Timer::Beep, now);
        } else {
            self.timers.set(Timer::Endless, now + GREETING_MAX);
            self.machine_speaks(now);
        }
    }

    /// The machine goes on.
    pub(crate) fn machine_speaks(&mut self, now: Instant) {
        if !self.is_ready() {
            self.timers.set(Timer::Beep, now + GREETING_PAUSE);
        }
    }

    /// The greeting is over.
    pub(crate) fn beeped(&mut self) -> Cue {
        self.departure = Some(Departure::HangUp(EndReason::Machine));
        self.parting = match self.policy() {
            Machine::LeaveMessage { text } => text.clone(),
            Machine::HangUp | Machine::Continue => String::new(),
        };
        Cue::Beep
    }

    /// Says who is calling.
    pub(crate) fn introduce(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.say(now, self.config.greeting.clone(), out);
    }
}
