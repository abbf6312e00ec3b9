//! How conversations are told and shown.

use call::{Config, EndOfTurn, EndReason, Line, Note, Output, Record, Stage};
use std::time::Duration;
use tests::log::{Entry, What};
use tests::story::Story;
use tests::world::{Ending, tell};

pub(crate) const GREETING: &str = "Hello, this is the Golden Fork.";

/// A bot that is easy to predict.
pub(crate) fn bot() -> Config {
    Config {
        greeting: GREETING.to_owned(),
        end: EndOfTurn::Silence(Duration::from_millis(500)),
        speculate: false,
        ..Config::default()
    }
}

/// Tells a story in which all rules hold.
pub(crate) fn told(story: Story) -> Ending {
    let ending = tell(story);
    if let Some(broken) = &ending.broken {
        panic!("{}\nat {} ms: {}", ending.shown(), broken.at, broken.rule);
    }
    // Shown only if the test fails.
    println!("{}", ending.shown());
    ending
}

/// The conversation as both sides heard it.
pub(crate) fn words(ending: &Ending) -> Vec<String> {
    let line = |line: &Line| match line {
        Line::Caller(text) => format!("caller: {text}"),
        Line::Bot(text) => format!("bot: {text}"),
        Line::Call {
            name, arguments, ..
        } => format!("call: {name} {arguments}"),
        Line::Result { text, .. } => format!("result: {text}"),
    };
    ending.history.iter().map(line).collect()
}

/// When such outputs were made, in milliseconds.
pub(crate) fn when(ending: &Ending, is_meant: impl Fn(&Output) -> bool) -> Vec<u64> {
    let meant = |entry: &&Entry| matches!(&entry.what, What::Output(output) if is_meant(output));
    ending
        .log
        .iter()
        .filter(meant)
        .map(|entry| entry.at)
        .collect()
}

/// How often a provider was asked.
pub(crate) fn asked(ending: &Ending, stage: Stage) -> usize {
    when(
        ending,
        |output| matches!(output, Output::Ask(_, request) if request.stage() == stage),
    )
    .len()
}

/// What was worth noting.
pub(crate) fn notes(ending: &Ending) -> Vec<Note> {
    let note = |record: &Record| match record {
        Record::Note { note, .. } => Some(*note),
        _ => None,
    };
    ending.journal.iter().filter_map(note).collect()
}

/// Why it ended.
pub(crate) fn reason(ending: &Ending) -> EndReason {
    match ending.journal.last() {
        Some(Record::Ended { reason, .. }) => *reason,
        other => panic!("{other:?} is the last record"),
    }
}
