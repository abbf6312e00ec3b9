//! Work that the model has done while the caller waits.

use crate::common::{asked, bot, told, when, words};
use call::{
    Call, Config, Failure, Instant, Note, Output, Record, Reply, Request, Stage, ToolConfig,
};
use std::time::Duration;
use tests::caller::{Act, Start};
use tests::providers::Answer;
use tests::story::Story;
use tests::weather::Fate;

const ASKED: &str = "Is a table free at seven?";

fn look_up(timeout_ms: u64, filler: &str) -> Config {
    Config {
        tools: vec![ToolConfig {
            name: "look_up".to_owned(),
            timeout: Duration::from_millis(timeout_ms),
            filler: filler.to_owned(),
        }],
        ..bot()
    }
}

fn looking_up(config: Config, said: &str) -> Story {
    Story::quiet(config)
        .answer(ASKED, Answer::says(said).wants("look_up", "{\"at\":7}"))
        .answer("look_up: done", Answer::says("Seven is free."))
        .say(Start::AfterBot(400), ASKED)
}

#[test]
fn a_result_is_told_to_the_model_which_goes_on_with_its_reply() {
    let story =
        looking_up(look_up(3_000, ""), "Let me see.").act(Start::AfterBot(600), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        words(&ending)[1..],
        [
            "caller: Is a table free at seven?",
            "call: look_up {\"at\":7}",
            "result: look_up: done",
            "bot: Let me see. Seven is free.",
        ]
    );
    assert_eq!(asked(&ending, Stage::Think), 2);
}

#[test]
fn the_phrase_of_a_tool_is_said_when_it_takes_a_moment_and_only_then() {
    for (do_ms, reply) in [
        (300, "bot: Seven is free."),
        (2_500, "bot: I am looking it up. Seven is free."),
    ] {
        let mut story = looking_up(look_up(4_000, "I am looking it up."), "");
        story.speeds.do_ms = (do_ms, do_ms);
        let ending = told(story.act(Start::AfterBot(2_500), Act::HangUp));
        assert_eq!(words(&ending).last().map(String::as_str), Some(reply));
    }
}

#[test]
fn work_that_fails_or_takes_too_long_is_told_to_the_model_and_not_repeated() {
    let refused = "result: Failed: it was refused. It was not done.";
    let late = "result: Failed: it took too long. It may have been done.";
    for (fate, result) in [
        (Fate::Failed(Failure::Refused), refused),
        (Fate::Lost, late),
    ] {
        let mut story = looking_up(look_up(1_500, ""), "Let me see.")
            .answer(&result[8..], Answer::says("I cannot look it up."))
            .act(Start::AfterBot(2_000), Act::HangUp);
        story.weather.fates = vec![(Stage::Do, 0..9, fate)];
        let ending = told(story);
        assert_eq!(
            words(&ending)[3..],
            [result, "bot: Let me see. I cannot look it up."]
        );
        assert_eq!(asked(&ending, Stage::Do), 1);
    }
}

#[test]
fn nothing_is_done_for_a_draft() {
    let config = Config {
        speculate: true,
        end: call::EndOfTurn::Silence(Duration::from_millis(1_500)),
        ..look_up(3_000, "")
    };
    let story = Story::quiet(config)
        .answer("Is a table free", Answer::says("").wants("look_up", "{}"))
        .say(
            Start::AfterBot(400),
            "Is a table free <1200> by the window?",
        )
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Think), 2);
    assert_eq!(asked(&ending, Stage::Do), 0);
}

#[test]
fn a_caller_who_speaks_meanwhile_is_answered_and_hears_the_news_afterwards() {
    let mut story = looking_up(look_up(8_000, ""), "Let me see.")
        .answer("And on Sunday?", Answer::says("A moment."))
        .say(Start::AfterBot(300), "And on Sunday?")
        .act(Start::AfterBot(4_000), Act::HangUp);
    story.speeds.do_ms = (6_000, 6_000);
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Do), 1);
    assert_eq!(
        words(&ending)[2..],
        [
            "call: look_up {\"at\":7}",
            "result: look_up: done",
            "bot: Let me see.",
            "caller: And on Sunday?",
            "bot: A moment.",
            "bot: A moment.",
        ]
    );
}

#[test]
fn whoever_waits_for_work_behind_other_work_soon_hears_that_it_takes_a_moment() {
    let mut story = looking_up(look_up(20_000, ""), "Let me see.")
        .answer(
            "And on Sunday?",
            Answer::says("A moment.").wants("look_up", "{\"at\":8}"),
        )
        .say(Start::AfterBot(300), "And on Sunday?")
        .act(Start::AfterBot(4_000), Act::HangUp);
    story.speeds.do_ms = (15_000, 15_000);
    let ending = told(story);
    let said = |text: &str| {
        let is_said = |output: &Output| matches!(output, Output::Persist(Record::Saying { text: of }) if of == text);
        when(&ending, is_said)
    };
    let filler = Config::default().filler;
    let (moment, told) = (said("A moment."), said(&filler));
    assert!(
        told.iter()
            .any(|at| (moment[0]..moment[0] + 6_000).contains(at)),
        "{moment:?} {told:?}"
    );
}

#[test]
fn all_that_was_heard_while_work_is_done_is_in_the_journal() {
    let said = "Let me look that up for you.";
    let mut story = looking_up(look_up(20_000, ""), said).act(Start::AfterBot(8_000), Act::HangUp);
    story.speeds.do_ms = (6_000, 6_000);
    let ending = told(story);
    let is_all = |output: &Output| matches!(output, Output::Persist(Record::Heard { chars }) if *chars == said.len());
    assert_eq!(when(&ending, is_all).len(), 1);
}

#[test]
fn whoever_murmurs_while_work_is_done_soon_hears_that_it_takes_a_moment() {
    let mut story = looking_up(look_up(20_000, ""), "Let me see.")
        .say(Start::AfterBot(3_000), "Yes.")
        .act(Start::AfterBot(5_000), Act::HangUp);
    story.speeds.do_ms = (15_000, 15_000);
    let ending = told(story);
    let is_slow = |output: &Output| {
        matches!(
            output,
            Output::Persist(Record::Note {
                note: Note::Slow,
                ..
            })
        )
    };
    let told = when(&ending, is_slow);
    let murmur = when(&ending, |output| {
        matches!(
            output,
            Output::Persist(Record::Note {
                note: Note::ReplyResumed,
                ..
            })
        )
    });
    let next = told.iter().find(|at| **at > murmur[0]);
    assert!(next.is_some_and(|at| at - murmur[0] <= 2_400), "{told:?}");
}

#[test]
fn one_piece_of_work_after_the_other_does_not_put_off_the_phrase() {
    let mut answer = Answer::says("Let me see.");
    for _ in 0..6 {
        answer = answer.wants("look_up", "{}");
    }
    let mut story = Story::quiet(look_up(3_000, "I am looking it up."))
        .answer(ASKED, answer)
        .answer("look_up: done", Answer::says("Seven is free."))
        .say(Start::AfterBot(400), ASKED)
        .act(Start::AfterBot(4_000), Act::HangUp);
    story.speeds.do_ms = (600, 600);
    assert_eq!(
        words(&told(story)).last().map(String::as_str),
        Some("bot: Let me see. I am looking it up. Seven is free.")
    );
}

#[test]
fn work_cut_off_by_a_crash_is_not_done_again() {
    let unknown = "Unknown: it was cut off. It may have been done.";
    let away = Act::Crash {
        away_ms: 500,
        stream_lives: true,
    };
    let mut story = looking_up(look_up(8_000, ""), "Let me see.")
        .answer(unknown, Answer::says("I do not know."))
        .act(Start::AfterBot(400), away)
        .act(Start::AfterBot(2_000), Act::HangUp);
    story.speeds.do_ms = (6_000, 6_000);
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Do), 1);
    let lines = words(&ending);
    assert_eq!(lines[3], format!("result: {unknown}"));
    assert_eq!(
        lines.last().map(String::as_str),
        Some("bot: I do not know.")
    );
}

#[test]
fn a_model_that_wants_work_for_ever_is_stopped() {
    let again = Answer::says("").wants("look_up", "{}");
    let story = Story::quiet(look_up(3_000, ""))
        .answer(ASKED, again.clone())
        .answer("look_up: done", again)
        .say(Start::AfterBot(400), ASKED)
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    assert_eq!(asked(&ending, Stage::Do), 4);
    assert!(
        words(&ending)
            .last()
            .is_some_and(|last| last.contains("Sorry"))
    );
}

#[test]
fn two_pieces_of_work_are_done_one_after_the_other_and_named_apart() {
    let both = Answer::says("").wants("look_up", "{}").wants("book", "{}");
    let story = Story::quiet(look_up(3_000, ""))
        .answer(ASKED, both)
        .answer("book: done", Answer::says("It is booked."))
        .say(Start::AfterBot(400), ASKED)
        .act(Start::AfterBot(400), Act::HangUp);
    let ending = told(story);
    let done = when(&ending, |output| {
        matches!(output, Output::Ask(_, Request::Do { .. }))
    });
    assert_eq!(done[1] - done[0], 400);
    assert_eq!(
        words(&ending)[2..],
        [
            "call: look_up {}",
            "result: look_up: done",
            "call: book {}",
            "result: book: done",
            "bot: It is booked.",
        ]
    );
}

#[test]
fn a_result_for_nothing_changes_nothing() {
    let (mut call, _) = Call::begin(bot(), Instant::ZERO);
    let reply = call::Input::Reply(call::RequestId(77), Reply::Result("done".to_owned()));
    assert_eq!(call.handle(Instant::from_ms(5), reply), []);
    let stray = Record::Result {
        id: "nobody".to_owned(),
        text: "done".to_owned(),
        done: true,
        at: Instant::ZERO,
    };
    let mut history = call::History::default();
    history.note(&stray);
    assert_eq!(history.lines(), []);
}
