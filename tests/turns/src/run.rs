//! Every policy through every call.

use std::io;
use std::time::Duration;

use call::EndOfTurn;

use crate::corpus::{Half, Script};
use crate::room::{Delays, Policy, Room};
use crate::score::{Figures, Tally};
use crate::sound::Voices;

/// The policies that are compared.
#[must_use]
pub fn policies() -> Vec<Policy> {
    let fixed = |name, ms, speculate| Policy {
        name,
        end: EndOfTurn::Silence(Duration::from_millis(ms)),
        speculate,
        streaming: true,
    };
    let adaptive = |name, streaming| Policy {
        name,
        end: EndOfTurn::Adaptive,
        speculate: true,
        streaming,
    };
    vec![
        adaptive("adaptive", true),
        adaptive("adaptive, asked", false),
        fixed("500 ms", 500, true),
        fixed("700 ms", 700, true),
        fixed("1000 ms", 1_000, true),
        fixed("1600 ms", 1_600, true),
        fixed("classic 1 s", 1_000, false),
        fixed("classic 2 s", 2_000, false),
        fixed("classic 4 s", 4_000, false),
    ]
}

/// What came of one policy.
#[derive(Debug)]
pub struct Outcome {
    /// The figures.
    pub figures: Figures,
    /// Pauses longer than 300 ms within turns.
    pub pauses: usize,
    /// What went wrong, line by line.
    pub told: Vec<String>,
}

/// Runs the calls of one half under a policy.
///
/// # Errors
///
/// The voices could not be had.
pub fn run(
    scripts: &[Script],
    half: Half,
    policy: Policy,
    delays: Delays,
    voices: &mut Voices,
) -> io::Result<Outcome> {
    let mut tally = Tally::default();
    for (n, script) in scripts.iter().enumerate() {
        if script.half != half {
            continue;
        }
        let said = tally.told.len();
        let room = Room::new(script, policy, delays, voices, n as u64);
        let (seen, caller) = room.run()?;
        tally.add(&seen, &caller.spoken, &caller.intrusions);
        for line in tally.told.iter_mut().skip(said) {
            line.insert_str(0, &format!("call {n}: "));
        }
    }
    Ok(Outcome {
        figures: tally.figures(),
        pauses: tally.pauses(),
        told: tally.told,
    })
}
