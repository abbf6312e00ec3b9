//! Going on: with another stream, or from the journal.

use std::time::Duration;

use crate::call::Call;
use crate::config::Config;
use crate::history::Line;
use crate::job::UNKNOWN;
use crate::order::Asked;
use crate::output::Output;
use crate::phrases;
use crate::provider::ToolCall;
use crate::record::{Next, Record};
use crate::speak::Speak;
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// What the journal says about the reply that was under way.
#[derive(Default)]
struct Unfinished {
    sentences: Vec<String>,
    heard_chars: usize,
    /// What was to be done once it was heard.
    next: Option<Next>,
    /// Work that was begun, and whose result nobody knows.
    work: Option<String>,
}

impl Call {
    /// Goes on with a call from its journal. It waits for [`Input::Opened`](crate::Input::Opened): then it speaks on
    /// from what was heard last, or answers what was not answered.
    #[must_use]
    pub fn resume(journal: impl IntoIterator<Item = Record>, now: Instant) -> (Self, Vec<Output>) {
        let mut call = Self::new(Config::default(), now);
        let mut unfinished = Unfinished::default();
        let mut opened = None;
        for record in journal {
            call.history.note(&record);
            call.recall(&record);
            match record {
                Record::Begun { config } => call.config = *config,
                Record::Connected { at } => {
                    opened.get_or_insert(at);
                }
                Record::Saying { text } => {
                    call.news &= call.is_filler(&text);
                    unfinished.sentences.push(text);
                }
                Record::Heard { chars } => unfinished.heard_chars = chars,
                Record::Replied { .. } => {
                    unfinished.sentences.clear();
                    unfinished.heard_chars = 0;
                    unfinished.next = None;
                }
                Record::Next(next) => unfinished.next = Some(next),
                Record::Ended { .. } => call.turn = Turn::Ended,
                Record::Caller { text, .. } => {
                    call.holding = phrases::asks_to_hold(&call.config.language, &text);
                }
                Record::Tool(ToolCall::Custom { id, .. }) => {
                    unfinished.work = Some(id);
                    call.news = true;
                }
                Record::Result { .. } => {
                    unfinished.work = None;
                    call.news = true;
                }
                Record::Answered { answerer, .. } => call.note_answerer(answerer),
                Record::Tool(_)
                | Record::Ordered { .. }
                | Record::Note { .. }
                | Record::Used(_) => (),
            }
        }
        let mut out = Vec::new();
        if call.turn != Turn::Ended {
            if let Some(id) = unfinished.work.take() {
                // It is not begun again: it may have been done.
                call.records.push(Record::Result {
                    id,
                    text: UNKNOWN.to_owned(),
                    done: false,
                    at: now,
                });
            }
            call.go_on(now, opened, &unfinished, &mut out);
            call.flush(&mut out);
        }
        (call, out)
    }

    pub(crate) fn opened(&mut self, now: Instant, out: &mut Vec<Output>) -> Cue {
        self.records.push(Record::Connected { at: now });
        self.listen.reconnect();
        self.timers.cancel(Timer::Reconnect);
        let first = self.turn == Turn::Ringing;
        if first && let Some(longest) = self.config.duration_max {
            self.timers.set(Timer::Duration, now + longest);
        }
        if self.turn == Turn::Away {
            // A stream that outlived the engine still has sound of before, which will be said again.
            out.push(Output::Clear);
        }
        if self.departure.is_some() {
            return Cue::OpenedLeaving;
        }
        if self.is_machine() {
            return Cue::OpenedMachine;
        }
        if self.listen.is_open() {
            return self.opened_unread();
        }
        if self.holds_reply() || (first && !self.first_words().is_empty()) {
            Cue::Opened
        } else if self.owes_answer() || self.news {
            Cue::OpenedOwing
        } else {
            Cue::OpenedIdle
        }
    }

    /// The stream broke before the caller's words were there.
    fn opened_unread(&self) -> Cue {
        match (self.listen.has_failed(), self.holds_reply()) {
            (false, _) => Cue::OpenedUnread,
            (true, true) => Cue::Opened,
            (true, false) => Cue::OpenedDeaf,
        }
    }

    /// Whether the caller spoke last and nothing is being done about it.
    fn owes_answer(&self) -> bool {
        // A filler is no answer.
        let is_filler = |line: &&Line| matches!(line, Line::Bot(text) if self.is_filler(text));
        let last = self
            .history
            .lines()
            .iter()
            .rev()
            .find(|line| !is_filler(line));
        matches!(
            last,
            Some(Line::Caller(_) | Line::Call { .. } | Line::Result { .. })
        )
    }

    /// Whether this, or what this begins with, only says that it takes a moment.
    fn is_filler(&self, text: &str) -> bool {
        let tools = self.config.tools.iter().map(|tool| &tool.filler);
        tools
            .chain([&self.config.filler])
            .any(|filler| filler.starts_with(text))
    }

    fn go_on(
        &mut self,
        now: Instant,
        opened: Option<Instant>,
        unfinished: &Unfinished,
        out: &mut Vec<Output>,
    ) {
        self.timers
            .set(Timer::Reconnect, now + self.config.budgets.reconnect);
        let Some(opened) = opened else {
            self.prepare_greeting(now, out);
            return;
        };
        self.turn = Turn::Away;
        if let Some(longest) = self.config.duration_max {
            let at = opened + longest;
            self.timers
                .set(Timer::Duration, at.max(now + Duration::from_millis(1)));
        }
        let all = unfinished.sentences.join(" ");
        let at = all
            .char_indices()
            .nth(unfinished.heard_chars)
            .map_or(all.len(), |(at, _)| at);
        let (heard, rest) = all.split_at_checked(at).unwrap_or(("", &all));
        self.speak = Speak::resumed(now, self.config.delivery, heard.trim().to_owned());
        self.saying = !all.is_empty();
        self.heard_chars = unfinished.heard_chars;
        let consent = &self.config.consent;
        self.consenting = !consent.is_empty() && all.starts_with(consent.as_str());
        let next = unfinished.next.as_ref().filter(|_| self.saying);
        if let Some(next) = next.filter(|_| self.departure.is_none()) {
            self.go_on_to(now, next, rest.trim(), out);
        } else if self.saying && self.is_filler(&all) {
            self.end_reply(now, !rest.is_empty(), out);
        } else if !rest.trim().is_empty() {
            self.speak.say(rest.trim().to_owned());
            self.ask_for_sound(now, out);
        } else if self.saying {
            // All of it was heard; only the record of that was lost.
            self.end_reply(now, false, out);
        }
    }

    /// Goes on with a reply that something follows from: `rest` of it was not heard.
    fn go_on_to(&mut self, now: Instant, next: &Next, rest: &str, out: &mut Vec<Output>) {
        match next.tool() {
            // As before the crash, the caller may still speak into it.
            Some(tool) if !rest.is_empty() => {
                self.think.wish(tool);
                self.speak.say(rest.to_owned());
                self.ask_for_sound(now, out);
            }
            Some(ToolCall::SendKeys { keys }) => {
                self.end_reply(now, false, out);
                self.asked.push_back(Asked::Keys(keys));
            }
            _ => {
                self.end_reply(now, !rest.is_empty(), out);
                self.departure = next.departure();
                rest.clone_into(&mut self.parting);
            }
        }
    }
}
