//! A thousand calls in all weathers.

#![expect(clippy::print_stdout, reason = "tests fail by panicking, and say why")]

use std::panic::catch_unwind;

use tests::story::Story;
use tests::world::{Ending, tell};

fn told(seed: u64) -> Ending {
    match catch_unwind(|| tell(Story::of(seed))) {
        Ok(ending) => ending,
        Err(panic) => {
            println!(
                "seed {seed} panicked; replay with\n    SEED={seed} cargo test -p tests --test simulation"
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
        let ending = told(seed);
        if let Some(broken) = &ending.broken {
            if failed.is_empty() {
                println!("{:#?}\n{}", Story::of(seed).config, ending.shown());
            }
            failed.push(format!("seed {seed} at {} ms: {}", broken.at, broken.rule));
        }
    }
    assert!(
        failed.is_empty(),
        "{} stories broke a rule, the log of the first is above; replay with\n    SEED=… cargo test -p tests --test simulation\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn one_seed_is_one_story() {
    for seed in seeds().into_iter().step_by(40) {
        assert_eq!(told(seed).log, told(seed).log, "seed {seed}");
    }
}
