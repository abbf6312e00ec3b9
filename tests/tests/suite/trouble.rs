//! When providers fail and streams break: what the caller hears then.

use crate::common::{GREETING, asked, bot, told, when, words};
use call::{Config, EndOfTurn, EndReason, Failure, Instant, Output, Record, Request, Stage};
use std::time::Duration;
use tests::caller::{Act, Start};
use tests::providers::Answer;
use tests::story::Story;
use tests::weather::Fate;

#[test]
fn speech_that_breaks_off_goes_on_with_the_words_that_were_not_heard() {
    let mut story = Story::quiet(bot()).act(Start::AfterBot(500), Act::HangUp);
    story.weather.fates = vec![(Stage::Speak, 0..1, Fate::Cut)];
    let ending = told(story);
    assert_eq!(words(&ending), ["bot: Hello, this is the Golden Fork."]);
    let spoken: Vec<&str> = ending
        .spoken
        .iter()
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(spoken, [GREETING, "the Golden Fork."]);
}

#[test]
fn speech_without_sound_is_asked_for_once_more() {
    let mut story = Story::quiet(bot()).act(Start::AfterBot(500), Act::HangUp);
    story.weather.fates = vec![(Stage::Speak, 0..1, Fate::Empty)];
    let ending = told(story);
    assert_eq!(words(&ending), ["bot: Hello, this is the Golden Fork."]);
}

#[test]
fn long_speech_without_a_word_is_read_again_and_a_short_noise_is_not() {
    let told_with = |said: &str, fate: std::ops::Range<u32>| {
        let mut story = Story::quiet(bot())
            .say(Start::AfterBot(500), said)
            .answer(said, Answer::says("Which day?"))
            .act(Start::AfterBot(500), Act::HangUp);
        story.weather.fates = vec![(Stage::Listen, fate, Fate::Empty)];
        words(&told(story))[1..].join(" ")
    };
    let long = "I would like a table.";
    let sorry = "bot: Sorry, something went wrong. Could you say that again?";
    assert_eq!(
        told_with(long, 0..1),
        format!("caller: {long} bot: Which day?")
    );
    assert_eq!(told_with(long, 0..9), sorry);
    assert_eq!(told_with("Hm.", 0..9), "bot: Are you still there?");
}

#[test]
fn whoever_speaks_into_a_reply_that_broke_off_and_is_not_understood_is_told_so() {
    let asked = "What do you have?";
    let mut story = Story::quiet(bot())
        .say(Start::AfterBot(500), asked)
        .answer(
            asked,
            Answer::says("We have soup. We also have some fish, and a cake."),
        )
        .say(
            Start::AfterBot(1_000),
            "I would like to have some of the soup, and then the fish, if it is fresh, please.",
        )
        .act(Start::AfterBot(500), Act::HangUp);
    story.weather.fates = vec![
        (Stage::Think, 0..1, Fate::Stuck),
        (Stage::Listen, 1..9, Fate::Failed(Failure::Broken)),
    ];
    assert_eq!(
        words(&told(story))[2..],
        [
            "bot: We have soup.",
            "bot: Sorry, something went wrong. Could you say that again?"
        ]
    );
}

#[test]
fn a_yes_to_a_reply_that_broke_off_is_answered() {
    let asked = "What do you have?";
    let mut story = Story::quiet(bot())
        .say(Start::AfterBot(500), asked)
        .answer(
            asked,
            Answer::says("We have soup. We also have some fish, and a cake."),
        )
        .say(Start::AfterBot(1_500), "Yes.")
        .act(Start::AfterBot(500), Act::HangUp);
    story.weather.fates = vec![(Stage::Think, 0..1, Fate::Stuck)];
    story.speeds.listen_ms = (900, 900);
    assert_eq!(
        words(&told(story))[2..],
        ["bot: We have soup.", "caller: Yes.", "bot: Very well."]
    );
}

#[test]
fn nothing_is_fed_to_a_transcription_that_failed() {
    // It fails at the draft, in a pause after which the caller goes on.
    let config = Config {
        speculate: true,
        end: EndOfTurn::Silence(Duration::from_millis(1_500)),
        ..bot()
    };
    let mut story = Story::quiet(config)
        .say(Start::AfterBot(500), "I would like a table, <900> please.")
        .act(Start::AfterBot(500), Act::HangUp);
    story.weather.fates = vec![(Stage::Listen, 0..9, Fate::Failed(Failure::Refused))];
    assert_eq!(
        words(&told(story)),
        [
            "bot: Hello, this is the Golden Fork.",
            "bot: Sorry, something went wrong. Could you say that again?"
        ]
    );
}

#[test]
fn a_carrier_that_sends_nothing_in_silence_does_not_keep_the_caller_waiting() {
    let mut story = Story::quiet(bot())
        .say(Start::AfterBot(500), "I would like a table.")
        .answer("I would like a table.", Answer::says("Which day?"))
        .act(Start::AfterBot(500), Act::HangUp);
    story.weather.line.skips_silence_after_ms = Some(0);
    assert_eq!(
        words(&told(story)),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: I would like a table.",
            "bot: Which day?"
        ]
    );
}

#[test]
fn a_call_that_slept_through_its_longest_duration_ends_when_it_wakes() {
    let config = Config {
        duration_max: Some(Duration::from_secs(6)),
        ..bot()
    };
    let away = Act::Crash {
        away_ms: 4_000,
        stream_lives: true,
    };
    let ending = told(Story::quiet(config).act(Start::At(4_000), away));
    let ended = Record::Ended {
        reason: EndReason::TooLong,
        // 8.0 s, and the goodbye.
        at: Instant::from_ms(8_700),
    };
    assert_eq!(ending.journal.last(), Some(&ended));
}

#[test]
fn a_sentence_that_does_not_come_is_not_waited_for_longer_because_the_next_one_does() {
    let mut story = Story::quiet(bot())
        .say(Start::AfterBot(500), "When?")
        .answer(
            "When?",
            Answer::says("At seven. Or at any other time that you like, every day."),
        );
    story.weather.fates = vec![
        (Stage::Speak, 1..2, Fate::Lost),
        (Stage::Speak, 3..4, Fate::Lost),
        (Stage::Speak, 2..3, Fate::Slow(5)),
    ];
    let ending = told(story);
    let asked = when(
        &ending,
        |output| matches!(output, Output::Ask(_, Request::Speak { text }) if text == "At seven."),
    );
    let given_up = when(&ending, |output| matches!(output, Output::HangUp(Some(_))));
    assert_eq!(given_up[0] - asked[0], 2_400);
}

#[test]
fn a_mark_that_was_cleared_changes_nothing() {
    // The rule behind it is checked in every story: see `Rules::void`.
    let mut story = Story::quiet(bot())
        .say(Start::IntoBot(600), "No, wait.")
        .act(Start::AfterBot(500), Act::HangUp);
    story.weather.line.latency_ms = 80;
    assert_eq!(
        words(&told(story)),
        ["bot: Hello,", "caller: No, wait.", "bot: Very well."]
    );
}

#[test]
fn words_said_just_before_the_stream_broke_are_answered_on_the_next_one() {
    for fates in [vec![], vec![(Stage::Listen, 0..9, Fate::Lost)]] {
        let is_heard = fates.is_empty();
        let mut story = Story::quiet(bot())
            .say(Start::AfterBot(500), "When?")
            .answer("When?", Answer::says("At seven."))
            .act(Start::After(100), Act::Drop(200))
            .act(Start::AfterBot(3_000), Act::HangUp);
        story.weather.fates = fates;
        let expected = if is_heard {
            vec![
                "bot: Hello, this is the Golden Fork.",
                "caller: When?",
                "bot: At seven.",
            ]
        } else {
            vec![
                "bot: Hello, this is the Golden Fork.",
                "bot: One moment, please.",
                "bot: Sorry, something went wrong. Could you say that again?",
            ]
        };
        assert_eq!(words(&told(story)), expected);
    }
}

#[test]
fn keys_pressed_before_the_stream_broke_are_answered_on_the_next_one() {
    let story = Story::quiet(bot())
        .act(Start::AfterBot(500), Act::Press("12".to_owned()))
        .act(Start::After(100), Act::Drop(1_000))
        .answer("12", Answer::says("Twelve, then."))
        .act(Start::AfterBot(500), Act::HangUp);
    assert_eq!(
        words(&told(story)),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: 12",
            "bot: Twelve, then."
        ]
    );
}

#[test]
fn a_reply_goes_on_if_nobody_can_write_down_what_was_said_into_it() {
    let mut story = Story::quiet(bot())
        .say(Start::IntoBot(600), "No, wait.")
        .act(Start::AfterBot(500), Act::HangUp);
    story.weather.fates = vec![(Stage::Listen, 0..9, Fate::Lost)];
    // That it does so within five seconds is checked in every story: see `Owed`.
    assert_eq!(
        words(&told(story)),
        ["bot: Hello, this is the Golden Fork."]
    );
}

#[test]
fn a_filler_is_no_answer() {
    // The caller goes on while the filler is made, and then nobody can write down any of it.
    let mut story = Story::quiet(bot())
        .say(Start::AfterBot(500), "A table <2600> please.")
        .act(Start::AfterBot(1_500), Act::HangUp);
    story.weather.fates = vec![(Stage::Listen, 0..9, Fate::Lost)];
    story.speeds.speak_ms = (900, 900);
    let all = words(&told(story));
    assert_eq!(
        all.last().map(String::as_str),
        Some("bot: Sorry, something went wrong. Could you say that again?")
    );
}

#[test]
fn words_that_come_late_bring_one_filler_and_not_two() {
    let mut story = Story::quiet(bot())
        .say(Start::AfterBot(500), "When?")
        .answer("When?", Answer::says("At seven.").paced(900, 20))
        .act(Start::AfterBot(3_000), Act::HangUp);
    story.weather.fates = vec![
        (Stage::Listen, 0..1, Fate::Lost),
        (Stage::Listen, 1..2, Fate::Late(1_600)),
    ];
    let all = words(&told(story));
    assert_eq!(
        all[1..],
        ["caller: When?", "bot: One moment, please. At seven.",]
    );
}

#[test]
fn a_cough_while_the_answer_is_thought_does_not_make_the_wait_endless() {
    let config = Config {
        speculate: true,
        end: EndOfTurn::Silence(Duration::from_millis(700)),
        ..bot()
    };
    let mut story = Story::quiet(config)
        .say(Start::AfterBot(500), "When?")
        .act(Start::After(1_200), Act::Cough)
        .act(Start::AfterBot(3_000), Act::HangUp);
    story.weather.fates = vec![(Stage::Think, 0..9, Fate::Lost)];
    let all = words(&told(story));
    assert!(
        all.contains(&"bot: One moment, please.".to_owned()),
        "{all:?}"
    );
}

#[test]
fn a_reply_of_dots_is_asked_for_once_more_and_then_apologised_for() {
    let story = Story::quiet(bot())
        .say(Start::AfterBot(500), "When?")
        .answer("When?", Answer::says("... * ..."))
        .act(Start::AfterBot(500), Act::HangUp);
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Think), 2);
    assert_eq!(
        words(&ending)[2],
        "bot: Sorry, something went wrong. Could you say that again?"
    );
}

#[test]
fn a_sentence_without_an_end_is_cut_as_soon_as_it_is_too_long() {
    let endless = "and then ".repeat(100);
    let config = Config {
        reply_chars_max: 40,
        ..bot()
    };
    let story = Story::quiet(config)
        .say(Start::AfterBot(500), "When?")
        .answer("When?", Answer::says(&endless).paced(300, 100))
        .act(Start::AfterBot(500), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        words(&ending)[2],
        "bot: and then and then and then and then and"
    );
    assert!(ending.at < 12_000, "{}", ending.at);
}

#[test]
fn a_question_whose_filler_outlived_a_crash_is_still_answered() {
    for into_ms in [200, 900] {
        let mut story = Story::quiet(bot())
            .say(Start::AfterBot(500), "When?")
            .answer("When?", Answer::says("At seven."))
            .act(
                Start::IntoBot(into_ms),
                Act::Crash {
                    away_ms: 500,
                    stream_lives: true,
                },
            )
            .act(Start::After(4_000), Act::HangUp);
        story.weather.fates = vec![(Stage::Think, 0..1, Fate::Lost)];
        let all = words(&told(story));
        assert_eq!(
            all.last().map(String::as_str),
            Some("bot: At seven."),
            "{all:?}"
        );
    }
}

#[test]
fn nobody_is_cut_off_because_the_speech_for_a_held_reply_failed() {
    // While the caller still speaks, pauses, and is being written down.
    let long = "No, wait, I meant to ask for the menu of tomorrow first.";
    for (said, silence_ms, speak_ms, listen_ms) in [
        (long, 500, 600, 150),
        ("No, wait <3000> please.", 3_500, 1_100, 150),
        ("No, wait.", 300, 1_100, 1_500),
    ] {
        let config = Config {
            end: EndOfTurn::Silence(Duration::from_millis(silence_ms)),
            ..bot()
        };
        let mut story = Story::quiet(config)
            .answer(
                "When?",
                Answer::says("At seven. Or at any other time that you like."),
            )
            .say(Start::AfterBot(400), "When?")
            .say(Start::IntoBot(300), said)
            .act(Start::AfterBot(400), Act::HangUp);
        story.weather.fates = vec![(Stage::Speak, 2..4, Fate::Failed(Failure::Broken))];
        story.speeds.speak_ms = (speak_ms, speak_ms);
        story.speeds.listen_ms = (listen_ms, listen_ms);
        let all = words(&told(story));
        assert_eq!(
            all[3..].last().map(String::as_str),
            Some("bot: Very well."),
            "{all:?}"
        );
    }
}
