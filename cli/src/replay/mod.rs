//! `callbox replay`: runs a call again from its tape, and tells whether it is the call that the API shows.

mod step;

use std::path::{Path, PathBuf};

use call::{Output, Record, Said, Side, Tape, TapeError, Taped};
use clap::Args;
use contract::{Speaker, Turn};
use serde_json::{Value, json};

use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::http::{client, why};
use crate::out::{Out, Paint};
use crate::settings::Settings;
use step::{Step, seconds};

/// The options of `replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// The call's id, from `callbox calls`.
    #[arg(
        value_name = "ID",
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    id: Option<String>,
    /// Run this tape; there is nothing to compare it with.
    #[arg(long, value_name = "TAPE")]
    file: Option<PathBuf>,
    /// Keep the call's tape in this file.
    #[arg(long, value_name = "TAPE", conflicts_with = "file")]
    save: Option<PathBuf>,
}

/// Runs a call again.
pub(crate) async fn replay(
    arguments: &ReplayArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let (tape, turns) = match (&arguments.id, &arguments.file) {
        (Some(id), _) => {
            let (bytes, turns) = fetch(&Api::of(settings)?, id).await?;
            if let Some(path) = &arguments.save {
                std::fs::write(path, &bytes).map_err(|error| unusable(path, &error))?;
            }
            (Tape::from_bytes(bytes), Some(turns))
        }
        (None, Some(path)) => {
            let bytes = std::fs::read(path).map_err(|error| unusable(path, &error))?;
            (Tape::from_bytes(bytes), None)
        }
        (None, None) => return Err(Failure::usage("tape_missing", "which call?")),
    };
    let run = run(&tape, out)?;
    match turns {
        None => {
            summary(&run, "nothing to compare with", out);
            Ok(())
        }
        Some(turns) => compare(&run, &turns, out),
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new("file_unusable", format!("{}: {error}", path.display()))
}

/// The tape of a call, and its turns as the API shows them.
async fn fetch(api: &Api, id: &str) -> Result<(Vec<u8>, Vec<Turn>), Failure> {
    let call = api.get(&format!("/calls/{}", encoded(id))).await;
    let call = call.map_err(|refused| match refused.status {
        404 => refused
            .failure
            .next("callbox calls lists those that there are"),
        _ => refused.failure,
    })?;
    let url = call.pointer("/tape/url").and_then(Value::as_str);
    let url = url.ok_or_else(|| {
        Failure::new("tape_missing", format!("there is no tape of {id}")).next(
            "it comes some seconds after the end of a call, and only if its bot records (`record = true`)",
        )
    })?;
    let turns = call.get("turns").cloned().unwrap_or_default();
    let turns = serde_json::from_value(turns).map_err(|error| {
        Failure::new("answer_strange", format!("the turns of {id}: {error}"))
            .next("is api_url that of Callbox's API, and of this version?")
    })?;
    let lost = |reason: String| {
        Failure::new("tape_unreachable", format!("the tape of {id}: {reason}"))
            .next("its link is good for some minutes: try again")
    };
    let answer = client()?
        .get(url)
        .send()
        .await
        .map_err(|error| lost(why(error)))?;
    if !answer.status().is_success() {
        return Err(lost(format!("the bucket answered {}", answer.status())));
    }
    let bytes = answer.bytes().await.map_err(|error| lost(why(error)))?;
    Ok((bytes.to_vec(), turns))
}

/// What came of a tape.
#[derive(Debug, Default)]
struct Run {
    inputs: usize,
    /// More than one, if the call has survived a crash or a deployment.
    engines: usize,
    /// The last engine's, with those that its journal knew.
    turns: Vec<Turn>,
}

fn run(tape: &Tape, out: Out) -> Result<Run, Failure> {
    let mut run = Run::default();
    let mut sound = std::time::Duration::ZERO;
    for line in tape.replay() {
        let (line, outputs) = line.map_err(unreadable)?;
        match &line.what {
            Taped::Begun(_) => run.engines += 1,
            Taped::Resumed(journal) => {
                run.engines += 1;
                run.turns = journal.iter().filter_map(Record::said).map(turn).collect();
            }
            Taped::Input(_) => run.inputs += 1,
        }
        run.turns.extend(outputs.iter().filter_map(|output| {
            if let Output::Persist(record) = output {
                record.said().map(turn)
            } else {
                None
            }
        }));
        let step = Step::of(&line, &outputs);
        sound += step.sound;
        if step.is_telling() {
            out.json(&step.to_json());
            if !sound.is_zero() {
                let heard = format!("{:>9}  {:.2} s of sound", "", sound.as_secs_f64());
                out.line(&out.paint(Paint::Faint, &heard));
                sound = std::time::Duration::ZERO;
            }
            out.line(&step.to_line(out));
        }
    }
    if run.engines == 0 {
        return Err(Failure::new("tape_damaged", "the tape is empty"));
    }
    Ok(run)
}

fn unreadable(error: TapeError) -> Failure {
    match error {
        TapeError::Damaged { .. } => Failure::new("tape_damaged", error.to_string()),
        TapeError::Foreign { .. } => Failure::new("tape_foreign", error.to_string())
            .next("use the callbox that was built with the edge that took the call"),
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
        timing: None,
    }
}

/// Whether the API shows the same conversation, to the millisecond.
fn compare(run: &Run, told: &[Turn], out: Out) -> Result<(), Failure> {
    let told: Vec<Turn> = told
        .iter()
        .map(|turn| Turn {
            timing: None,
            ..turn.clone()
        })
        .collect();
    let Some(place) = (0..run.turns.len().max(told.len()))
        .find(|place| run.turns.get(*place) != told.get(*place))
    else {
        summary(run, "the same as in the API, to the millisecond", out);
        return Ok(());
    };
    let show = |turn: Option<&Turn>| turn.map_or_else(|| "nothing".to_owned(), line);
    let message = format!(
        "turn {} is another one: {} on tape, {} in the API",
        place + 1,
        show(run.turns.get(place)),
        show(told.get(place))
    );
    Err(Failure::new("replay_differs", message)
        .next("this callbox has another engine than the edge that took the call: compare their versions")
        .details(json!({ "turn": place + 1, "replayed": run.turns.get(place), "told": told.get(place) })))
}

fn line(turn: &Turn) -> String {
    let who = match turn.speaker {
        Speaker::Caller => "caller",
        Speaker::Bot => "bot",
    };
    let cut = if turn.interrupted {
        ", interrupted"
    } else {
        ""
    };
    format!(
        "{who} “{}” ({} to {} s{cut})",
        turn.text,
        seconds(turn.began_ms),
        seconds(turn.ended_ms)
    )
}

fn summary(run: &Run, verdict: &str, out: Out) {
    let Run {
        inputs,
        engines,
        turns,
    } = run;
    out.json(&json!({ "replay": {
        "inputs": inputs, "engines": engines, "turns": turns, "verdict": verdict } }));
    let engines = match engines {
        1 => "one engine".to_owned(),
        more => format!("{more} engines, each going on from the journal"),
    };
    let count = turns.len();
    let line = format!("{inputs} inputs, {engines}, {count} turns: {verdict}");
    out.line(&format!("\n{}", out.paint(Paint::Good, &line)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn_at(began_ms: u64) -> Turn {
        Turn {
            speaker: Speaker::Bot,
            text: "Hello.".to_owned(),
            began_ms,
            ended_ms: 900,
            interrupted: false,
            timing: None,
        }
    }

    #[test]
    fn another_millisecond_is_another_call() {
        let run = Run {
            inputs: 1,
            engines: 1,
            turns: vec![turn_at(400)],
        };
        let out = Out::new(true);
        assert!(compare(&run, &[turn_at(400)], out).is_ok());
        for told in [vec![turn_at(401)], vec![], vec![turn_at(400), turn_at(400)]] {
            let failure = compare(&run, &told, out).unwrap_err();
            assert_eq!(failure.code, "replay_differs");
        }
    }

    #[test]
    fn a_tape_of_another_version_says_what_to_do() {
        let failure = unreadable(TapeError::Foreign { found: 1 });
        assert_eq!(failure.code, "tape_foreign");
        assert!(failure.next.unwrap().contains("built with the edge"));
    }
}
