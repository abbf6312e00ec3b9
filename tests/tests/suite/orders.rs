//! What somebody outside wants of a running call, and turns that are typed.

use crate::common::{GREETING, bot, reason, told, when, words};
use call::{Config, EndReason, Input, Order, Output, Record};
use std::time::Duration;
use tests::caller::{Act, Start};
use tests::log::What;
use tests::providers::Answer;
use tests::story::Story;

const LONG: &str = "We have a garden. Dogs are welcome there. In summer there is music. Do come.";

fn asked() -> Story {
    Story::quiet(bot())
        .answer("A table, please.", Answer::says(LONG))
        .say(Start::AfterBot(400), "A table, please.")
}

fn ordered(start: Start, order: Order) -> Story {
    asked().act(start, Act::Order(order))
}

#[test]
fn who_is_told_to_be_silent_is_silent_at_once() {
    let story =
        ordered(Start::IntoBot(1_000), Order::Interrupt).act(Start::After(500), Act::HangUp);
    let ending = told(story);
    assert_eq!(words(&ending)[2], "bot: We have a");
    let ordered = |entry: &&tests::log::Entry| matches!(entry.what, What::Input(Input::Order(_)));
    let at = ending.log.iter().find(ordered).map(|entry| entry.at);
    let cleared = when(&ending, |output| *output == Output::Clear);
    assert_eq!(Some(cleared[0]), at);
}

#[test]
fn what_is_to_be_said_is_said_instead_of_the_reply() {
    let text = "A colleague joins us.".to_owned();
    let story =
        ordered(Start::IntoBot(1_000), Order::Say { text }).act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story))[2..],
        ["bot: We have a", "bot: A colleague joins us."]
    );
}

#[test]
fn what_is_to_be_said_waits_for_the_end_of_the_callers_turn_and_its_answer() {
    let text = "A colleague joins us.".to_owned();
    let story = Story::quiet(bot())
        .say(Start::AfterBot(400), "A table for four people.")
        .act(Start::After(100), Act::Order(Order::Say { text }))
        .act(Start::AfterBot(1_500), Act::HangUp);
    assert_eq!(
        words(&told(story))[1..],
        [
            "caller: A table for four people.",
            "bot: Very well.",
            "bot: A colleague joins us.",
        ]
    );
}

#[test]
fn an_order_to_hang_up_is_carried_out_after_its_words() {
    for (say, last) in [
        (None, "bot: We have a"),
        (Some("Time is up."), "bot: Time is up."),
    ] {
        let say = say.map(str::to_owned);
        let ending = told(ordered(Start::IntoBot(1_000), Order::HangUp { say }));
        assert_eq!(words(&ending).last().map(String::as_str), Some(last));
        assert_eq!(reason(&ending), EndReason::Ordered);
        assert_eq!(
            when(&ending, |output| *output == Output::HangUp(None)).len(),
            1
        );
    }
}

#[test]
fn an_order_to_hand_over_names_where() {
    let to = "+12025550177".to_owned();
    let ending = told(ordered(
        Start::IntoBot(500),
        Order::Transfer { to: to.clone() },
    ));
    let transfer = Output::Transfer { to, say: None };
    assert_eq!(when(&ending, |output| *output == transfer).len(), 1);
    assert_eq!(reason(&ending), EndReason::Transferred);
}

#[test]
fn keys_are_pressed_and_the_call_goes_on() {
    let keys = "1w2".to_owned();
    let story = ordered(Start::AfterBot(500), Order::SendKeys { keys: keys.clone() })
        .act(Start::After(100), Act::Drop(300))
        .say(Start::After(1_500), "For two.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        when(&ending, |output| *output == Output::SendKeys(keys.clone())).len(),
        1
    );
    assert_eq!(
        words(&ending)[3..],
        ["bot: (pressed 1w2)", "caller: For two.", "bot: Very well."]
    );
}

#[test]
fn a_capped_call_ends_with_the_whole_sentence_and_a_goodbye() {
    let ending = told(ordered(Start::IntoBot(1_000), Order::Wrap { say: None }));
    assert_eq!(words(&ending)[2], format!("bot: {LONG} Goodbye."));
    assert_eq!(reason(&ending), EndReason::Capped);
}

#[test]
fn an_order_to_leave_outlives_a_crash() {
    let say = Some("We have to stop here. Please call again tomorrow, after nine.".to_owned());
    let away = Act::Crash {
        away_ms: 500,
        stream_lives: true,
    };
    let ending =
        told(ordered(Start::AfterBot(500), Order::HangUp { say }).act(Start::After(600), away));
    assert_eq!(reason(&ending), EndReason::Ordered);
    let last = words(&ending).pop();
    assert!(last.is_some_and(|last| last.ends_with("call again tomorrow, after nine.")));
}

#[test]
fn what_was_to_be_said_is_said_after_a_crash_and_only_once() {
    let text = "A colleague joins us.".to_owned();
    let away = Act::Crash {
        away_ms: 500,
        stream_lives: true,
    };
    let story = Story::quiet(bot())
        .say(Start::AfterBot(400), "A table for four people.")
        .act(Start::After(100), Act::Order(Order::Say { text }))
        .act(Start::After(900), away.clone())
        .act(Start::AfterBot(1_500), away)
        .act(Start::After(2_500), Act::HangUp);
    let said = words(&told(story));
    let joins = said
        .iter()
        .filter(|line| line.ends_with("A colleague joins us."));
    assert_eq!(joins.count(), 1, "{said:?}");
}

#[test]
fn a_typed_turn_is_answered_like_a_spoken_one() {
    let story = Story::quiet(bot())
        .answer("A table, please.", Answer::says("For how many?"))
        .act(
            Start::AfterBot(400),
            Act::Type(" A table, please. ".to_owned()),
        )
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story))[1..],
        ["caller: A table, please.", "bot: For how many?"]
    );
}

#[test]
fn a_typed_turn_interrupts_even_a_bot_that_cannot_be_talked_over() {
    let config = Config {
        barge_in: false,
        ..bot()
    };
    let story = Story::quiet(config)
        .act(Start::IntoBot(700), Act::Type("Stop.".to_owned()))
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story)),
        ["bot: Hello,", "caller: Stop.", "bot: Very well."]
    );
}

#[test]
fn who_speaks_over_a_bot_that_cannot_be_interrupted_is_answered_afterwards() {
    let config = Config {
        barge_in: false,
        ..bot()
    };
    let story = Story::quiet(config)
        .say(Start::IntoBot(300), "For two.")
        .act(Start::AfterBot(1_500), Act::HangUp);
    assert_eq!(
        words(&told(story)),
        [
            format!("bot: {GREETING}").as_str(),
            "caller: For two.",
            "bot: Very well."
        ]
    );
}

#[test]
fn the_consent_line_is_heard_to_its_end_before_anything_else() {
    let config = Config {
        consent: "This call is recorded.".to_owned(),
        ..bot()
    };
    let story = Story::quiet(config)
        .say(Start::IntoBot(200), "No, wait.")
        .act(Start::AfterBot(1_500), Act::HangUp);
    let heard = words(&told(story));
    assert!(
        heard[0].starts_with("bot: This call is recorded."),
        "{heard:?}"
    );
    assert_eq!(
        heard[heard.len() - 2..],
        ["caller: No, wait.", "bot: Very well."]
    );
}

#[test]
fn no_order_cuts_the_consent_line_short() {
    let config = Config {
        consent: "This call is recorded.".to_owned(),
        ..bot()
    };
    let story = Story::quiet(config)
        .act(Start::IntoBot(200), Act::Order(Order::Interrupt))
        .act(Start::AfterBot(1_500), Act::HangUp);
    let heard = words(&told(story));
    assert_eq!(heard, [format!("bot: This call is recorded. {GREETING}")]);
}

#[test]
fn whoever_is_told_other_last_words_says_them_to_their_end() {
    let hang_up = |say: &str| {
        Act::Order(Order::HangUp {
            say: Some(say.to_owned()),
        })
    };
    let long = "All our lines are closed today. ".repeat(20);
    let story = Story::quiet(bot())
        .act(
            Start::AfterBot(400),
            hang_up("Goodbye. We wish you a nice day."),
        )
        .act(Start::IntoBot(300), hang_up(long.trim()));
    assert_eq!(
        words(&told(story)).last(),
        Some(&format!("bot: {}", long.trim()))
    );
}

#[test]
fn who_asks_for_a_moment_is_left_alone_for_a_minute() {
    let story = Story::quiet(bot())
        .say(Start::AfterBot(400), "Hold on, please.")
        .say(Start::After(50_000), "For two.")
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story))[1..],
        [
            "caller: Hold on, please.",
            "bot: Very well.",
            "caller: For two.",
            "bot: Very well."
        ]
    );
    let idle_after = Duration::from_secs(4);
    let config = Config {
        idle_after,
        ..bot()
    };
    let silent = told(Story::quiet(config).say(Start::AfterBot(400), "Hold on."));
    let prompts: Vec<u64> = when(
        &silent,
        |output| matches!(output, Output::Persist(Record::Saying { text }) if text == "Are you still there?"),
    );
    assert!(
        prompts[0] > 60_000 && prompts[1] - prompts[0] < 8_000,
        "{prompts:?}"
    );
}
