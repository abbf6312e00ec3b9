//! What somebody outside wants of a running call, and when it is done.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Departure, Words};
use crate::output::Output;
use crate::provider::ToolCall;
use crate::record::{EndReason, Record};
use crate::time::Instant;
use crate::turn::{Cue, Turn};

/// Of more than this, the oldest is forgotten: nobody waits for the floor for so long.
const ASKED_MAX: usize = 16;

/// What somebody outside wants of a running call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Order {
    /// Stop speaking, at once. The caller has the floor.
    Interrupt,
    /// Say this: at once, instead of what is being said; but not into the caller's words.
    Say {
        /// One or more sentences.
        text: String,
    },
    /// Hand the caller over, at once.
    Transfer {
        /// Number or address.
        to: String,
    },
    /// Hang up, at once.
    HangUp {
        /// What is said first.
        say: Option<String>,
    },
    /// Press keys towards the far end.
    SendKeys {
        /// `0`–`9`, `*`, `#`, and `w` for half a second.
        keys: String,
    },
    /// A cap was reached: end the call politely. What is being said is said to its end.
    Wrap {
        /// What is said last; none: the bot's goodbye.
        say: Option<String>,
    },
}

/// What waits for the floor.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Say(String),
    Keys(String),
    /// A turn that was typed before anything could be answered.
    Typed(Words),
}

impl Call {
    /// What an order means.
    pub(crate) fn ordered(&mut self, now: Instant, order: Order) -> Option<Cue> {
        self.records.push(Record::Ordered {
            order: order.clone(),
            at: now,
        });
        match order {
            Order::Interrupt if self.is_consenting() => None,
            Order::Interrupt => Some(Cue::Interrupt),
            Order::Say { text } if text.trim().is_empty() => None,
            Order::Say { text } => self.ask(Asked::Say(text), Cue::SayOrdered),
            Order::SendKeys { keys } if keys.is_empty() => None,
            Order::SendKeys { keys } => self.ask(Asked::Keys(keys), Cue::KeysOrdered),
            Order::Wrap { .. } if self.departure.is_some() => None,
            Order::Wrap { .. } => {
                self.will_depart(&order);
                Some(Cue::Wrap)
            }
            Order::Transfer { .. } | Order::HangUp { .. } => {
                self.will_depart(&order);
                Some(Cue::Depart)
            }
        }
    }

    /// Remembers how an order wants the call to end.
    pub(crate) fn will_depart(&mut self, order: &Order) {
        let (departure, parting) = match order {
            Order::Transfer { to } => (Departure::Transfer(to.clone()), self.config.filler.clone()),
            Order::HangUp { say } => (
                Departure::HangUp(EndReason::Ordered),
                say.clone().unwrap_or_default(),
            ),
            Order::Wrap { say } => (
                Departure::HangUp(EndReason::Capped),
                say.clone().unwrap_or_else(|| self.config.goodbye.clone()),
            ),
            Order::Interrupt | Order::Say { .. } | Order::SendKeys { .. } => return,
        };
        self.departure = Some(departure);
        self.parting = parting;
    }

    /// Takes the floor if it can be had; if not, remembers what waits for it.
    fn ask(&mut self, asked: Asked, cue: Cue) -> Option<Cue> {
        if matches!(self.turn, Turn::Leaving | Turn::Voicemail) {
            return None;
        }
        let is_free = matches!(self.turn, Turn::Waiting | Turn::Replying) && !self.is_consenting();
        if self.asked.len() >= ASKED_MAX {
            self.asked.pop_front();
        }
        if is_free {
            self.asked.push_front(asked);
            return Some(cue);
        }
        self.asked.push_back(asked);
        None
    }

    /// What the journal says was asked for, and still is to be done.
    pub(crate) fn recall(&mut self, record: &Record) {
        let is_done = |asked: &Asked| match (asked, record) {
            (Asked::Say(text), Record::Saying { text: said }) => text == said,
            (Asked::Keys(keys), Record::Tool(ToolCall::SendKeys { keys: pressed })) => {
                keys == pressed
            }
            _ => false,
        };
        if let Some(at) = self.asked.iter().position(is_done) {
            self.asked.remove(at);
        }
        if let Record::Ordered { order, .. } = record {
            self.will_depart(order);
            self.asked.extend(match order {
                Order::Say { text } => Some(Asked::Say(text.clone())),
                Order::SendKeys { keys } => Some(Asked::Keys(keys.clone())),
                Order::Interrupt
                | Order::Transfer { .. }
                | Order::HangUp { .. }
                | Order::Wrap { .. } => None,
            });
        }
    }

    /// The floor is free: what waits for it?
    pub(crate) fn next_asked(&mut self) -> Option<Cue> {
        if self.turn != Turn::Waiting {
            return None;
        }
        match self.asked.front() {
            Some(Asked::Say(_)) => Some(Cue::SayOrdered),
            Some(Asked::Keys(_)) => Some(Cue::KeysOrdered),
            Some(Asked::Typed(words)) => {
                self.typed = Some(words.clone());
                self.asked.pop_front();
                Some(Cue::Typed)
            }
            None => self.news.then_some(Cue::News),
        }
    }

    /// A typed turn.
    pub(crate) fn typed(&mut self, now: Instant, text: &str) -> Option<Cue> {
        let text = text.trim();
        if text.is_empty() || matches!(self.turn, Turn::Leaving | Turn::Ended) {
            return None;
        }
        // Keys that were pressed before are part of it.
        let mut all = std::mem::take(&mut self.keys);
        let began = if all.is_empty() { now } else { self.keys_began };
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(text);
        let words = Words {
            text: all,
            began,
            ended: now,
            read: now,
        };
        if self.turn == Turn::Ringing || self.is_consenting() {
            if self.asked.len() >= ASKED_MAX {
                self.asked.pop_front();
            }
            self.asked.push_back(Asked::Typed(words));
            return None;
        }
        self.typed = Some(words);
        Some(Cue::Typed)
    }

    pub(crate) fn take_typed(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.words = self.typed.take();
        self.take_words(now, out);
    }

    pub(crate) fn say_ordered(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Some(Asked::Say(text)) = self.asked.pop_front() {
            self.say(now, text, out);
        }
    }

    pub(crate) fn press_ordered(&mut self, out: &mut Vec<Output>) {
        if let Some(Asked::Keys(keys)) = self.asked.pop_front() {
            self.records
                .push(Record::Tool(ToolCall::SendKeys { keys: keys.clone() }));
            out.push(Output::SendKeys(keys));
        }
    }

    /// Says the last words that were asked for.
    pub(crate) fn depart(&mut self, now: Instant, out: &mut Vec<Output>) {
        let parting = std::mem::take(&mut self.parting);
        self.say(now, parting, out);
        // Whoever is leaving already has other last words now.
        if self.turn == Turn::Leaving {
            self.leave_in_time(now);
        }
    }

    /// The same, behind what is being said already.
    pub(crate) fn wrap(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.think.stop(out);
        // The call ends behind these words, whatever the model wanted to do then.
        self.think.wish_no_more();
        self.timers.cancel(crate::timer::Timer::Think);
        self.depart(now, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn whoever_types_before_the_call_is_answered_is_not_remembered_without_end() {
        let (mut call, _) = Call::begin(Config::default(), Instant::ZERO);
        for number in 0..1_000 {
            assert_eq!(call.typed(Instant::ZERO, &number.to_string()), None);
        }
        assert_eq!(call.asked.len(), ASKED_MAX);
        let latest = call.asked.back();
        assert!(matches!(latest, Some(Asked::Typed(words)) if words.text == "999"));
    }
}
