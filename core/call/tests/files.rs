//! A carrier that takes whole sentences as files, and plays them later than it got them.

#![allow(clippy::panic, reason = "helpers of tests are tests")]

use std::time::Duration;

use audio::Clip;
use call::{
    Call, Config, Delivery, Failure, Input, Instant, Line, Mark, Output, Record, Reply, Request,
    RequestId, Spent,
};

/// μ-law of a second.
const SECOND: usize = 8_000;

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

fn config(greeting: &str) -> Config {
    Config {
        greeting: greeting.to_owned(),
        delivery: Delivery::Files,
        idle_prompt: String::new(),
        ..Config::default()
    }
}

/// The request for the speech of a text.
fn asked(outputs: &[Output], wanted: &str) -> RequestId {
    let found = outputs.iter().find_map(|output| {
        let Output::Ask(id, Request::Speak { text }) = output else {
            return None;
        };
        (text == wanted).then_some(*id)
    });
    found.unwrap_or_else(|| panic!("{wanted:?} is not asked for: {outputs:?}"))
}

fn sound(id: RequestId, samples: usize) -> Input {
    Input::Reply(id, Reply::Audio(Clip::from(vec![0x20; samples])))
}

fn done(id: RequestId) -> Input {
    Input::Reply(id, Reply::Done(Spent::default()))
}

fn played(outputs: &[Output]) -> usize {
    let sounds = outputs.iter().filter_map(|output| {
        let Output::Play(clip) = output else {
            return None;
        };
        Some(clip.len())
    });
    sounds.sum()
}

fn marks(outputs: &[Output]) -> Vec<Mark> {
    let marks = outputs.iter().filter_map(|output| {
        let Output::Mark(mark) = output else {
            return None;
        };
        Some(*mark)
    });
    marks.collect()
}

/// The end of a reply: what was heard, since when, and whether it was interrupted.
fn replied(outputs: &[Output]) -> Option<(&str, Option<Instant>, bool)> {
    outputs.iter().find_map(|output| {
        let Output::Persist(Record::Replied {
            text,
            began,
            interrupted,
            ..
        }) = output
        else {
            return None;
        };
        Some((text.as_str(), *began, *interrupted))
    })
}

/// A call whose greeting was asked for, and whose stream is open.
fn greeted() -> (Call, RequestId) {
    let (mut call, begun) = Call::begin(config("Good evening."), at(0));
    let id = asked(&begun, "Good evening.");
    let opened = call.handle(at(100), Input::Opened);
    assert_eq!(played(&opened), 0);
    (call, id)
}

#[test]
fn a_sentence_is_handed_over_when_all_of_it_is_there_and_then_at_once() {
    let (mut call, id) = greeted();
    for n in 0..3 {
        let outputs = call.handle(at(200 + n), sound(id, SECOND));
        assert_eq!((played(&outputs), marks(&outputs).len()), (0, 0));
    }
    let outputs = call.handle(at(300), done(id));
    assert_eq!(played(&outputs), 3 * SECOND);
    assert!(
        matches!(
            outputs
                .iter()
                .rfind(|output| !matches!(output, Output::Persist(_))),
            Some(Output::Mark(_))
        ),
        "the end of the file is marked: {outputs:?}"
    );
    // A mark for each 240 ms, and one for what is left.
    assert_eq!(marks(&outputs).len(), 13);
}

#[test]
fn what_a_caller_heard_of_a_file_is_what_was_marked() {
    let (mut call, id) = greeted();
    let _ = call.handle(at(200), sound(id, 2 * SECOND));
    let outputs = call.handle(at(300), done(id));
    let _ = call.handle(at(1_500), Input::Delayed(Duration::from_millis(1_200)));
    // A second of the two.
    for mark in marks(&outputs).into_iter().take(5) {
        let _ = call.handle(at(2_700), Input::Played(mark));
    }
    let outputs = call.handle(at(2_800), Input::Text("A table, please.".to_owned()));
    assert!(outputs.contains(&Output::Clear), "{outputs:?}");
    let heard = replied(&outputs).map(|(text, _, interrupted)| (text, interrupted));
    assert_eq!(heard, Some(("Good", true)));
    assert!(
        call.history()
            .contains(&Line::Caller("A table, please.".to_owned()))
    );
}

#[test]
fn a_reply_began_when_it_was_heard_and_not_when_it_was_handed_over() {
    let (mut call, id) = greeted();
    let _ = call.handle(at(200), sound(id, SECOND));
    let outputs = call.handle(at(300), done(id));
    let _ = call.handle(at(1_000), Input::Delayed(Duration::from_millis(700)));
    // Another file of the same reply would be late once more, but the reply has begun.
    let _ = call.handle(at(1_100), Input::Delayed(Duration::from_millis(50)));
    let last = marks(&outputs).pop().unwrap_or_default();
    let outputs = call.handle(at(2_050), Input::Played(last));
    let began = replied(&outputs).and_then(|(_, began, _)| began);
    assert_eq!(began, Some(at(1_000)));
}

#[test]
fn a_carrier_that_never_says_what_it_played_is_not_waited_for_for_ever() {
    let (mut call, id) = greeted();
    let _ = call.handle(at(200), sound(id, SECOND));
    let _ = call.handle(at(300), done(id));
    let mut ended = None;
    while let Some(due) = call.deadline().filter(|due| *due < at(20_000)) {
        let outputs = call.handle(due, Input::Tick);
        if replied(&outputs).is_some_and(|(_, _, interrupted)| !interrupted) {
            ended = Some(due);
            break;
        }
    }
    // A second of sound, and ten that it may be late.
    assert_eq!(ended, Some(at(11_300)));
}

/// A call that waits for its model, and has just handed over the filler.
fn filled() -> (Call, RequestId) {
    let wanted = Config {
        filler: "One moment.".to_owned(),
        ..config("")
    };
    let (mut call, _) = Call::begin(wanted, at(0));
    let _ = call.handle(at(100), Input::Opened);
    let mut outputs = call.handle(at(200), Input::Text("A table, please.".to_owned()));
    let is_thought = |output: &Output| {
        let Output::Ask(id, Request::Think { .. }) = output else {
            return None;
        };
        Some(*id)
    };
    let Some(model) = outputs.iter().find_map(is_thought) else {
        panic!("the model is not asked: {outputs:?}")
    };
    let is_filler = |output: &Output| matches!(output, Output::Ask(_, Request::Speak { .. }));
    while !outputs.iter().any(is_filler) {
        let Some(due) = call.deadline().filter(|due| *due < at(10_000)) else {
            panic!("no filler")
        };
        outputs = call.handle(due, Input::Tick);
    }
    let id = asked(&outputs, "One moment.");
    let _ = call.handle(at(2_650), sound(id, SECOND));
    assert_eq!(played(&call.handle(at(2_650), done(id))), SECOND);
    (call, model)
}

#[test]
fn a_filler_that_nobody_can_have_heard_yet_is_not_taken_back_for_an_apology() {
    let refused = |call: &mut Call, model| {
        call.handle(
            at(2_690),
            Input::Reply(model, Reply::Failed(Failure::Refused)),
        )
    };
    let (mut call, model) = filled();
    let outputs = refused(&mut call, model);
    assert!(!outputs.contains(&Output::Clear), "{outputs:?}");
    // The apology follows it.
    let id = asked(&outputs, &config("").apology);
    let _ = call.handle(at(2_800), sound(id, SECOND));
    assert_eq!(played(&call.handle(at(2_800), done(id))), SECOND);

    // Of one that the carrier has begun to play the rest is not waited for.
    let (mut call, model) = filled();
    let _ = call.handle(at(2_680), Input::Delayed(Duration::from_millis(700)));
    let outputs = refused(&mut call, model);
    assert!(outputs.contains(&Output::Clear), "{outputs:?}");
}
