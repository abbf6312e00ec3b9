//! One step of the engine: what happened, and what it did about it.

use std::fmt;
use std::time::Duration;

use audio::Clip;
use call::{Ending, Feed, Input, Output, Record, Reply, Request, Side, TapeLine, Taped, ToolCall};
use serde_json::{Value, json};

use crate::out::{Out, Paint};

/// A step, in words.
pub(super) struct Step {
    at_ms: u64,
    cause: String,
    effects: Vec<String>,
    /// Whether the cause is worth a line although nothing came of it.
    is_news: bool,
    /// Sound that was handed to the carrier.
    pub(super) sound: Duration,
}

impl Step {
    /// Tells of a line of the tape.
    pub(super) fn of(line: &TapeLine, outputs: &[Output]) -> Self {
        let (cause, is_news) = cause(&line.what);
        let sound = outputs.iter().filter_map(|output| {
            if let Output::Play(clip) = output {
                Some(clip.duration())
            } else {
                None
            }
        });
        Self {
            at_ms: line.at.as_ms(),
            cause,
            effects: outputs.iter().filter_map(effect).collect(),
            is_news,
            sound: sound.sum(),
        }
    }

    /// Whether a person wants to read of it: not every frame.
    pub(super) fn is_telling(&self) -> bool {
        self.is_news || !self.effects.is_empty()
    }

    /// For people.
    pub(super) fn to_line(&self, out: Out) -> String {
        let at = format!("{:>9}", seconds(self.at_ms));
        let effects = self.effects.join("; ");
        let arrow = if effects.is_empty() { "" } else { "→ " };
        let line = format!(
            "{}  {:<34} {arrow}{effects}",
            out.paint(Paint::Faint, &at),
            self.cause
        );
        line.trim_end().to_owned()
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        json!({ "at_ms": self.at_ms, "cause": self.cause, "effects": self.effects })
    }
}

/// Seconds with three digits.
pub(super) fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// A variant's name as people write it: `BargeIn` is "barge in".
fn words(value: &impl fmt::Debug) -> String {
    let mut words = String::new();
    for letter in format!("{value:?}").chars() {
        let follows = words.ends_with(|before: char| before.is_lowercase());
        if letter.is_uppercase() && follows {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn length(clip: &Clip) -> String {
    format!("{:.2} s", clip.duration().as_secs_f64())
}

fn cause(what: &Taped) -> (String, bool) {
    let input = match what {
        Taped::Begun(_) => return ("the call is opened".to_owned(), true),
        Taped::Resumed(journal) => {
            let text = format!("a new engine, {} lines of journal", journal.len());
            return (text, true);
        }
        Taped::Input(input) => input,
    };
    match input {
        Input::Opened => ("the stream is open".to_owned(), true),
        Input::Frame { .. } => ("sound of the caller".to_owned(), false),
        Input::Key(key) => (format!("key {}", key.digit()), true),
        Input::Played(mark) => (format!("heard up to mark {mark}"), false),
        Input::Reply(id, reply) => {
            let (text, is_news) = answer(reply);
            (format!("{}: {text}", id.0), is_news)
        }
        Input::Tick => ("the time has come".to_owned(), false),
        Input::Closed(closing) => (
            format!("the stream is gone: {closing:?}").to_lowercase(),
            true,
        ),
        Input::Order(order) => (format!("ordered: {}", words(order)), true),
        Input::Text(text) => (format!("typed: “{text}”"), true),
        Input::Answered(answerer) => (format!("answered by: {}", words(answerer)), true),
        Input::Delayed(late) => (format!("a file plays {} ms late", late.as_millis()), true),
    }
}

fn answer(reply: &Reply) -> (String, bool) {
    match reply {
        Reply::Transcript { text, .. } if text.is_empty() => ("no words".to_owned(), true),
        Reply::Transcript { text, .. } => (format!("“{text}”"), true),
        Reply::Words(text) => (format!("“{text}”"), false),
        Reply::Tool(tool) => (tool_name(tool), true),
        Reply::Audio(clip) => (format!("{} of speech", length(clip)), false),
        Reply::Done(_) => ("done".to_owned(), false),
        Reply::Failed(failure) => (format!("failed: {}", words(failure)), true),
        Reply::Result(_) => ("the tool's result".to_owned(), true),
        Reply::Hint { ending, .. } => {
            let text = match ending {
                Ending::Going => "the caller goes on",
                Ending::Eager => "the turn may be over",
                Ending::Resumed => "the turn was not over",
                Ending::Ended => "the turn is over",
            };
            (text.to_owned(), *ending != Ending::Going)
        }
    }
}

fn tool_name(tool: &ToolCall) -> String {
    match tool {
        ToolCall::EndCall => "wants to end the call".to_owned(),
        ToolCall::Transfer { .. } => "wants to hand over".to_owned(),
        ToolCall::SendKeys { .. } => "wants to press keys".to_owned(),
        ToolCall::Custom { name, .. } => format!("wants {name}"),
    }
}

/// What is worth telling of an output.
fn effect(output: &Output) -> Option<String> {
    match output {
        // Told in sum.
        Output::Play(_) | Output::Mark(_) | Output::Feed(_, Feed::Audio(_)) => None,
        Output::Clear => Some("takes back what is not heard yet".to_owned()),
        Output::HangUp(_) => Some("hangs up".to_owned()),
        Output::Transfer { to, .. } => Some(format!("hands over to {to}")),
        Output::SendKeys(keys) => Some(format!("presses {keys}")),
        Output::Ask(id, request) => {
            let what = match request {
                Request::Listen => "listen".to_owned(),
                Request::Think { history } => format!("think, {} lines", history.len()),
                Request::Speak { text } => format!("speak “{text}”"),
                Request::Do { name, .. } => format!("do {name}"),
            };
            Some(format!("asks {}: {what}", id.0))
        }
        Output::Feed(id, Feed::Flush(_)) => Some(format!("asks {} for the words", id.0)),
        Output::Cancel(id) => Some(format!("cancels {}", id.0)),
        Output::Persist(record) => record_told(record),
    }
}

fn record_told(record: &Record) -> Option<String> {
    if let Some(said) = record.said() {
        let who = match said.side {
            Side::Caller => "caller",
            Side::Bot => "bot",
        };
        let cut = if said.interrupted {
            ", interrupted"
        } else {
            ""
        };
        return Some(format!("turn of the {who}: “{}”{cut}", said.text));
    }
    if let Record::Note { note, .. } = record {
        Some(format!("notes: {}", words(note)))
    } else if let Record::Ended { reason, .. } = record {
        Some(format!("ended: {}", words(reason)))
    } else {
        None
    }
}
