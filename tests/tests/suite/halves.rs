//! Half a reply, and half a voice.

use crate::common::{bot, reason, told, words};
use call::{Config, EndReason, Stage};
use tests::caller::{Act, Start};
use tests::providers::Answer;
use tests::story::Story;
use tests::weather::Fate;

const SORRY: &str = "Sorry, something went wrong. Could you say that again?";

fn frozen(reply: &str, times: u32) -> Story {
    let mut story = Story::quiet(Config {
        fallback: Some("+12025550143".to_owned()),
        ..bot()
    })
    .answer("A table, please.", Answer::says(reply))
    .answer("For two.", Answer::says(reply))
    .say(Start::AfterBot(400), "A table, please.");
    story.weather.fates = vec![(Stage::Think, 0..times, Fate::Stuck)];
    story
}

#[test]
fn a_model_that_freezes_is_cut_and_the_caller_is_told() {
    let story = frozen("We have a garden. Dogs are welcome there too.", 1)
        .act(Start::AfterBot(4_000), Act::HangUp);
    let ending = told(story);
    assert_eq!(words(&ending)[2], format!("bot: We have a garden. {SORRY}"));
}

#[test]
fn a_model_that_freezes_after_a_question_has_asked_it() {
    let story = frozen("For how many people? And at what time tomorrow?", 1)
        .act(Start::AfterBot(4_000), Act::HangUp);
    assert_eq!(words(&told(story))[2], "bot: For how many people?");
}

#[test]
fn a_model_that_freezes_twice_in_a_row_hands_over() {
    let story = frozen("We have a garden. Dogs are welcome there too.", 9)
        .say(Start::AfterBot(3_500), "For two.");
    let ending = told(story);
    assert_eq!(reason(&ending), EndReason::Transferred);
    assert_eq!(words(&ending)[4], format!("bot: We have a garden. {SORRY}"));
}

fn unheard(faint: bool, turns: usize) -> Story {
    let mut story = Story::quiet(Config {
        fallback: Some("+12025550143".to_owned()),
        ..bot()
    });
    for _ in 0..turns {
        story = story.say(Start::AfterBot(500), "I would like a table, please.");
    }
    story.weather.line.faint = faint;
    story.weather.fates = vec![(Stage::Listen, 0..99, Fate::Empty)];
    story
}

#[test]
fn a_weak_voice_is_asked_to_speak_again_three_times_before_it_is_handed_over() {
    let ending = told(unheard(true, 4));
    let sorry = words(&ending)
        .iter()
        .filter(|line| line.contains(SORRY))
        .count();
    assert_eq!((sorry, reason(&ending)), (4, EndReason::Transferred));
    let ending = told(unheard(false, 4));
    let sorry = words(&ending)
        .iter()
        .filter(|line| line.contains(SORRY))
        .count();
    assert_eq!((sorry, reason(&ending)), (2, EndReason::Transferred));
}
