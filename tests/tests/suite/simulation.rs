//! A thousand calls in all weathers.

use std::panic::catch_unwind;

use tests::story::Story;
use tests::world::{Ending, tell};

/// Each seed tells three stories: a plain one, one with everything that a bot may have, and that one heard from files.
const TELLERS: [fn(u64) -> Story; 3] = [Story::of, Story::with_everything, Story::by_files];

fn told(seed: u64, of: fn(u64) -> Story) -> Ending {
    match catch_unwind(|| tell(of(seed))) {
        Ok(ending) => ending,
        Err(panic) => {
            println!(
                "seed {seed} panicked; replay with\n    SEED={seed} cargo test -p tests --test suite simulation"
            );
            std::panic::resume_unwind(panic)
        }
    }
}

fn seeds() -> Vec<u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text: String| text.parse().ok())
    };
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(1_200)).collect(),
    }
}

#[test]
fn the_rules_hold_in_every_story() {
    let mut failed = Vec::new();
    for seed in seeds() {
        for (teller, of) in TELLERS.into_iter().enumerate() {
            let ending = told(seed, of);
            if let Some(broken) = &ending.broken {
                if failed.is_empty() {
                    println!("{:#?}\n{}", of(seed).config, ending.shown());
                }
                let (at, rule) = (broken.at, &broken.rule);
                failed.push(format!("seed {seed}, story {teller}, at {at} ms: {rule}"));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} stories broke a rule, the log of the first is above; replay with\n    SEED=… cargo test -p tests --test suite simulation\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// Stories that broke a rule once, and the rule.
const ONCE_BROKEN: [(u64, &str); 15] = [
    (1, "speech that broke off counted as heard"),
    (9, "a transcription was fed after it failed"),
    (10, "more than sixteen outputs for one input"),
    (14, "no sound at all in silence kept the turn open"),
    (89, "a deadline in the past after a crash"),
    (
        119,
        "no filler for an answer that was owed from before a crash",
    ),
    (
        158,
        "a reply waited for ever for the verdict on what was said into it",
    ),
    (164, "a filler spoke into the caller who went on"),
    (221, "marks were too far apart after one was given up"),
    (1141, "a filler was taken for the answer"),
    (5565, "words that came late were answered later still"),
    (8156, "the same, after an interruption"),
    (
        6187,
        "words read before the stream broke were never answered",
    ),
    (7559, "a reply that broke off went on, into silence"),
    (9179, "a yes to a reply that broke off was not answered"),
];

#[test]
fn stories_that_went_wrong_once_go_well_now() {
    for (seed, what) in ONCE_BROKEN {
        let ending = told(seed, Story::of);
        assert_eq!(
            ending.broken,
            None,
            "seed {seed}: {what}\n{}",
            ending.shown()
        );
    }
}

#[test]
fn one_seed_is_one_story() {
    for seed in seeds().into_iter().step_by(40) {
        for of in TELLERS {
            assert_eq!(told(seed, of).log, told(seed, of).log, "seed {seed}");
        }
    }
}
