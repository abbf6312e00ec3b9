//! `callbox-local bench`.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use audio::{Clip, FRAME_SAMPLES, Level};
use clap::Args;
use local::bench::{self, Progress, Scene};

use super::Shared;
use super::look::Look;

/// The options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Only these scenes, with commas between them.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Scene>,
    /// Calls at once in the scene with many, one run for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 200, 500])]
    calls: Vec<u32>,
    /// Length of the density scenes, in seconds; those with many calls at once last half of it.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Measures.
///
/// # Errors
/// When the edge does not come up, or a call breaks.
pub(crate) async fn run(shared: &Shared, arguments: BenchArgs, look: Look) -> io::Result<ExitCode> {
    let root = std::path::absolute(&shared.root)?;
    let speech = std::fs::read(root.join("tests/corpus/audio/book-a-table.ulaw"))?;
    let options = bench::Options {
        speech: trimmed(&Clip::from(speech)),
        cough: cough(),
        only: arguments.only,
        calls: arguments.calls,
        length: Duration::from_secs(arguments.seconds),
        root,
    };
    if !shared.json {
        println!("{}", look.strong(&bench::heading()));
    }
    let tell = |progress: Progress<'_>| match progress {
        Progress::Begins(number, of, title) => {
            let line = format!("[{number}/{of}] measuring {title} …");
            eprintln!("{}", look.faint(&line));
        }
        Progress::Measured(figures) if !shared.json => {
            for figure in figures {
                println!("{figure}");
            }
        }
        Progress::Measured(_) => (),
    };
    let report = bench::run(&options, tell).await.map_err(io::Error::other)?;
    if shared.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// From the first sound to the last: "end of speech" is the end of this.
fn trimmed(clip: &Clip) -> Clip {
    let is_loud: Vec<bool> = clip
        .pieces(FRAME_SAMPLES)
        .map(|frame| frame.level() >= Level::from_dbfs(-45))
        .collect();
    let first = is_loud.iter().position(|loud| *loud).unwrap_or(0);
    let last = is_loud
        .iter()
        .rposition(|loud| *loud)
        .unwrap_or(is_loud.len());
    clip.slice(first * FRAME_SAMPLES..(last + 1) * FRAME_SAMPLES)
}

/// A burst of 50 ms and 200 ms of noise that dies away.
fn cough() -> Clip {
    let mut seed = 1_u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i32::try_from(seed >> 16).unwrap_or(0) - 32_768
    };
    let samples: Vec<i16> = (0..2_000)
        .map(|at| {
            let loudness = if at < 400 {
                24
            } else {
                (2_000 - at) * 14 / 1_600
            };
            i16::try_from(noise() * loudness / 100).unwrap_or(0)
        })
        .collect();
    Clip::from(audio::mulaw::encode_all(&samples))
}
