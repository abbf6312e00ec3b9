//! Whether the conversation went as scripted.

use std::path::PathBuf;

use contract::Speaker;
use local::caller::Outcome;
use local::demo::Shown;
use local::twilio::{Event, What};

/// What must come of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// So many turns of the caller, at least.
    pub(crate) turns: usize,
    /// So many replies cut off by the caller, at least.
    pub(crate) interruptions: usize,
    /// The caller's very words, turn by turn; empty: any.
    pub(crate) words: Vec<String>,
}

/// What is wrong, each in one sentence; nothing if all went well.
pub(crate) fn complaints(
    expected: &Expected,
    outcomes: &Result<Vec<Outcome>, String>,
    shown: &Shown,
    log: &[Event],
    wav: &Result<PathBuf, String>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Err(stuck) = outcomes {
        wrong.push(format!("the script got stuck: {stuck}"));
    }
    let of = |speaker| {
        shown
            .turns
            .iter()
            .filter(move |shown| shown.turn.speaker == speaker)
    };
    let heard: Vec<&str> = of(Speaker::Caller)
        .map(|shown| shown.turn.text.as_str())
        .collect();
    if heard.len() < expected.turns {
        wrong.push(format!(
            "{} turns of the caller were understood, not {}",
            heard.len(),
            expected.turns
        ));
    }
    for (said, heard) in expected.words.iter().zip(&heard) {
        if plain(said) != plain(heard) {
            wrong.push(format!(
                "the caller said {said:?}, and {heard:?} was understood"
            ));
        }
    }
    let cut = of(Speaker::Bot)
        .filter(|shown| shown.turn.interrupted)
        .count();
    if cut < expected.interruptions {
        wrong.push(format!(
            "{cut} replies were interrupted, not {}",
            expected.interruptions
        ));
    }
    if of(Speaker::Bot).count() < expected.turns.min(2) {
        wrong.push("the bot hardly spoke".to_owned());
    }
    for event in log {
        match &event.what {
            What::Warning { code, text } | What::Error { code, text } => {
                wrong.push(format!("the carrier complains: {code} {text}"));
            }
            _ => (),
        }
    }
    if !shown.complete {
        wrong.push(format!(
            "the call was not told to its end; its status is {:?}",
            shown.status
        ));
    }
    if shown.status != "completed" {
        wrong.push(format!(
            "the call's status is {:?}, not \"completed\"",
            shown.status
        ));
    }
    if shown.cost.is_none() {
        wrong.push("there is no receipt".to_owned());
    }
    if let Err(error) = wav {
        wrong.push(format!("there is no recording: {error}"));
    }
    wrong
}

/// Lower case, letters and digits.
fn plain(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}
