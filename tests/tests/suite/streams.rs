//! Streams that break, engines that die: the call goes on.

use crate::common::{GREETING, bot, told, when, words};
use call::{Call, Config, EndOfTurn, Input, Instant, Output, Tape, TapeError};
use proptest::prelude::*;
use std::time::Duration;
use tests::caller::{Act, Start};
use tests::log::What;
use tests::providers::Answer;
use tests::story::Story;
use tests::world::{Ending, tell};

const MENU: &str = "We have a garden. Dogs are welcome there. In summer there is music.";

fn menu() -> Story {
    Story::quiet(bot())
        .answer("The menu?", Answer::says(MENU))
        .say(Start::AfterBot(400), "The menu?")
}

fn crash(stream_lives: bool) -> Act {
    Act::Crash {
        away_ms: 700,
        stream_lives,
    }
}

/// What the ear got: all that was played, as text.
fn ear(ending: &Ending) -> String {
    let text = |span: &tests::carrier::Span| {
        let (from, to) = (span.from_ms as usize / 60, span.to_ms as usize / 60);
        ending.spoken[span.request as usize].1[from..to].to_owned()
    };
    ending.heard.iter().map(text).collect()
}

#[test]
fn words_that_were_read_in_a_pause_in_which_the_stream_broke_are_answered_on_the_next() {
    let config = Config {
        end: EndOfTurn::Silence(Duration::from_millis(1_500)),
        speculate: true,
        ..bot()
    };
    let ending = told(
        Story::quiet(config)
            .answer("The menu?", Answer::says(MENU))
            .say(Start::AfterBot(400), "The menu?")
            .act(Start::After(700), Act::Drop(3_000))
            .act(Start::AfterBot(3_000), Act::HangUp),
    );
    assert_eq!(
        words(&ending)[1..],
        [
            "caller: The menu?".to_owned(),
            format!("bot: One moment, please. {MENU}")
        ]
    );
}

#[test]
fn after_a_crash_in_mid_reply_the_rest_is_said_and_nobody_is_greeted_again() {
    for stream_lives in [true, false] {
        let story = menu()
            .act(Start::IntoBot(2_000), crash(stream_lives))
            .act(Start::AfterBot(2_000), Act::HangUp);
        let ending = told(story);
        assert_eq!(
            words(&ending),
            [
                "bot: Hello, this is the Golden Fork.".to_owned(),
                "caller: The menu?".to_owned(),
                format!("bot: {MENU}")
            ]
        );
        assert_eq!(ear(&ending).matches(GREETING).count(), 1);
        assert!(ear(&ending).ends_with("In summer there is music."));
    }
}

#[test]
fn after_a_crash_before_the_answer_the_question_is_answered() {
    let story = menu()
        .act(Start::After(700), crash(false))
        .act(Start::AfterBot(2_000), Act::HangUp);
    let ending = told(story);
    assert_eq!(
        words(&ending)[1..],
        ["caller: The menu?".to_owned(), format!("bot: {MENU}")]
    );
    let opened = when(&ending, |output| matches!(output, Output::Clear));
    assert_eq!(
        opened.len(),
        1,
        "for a stream that may have outlived the engine"
    );
}

#[test]
fn a_call_that_crashes_before_its_first_stream_still_greets() {
    let mut records = Vec::new();
    let (_, outputs) = Call::begin(bot(), Instant::ZERO);
    for output in outputs {
        if let Output::Persist(record) = output {
            records.push(record);
        }
    }
    let (mut call, outputs) = Call::resume(records, Instant::from_ms(100));
    assert!(matches!(&outputs[..], [Output::Ask(..)]), "{outputs:?}");
    let Output::Ask(id, _) = &outputs[0] else {
        unreachable!()
    };
    let sound = call::Reply::Audio(tests::voice::bot(0, 0, 100));
    assert_eq!(
        call.handle(Instant::from_ms(200), Input::Reply(*id, sound)),
        []
    );
    let outputs = call.handle(Instant::from_ms(300), Input::Opened);
    assert!(matches!(outputs[0], Output::Play(_)), "{outputs:?}");
}

#[test]
fn a_call_that_is_over_stays_over() {
    let ending = told(Story::quiet(bot()).act(Start::AfterBot(400), Act::HangUp));
    let (mut call, outputs) = Call::resume(ending.journal, Instant::from_ms(99_999));
    assert_eq!(outputs, []);
    assert!(call.is_over());
    assert_eq!(call.handle(Instant::from_ms(99_999), Input::Opened), []);
}

#[test]
fn when_the_stream_breaks_in_mid_reply_it_goes_on_from_the_last_mark() {
    let story = menu()
        .act(Start::IntoBot(2_000), Act::Drop(1_500))
        .act(Start::AfterBot(2_000), Act::HangUp);
    let ending = told(story);
    assert_eq!(words(&ending)[2..], [format!("bot: {MENU}")]);
    assert_eq!(ear(&ending).matches(GREETING).count(), 1);
    // Asked for once: what was made already is used.
    assert_eq!(ending.spoken.len(), 4);
}

#[test]
fn a_stream_that_never_comes_back_ends_the_call() {
    let ending = told(menu().act(Start::IntoBot(2_000), Act::Vanish));
    assert_eq!(crate::common::reason(&ending), call::EndReason::Lost);
}

fn tape_of(config: &Config, ending: &Ending) -> Tape {
    let mut tape = Tape::default();
    tape.begun(Instant::ZERO, config);
    for entry in &ending.log {
        if let What::Input(input) = &entry.what {
            tape.push(Instant::from_ms(entry.at), input);
        }
    }
    tape
}

#[test]
fn a_tape_run_again_gives_the_same_outputs_byte_for_byte() {
    for seed in [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let mut story = Story::of(seed);
        // The tape of a crashed call begins anew with its journal.
        story
            .script
            .retain(|scene| !matches!(scene.act, Act::Crash { .. }));
        let config = story.config.clone();
        let ending = tell(story);
        let stored = Tape::from_bytes(tape_of(&config, &ending).as_bytes().to_vec());
        let mut outputs = Vec::new();
        for line in stored.replay() {
            outputs.extend(line.expect("a sound tape").1);
        }
        let then: Vec<String> = ending
            .log
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Output(output) => Some(format!("{output:?}")),
                What::Input(_) | What::World(_) => None,
            })
            .collect();
        let now: Vec<String> = outputs.iter().map(|output| format!("{output:?}")).collect();
        assert_eq!(now, then, "seed {seed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_tape_is_an_error_and_never_a_panic(
        at in any::<prop::sample::Index>(), bits in 1_u8..=255, cut in any::<prop::sample::Index>()
    ) {
        let mut whole = Tape::default();
        whole.push(Instant::ZERO, &Input::Opened);
        whole.push(Instant::from_ms(5), &Input::Frame {
            at: Duration::from_millis(20),
            audio: tests::voice::bot(1, 0, 20),
        });
        whole.push(Instant::from_ms(9), &Input::Tick);
        let mut bytes = whole.as_bytes().to_vec();
        let cut = cut.index(bytes.len());
        let torn = Tape::from_bytes(bytes[..cut].to_vec());
        let lines: Vec<Result<_, TapeError>> = torn.lines().collect();
        prop_assert!(lines.len() <= 3 && lines.iter().rev().skip(1).all(Result::is_ok));
        let place = at.index(bytes.len());
        bytes[place] ^= bits;
        prop_assert!(Tape::from_bytes(bytes).lines().count() <= 16);
    }

    #[test]
    fn any_bytes_are_a_tape_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let tape = Tape::from_bytes(bytes);
        let errors = tape.lines().filter(Result::is_err).count();
        prop_assert!(errors <= 1, "reading stops at the first error");
    }
}
