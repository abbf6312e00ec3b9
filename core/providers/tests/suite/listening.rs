//! Speech-to-text over sockets: what is sent, and what recorded messages mean.

use call::{Ending, RequestId};

use providers::listen::{AssemblyAi, Flux, Nova, Scribe};
use providers::{Ask, Dialled as _, Told};

use crate::desk::{ALL, Desk, FINALIZED, FLUX, NOVA, Open, SCRIBE, TURNS, settings};

#[test]
fn each_is_dialled_where_its_reference_says_with_the_key_in_a_header() {
    let dialled = ALL.map(|(_, open)| open(settings("en-US")).dial);
    let urls = dialled.each_ref().map(|dial| dial.url.as_str());
    assert_eq!(
        urls,
        [
            "https://x.test/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000&eager_eot_threshold=0.5",
            "https://x.test/v1/listen?model=nova-3&language=en-US&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&smart_format=true&endpointing=300&utterance_end_ms=2000",
            "https://x.test/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&audio_format=ulaw_8000&commit_strategy=manual&language_code=en",
            "https://x.test/v3/ws?speech_model=universal-streaming-english&encoding=pcm_mulaw&sample_rate=8000&format_turns=true",
        ]
    );
    let keys = dialled.each_ref().map(|dial| {
        let (name, value) = dial.headers.first().unwrap();
        (*name, value.as_str())
    });
    assert_eq!(
        keys,
        [
            ("authorization", "Token not-a-real-key"),
            ("authorization", "Token not-a-real-key"),
            ("xi-api-key", "not-a-real-key"),
            ("authorization", "not-a-real-key"),
        ]
    );
    let spanish = ALL.map(|(_, open)| open(settings("es-MX")).dial.url);
    for (url, part) in spanish.iter().zip([
        "model=flux-general-multi&encoding=mulaw&sample_rate=8000&eager_eot_threshold=0.5&language_hint=es",
        "language=es-MX",
        "language_code=es",
        "speech_model=universal-streaming-multilingual",
    ]) {
        assert!(url.contains(part), "{url}");
    }
}

#[test]
fn only_one_is_paid_for_the_time_and_not_for_the_sound() {
    assert!(AssemblyAi(settings("en")).is_billed_by_time());
    let others = [
        Flux(settings("en")).is_billed_by_time(),
        Nova(settings("en")).is_billed_by_time(),
        Scribe(settings("en")).is_billed_by_time(),
    ];
    assert_eq!(others, [false; 3]);
}

#[test]
fn telephone_sound_is_sent_as_it_came_in_messages_of_eighty_milliseconds() {
    for (name, open) in ALL {
        let mut desk = Desk::new(open);
        desk.hear(1, 240);
        if name == "scribe" {
            assert!(desk.sound().is_empty());
            let chunk = desk.texts()[0];
            assert!(
                chunk.contains(r#""message_type":"input_audio_chunk""#),
                "{chunk}"
            );
        } else {
            assert_eq!(desk.sound(), [640, 640, 640], "{name}");
        }
    }
}

#[test]
fn flux_tells_turns_and_answers_a_flush_with_all_of_them() {
    let mut desk = Desk::new(ALL[0].1);
    desk.hear(1, 2_800);
    desk.flush(1, 1);
    assert!(desk.transcripts().is_empty(), "Flux has not heard that far");
    desk.told(FLUX);
    assert_eq!(
        desk.hints(),
        [
            (Ending::Going, "A table"),
            (Ending::Going, "A table for"),
            (Ending::Eager, "A table for two."),
            (Ending::Resumed, "A table for two, tonight"),
            (Ending::Ended, "A table for two, tonight."),
            (Ending::Going, "A table for two, tonight."),
            (Ending::Going, "A table for two, tonight. At eight."),
        ]
    );
    assert_eq!(
        desk.transcripts(),
        [(1, 1, "A table for two, tonight. At eight.")]
    );
    // What it has heard already it answers at once.
    desk.flush(1, 2);
    assert_eq!(desk.transcripts().len(), 2);
}

#[test]
fn flux_forgets_the_words_of_an_utterance_that_is_over() {
    let mut desk = Desk::new(ALL[0].1);
    desk.hear(1, 1_000);
    let lines: Vec<&str> = FLUX.lines().collect();
    desk.told(lines[3]);
    desk.tell(Told::Cancel(RequestId(1)));
    assert_eq!(desk.texts(), [r#"{"type":"ForceEndTurn"}"#]);
    desk.tell(Told::Ask(RequestId(2), Ask::Listen));
    desk.hear(2, 1_800);
    desk.flush(2, 1);
    // The end of the old turn comes late.
    desk.told(lines[6]);
    desk.told(lines[8]);
    assert_eq!(desk.transcripts(), [(2, 1, "At eight.")]);
}

#[test]
fn nova_is_finalized_by_a_flush() {
    let mut desk = Desk::new(ALL[1].1);
    desk.hear(1, 2_400);
    desk.told(NOVA);
    desk.flush(1, 1);
    assert_eq!(desk.texts(), [r#"{"type":"Finalize"}"#]);
    assert!(desk.transcripts().is_empty());
    desk.told(FINALIZED);
    assert_eq!(
        desk.transcripts(),
        [(1, 1, "A table for two, tonight. At eight.")]
    );
    assert_eq!(
        desk.hints(),
        [
            (Ending::Going, "a table for"),
            (Ending::Going, "A table for two,"),
            (Ending::Eager, "A table for two, tonight."),
            (Ending::Ended, "A table for two, tonight."),
            (Ending::Going, "A table for two, tonight. At eight."),
        ]
    );
}

#[test]
fn nova_leaves_out_what_was_said_before_the_utterance() {
    let mut desk = Desk::new(ALL[1].1);
    desk.hear(1, 2_080);
    desk.tell(Told::Cancel(RequestId(1)));
    desk.tell(Told::Ask(RequestId(2), Ask::Listen));
    desk.hear(2, 320);
    desk.flush(2, 7);
    desk.told(NOVA);
    assert!(desk.transcripts().is_empty());
    // One result for the end of one utterance and the beginning of the next.
    desk.told(&FINALIZED.replace("2.02", "1.62"));
    assert_eq!(desk.transcripts(), [(2, 7, "eight.")]);
}

#[test]
fn scribe_commits_with_a_flush_and_what_it_commits_by_itself_is_the_end_of_a_turn() {
    let by_itself: Open = |mut settings| {
        let strategy = "commit_strategy".to_owned();
        settings.options.insert(strategy, "vad".into());
        Scribe(settings).dial()
    };
    let mut desk = Desk::new(by_itself);
    desk.hear(1, 100);
    desk.flush(1, 1);
    assert!(desk.texts().last().unwrap().contains(r#""commit":true"#));
    desk.told(SCRIBE);
    assert_eq!(desk.transcripts(), [(1, 1, "A table for two, tonight.")]);
    assert_eq!(
        desk.hints().last(),
        Some(&(Ending::Going, "A table for two, tonight."))
    );
    desk.told(r#"{"message_type":"committed_transcript","text":"At eight."}"#);
    assert_eq!(
        desk.hints().last(),
        Some(&(Ending::Ended, "A table for two, tonight. At eight."))
    );
    // Nothing has come since: Scribe says so, and the words are all there.
    desk.flush(1, 2);
    desk.told(r#"{"message_type":"commit_throttled","error":"too little audio"}"#);
    assert_eq!(
        desk.transcripts().last(),
        Some(&(1, 2, "A table for two, tonight. At eight."))
    );
}

#[test]
fn a_commit_of_our_own_that_scribe_answers_late_is_no_end_of_a_turn() {
    let mut desk = Desk::new(ALL[2].1);
    let lines: Vec<&str> = SCRIBE.lines().collect();
    desk.hear(1, 100);
    desk.told(lines[1]);
    desk.flush(1, 1);
    desk.wait(900);
    assert_eq!(desk.transcripts(), [(1, 1, "A table")]);
    desk.told(lines[3]);
    assert_eq!(
        desk.hints().last(),
        Some(&(Ending::Going, "A table for two, tonight."))
    );
}

#[test]
fn scribe_forgets_what_it_still_commits_for_an_utterance_that_is_over() {
    let mut desk = Desk::new(ALL[2].1);
    desk.hear(1, 200);
    desk.tell(Told::Cancel(RequestId(1)));
    desk.tell(Told::Ask(RequestId(2), Ask::Listen));
    desk.hear(2, 200);
    desk.flush(2, 1);
    desk.told(SCRIBE);
    assert_eq!((desk.transcripts(), desk.hints()), (vec![], vec![]));
    desk.told(r#"{"message_type":"committed_transcript","text":"At eight."}"#);
    assert_eq!(desk.transcripts(), [(2, 1, "At eight.")]);
}

#[test]
fn assemblyai_ends_a_turn_by_a_flush_and_formats_it_later() {
    let mut desk = Desk::new(ALL[3].1);
    desk.hear(1, 1_300);
    desk.flush(1, 1);
    assert_eq!(desk.texts(), [r#"{"type":"ForceEndpoint"}"#]);
    let lines: Vec<&str> = TURNS.lines().collect();
    for line in &lines[..4] {
        desk.told(line);
    }
    assert_eq!(desk.transcripts(), [(1, 1, "a table for two")]);
    desk.hear(1, 700);
    desk.flush(1, 2);
    desk.told(lines[4]);
    desk.told(lines[5]);
    assert_eq!(
        desk.hints(),
        [
            (Ending::Going, "a"),
            (Ending::Going, "a table for two"),
            (Ending::Going, "a table for two"),
            (Ending::Going, "A table for two. tonight"),
        ],
        "we ended them, and not the caller"
    );
    assert_eq!(
        desk.transcripts().last(),
        Some(&(1, 2, "A table for two. tonight"))
    );
}

#[test]
fn a_turn_that_assemblyai_ends_by_itself_has_ended() {
    let lines: Vec<&str> = TURNS.lines().collect();
    let ended = |desk: &Desk| desk.hints().last().map(|(ending, _)| *ending);
    let mut desk = Desk::new(ALL[3].1);
    desk.hear(1, 1_300);
    desk.told(lines[3]);
    assert_eq!(ended(&desk), Some(Ending::Ended));
    // The end that was forced is told once, also where it is formatted later; the next is the caller's again.
    let mut desk = Desk::new(ALL[3].1);
    desk.hear(1, 1_300);
    desk.flush(1, 1);
    desk.told(lines[3]);
    desk.told(lines[4]);
    assert_eq!(ended(&desk), Some(Ending::Going));
    desk.told(lines[5]);
    assert_eq!(ended(&desk), Some(Ending::Ended));
}

#[test]
fn what_ends_because_an_utterance_was_cut_ends_no_turn_of_the_next() {
    let lines: Vec<&str> = TURNS.lines().collect();
    for (told, ending) in [(lines[2], Ending::Going), ("{}", Ending::Ended)] {
        let mut desk = Desk::new(ALL[3].1);
        desk.hear(1, 1_300);
        desk.told(told);
        desk.tell(Told::Cancel(RequestId(1)));
        desk.tell(Told::Ask(RequestId(2), Ask::Listen));
        desk.hear(2, 700);
        // A word from over the border: of the turn that was cut, unless there was none.
        desk.told(lines[5]);
        assert_eq!(desk.hints().last(), Some(&(ending, "tonight")));
    }
}

#[test]
fn what_ends_late_because_an_utterance_was_cut_is_not_the_end_that_was_asked_for_since() {
    let lines: Vec<&str> = TURNS.lines().collect();
    let nothing = r#"{"type":"Turn","turn_order":0,"end_of_turn":true,"transcript":"","words":[]}"#;
    for late in [lines[3], nothing] {
        let mut desk = Desk::new(ALL[3].1);
        desk.hear(1, 1_300);
        desk.told(lines[2]);
        desk.tell(Told::Cancel(RequestId(1)));
        desk.tell(Told::Ask(RequestId(2), Ask::Listen));
        desk.hear(2, 700);
        desk.flush(2, 1);
        desk.told(late);
        desk.told(lines[5]);
        assert_eq!(desk.hints().last(), Some(&(Ending::Going, "tonight")));
    }
}

#[test]
fn assemblyai_gets_no_message_shorter_than_it_takes() {
    let mut desk = Desk::new(ALL[3].1);
    desk.hear(1, 100);
    desk.flush(1, 1);
    assert_eq!(desk.sound(), [640, 400]);
}
