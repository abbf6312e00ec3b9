//! Leaving: who hangs up, who is handed over, and with which words.

use crate::call::{Call, Departure};
use crate::output::{Output, Say};
use crate::provider::ToolCall;
use crate::record::{EndReason, Next, Record};
use crate::time::Instant;

impl Next {
    /// The departure, if it is one.
    pub(crate) fn departure(&self) -> Option<Departure> {
        match self {
            Self::HangUp(reason) => Some(Departure::HangUp(*reason)),
            Self::Transfer { to } => Some(Departure::Transfer(to.clone())),
            Self::SendKeys { .. } => None,
        }
    }

    /// The wish of a model's that comes to the same, if one does.
    pub(crate) fn tool(&self) -> Option<ToolCall> {
        match self {
            Self::HangUp(reason) => (*reason == EndReason::BotLeft).then_some(ToolCall::EndCall),
            Self::Transfer { to } => Some(ToolCall::Transfer { to: to.clone() }),
            Self::SendKeys { keys } => Some(ToolCall::SendKeys { keys: keys.clone() }),
        }
    }
}

impl Call {
    pub(crate) fn say_goodbye(&mut self, now: Instant, reason: EndReason, out: &mut Vec<Output>) {
        self.departure = Some(Departure::HangUp(reason));
        self.say(now, self.config.goodbye.clone(), out);
    }

    /// Our speech is out of order: the carrier has to say it.
    pub(crate) fn leave_mute(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.departure.is_none() {
            self.departure = Some(self.last_resort());
        }
        self.leave(now, Some(self.config.apology.clone()), out);
    }

    /// What happens when we cannot go on.
    fn last_resort(&self) -> Departure {
        match &self.config.fallback {
            Some(to) => Departure::Transfer(to.clone()),
            None => Departure::HangUp(EndReason::Failed),
        }
    }

    pub(crate) fn fall_back(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.make_room(now, out);
        self.departure = Some(self.last_resort());
        self.say(now, self.config.apology.clone(), out);
    }

    /// As [`Call::fall_back`], after what was being said.
    pub(crate) fn fall_back_too(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.departure = Some(self.last_resort());
        self.say(now, self.config.apology.clone(), out);
    }

    /// The model wants to leave without a word: we say one.
    pub(crate) fn farewell(&mut self, now: Instant, out: &mut Vec<Output>) {
        let text = match self.think.tool() {
            Some(ToolCall::Transfer { .. }) => self.config.filler.clone(),
            Some(ToolCall::EndCall | ToolCall::SendKeys { .. } | ToolCall::Custom { .. })
            | None => self.config.goodbye.clone(),
        };
        self.say(now, text, out);
    }

    /// What is to be done once the current reply was heard.
    pub(crate) fn next(&self) -> Option<Next> {
        let wished = || self.think.tool().and_then(Self::departure_of);
        match self.departure.clone().or_else(wished) {
            Some(Departure::HangUp(reason)) => Some(Next::HangUp(reason)),
            Some(Departure::Transfer(to)) => Some(Next::Transfer { to }),
            None => match self.think.tool() {
                Some(ToolCall::SendKeys { keys }) => Some(Next::SendKeys { keys: keys.clone() }),
                _ => None,
            },
        }
    }

    pub(crate) fn leave(&mut self, now: Instant, say: Say, out: &mut Vec<Output>) {
        let departure = self
            .departure
            .take()
            .unwrap_or(Departure::HangUp(EndReason::BotLeft));
        let reason = match &departure {
            Departure::HangUp(reason) => *reason,
            Departure::Transfer(_) => EndReason::Transferred,
        };
        self.end(now, reason, out);
        out.push(match departure {
            Departure::HangUp(_) => Output::HangUp(say),
            Departure::Transfer(to) => Output::Transfer { to, say },
        });
    }

    pub(crate) fn press_keys(&mut self, out: &mut Vec<Output>) {
        // `conclude` has put the wish into the records of this very input.
        let keys = self.records.iter().rev().find_map(|record| match record {
            Record::Tool(ToolCall::SendKeys { keys }) => Some(keys.clone()),
            Record::Begun { .. }
            | Record::Connected { .. }
            | Record::Caller { .. }
            | Record::Saying { .. }
            | Record::Heard { .. }
            | Record::Replied { .. }
            | Record::Tool(_)
            | Record::Result { .. }
            | Record::Answered { .. }
            | Record::Ordered { .. }
            | Record::Note { .. }
            | Record::Used(_)
            | Record::Next(_)
            | Record::Ended { .. } => None,
        });
        out.extend(keys.map(Output::SendKeys));
    }

    pub(crate) fn end(&mut self, now: Instant, reason: EndReason, out: &mut Vec<Output>) {
        self.listen.close(out);
        self.end_reply(now, true, out);
        self.abandon_work(now, out);
        self.records.push(Record::Ended { reason, at: now });
    }
}
