//! How a call ends, and what follows a reply: decided once, done once, whatever happens in between.

use crate::common::{bot, reason, told, when, words};
use call::{
    Config, EndReason, Failure, Feed, Order, Output, Record, Request, RequestId, Stage, ToolCall,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tests::caller::{Act, Part, Scene, Start};
use tests::log::What;
use tests::providers::Answer;
use tests::story::Story;
use tests::weather::Fate;
use tests::world::Ending;

const PERSON: &str = "+12025550143";
const LAST_WORDS: &str = "I will put you through now. It takes a moment or two.";

fn asked(tool: ToolCall) -> Story {
    Story::quiet(bot())
        .answer("A person, please.", Answer::says(LAST_WORDS).then(tool))
        .say(Start::AfterBot(400), "A person, please.")
}

fn crash(stream_lives: bool) -> Act {
    Act::Crash {
        away_ms: 700,
        stream_lives,
    }
}

/// Where the bot is killed: early and late in what it says, with and without the stream.
fn crashes(of: &Story) -> impl Iterator<Item = Ending> {
    let places = [200, 1_500, 2_900, 3_250];
    places
        .into_iter()
        .flat_map(|into| [(into, true), (into, false)])
        .map(move |(into, lives)| {
            told(
                of.clone()
                    .act(Start::IntoBot(into), crash(lives))
                    .act(Start::At(60_000), Act::HangUp),
            )
        })
}

#[test]
fn who_was_being_put_through_when_the_process_died_is_put_through() {
    let to = PERSON.to_owned();
    for ending in crashes(&asked(ToolCall::Transfer { to })) {
        assert_eq!(reason(&ending), EndReason::Transferred);
        assert_eq!(words(&ending)[2], format!("bot: {LAST_WORDS}"));
    }
}

#[test]
fn a_bot_that_was_leaving_when_the_process_died_leaves() {
    for ending in crashes(&asked(ToolCall::EndCall)) {
        assert_eq!(reason(&ending), EndReason::BotLeft);
        assert_eq!(words(&ending)[2..], [format!("bot: {LAST_WORDS}")]);
    }
}

#[test]
fn keys_that_were_to_be_pressed_when_the_process_died_are_pressed_once() {
    let keys = "12w3".to_owned();
    for ending in crashes(&asked(ToolCall::SendKeys { keys })) {
        let pressed = when(&ending, |output| matches!(output, Output::SendKeys(_)));
        assert_eq!(pressed.len(), 1, "{pressed:?}");
    }
}

#[test]
fn a_bot_that_gave_up_when_the_process_died_hands_over() {
    let config = Config {
        fallback: Some(PERSON.to_owned()),
        ..bot()
    };
    let mut story = Story::quiet(config)
        .say(Start::AfterBot(400), "A table, please.")
        .say(Start::AfterBot(400), "A table, please.");
    story.weather.fates = vec![(Stage::Think, 0..9, Fate::Failed(Failure::Broken))];
    for lives in [true, false] {
        // The second apology: the first ended in a question.
        let story = story
            .clone()
            .act(Start::After(2_500), crash(lives))
            .act(Start::At(90_000), Act::HangUp);
        assert_eq!(reason(&told(story)), EndReason::Transferred);
    }
}

#[test]
fn what_was_not_decided_when_a_reply_was_interrupted_does_not_follow_the_next() {
    let to = PERSON.to_owned();
    let story = asked(ToolCall::Transfer { to })
        .say(Start::IntoBot(900), "No, wait, I would rather book it.")
        .act(Start::IntoBot(300), crash(true))
        .act(Start::AfterBot(3_000), Act::HangUp);
    assert_eq!(reason(&told(story)), EndReason::CallerLeft);
}

#[test]
fn a_call_at_its_cap_ends_behind_the_reply_whatever_the_model_wanted_then() {
    let keys = "1".to_owned();
    let story = asked(ToolCall::SendKeys { keys })
        .act(Start::IntoBot(900), Act::Order(Order::Wrap { say: None }));
    let ending = told(story);
    assert_eq!(reason(&ending), EndReason::Capped);
    let pressed = |record: &&Record| matches!(record, Record::Tool(_));
    assert_eq!(ending.journal.iter().find(pressed), None);
    let said = ending.journal.iter().rev().find_map(|record| match record {
        Record::Replied { ended, .. } => Some(ended.as_ms()),
        _ => None,
    });
    // Nothing was waited for that nobody says.
    assert!(ending.at < said.expect("last words") + 1_000);
}

/// What each transcription was fed, in milliseconds; and that nothing was fed to one that is over.
fn fed(ending: &Ending) -> BTreeMap<RequestId, u128> {
    let mut fed = BTreeMap::new();
    for entry in &ending.log {
        match &entry.what {
            What::Output(Output::Ask(id, Request::Listen)) => {
                fed.insert(*id, 0);
            }
            What::Output(Output::Feed(id, Feed::Audio(clip))) => {
                *fed.get_mut(id).expect("an open request") += clip.duration().as_millis();
            }
            _ => (),
        }
    }
    fed
}

#[test]
fn whoever_talks_for_minutes_is_written_down_piece_by_piece() {
    let config = Config {
        end: call::EndOfTurn::Silence(Duration::from_secs(4)),
        ..bot()
    };
    let mut parts = Vec::new();
    for _ in 0..60 {
        parts.push(Part::Words(
            "and the neighbour came too with a cake".to_owned(),
        ));
        parts.push(Part::Pause(400));
    }
    let talk = Scene::new(Start::AfterBot(400), Act::Say(parts));
    let ending = told(
        Story::quiet(config)
            .scene(talk)
            .act(Start::AfterBot(1_000), Act::HangUp),
    );
    let fed = fed(&ending);
    // Google takes 59 seconds.
    assert!(fed.values().all(|ms| *ms < 55_000), "{fed:?}");
    let all = words(&ending).join(" ");
    assert_eq!(all.matches("neighbour").count(), 60, "{all}");
}

#[test]
fn whoever_talks_for_half_a_minute_without_a_breath_is_answered() {
    let talk = "and the neighbour came too with a cake ".repeat(17);
    let story = Story::quiet(bot())
        .say(Start::AfterBot(400), &talk)
        .act(Start::AfterBot(2_000), Act::HangUp);
    let all = words(&told(story));
    assert_eq!(
        all.last().map(String::as_str),
        Some("bot: Very well."),
        "{all:?}"
    );
}

#[test]
fn what_was_said_over_a_reply_is_not_written_down_into_the_goodbye() {
    let config = Config {
        barge_in: false,
        ..bot()
    };
    let reply = "We have a garden with a lot of old trees and a pond in it. Dogs are welcome there too, and \
                 so are cats, if they are friends of the dogs.";
    let mut story = Story::quiet(config)
        .answer("A table, please.", Answer::says(reply))
        .answer("For two.", Answer::says(reply))
        .say(Start::AfterBot(400), "A table, please.")
        .say(Start::AfterBot(400), "For two.")
        .say(Start::IntoBot(300), "And for a dog.");
    // The model freezes twice in a row, so that the call ends.
    story.weather.fates = vec![(Stage::Think, 0..9, Fate::Stuck)];
    let ending = told(story);
    assert_eq!(reason(&ending), EndReason::Failed);
    let leaves = when(&ending, |output| {
        matches!(output, Output::Persist(Record::Next(_)))
    });
    let fed = when(&ending, |output| matches!(output, Output::Feed(..)));
    assert!(fed.iter().all(|at| *at <= leaves[0]), "{leaves:?}");
    let opened = when(&ending, |output| {
        matches!(output, Output::Ask(_, Request::Listen))
    });
    assert_eq!(opened.len(), 3);
}
