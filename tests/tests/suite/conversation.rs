//! Conversations, word by word.

use crate::common::{GREETING, asked, bot, notes, reason, told, when, words};
use call::{
    Config, EndOfTurn, EndReason, Input, Line, Note, Output, Record, Request, Stage, ToolCall,
};
use std::time::Duration;
use tests::caller::{Act, Start};
use tests::log::What;
use tests::providers::Answer;
use tests::story::Story;

fn is_play(output: &Output) -> bool {
    matches!(output, Output::Play(_))
}

/// When the last voiced frame of the caller's first utterance was handed in.
fn voice_ended(ending: &tests::world::Ending) -> u64 {
    let mut last = 0;
    for entry in &ending.log {
        if let What::Input(Input::Frame { audio, .. }) = &entry.what {
            let mut is_voice = false;
            tests::voice::understood(audio.bytes(), |_| is_voice = true);
            if is_voice {
                last = entry.at;
            }
        }
    }
    last
}

fn dinner(config: Config) -> Story {
    Story::quiet(config)
        .answer(
            "A table, please.",
            Answer::says("For how many people? And when?"),
        )
        .answer("For two.", Answer::says("At what time?"))
        .answer("At seven.", Answer::says("Very well, at seven."))
}

#[test]
fn both_sides_are_heard_in_turn() {
    let story = dinner(bot())
        .say(Start::AfterBot(400), "A table, please.")
        .say(Start::AfterBot(400), "For two.")
        .say(Start::AfterBot(400), "At seven.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        words(&ending),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: A table, please.",
            "bot: For how many people? And when?",
            "caller: For two.",
            "bot: At what time?",
            "caller: At seven.",
            "bot: Very well, at seven.",
        ]
    );
    assert_eq!(reason(&ending), EndReason::CallerLeft);
}

#[test]
fn the_greeting_is_prepared_before_the_stream_and_played_as_it_opens() {
    let mut story = Story::quiet(bot()).act(Start::AfterBot(400), Act::HangUp);
    story.open_after_ms = 1_500;
    let ending = told(story);
    assert_eq!(
        when(&ending, |output| matches!(output, Output::Ask(..))),
        [0]
    );
    assert_eq!(when(&ending, is_play)[0], 1_500);
}

#[test]
fn a_turn_ends_after_exactly_the_fixed_silence() {
    for silence_ms in [300, 500, 700, 1_000, 2_000, 4_000] {
        let config = Config {
            end: EndOfTurn::Silence(Duration::from_millis(silence_ms)),
            ..bot()
        };
        let story = Story::quiet(config)
            .say(Start::AfterBot(400), "A table, please.")
            .act(Start::AfterBot(400), Act::HangUp);
        let ending = told(story);
        let flushed = when(&ending, |output| {
            matches!(output, Output::Feed(_, call::Feed::Flush(_)))
        });
        assert_eq!(flushed, [voice_ended(&ending) + silence_ms]);
    }
}

#[test]
fn a_finished_sentence_is_answered_sooner_than_an_unfinished_one() {
    let mut waits = Vec::new();
    for text in [
        "Yes.",
        "I want a table.",
        "I want a table",
        "One two three",
        "A table and",
    ] {
        let config = Config {
            end: EndOfTurn::Adaptive,
            ..bot()
        };
        let story = Story::quiet(config)
            .say(Start::AfterBot(400), text)
            .act(Start::AfterBot(400), Act::HangUp);
        let ending = told(story);
        let thought = when(&ending, |output| {
            matches!(output, Output::Ask(_, Request::Think { .. }))
        });
        waits.push(thought[0] - voice_ended(&ending));
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert!(waits[0] <= 600 && waits[4] <= 1_800, "{waits:?}");
}

#[test]
fn a_pause_within_a_sentence_does_not_end_the_turn() {
    let config = Config {
        end: EndOfTurn::Adaptive,
        speculate: true,
        ..bot()
    };
    let story = Story::quiet(config)
        .say(
            Start::AfterBot(400),
            "I want a table for <900> four people and <900> a garden.",
        )
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story)),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: I want a table for four people and a garden.",
            "bot: Very well."
        ]
    );
}

#[test]
fn a_draft_is_withheld_until_the_turn_is_over() {
    let config = Config {
        speculate: true,
        end: EndOfTurn::Silence(Duration::from_millis(1_500)),
        ..bot()
    };
    let story = dinner(config)
        .say(Start::AfterBot(400), "A table, please.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    let ended = voice_ended(&ending);
    let thought = when(&ending, |output| {
        matches!(output, Output::Ask(_, Request::Think { .. }))
    });
    assert_eq!(
        thought,
        [ended + 350],
        "the draft, once the words are there"
    );
    let played = when(&ending, is_play);
    let first = played.into_iter().find(|at| *at > ended);
    assert_eq!(
        first,
        Some(ended + 1_500),
        "its sound was ready, and waited"
    );
}

#[test]
fn a_draft_is_dropped_without_a_trace_when_the_caller_goes_on() {
    let config = Config {
        speculate: true,
        end: EndOfTurn::Silence(Duration::from_millis(1_500)),
        ..bot()
    };
    let leave = Answer::says("Goodbye then.").then(ToolCall::EndCall);
    let story = Story::quiet(config)
        .answer("That is all", leave)
        .say(Start::AfterBot(400), "That is all <1200> but for a table.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        words(&ending),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: That is all but for a table.",
            "bot: Very well."
        ]
    );
    assert!(notes(&ending).contains(&Note::DraftDropped));
    assert!(
        !ending
            .journal
            .iter()
            .any(|record| matches!(record, Record::Tool(_)))
    );
    assert_eq!(asked(&ending, Stage::Think), 2);
    let goodbye = ending
        .spoken
        .iter()
        .position(|(_, text)| text == "Goodbye then.");
    let goodbye = goodbye.expect("it was prepared");
    assert!(
        ending
            .heard
            .iter()
            .all(|span| span.request as usize != goodbye)
    );
}

#[test]
fn the_first_sentence_is_spoken_while_the_rest_is_written() {
    let slow = Answer::says("Yes, of course. Tomorrow at seven is free.").paced(300, 400);
    let story = Story::quiet(bot())
        .answer("A table, please.", slow)
        .say(Start::AfterBot(400), "A table, please.")
        .act(Start::AfterBot(3_000), Act::HangUp);
    let ending = told(story);
    let spoken = when(&ending, |output| {
        matches!(output, Output::Ask(_, Request::Speak { .. }))
    });
    let done = ending.log.iter().find(|entry| {
        matches!(&entry.what, What::Input(Input::Reply(_, call::Reply::Done(spent))) if spent.output_tokens > 0)
    });
    let done = done.expect("the model finished").at;
    assert!(spoken[1] + 1_000 < done, "{spoken:?} {done}");
    assert_eq!(
        words(&ending)[2],
        "bot: Yes, of course. Tomorrow at seven is free."
    );
}

#[test]
fn an_interrupted_sentence_was_never_said() {
    let long = Answer::says("We have a garden. Dogs are welcome there. In summer there is music.");
    let story = Story::quiet(bot())
        .answer("A table, please.", long)
        .say(Start::AfterBot(400), "A table, please.")
        .say(Start::IntoBot(2_200), "No, wait.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        words(&ending),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: A table, please.",
            "bot: We have a garden. Dogs are welcome",
            "caller: No, wait.",
            "bot: Very well.",
        ]
    );
    assert_eq!(when(&ending, |output| *output == Output::Clear).len(), 1);
}

#[test]
fn a_murmur_does_not_end_a_reply() {
    let story = Story::quiet(bot())
        .say(Start::IntoBot(700), "Mm-hm.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(words(&ending), ["bot: Hello, this is the Golden Fork."]);
    assert!(notes(&ending).contains(&Note::ReplyResumed));
    // It goes on from the last mark: a little is heard twice, nothing is left out.
    let spans: Vec<(u32, u32)> = ending
        .heard
        .iter()
        .map(|span| (span.from_ms, span.to_ms))
        .collect();
    let [(0, cut), (again, end)] = spans[..] else {
        panic!("{spans:?}")
    };
    assert!(again <= cut && cut - again <= 300, "{spans:?}");
    assert_eq!(end, 60 * u32::try_from(GREETING.len()).unwrap());
}

#[test]
fn a_cough_does_not_stop_the_bot() {
    let story = Story::quiet(bot())
        .act(Start::IntoBot(700), Act::Cough)
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(words(&ending), ["bot: Hello, this is the Golden Fork."]);
    assert_eq!(when(&ending, |output| *output == Output::Clear), [0_u64; 0]);
}

#[test]
fn the_bot_stops_within_200_ms_of_the_callers_first_sound() {
    let mut story = Story::quiet(bot())
        .say(Start::IntoBot(700), "No, wait.")
        .act(Start::AfterBot(400), Act::HangUp);
    story.open_after_ms = 300;
    let ending = told(story);
    let began = ending.log.iter().find_map(|entry| match &entry.what {
        What::Input(Input::Frame { audio, .. }) => {
            let mut is_voice = false;
            tests::voice::understood(audio.bytes(), |_| is_voice = true);
            is_voice.then_some(entry.at)
        }
        What::Input(_) | What::Output(_) | What::World(_) => None,
    });
    let cleared = when(&ending, |output| *output == Output::Clear)[0];
    assert!(cleared - began.unwrap() <= 200, "{cleared} after {began:?}");
}

#[test]
fn a_long_reply_ends_with_a_sentence() {
    let config = Config {
        reply_chars_max: 60,
        ..bot()
    };
    let long = "We have a garden. Dogs are welcome there. In summer there is music. Do come.";
    let story = Story::quiet(config)
        .answer("A table, please.", Answer::says(long))
        .say(Start::AfterBot(400), "A table, please.")
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story))[2],
        "bot: We have a garden. Dogs are welcome there."
    );
}

#[test]
fn who_says_nothing_is_asked_twice_and_then_let_go() {
    let ending = told(Story::quiet(bot()));
    assert_eq!(
        words(&ending),
        [
            "bot: Hello, this is the Golden Fork.",
            "bot: Are you still there?",
            "bot: Are you still there?",
            "bot: Goodbye."
        ]
    );
    assert_eq!(reason(&ending), EndReason::Idle);
    assert_eq!(
        when(&ending, |output| *output == Output::HangUp(None)).len(),
        1
    );
}

#[test]
fn the_longest_call_ends_with_a_goodbye() {
    let config = Config {
        duration_max: Some(Duration::from_secs(5)),
        ..bot()
    };
    let story = Story::quiet(config).say(
        Start::At(5_000),
        "I would like a table for four people, please.",
    );
    let ending = told(story);
    assert_eq!(
        words(&ending),
        ["bot: Hello, this is the Golden Fork.", "bot: Goodbye."]
    );
    assert_eq!(reason(&ending), EndReason::TooLong);
}

#[test]
fn an_utterance_without_words_changes_nothing() {
    let story = Story::quiet(bot())
        .act(Start::AfterBot(400), Act::Cough)
        .say(Start::After(2_000), "For two.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Listen), 2);
    assert_eq!(
        words(&ending),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: For two.",
            "bot: Very well."
        ]
    );
    assert_eq!(ending.history[1], Line::Caller("For two.".to_owned()));
}
