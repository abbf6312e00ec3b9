//! The journal as the functions get it: a fold over its lines, so that after a restart the same lines make the same
//! records with the same numbers.

use call::{
    Answerer, EndReason, Failure, Instant, Note, Order, Record, Said, Side, Stage, Timing, ToolCall,
};
use contract::{Event, Numbered, Opening, Source, Speaker, Turn, Usage};

use crate::store::{Logged, Remark};

/// Turns lines of the journal into numbered records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports {
    number: u64,
    streams: u32,
    /// When the first stream was opened.
    first: Option<Instant>,
    /// When the current stream was opened.
    open: Option<Instant>,
    /// When the latest line was written.
    latest: Instant,
    usage: Usage,
    /// How often the caller had a turn.
    turns: u32,
    /// What the bot has begun to say, while its reply is not over.
    saying: Option<String>,
    /// Whether the carrier is paid for the line.
    carried: bool,
}

impl Reports {
    /// Of a call that begins.
    pub(crate) fn of(opening: &Opening) -> Self {
        Self {
            carried: !opening.call.is_web(),
            ..Self::default()
        }
    }

    /// What was used so far.
    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Since when the current stream is open, as it is counted.
    pub(crate) fn open(&self) -> Option<Instant> {
        self.open
    }

    /// How often the caller had a turn so far.
    pub(crate) fn turns(&self) -> u32 {
        self.turns
    }

    /// What the bot has begun to say of a reply that is not over.
    pub(crate) fn saying(&self) -> Option<&str> {
        self.saying.as_deref()
    }

    /// Takes in a line, written at this time of day and at this time of the call.
    pub(crate) fn note(&mut self, logged: &Logged, at_ms: u64, now: Instant) -> Option<Numbered> {
        let record = match logged {
            Logged::Call(record) => {
                self.follow(record);
                self.translate(record, now)
            }
            Logged::Shell(Remark::Happened {
                name,
                detail,
                source,
            }) => Some(contract::Record::Event(Event {
                source: source.clone(),
                ..told(name, detail.clone(), now)
            })),
            Logged::Shell(Remark::Did(work)) => {
                self.usage
                    .did(work.stage, &work.provider, &work.model, work.amount);
                None
            }
            // Whoever wrote it may have told it under the next number, which must not be used again: the functions would
            // take what comes under it for what they know. One that is left out does no harm.
            Logged::Unreadable => {
                self.number += 1;
                None
            }
        };
        self.latest = now;
        record.map(|record| self.number(record, at_ms))
    }

    /// Gives a record of the shell's own its number.
    pub(crate) fn number(&mut self, record: contract::Record, at_ms: u64) -> Numbered {
        self.number += 1;
        Numbered {
            number: self.number,
            at_ms,
            record,
        }
    }

    /// Keeps up with what is being said.
    fn follow(&mut self, record: &Record) {
        if let Record::Saying { text } = record {
            let saying = self.saying.get_or_insert_default();
            if !saying.is_empty() {
                saying.push(' ');
            }
            saying.push_str(text);
        } else if matches!(record, Record::Replied { .. }) {
            self.saying = None;
        }
    }

    fn translate(&mut self, record: &Record, now: Instant) -> Option<contract::Record> {
        match record {
            // What was used is told by the shell, who knows of whom.
            Record::Begun { .. }
            | Record::Saying { .. }
            | Record::Heard { .. }
            | Record::Used(_)
            | Record::Next(_) => None,
            Record::Connected { at } => {
                // A stream that was cut by a crash has no end of its own: what is certain is the last line before it.
                self.hang_up(self.latest);
                self.open = Some(*at);
                self.first.get_or_insert(*at);
                self.streams += 1;
                Some(contract::Record::Connected {
                    stream: self.streams,
                })
            }
            Record::Caller { .. } | Record::Replied { .. } => {
                let said = record.said()?;
                self.turns += u32::from(said.side == Side::Caller);
                Some(contract::Record::Turn(turn(said)))
            }
            Record::Tool(tool) => Some(event(tool_name(tool), tool_detail(tool), now)),
            Record::Result { done, at, .. } => {
                let name = if *done { "tool_done" } else { "tool_failed" };
                Some(event(name, String::new(), *at))
            }
            Record::Answered { answerer, at } => {
                Some(event("answered", answerer_name(*answerer).to_owned(), *at))
            }
            Record::Ordered { order, at } => Some(event(order_name(order), String::new(), *at)),
            Record::Note { note, at } => {
                if *note == Note::Dropped {
                    self.hang_up(*at);
                }
                let (name, detail) = describe(*note);
                Some(event(name, detail, *at))
            }
            Record::Ended { reason, at } => {
                let lost = *reason == EndReason::Lost;
                self.hang_up(if lost { self.latest } else { *at });
                let duration = self.first.map(|first| at.since(first)).unwrap_or_default();
                Some(contract::Record::Ended {
                    reason: translate_reason(*reason),
                    duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                    usage: self.usage.clone(),
                })
            }
        }
    }

    /// The stream ended: its time is counted.
    fn hang_up(&mut self, at: Instant) {
        if let Some(opened) = self.open.take() {
            let line = u64::try_from(at.since(opened).as_millis()).unwrap_or(u64::MAX);
            self.usage.line_ms += line;
            if self.carried {
                self.usage.carrier_ms += line;
            }
        }
    }
}

fn turn(said: Said<'_>) -> Turn {
    Turn {
        speaker: match said.side {
            Side::Caller => Speaker::Caller,
            Side::Bot => Speaker::Bot,
        },
        text: said.text.to_owned(),
        began_ms: said.began.as_ms(),
        ended_ms: said.ended.as_ms(),
        interrupted: said.interrupted,
        timing: said.timing.map(wait),
    }
}

fn event(name: &str, detail: String, at: Instant) -> contract::Record {
    contract::Record::Event(told(name, detail, at))
}

fn told(name: &str, detail: String, at: Instant) -> Event {
    Event {
        name: name.to_owned(),
        detail,
        at_ms: at.as_ms(),
        source: Source::default(),
    }
}

/// A note's stable name, and its detail.
fn describe(note: Note) -> (&'static str, String) {
    let plain = |name| (name, String::new());
    match note {
        Note::BargeIn => plain("barge_in"),
        Note::ReplyResumed => plain("reply_resumed"),
        Note::DraftDropped => plain("draft_dropped"),
        Note::Idle => plain("idle"),
        Note::Slow => plain("slow"),
        Note::Dropped => plain("dropped"),
        Note::NoWords => plain("no_words"),
        Note::Holding => plain("holding"),
        Note::Screened => plain("screened"),
        Note::Retried(stage, failure) => {
            let name = match stage {
                Stage::Listen => "listen_retried",
                Stage::Think => "think_retried",
                Stage::Speak => "speak_retried",
                Stage::Do => "tool_retried",
            };
            (name, failure_name(failure).to_owned())
        }
        Note::GaveUp(stage, failure) => {
            let name = match stage {
                Stage::Listen => "listen_failed",
                Stage::Think => "think_failed",
                Stage::Speak => "speak_failed",
                Stage::Do => "tool_failed",
            };
            (name, failure_name(failure).to_owned())
        }
    }
}

/// A failure's stable name.
pub(crate) fn failure_name(failure: Failure) -> &'static str {
    match failure {
        Failure::Refused => "refused",
        Failure::Busy => "busy",
        Failure::Broken => "broken",
        Failure::Late => "late",
    }
}

fn tool_name(tool: &ToolCall) -> &'static str {
    match tool {
        ToolCall::EndCall => "tool_end_call",
        ToolCall::Transfer { .. } => "tool_transfer",
        ToolCall::SendKeys { .. } => "tool_send_keys",
        ToolCall::Custom { .. } => "tool_called",
    }
}

/// Which tool; what it was told are the caller's words.
fn tool_detail(tool: &ToolCall) -> String {
    match tool {
        ToolCall::Custom { name, .. } => name.clone(),
        ToolCall::EndCall | ToolCall::Transfer { .. } | ToolCall::SendKeys { .. } => String::new(),
    }
}

fn order_name(order: &Order) -> &'static str {
    match order {
        Order::Interrupt => "order_interrupt",
        Order::Say { .. } => "order_say",
        Order::Transfer { .. } => "order_transfer",
        Order::HangUp { .. } => "order_hang_up",
        Order::SendKeys { .. } => "order_send_keys",
        Order::Wrap { .. } => "order_wrap",
    }
}

fn answerer_name(answerer: Answerer) -> &'static str {
    match answerer {
        Answerer::Human => "human",
        Answerer::Machine => "machine",
        Answerer::MachineReady => "machine_ready",
        Answerer::Fax => "fax",
        Answerer::Unknown => "unknown",
    }
}

fn wait(timing: Timing) -> contract::Timing {
    contract::Timing {
        decided_ms: timing.decided_ms,
        text_ms: timing.text_ms,
        words_ms: timing.words_ms,
        sound_ms: timing.sound_ms,
    }
}

fn translate_reason(reason: EndReason) -> contract::EndReason {
    match reason {
        EndReason::CallerLeft => contract::EndReason::CallerLeft,
        EndReason::BotLeft => contract::EndReason::BotLeft,
        EndReason::Ordered => contract::EndReason::Ordered,
        EndReason::Machine => contract::EndReason::Machine,
        EndReason::Transferred => contract::EndReason::Transferred,
        EndReason::Idle => contract::EndReason::Idle,
        EndReason::TooLong => contract::EndReason::TooLong,
        EndReason::Capped => contract::EndReason::Capped,
        EndReason::Failed => contract::EndReason::Failed,
        EndReason::Lost => contract::EndReason::Lost,
    }
}

#[cfg(test)]
mod tests;
