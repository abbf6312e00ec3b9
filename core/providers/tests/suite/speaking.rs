//! Text-to-speech over sockets: what is sent, and what comes of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Failure, Instant, Reply, RequestId};
use proptest::prelude::*;
use providers::{Ask, BROKEN, Head, Link, Told, Whose};
use serde_json::json;

use crate::voices::{ALL, Desk, audio, aura, cartesia, done, elevenlabs, flux, sound};

#[test]
fn an_error_whose_texts_have_no_end_is_cut_and_harms_nobody() {
    let long = format!("x{}", "ä".repeat(400));
    for open in ALL {
        let mut desk = Desk::new(open);
        desk.say(1, "Good day.");
        desk.text(&json!({"type": "Error", "code": long, "description": long}));
        if let Some(complaint) = desk.0.complaint() {
            let lengths = [&complaint.code, &complaint.message].map(|text| text.chars().count());
            assert!(lengths[0] <= 80 && lengths[1] <= 300, "{lengths:?}");
        }
    }
}

#[test]
fn each_is_dialled_where_its_reference_says() {
    let urls = ALL.map(|open| open().dial.url);
    assert_eq!(
        urls,
        [
            "https://x.test/v1/text-to-speech/mara/multi-stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000&language_code=de&auto_mode=true&inactivity_timeout=180",
            "https://x.test/tts/websocket?cartesia_version=2026-08-14",
            "https://x.test/v1/speak?model=aura-2-mara-de&encoding=mulaw&sample_rate=8000",
            "https://x.test/v2/speak?model=flux-mara-de&encoding=mulaw&sample_rate=8000",
        ]
    );
    let keys = ALL.map(|open| open().dial.headers.first().cloned().unwrap());
    let expected = [
        ("xi-api-key", "not-a-real-key"),
        ("authorization", "Bearer not-a-real-key"),
        ("authorization", "Token not-a-real-key"),
        ("authorization", "Token not-a-real-key"),
    ];
    assert_eq!(keys, expected.map(|(name, key)| (name, key.to_owned())));
}

#[test]
fn elevenlabs_gets_a_context_for_each_piece_and_sends_its_sound_by_name() {
    let mut desk = Desk::new(elevenlabs);
    let sent = desk.say(7, "Hallo.");
    let expected = [
        json!({"text": " ", "context_id": "r7"}),
        json!({"text": "Hallo. ", "context_id": "r7"}),
        json!({"context_id": "r7", "flush": true}),
    ];
    assert_eq!(sent, expected);
    desk.say(8, "Und?");
    let chunk = |id: &str, frames| json!({"audio": BASE64_STANDARD.encode(sound(frames)), "isFinal": null, "contextId": id});
    let closed = |id: &str| vec![json!({"context_id": id, "close_context": true})];
    // It is closed once it sounds: before that its text might be lost.
    let first = desk.tell(Told::Text(&chunk("r8", 1).to_string()));
    assert_eq!(first, (closed("r8"), vec![(8, audio(1))]));
    let second = desk.tell(Told::Text(&chunk("r8", 2).to_string()));
    assert_eq!(second, (vec![], vec![(8, audio(2))]));
    assert_eq!(desk.text(&chunk("r7", 3)), [(7, audio(3))]);
    let last = |id: &str| json!({"isFinal": true, "contextId": id});
    assert_eq!(desk.text(&last("r7")), [(7, done())]);
    assert_eq!(desk.cancel(8), closed("r8"));
    assert_eq!(desk.text(&chunk("r8", 1)), [], "late sound is dropped");
    assert_eq!(desk.text(&last("r8")), []);
    let nothing = desk.say(9, "…");
    assert_eq!(nothing[3..], closed("r9"), "of which no sound is to come");
}

#[test]
fn a_context_that_never_sounds_is_closed_some_time() {
    let mut desk = Desk::new(elevenlabs);
    desk.say(1, "Eins.");
    let due = desk.0.deadline().unwrap();
    assert_eq!(due, Instant::from_ms(5_000));
    let deeds = desk.0.tell(due, Told::Tick);
    assert_eq!(deeds.send.len(), 1, "it is closed");
    assert_eq!(
        deeds.replies,
        [(RequestId(1), Reply::Failed(Failure::Late))]
    );
    assert!(!desk.0.is_over());
    assert_eq!(desk.0.deadline(), None);
    desk.say(2, "Zwei.");
    let error = json!({"error": "invalid_text", "message": "no", "contextId": "r2"});
    let (sent, _) = desk.tell(Told::Text(&error.to_string()));
    let closed = json!({"context_id": "r2", "close_context": true});
    assert_eq!(sent, [closed], "it counts until then");
}

#[test]
fn a_sixth_piece_waits_for_one_of_five_contexts() {
    let mut desk = Desk::new(elevenlabs);
    for id in 1..=5 {
        assert_eq!(desk.say(id, "Eins.").len(), 3);
    }
    assert!(desk.say(6, "Sechs.").is_empty());
    assert!(desk.say(7, "Sieben.").is_empty());
    let sent = desk.cancel(2);
    assert_eq!(sent, [json!({"context_id": "r2", "close_context": true})]);
    let over = json!({"isFinal": true, "contextId": "r2"});
    let (sent, replies) = desk.tell(Told::Text(&over.to_string()));
    assert_eq!((&sent[1]["text"], replies), (&json!("Sechs. "), vec![]));
    let complaint = json!({"error": "invalid_text", "message": "no", "contextId": "r1"});
    let (sent, replies) = desk.tell(Told::Text(&complaint.to_string()));
    assert_eq!(replies, [(1, Reply::Failed(Failure::Broken))]);
    assert_eq!(sent[2]["text"], "Sieben. ");
}

#[test]
fn a_context_that_fails_says_whose_fault_it_is_though_the_socket_goes_on() {
    let no_money = json!({"error": "quota_exceeded", "message": "no", "contextId": "r1"});
    let no_key = json!({"type": "error", "title": "Key", "status_code": 401, "context_id": "r1"});
    let no_voice = json!({"type": "error", "title": "No", "status_code": 404, "context_id": "r1"});
    for (open, error, whose) in [
        (elevenlabs as fn() -> Link, no_money, Whose::Provider),
        (cartesia, no_key, Whose::Provider),
        (cartesia, no_voice, Whose::Request),
    ] {
        let mut desk = Desk::new(open);
        desk.say(1, "Eins.");
        let deeds = desk.0.tell(Instant::ZERO, Told::Text(&error.to_string()));
        let told = deeds.complaint.map(|complaint| complaint.whose);
        assert_eq!((told, desk.0.is_over()), (Some(whose), false), "{error}");
    }
}

#[test]
fn a_context_that_is_never_told_to_be_over_does_not_count_for_ever() {
    let mut desk = Desk::new(elevenlabs);
    for id in 1..=6 {
        desk.say(id, "Text.");
    }
    let silent = Some(Instant::from_ms(5_000));
    assert_eq!(desk.0.deadline(), silent);
    desk.cancel(1);
    let due = desk.0.deadline().unwrap();
    assert_eq!(due, Instant::ZERO + std::time::Duration::from_secs(2));
    let deeds = desk.0.tell(due, Told::Tick);
    assert_eq!(deeds.send.len(), 3, "the sixth begins");
    assert_eq!(desk.0.deadline(), silent);
}

#[test]
fn cartesias_contexts_are_one_text_each() {
    let mut desk = Desk::new(cartesia);
    let sent = desk.say(3, "Hallo.");
    let expected = json!({
        "model_id": "sonic-3.5",
        "transcript": "Hallo.",
        "voice": {"mode": "id", "id": "mara"},
        "language": "de",
        "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000},
        "context_id": "r3",
        "continue": false,
    });
    assert_eq!(sent, [expected]);
    let chunk = json!({"type": "chunk", "data": BASE64_STANDARD.encode(sound(2)), "done": false, "context_id": "r3"});
    assert_eq!(desk.text(&chunk), [(3, audio(2))]);
    let last = json!({"type": "done", "done": true, "context_id": "r3"});
    assert_eq!(desk.text(&last), [(3, done())]);
    desk.say(4, "Und?");
    let error = json!({"type": "error", "title": "Busy", "status_code": 429, "error": "limit", "context_id": "r4"});
    assert_eq!(desk.text(&error), [(4, Reply::Failed(Failure::Busy))]);
    desk.say(5, "Und?");
    assert_eq!(
        desk.cancel(5),
        [json!({"context_id": "r5", "cancel": true})]
    );
}

#[test]
fn deepgram_speaks_one_piece_after_the_other() {
    let flushed = json!({"type": "Flushed", "sequence_id": 0}).to_string();
    let metadata = json!({"type": "SpeechMetadata", "audio_duration_ms": 40}).to_string();
    for (open, end) in [(aura as fn() -> Link, &flushed), (flux, &metadata)] {
        let mut desk = Desk::new(open);
        let speak = |text: &str| {
            vec![
                json!({"type": "Speak", "text": text}),
                json!({"type": "Flush"}),
            ]
        };
        assert_eq!(desk.say(1, "Eins."), speak("Eins."));
        assert!(desk.say(2, "Zwei.").is_empty());
        assert_eq!(desk.tell(Told::Binary(&sound(2))).1, [(1, audio(2))]);
        let (sent, replies) = desk.tell(Told::Text(end));
        assert_eq!((sent, replies), (speak("Zwei."), vec![(1, done())]));
    }
}

#[test]
fn a_deepgram_that_does_not_tell_the_end_of_what_was_cancelled_is_given_up() {
    for open in [aura as fn() -> Link, flux] {
        let mut desk = Desk::new(open);
        desk.say(1, "Eins.");
        desk.cancel(1);
        assert_eq!(desk.0.deadline(), None, "nobody waits for anything");
        desk.say(2, "Zwei.");
        let due = desk.0.deadline().unwrap();
        assert_eq!(due, Instant::from_ms(2_000));
        let late = desk.0.tell(due, Told::Tick);
        let failed = Reply::Failed(Failure::Late);
        assert_eq!(late.replies, [(RequestId(2), failed)]);
        assert!(desk.0.is_over(), "the next is said over another socket");
    }
}

#[test]
fn what_deepgram_still_sends_of_a_piece_that_was_cancelled_is_nobodys() {
    let metadata = json!({"type": "SpeechMetadata"}).to_string();
    let cleared = json!({"type": "Cleared"}).to_string();
    for (open, clear, end) in [
        (
            aura as fn() -> Link,
            vec![json!({"type": "Clear"})],
            &cleared,
        ),
        (flux, vec![], &metadata),
    ] {
        let mut desk = Desk::new(open);
        desk.say(1, "Eins.");
        assert_eq!(desk.cancel(1), clear);
        assert!(desk.say(2, "Zwei.").is_empty());
        assert_eq!(desk.tell(Told::Binary(&sound(2))).1, []);
        let (sent, _) = desk.tell(Told::Text(end));
        assert_eq!(sent[0]["text"], "Zwei.");
        assert_eq!(desk.tell(Told::Binary(&sound(1))).1, [(2, audio(1))]);
    }
}

#[test]
fn flux_has_heard_a_flush_long_before_the_sound_is_over() {
    let mut desk = Desk::new(flux);
    desk.say(1, "Eins.");
    assert_eq!(desk.text(&json!({"type": "Flushed"})), []);
    assert_eq!(desk.tell(Told::Binary(&sound(1))).1, [(1, audio(1))]);
    assert_eq!(desk.text(&json!({"type": "SpeechMetadata"})), [(1, done())]);
    desk.say(2, "…");
    let warning = json!({"type": "Warning", "code": "NO_SYNTHESIZABLE_TEXT"});
    assert_eq!(desk.text(&warning), [(2, done())]);
}

#[test]
fn a_piece_without_sound_has_failed() {
    let mut desk = Desk::new(aura);
    desk.say(1, "Eins.");
    let (_, replies) = desk.tell(Told::Text(r#"{"type":"Flushed"}"#));
    assert_eq!(replies, [(1, Reply::Failed(Failure::Broken))]);
    desk.say(2, "…");
    let (_, replies) = desk.tell(Told::Text(r#"{"type":"Flushed"}"#));
    assert_eq!(replies, [(2, done())]);
}

#[test]
fn refusals_and_closings_are_sorted() {
    for open in ALL {
        for (status, body, failure) in [
            (
                401,
                r#"{"detail":{"status":"invalid_api_key","message":"m"}}"#,
                Failure::Refused,
            ),
            (
                429,
                r#"{"err_code":"TOO_MANY_REQUESTS","err_msg":"m"}"#,
                Failure::Busy,
            ),
            (500, "", Failure::Broken),
            (0, "", Failure::Broken),
        ] {
            let mut conversation = open().conversation;
            conversation.tell(Instant::ZERO, Told::Ask(RequestId(1), Ask::Speak("Hi")));
            let head = Head {
                status,
                ..Head::default()
            };
            let deeds = conversation.tell(Instant::ZERO, Told::Refused(&head, body.as_bytes()));
            assert_eq!(
                deeds.replies,
                [(RequestId(1), Reply::Failed(failure))],
                "{status}"
            );
        }
        for (code, failure) in [
            (1000, Failure::Broken),
            (BROKEN, Failure::Broken),
            (1008, Failure::Refused),
            (1011, Failure::Broken),
            (1013, Failure::Busy),
        ] {
            let mut desk = Desk::new(open);
            desk.say(1, "Hi");
            let (_, replies) = desk.tell(Told::Closed(code, "why"));
            assert_eq!(replies, [(1, Reply::Failed(failure))], "{code}");
            assert_eq!(desk.0.complaint().unwrap().status, code);
        }
    }
}

/// What a server may say, and what it should not.
fn message() -> impl Strategy<Value = String> {
    let kinds = [
        "Flushed", "Cleared", "Error", "Warning", "chunk", "done", "error", "Metadata",
    ];
    let value = (prop::sample::select(kinds.to_vec()), 0..6_u64, ".{0,12}", any::<Option<bool>>()).prop_map(
        |(kind, id, text, flag)| {
            let context = format!("r{id}");
            json!({"type": kind, "context_id": context, "contextId": context, "audio": text, "data": "AAEC", "isFinal": flag, "done": flag}).to_string()
        },
    );
    prop_oneof![4 => value, 1 => ".{0,40}"]
}

proptest! {
    #[test]
    fn whatever_is_said_every_request_ends_at_most_once(who in 0..4_usize, story in prop::collection::vec((0..4_u8, 0..6_u64, message()), 0..24)) {
        let mut conversation = ALL.get(who).unwrap()().conversation;
        conversation.tell(Instant::ZERO, Told::Opened);
        let mut ended = std::collections::BTreeMap::<RequestId, u32>::new();
        let mut asked = 0;
        for (deed, id, text) in story {
            let told = match deed {
                0 => {
                    asked += 1;
                    Told::Ask(RequestId(asked), Ask::Speak(&text))
                }
                1 => Told::Cancel(RequestId(id)),
                2 => Told::Binary(text.as_bytes()),
                _ => Told::Text(&text),
            };
            for (id, reply) in conversation.tell(Instant::ZERO, told).replies {
                prop_assert!(!ended.contains_key(&id), "after its end");
                if matches!(reply, Reply::Done(_) | Reply::Failed(_)) {
                    *ended.entry(id).or_default() += 1;
                }
            }
        }
        prop_assert!(ended.values().all(|times| *times == 1));
    }
}
