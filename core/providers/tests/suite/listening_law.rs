//! Speech-to-text over sockets: whatever goes wrong, and whatever else comes, every utterance ends at most once.

use std::time::Duration;

use call::{Failure, Reply, RequestId};

use crate::desk::{ALL, Desk, FINALIZED, FLUX, NOVA, Open, SCRIBE, TURNS, settings};
use proptest::prelude::*;
use proptest::sample::select;
use providers::{Ask, BROKEN, Head, Told};

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/corpus/", $name))
    };
}

#[test]
fn a_flush_that_is_never_answered_gets_what_is_known() {
    for ((name, open), story) in ALL.into_iter().zip([FLUX, NOVA, SCRIBE, TURNS]) {
        let mut desk = Desk::new(open);
        desk.hear(1, 4_000);
        let lines: Vec<&str> = story.lines().collect();
        desk.told(lines[0]);
        desk.tell(Told::Text(r#"{"type":"?"}"#));
        desk.flush(1, 5);
        let due = desk.conversation.deadline().unwrap();
        assert!(due.since(desk.now) < Duration::from_secs(2), "{name}");
        desk.wait(1_900);
        let known = if name == "nova" { "a table for" } else { "" };
        assert_eq!(desk.transcripts(), [(1, 5, known)], "{name}");
    }
}

#[test]
fn a_socket_that_hangs_is_given_up() {
    for (name, open) in ALL {
        let mut mute = Desk::new(open);
        mute.hear(1, 400);
        mute.flush(1, 1);
        mute.wait(1_900);
        let late = (1, Reply::Failed(Failure::Late));
        assert_eq!(mute.replies, [late], "{name} never said anything");
        let mut desk = Desk::new(open);
        desk.tell(Told::Text(r#"{"type":"?"}"#));
        for id in 1..=3 {
            desk.tell(Told::Cancel(RequestId(id)));
            desk.tell(Told::Ask(RequestId(id + 1), Ask::Listen));
            desk.hear(id + 1, 400);
            desk.flush(id + 1, 1);
            desk.wait(1_900);
        }
        let replies = [
            (2, transcript("")),
            (3, Reply::Failed(Failure::Late)),
            (4, Reply::Failed(Failure::Late)),
        ];
        assert_eq!(desk.replies, replies, "{name}");
    }
}

fn transcript(text: &str) -> Reply {
    Reply::Transcript {
        flush: 1,
        text: text.to_owned(),
    }
}

#[test]
fn an_open_socket_is_kept_so_while_the_bot_speaks() {
    for (name, open) in ALL {
        let mut desk = Desk::new(open);
        desk.tell(Told::Cancel(RequestId(1)));
        desk.sent.clear();
        let due = desk.conversation.deadline().unwrap();
        assert!(due.since(desk.now) <= Duration::from_secs(10), "{name}");
        desk.wait(10_000);
        assert_eq!(desk.sent.len(), 1, "{name}");
        let silence = match name {
            "flux" => 80,
            "scribe" => 100,
            _ => 0,
        };
        assert_eq!(desk.silence, Duration::from_millis(silence), "{name}");
    }
}

#[test]
fn numbers_and_texts_without_end_are_cut_and_harm_nobody() {
    let long = format!("x{}", "ä".repeat(400));
    let error = format!(
        r#"{{"type":"Error","message_type":"error","code":"{long}","description":"{long}","error":"{long}"}}"#
    );
    let far = r#"{"type":"TurnInfo","event":"Update","turn_index":18446744073709551615,"audio_window_end":1e18,
        "transcript":"words","turn_order":18446744073709551615,"start":1e308,"duration":1e308,
        "words":[{"text":"words","start":18446744073709551615}]}"#;
    for (name, open) in ALL {
        let mut desk = Desk::new(open);
        desk.hear(1, 400);
        desk.flush(1, 1);
        for kind in ["TurnInfo", "Turn", "Results", "UtteranceEnd"] {
            desk.tell(Told::Text(&far.replace("TurnInfo", kind)));
        }
        desk.tell(Told::Text(&error));
        let complaint = desk.conversation.complaint().expect(name);
        let lengths = [&complaint.code, &complaint.message].map(|text| text.chars().count());
        assert!(lengths[0] <= 80 && lengths[1] <= 300, "{name}: {lengths:?}");
    }
}

#[test]
fn errors_say_whether_asking_again_may_help() {
    let key = corpus!("deepgram/error-key.json").as_bytes();
    let heads = [0, 401, 402, 403, 429, 500].map(|status| Head {
        status,
        ..Head::default()
    });
    let refused = |status, body: &'static [u8]| {
        let head = heads.iter().find(|head| head.status == status);
        Told::Refused(head.unwrap(), body)
    };
    let closed = |code| Told::Closed(code, "");
    for (at, told, failure) in [
        (0, refused(401, key), Failure::Refused),
        (0, refused(429, b""), Failure::Busy),
        (0, refused(500, b"<html>"), Failure::Broken),
        (0, refused(0, b""), Failure::Broken),
        (
            0,
            Told::Text(corpus!("deepgram/flux-error.json")),
            Failure::Broken,
        ),
        (0, Told::Text("no json"), Failure::Broken),
        (0, closed(1008), Failure::Refused),
        (1, refused(402, b""), Failure::Refused),
        (1, closed(1011), Failure::Broken),
        (2, refused(403, b""), Failure::Refused),
        (
            2,
            Told::Text(corpus!("elevenlabs/scribe-error.json")),
            Failure::Refused,
        ),
        (
            2,
            Told::Text(r#"{"message_type":"rate_limited","error":""}"#),
            Failure::Busy,
        ),
        (2, closed(1008), Failure::Refused),
        (3, refused(401, b""), Failure::Refused),
        (
            3,
            Told::Text(corpus!("assemblyai/error.json")),
            Failure::Refused,
        ),
        (3, closed(4029), Failure::Busy),
        (3, closed(3008), Failure::Broken),
        (3, closed(BROKEN), Failure::Broken),
    ] {
        let (name, open): (&str, Open) = ALL[at];
        let mut desk = Desk::new(open);
        if matches!(told, Told::Refused(..)) {
            desk.conversation = open(settings("")).conversation;
            desk.tell(Told::Ask(RequestId(1), Ask::Listen));
        }
        desk.tell(told);
        assert_eq!(
            desk.replies,
            [(1, Reply::Failed(failure))],
            "{name}: {told:?}"
        );
        assert!(desk.conversation.complaint().is_some());
    }
}

#[test]
fn a_story_cut_after_any_message_ends_the_utterance_once() {
    for ((name, open), story) in ALL.into_iter().zip([FLUX, NOVA, SCRIBE, TURNS]) {
        let lines: Vec<&str> = story.lines().collect();
        for cut in 0..=lines.len() {
            let mut desk = Desk::new(open);
            desk.hear(1, 400);
            for line in &lines[..cut] {
                desk.told(line);
            }
            // And a message that was cut itself.
            let half = lines.get(cut).map_or("", |line| &line[..line.len() / 2]);
            desk.tell(Told::Text(half));
            desk.tell(Told::Closed(BROKEN, ""));
            let ends = desk
                .replies
                .iter()
                .filter(|(_, reply)| matches!(reply, Reply::Failed(_) | Reply::Done(_)));
            assert_eq!(ends.count(), 1, "{name} cut after {cut}");
        }
    }
}

fn any_message() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = [FLUX, NOVA, FINALIZED, SCRIBE, TURNS]
        .iter()
        .flat_map(|story| story.lines())
        .collect();
    let damaged = (
        select(lines),
        any::<prop::sample::Index>(),
        "[0-9a-z\\[\\]{}\",:.-]{0,6}",
    );
    prop_oneof![
        ".{0,40}",
        damaged.prop_map(|(line, at, splice)| {
            let at = at.index(line.len());
            let at = (0..=at)
                .rev()
                .find(|at| line.is_char_boundary(*at))
                .unwrap_or(0);
            format!(
                "{}{splice}{}",
                &line[..at],
                line[at..].chars().skip(splice.len()).collect::<String>()
            )
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_a_server_sends_nothing_panics_and_nothing_follows_an_end(
        which in 0_usize..4,
        story in prop::collection::vec((0_u8..8, any_message()), 0..24),
    ) {
        let mut desk = Desk::new(ALL[which].1);
        let mut id = 1;
        for (kind, message) in story {
            match kind {
                0 => desk.hear(id, 60),
                1 => desk.flush(id, 3),
                2 => {
                    desk.tell(Told::Cancel(RequestId(id)));
                    id += 1;
                    desk.tell(Told::Ask(RequestId(id), Ask::Listen));
                }
                3 => desk.wait(450),
                4 => desk.tell(Told::Binary(message.as_bytes())),
                _ => desk.tell(Told::Text(&message)),
            }
        }
        desk.tell(Told::Closed(1000, ""));
        for asked in 1..=id {
            let mut replies = desk.replies.iter().filter(|(id, _)| *id == asked);
            let end = replies.position(|(_, reply)| matches!(reply, Reply::Failed(_) | Reply::Done(_)));
            prop_assert!(end.is_some() || asked < id, "the last has its end");
            prop_assert!(end.is_none() || replies.next().is_none(), "nothing follows it");
        }
    }
}

#[test]
fn every_conversation_says_goodbye_in_its_own_words() {
    let last = ALL.map(|(_, open)| {
        let mut desk = Desk::new(open);
        desk.tell(Told::Bye);
        desk.texts().last().map(ToString::to_string)
    });
    let close = Some(r#"{"type":"CloseStream"}"#.to_owned());
    let terminate = Some(r#"{"type":"Terminate"}"#.to_owned());
    assert_eq!(last, [close.clone(), close, None, terminate]);
}
