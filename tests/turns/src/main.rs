//! `make bench turns`: how good the turn-taking is.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is what the program is for"
)]

use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::path::Path;

use serde_json::{Value, json};
use turns::corpus::{Half, corpus};
use turns::fit::{count, frontier, shown};
use turns::room::Delays;
use turns::run::{policies, run};
use turns::sound::Voices;
use turns::table::{places, table};

const USAGE: &str = "turns [--json] [--only NAME] [--half fitted] [--turns N] [--seed N] [--listen MS] [--think MS] \
                     [--speak MS] [--told] [--fit]";

struct Wanted {
    json: bool,
    told: bool,
    fit: bool,
    only: Option<String>,
    half: Half,
    turns: usize,
    seed: u64,
    delays: Delays,
}

fn wanted() -> Result<Wanted> {
    let mut wanted = Wanted {
        json: false,
        told: false,
        fit: false,
        only: None,
        half: Half::HeldOut,
        turns: 320,
        seed: 1,
        delays: Delays::default(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| Error::other(USAGE));
        let number = |text: String| text.parse::<u64>().map_err(|_| Error::other(USAGE));
        match arg.as_str() {
            "--fit" => wanted.fit = true,
            "--json" => wanted.json = true,
            "--told" => wanted.told = true,
            "--only" => wanted.only = Some(value()?),
            "--half" if value()? == "fitted" => wanted.half = Half::Fitted,
            "--turns" => wanted.turns = usize::try_from(number(value()?)?).map_err(Error::other)?,
            "--seed" => wanted.seed = number(value()?)?,
            "--listen" => wanted.delays.listen_ms = number(value()?)?,
            "--think" => wanted.delays.think_ms = number(value()?)?,
            "--speak" => wanted.delays.speak_ms = number(value()?)?,
            _ => return Err(Error::other(USAGE)),
        }
    }
    Ok(wanted)
}

fn main() -> Result<()> {
    let wanted = wanted()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/voices");
    let mut voices = Voices::new(folder);
    let scripts = corpus(wanted.seed, wanted.turns);
    if wanted.fit {
        let fitted = count(&scripts, Half::Fitted);
        let held_out = count(&scripts, Half::HeldOut);
        println!("{}\n{}", shown(&fitted), frontier(&fitted, &held_out));
        return Ok(());
    }
    let mut rows = Vec::new();
    for policy in policies() {
        if wanted
            .only
            .as_deref()
            .is_some_and(|only| only != policy.name)
        {
            continue;
        }
        eprintln!("{} …", policy.name);
        let outcome = run(&scripts, wanted.half, policy, wanted.delays, &mut voices)?;
        if wanted.told {
            for line in &outcome.told {
                eprintln!("    {line}");
            }
            eprint!("{}", places(&outcome.figures));
        }
        rows.push((policy.name, outcome.figures));
    }
    if wanted.json {
        let rows: BTreeMap<&str, Value> = rows
            .iter()
            .map(|(name, figures)| (*name, json!(figures)))
            .collect();
        println!("{:#}", json!({ "seed": wanted.seed, "policies": rows }));
    } else {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, figures)| (*name, figures))
            .collect();
        print!("{}", table(&rows));
    }
    Ok(())
}
