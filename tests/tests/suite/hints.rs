//! What speech-to-text tells of its own accord, and what the engine makes of it.

use std::time::Duration;

use call::{Config, EndOfTurn, Ending, Output, Record, Request, Turn};

use crate::line::Line;

fn adaptive() -> Config {
    Config {
        end: EndOfTurn::Adaptive,
        ..Config::default()
    }
}

fn thinks(outputs: &[Output]) -> bool {
    let is_thought = |output: &Output| matches!(output, Output::Ask(_, Request::Think { .. }));
    outputs.iter().any(is_thought)
}

fn gave_up_its_reply(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| match output {
        Output::Persist(Record::Replied { interrupted, .. }) => *interrupted,
        _ => false,
    })
}

#[test]
fn words_heard_while_the_caller_still_speaks_end_the_interrupted_reply() {
    let mut line = Line::open(Config {
        greeting: "Hello, this is the Golden Fork. We are open every day.".to_owned(),
        ..adaptive()
    });
    line.pass(600, false);
    let stopped = line.pass(400, true);
    assert!(stopped.contains(&Output::Clear), "tentatively");
    assert!(!gave_up_its_reply(&stopped));
    for murmur in ["", "Mm-hm", "I", "I see", "Okay."] {
        assert!(
            !gave_up_its_reply(&line.hint(Ending::Going, murmur)),
            "{murmur}"
        );
    }
    assert!(gave_up_its_reply(
        &line.hint(Ending::Going, "Okay but wait")
    ));
}

#[test]
fn a_provider_that_hears_the_end_of_the_turn_is_believed_after_a_quarter_of_a_second() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
    // By the words alone it would be a second and a half.
    line.hint(Ending::Ended, "I would like a table for");
    line.pass(40, false);
    assert_eq!(line.call.turn(), Turn::Replying);
}

#[test]
fn nobody_is_believed_who_hears_the_end_of_a_turn_where_a_fixed_silence_was_wanted() {
    let mut line = Line::open(Config {
        end: EndOfTurn::Silence(Duration::from_secs(1)),
        ..Config::default()
    });
    line.pass(800, true);
    line.pass(220, false);
    line.hint(Ending::Ended, "A table for two.");
    line.pass(760, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
    line.pass(60, false);
    assert_eq!(line.call.turn(), Turn::Replying);
}

#[test]
fn an_eager_provider_is_answered_with_a_draft_and_no_sound() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    let outputs = line.hint(Ending::Eager, "A table for two, please.");
    assert!(thinks(&outputs));
    assert_eq!(line.call.turn(), Turn::Pausing);
    // Another end of the same turn with other words is none that was drafted for.
    let outputs = line.hint(Ending::Eager, "A table for twenty, please.");
    let is_cancelled = |output: &Output| matches!(output, Output::Cancel(_));
    assert!(outputs.iter().any(is_cancelled));
}

#[test]
fn a_turn_that_the_provider_takes_back_is_waited_for() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    line.hint(Ending::Eager, "A table for two, please.");
    line.hint(Ending::Resumed, "A table for two, please.");
    line.pass(1_200, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
    line.pass(600, false);
    assert_eq!(line.call.turn(), Turn::Replying);
}

#[test]
fn more_words_in_a_pause_change_how_long_it_may_be() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    line.hint(Ending::Going, "A table for two and");
    line.pass(1_200, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
}
