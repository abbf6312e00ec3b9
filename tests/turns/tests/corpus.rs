//! What the bench's corpus is, and how the silences do on it. Needs no sound.

use std::collections::BTreeSet;

use turns::corpus::{Half, PAUSES, Place, Script, corpus};
use turns::fit::{count, outcome};

const TURNS: usize = 320;

fn longest_pauses(scripts: &[Script], half: Half) -> Vec<u64> {
    let answers = scripts
        .iter()
        .filter(|script| script.half == half)
        .flat_map(|script| &script.beats)
        .filter_map(|beat| beat.answer.as_ref())
        .filter(|answer| answer.drawn);
    answers
        .map(|answer| {
            let pauses = answer.parts.iter().filter_map(|part| part.pause);
            pauses.map(|(ms, _)| ms).max().unwrap_or(0)
        })
        .collect()
}

#[test]
fn pauses_are_as_long_and_as_frequent_as_they_were_published_to_be() {
    for half in [Half::Fitted, Half::HeldOut] {
        let longest = longest_pauses(&corpus(1, TURNS), half);
        assert_eq!(longest.len(), TURNS);
        for (ms, permille) in PAUSES {
            let share = longest.iter().filter(|pause| **pause >= ms).count() * 1_000 / TURNS;
            let of = usize::try_from(permille).unwrap_or(0);
            assert!(
                share.abs_diff(of) <= 10,
                "{ms} ms: {share} instead of {of} permille"
            );
        }
    }
}

#[test]
fn one_seed_is_one_corpus() {
    assert_eq!(corpus(7, 80), corpus(7, 80));
    assert_ne!(corpus(7, 80), corpus(8, 80));
}

#[test]
fn every_place_where_callers_pause_is_in_both_halves() {
    for half in [Half::Fitted, Half::HeldOut] {
        let scripts = corpus(1, TURNS);
        let places: BTreeSet<Place> = scripts
            .iter()
            .filter(|script| script.half == half)
            .flat_map(|script| &script.beats)
            .filter_map(|beat| beat.answer.as_ref())
            .flat_map(|answer| &answer.parts)
            .filter_map(|part| part.pause.map(|(_, place)| place))
            .collect();
        assert_eq!(places.len(), Place::ALL.len());
    }
}

#[test]
fn no_question_is_in_both_halves() {
    let scripts = corpus(1, TURNS);
    let questions = |half| -> BTreeSet<&str> {
        let of_half = scripts.iter().filter(move |script| script.half == half);
        let beats = of_half.flat_map(|script| &script.beats);
        let asked = beats.filter(|beat| beat.answer.as_ref().is_some_and(|answer| answer.drawn));
        asked.map(|beat| beat.bot.as_str()).collect()
    };
    assert!(questions(Half::Fitted).is_disjoint(&questions(Half::HeldOut)));
}

#[test]
fn words_cut_off_fewer_than_half_of_those_whom_silence_alone_cuts_off() {
    let counts = count(&corpus(1, TURNS), Half::HeldOut);
    let (by_words, half_ms, most_ms) = outcome(&counts, call::Completeness::silence_ms);
    let (by_silence, ..) = outcome(&counts, |_| half_ms);
    assert!(
        half_ms <= 600 && most_ms <= 1_400,
        "{half_ms} and {most_ms} ms"
    );
    assert!(
        by_words * 2.0 < by_silence,
        "{by_words} and {by_silence} percent"
    );
}
