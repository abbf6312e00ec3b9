//! Fits the silences: for every class of words the one that costs least, dead air at the ends of turns against turns cut
//! off in their pauses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use call::Completeness;

use crate::corpus::{Half, Script};
use crate::oracle::{Oracle, Word};

/// What a turn that is cut off may cost, in milliseconds of dead air over all turns: from careless to patient.
const PRICES_MS: [u64; 7] = [400, 800, 1_600, 3_200, 6_400, 12_000, 24_000];
/// The price that the engine's silences were chosen near.
const PRICE_MS: u64 = 6_400;
/// A voice is known for one only after it began: so much longer is a pause than it was, in milliseconds.
const ONSET_MS: u64 = 40;
/// The silences that may be chosen, in milliseconds.
const STEP_MS: usize = 50;
const SILENCES_MS: std::ops::RangeInclusive<u64> = 250..=1_800;

/// What happened after words of one class.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    /// Pauses after which the caller went on, in milliseconds.
    pub pauses: Vec<u64>,
    /// Ends of turns.
    pub ends: usize,
}

/// One class with the silence that fits it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fitted {
    /// The class.
    pub class: Completeness,
    /// Its silence, in milliseconds.
    pub silence_ms: u64,
    /// Turns that it cuts off.
    pub cut_off: usize,
}

/// Counts pauses and ends by class in one half of the corpus. Needs no sound.
#[must_use]
pub fn count(scripts: &[Script], half: Half) -> BTreeMap<Completeness, Seen> {
    let mut all: BTreeMap<Completeness, Seen> = BTreeMap::new();
    for (n, script) in scripts.iter().enumerate() {
        if script.half != half {
            continue;
        }
        let oracle = Oracle::new(n as u64);
        for beat in &script.beats {
            let Some(answer) = beat.answer.as_ref().filter(|answer| answer.drawn) else {
                continue;
            };
            let mut words: Vec<Word> = Vec::new();
            for part in &answer.parts {
                words.extend(part.text.split(' ').map(Word::spelled));
                let text = oracle.text(&words.iter().collect::<Vec<_>>());
                let class = Completeness::of(&text, &beat.bot, "en");
                let seen = all.entry(class).or_default();
                match part.pause {
                    Some((ms, _)) => seen.pauses.push(ms + ONSET_MS),
                    None => seen.ends += 1,
                }
            }
        }
    }
    all
}

/// The silences that are best at a price.
#[must_use]
pub fn fit(counts: &BTreeMap<Completeness, Seen>, price_ms: u64) -> Vec<Fitted> {
    let cheapest = |(class, seen): (&Completeness, &Seen)| cheapest(*class, seen, price_ms);
    counts.iter().map(cheapest).collect()
}

/// How a choice of silences does: percent of turns cut off, and the silence at the end of half of the turns, and of
/// nineteen of twenty.
#[must_use]
pub fn outcome(
    counts: &BTreeMap<Completeness, Seen>,
    silence: impl Fn(Completeness) -> u64,
) -> (f64, u64, u64) {
    let mut ends = Vec::new();
    let mut cut_off = 0;
    for (class, seen) in counts {
        let silence_ms = silence(*class);
        ends.extend(vec![silence_ms; seen.ends]);
        cut_off += seen.pauses.iter().filter(|ms| **ms > silence_ms).count();
    }
    ends.sort_unstable();
    let at = |percent: usize| ends.get(ends.len() * percent / 100).copied().unwrap_or(0);
    (
        100.0 * cut_off as f64 / ends.len().max(1) as f64,
        at(50),
        at(95),
    )
}

/// What every price buys, on the half that is fitted and on the other, which was not.
#[must_use]
pub fn frontier(
    fitted: &BTreeMap<Completeness, Seen>,
    held_out: &BTreeMap<Completeness, Seen>,
) -> String {
    let mut text = String::from(
        "| price | fitted: cut off, p50, p95 | held out: cut off, p50, p95 |\n|---|---|---|\n",
    );
    let mut row = |name: String, silence: &dyn Fn(Completeness) -> u64| {
        let (cut, half, most) = outcome(fitted, silence);
        let held = outcome(held_out, silence);
        let _ = writeln!(
            text,
            "| {name} | {cut:.1} %, {half}, {most} ms | {:.1} %, {}, {} ms |",
            held.0, held.1, held.2
        );
    };
    for price_ms in PRICES_MS {
        let chosen = fit(fitted, price_ms);
        let silence = |class| {
            let of = chosen.iter().find(|it| it.class == class);
            of.map_or_else(|| class.silence_ms(), |it| it.silence_ms)
        };
        row(format!("{price_ms} ms"), &silence);
    }
    row("the engine's".to_owned(), &Completeness::silence_ms);
    text
}

/// The best silence when a cut-off is worth so many milliseconds of dead air.
fn cheapest(class: Completeness, seen: &Seen, price_ms: u64) -> Fitted {
    let cut_off = |silence: u64| seen.pauses.iter().filter(|ms| **ms > silence).count();
    // A class nobody was heard to end in still has a caller who waits.
    let ends = seen.ends.max(1) as u64;
    let cost = |silence: &u64| ends * silence + price_ms * cut_off(*silence) as u64;
    let silence_ms = SILENCES_MS
        .step_by(STEP_MS)
        .min_by_key(cost)
        .unwrap_or(*SILENCES_MS.end());
    Fitted {
        class,
        silence_ms,
        cut_off: cut_off(silence_ms),
    }
}

/// The fit beside what the engine does, and what that would cut off.
#[must_use]
pub fn shown(counts: &BTreeMap<Completeness, Seen>) -> String {
    let fitted = fit(counts, PRICE_MS);
    let mut text = String::from("class         ends  pauses  fitted  cut off | engine  cut off\n");
    for it in fitted {
        let seen = &counts[&it.class];
        let ours = it.class.silence_ms();
        let cut_off = seen.pauses.iter().filter(|ms| **ms > ours).count();
        let _ = writeln!(
            text,
            "{:<12} {:>5} {:>7} {:>7} {:>8} | {ours:>6} {cut_off:>8}",
            format!("{:?}", it.class),
            seen.ends,
            seen.pauses.iter().filter(|ms| **ms > 250).count(),
            it.silence_ms,
            it.cut_off,
        );
    }
    text
}
