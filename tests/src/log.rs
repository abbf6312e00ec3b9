//! What happened in a story, to be compared and to be read.

use std::fmt::Write as _;

use call::{Input, Output};

/// One line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When, in milliseconds.
    pub at: u64,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// The engine was told.
    Input(Input),
    /// The engine wanted.
    Output(Output),
    /// The world moved.
    World(String),
}

/// All of it but the frames that changed nothing, and the sound fed to speech-to-text.
#[must_use]
pub fn shown(log: &[Entry]) -> String {
    let mut text = String::new();
    let mut frame = None;
    for entry in log {
        let is_dull = match &entry.what {
            What::Input(input) => {
                let is_frame = matches!(input, Input::Frame { .. } | Input::Tick);
                frame = is_frame.then_some(entry);
                is_frame
            }
            What::Output(Output::Feed(_, call::Feed::Audio(_))) => true,
            What::Output(_) | What::World(_) => false,
        };
        if is_dull {
            continue;
        }
        if let Some(frame) = frame.take() {
            line(&mut text, frame);
        }
        line(&mut text, entry);
    }
    text
}

fn line(text: &mut String, entry: &Entry) {
    let at = format!("{:>4}.{:03}", entry.at / 1_000, entry.at % 1_000);
    let written = match &entry.what {
        What::Input(input) => writeln!(text, "{at}  > {input:?}"),
        What::Output(output) => writeln!(text, "{at}      {output:?}"),
        What::World(what) => writeln!(text, "{at}  * {what}"),
    };
    written.expect("memory takes any text");
}
