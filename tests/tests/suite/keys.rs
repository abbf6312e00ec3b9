//! Keys, tools, and how calls end.

use crate::common::{asked, bot, notes, reason, told, when, words};
use call::{Config, EndReason, Failure, Note, Output, Stage, ToolCall};
use tests::caller::{Act, Start};
use tests::providers::Answer;
use tests::story::Story;
use tests::weather::{Fate, Mood};

const NUMBER: &str = "+12025550143";
const SORRY: &str = "Sorry, something went wrong. Could you say that again?";

fn press(start: Start, keys: &str) -> Story {
    Story::quiet(bot())
        .act(start, Act::Press(keys.to_owned()))
        .act(Start::AfterBot(3_000), Act::HangUp)
}

fn asks(answer: Answer) -> Story {
    Story::quiet(bot())
        .answer("Do it.", answer)
        .say(Start::AfterBot(400), "Do it.")
}

fn with_fallback() -> Config {
    Config {
        fallback: Some(NUMBER.to_owned()),
        ..bot()
    }
}

fn transfer(say: Option<&str>) -> Output {
    Output::Transfer {
        to: NUMBER.to_owned(),
        say: say.map(str::to_owned),
    }
}

#[test]
fn a_key_is_a_word_said_with_a_finger() {
    let ending = told(press(Start::AfterBot(400), "1"));
    assert_eq!(
        words(&ending),
        [
            "bot: Hello, this is the Golden Fork.",
            "caller: 1",
            "bot: Very well."
        ]
    );
}

#[test]
fn the_hash_key_ends_the_keys_at_once_and_a_wait_of_two_seconds_does_so_too() {
    for (keys, after_ms) in [("42#", 0), ("42", 2_000)] {
        let ending = told(press(Start::AfterBot(400), keys));
        assert_eq!(words(&ending)[1], "caller: 42");
        let pressed = ending
            .log
            .iter()
            .rfind(|entry| matches!(entry.what, tests::log::What::Input(call::Input::Key(_))));
        let thought = when(
            &ending,
            |output| matches!(output, Output::Ask(_, request) if request.stage() == Stage::Think),
        );
        assert_eq!(thought[0] - pressed.unwrap().at, after_ms);
    }
}

#[test]
fn a_key_ends_a_reply() {
    let ending = told(press(Start::IntoBot(1_000), "1"));
    assert_eq!(
        words(&ending),
        ["bot: Hello, this is", "caller: 1", "bot: Very well."]
    );
    assert_eq!(when(&ending, |output| *output == Output::Clear).len(), 1);
}

#[test]
fn the_bot_says_its_last_words_and_hangs_up() {
    let ending = told(asks(Answer::says("Goodbye then.").then(ToolCall::EndCall)));
    assert_eq!(words(&ending)[2..], ["bot: Goodbye then."]);
    assert_eq!(reason(&ending), EndReason::BotLeft);
    assert_eq!(
        when(&ending, |output| *output == Output::HangUp(None)).len(),
        1
    );
}

#[test]
fn a_bot_that_leaves_without_a_word_says_goodbye() {
    let ending = told(asks(Answer::says("").then(ToolCall::EndCall)));
    assert_eq!(words(&ending)[2..], ["bot: Goodbye."]);
    assert_eq!(reason(&ending), EndReason::BotLeft);
}

#[test]
fn the_bot_hands_over_after_its_last_words_or_after_a_moment_please() {
    for (text, said) in [
        ("I connect you.", "bot: I connect you."),
        ("", "bot: One moment, please."),
    ] {
        let to = NUMBER.to_owned();
        let ending = told(asks(Answer::says(text).then(ToolCall::Transfer { to })));
        assert_eq!(words(&ending)[2..], [said]);
        assert_eq!(reason(&ending), EndReason::Transferred);
        assert_eq!(when(&ending, |output| *output == transfer(None)).len(), 1);
    }
}

#[test]
fn the_bot_presses_keys_and_goes_on_when_the_stream_is_back() {
    for (text, rest) in [("I press it.", &["bot: I press it."][..]), ("", &[])] {
        let keys = "1w2".to_owned();
        let story = asks(Answer::says(text).then(ToolCall::SendKeys { keys }))
            .say(Start::After(6_000), "Thanks.")
            .act(Start::AfterBot(400), Act::HangUp);
        let ending = told(story);
        // Which of the two is written down first does not matter to the model.
        let mut lines = words(&ending)[2..].to_vec();
        lines.retain(|line| line != "bot: (pressed 1w2)");
        assert_eq!(
            lines,
            [rest, &["caller: Thanks.", "bot: Very well."]].concat()
        );
        assert_eq!(
            when(&ending, |output| *output
                == Output::SendKeys("1w2".to_owned()))
            .len(),
            1
        );
    }
}

#[test]
fn a_tool_is_not_run_if_the_caller_interrupts_what_is_said_before_it() {
    let story = asks(Answer::says("Then I shall end our call now.").then(ToolCall::EndCall))
        .say(Start::IntoBot(900), "No, wait.")
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(reason(&ending), EndReason::CallerLeft);
    assert_eq!(words(&ending).last().unwrap(), "bot: Very well.");
}

#[test]
fn a_provider_that_fails_once_is_asked_again_and_nobody_notices() {
    for (stage, at) in [(Stage::Listen, 0), (Stage::Think, 0), (Stage::Speak, 1)] {
        for fate in [
            Fate::Failed(Failure::Broken),
            Fate::Failed(Failure::Busy),
            Fate::Lost,
        ] {
            let mut story = asks(Answer::says("Done.")).act(Start::AfterBot(3_000), Act::HangUp);
            story.weather.fates = vec![(stage, at..at + 1, fate)];
            let ending = told(story);
            let mut all = words(&ending);
            // Who waits for long is told so.
            all.retain(|line| line != "bot: One moment, please.");
            let lines: Vec<String> = all
                .iter()
                .map(|line| line.replace("One moment, please. ", ""))
                .collect();
            assert_eq!(
                lines[1..],
                ["caller: Do it.", "bot: Done."],
                "{stage:?} {fate:?}"
            );
            let is_retried = |note: &Note| matches!(note, Note::Retried(of, _) if *of == stage);
            assert!(notes(&ending).iter().any(is_retried));
        }
    }
}

#[test]
fn a_provider_that_refuses_is_not_asked_again() {
    let mut story = asks(Answer::says("Done.")).act(Start::AfterBot(3_000), Act::HangUp);
    story.weather.fates = vec![(Stage::Think, 0..1, Fate::Failed(Failure::Refused))];
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Think), 1);
    assert_eq!(words(&ending)[2..], [format!("bot: {SORRY}")]);
}

#[test]
fn who_fails_twice_apologises_and_who_fails_in_two_turns_hands_over_or_hangs_up() {
    for stage in [
        Mood::Always(Fate::Failed(Failure::Broken)),
        Mood::Always(Fate::Lost),
    ] {
        for at in [0, 1] {
            for (config, parting, why) in [
                (with_fallback(), transfer(None), EndReason::Transferred),
                (bot(), Output::HangUp(None), EndReason::Failed),
            ] {
                let mut story = Story::quiet(config)
                    .say(Start::AfterBot(400), "Do it.")
                    .say(Start::AfterBot(2_500), "Do it.");
                story.weather.moods[at] = stage;
                let ending = told(story);
                let sorry = words(&ending)
                    .into_iter()
                    .filter(|line| line.ends_with(SORRY))
                    .count();
                assert_eq!(sorry, 2, "{:?}", words(&ending));
                assert_eq!(when(&ending, |output| *output == parting).len(), 1);
                assert_eq!(reason(&ending), why);
            }
        }
    }
}

#[test]
fn a_turn_that_went_well_forgives_the_failure_before_it() {
    let mut story = asks(Answer::says("Done."))
        .say(Start::AfterBot(2_500), "Do it.")
        .say(Start::AfterBot(2_500), "Do it.")
        .act(Start::AfterBot(2_500), Act::HangUp);
    let broken = Fate::Failed(Failure::Refused);
    story.weather.fates = vec![(Stage::Think, 0..1, broken), (Stage::Think, 2..3, broken)];
    let ending = told(story);
    assert_eq!(reason(&ending), EndReason::CallerLeft);
}

#[test]
fn without_a_voice_of_its_own_the_bot_lets_the_carrier_speak() {
    for (config, parting) in [
        (with_fallback(), transfer(Some(SORRY))),
        (bot(), Output::HangUp(Some(SORRY.to_owned()))),
    ] {
        let mut story = Story::quiet(config).say(Start::AfterBot(400), "Do it.");
        story.weather.fates = vec![(Stage::Speak, 1..9, Fate::Failed(Failure::Broken))];
        let ending = told(story);
        assert_eq!(when(&ending, |output| *output == parting).len(), 1);
    }
}

#[test]
fn a_slow_model_is_covered_by_a_filler() {
    let story =
        asks(Answer::says("Done.").paced(2_450, 30)).act(Start::AfterBot(3_000), Act::HangUp);
    let ending = told(story);
    assert!(notes(&ending).contains(&Note::Slow));
    assert_eq!(words(&ending)[2..], ["bot: One moment, please. Done."]);
}
