//! Speech-to-text by requests: what is sent, and what recorded answers mean, whole and cut everywhere.

use std::time::Duration;

use audio::{Clip, mulaw};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Failure, Reply, Spent};
use providers::listen::{Google, Settings, WorkersAi};
use providers::{ApiKey, BaseUrl, End, Endpoint, Fetch, Flushed, Head, Options, Upload};
use serde_json::Value;

macro_rules! corpus {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/corpus/", $name)).as_slice()
    };
}

const NOVA: &str = "@cf/deepgram/nova-3";

fn settings(model: &str) -> Settings {
    let options = serde_json::json!({"model": null, "useEnhanced": true});
    let is_google = model.is_empty();
    Settings {
        endpoint: Endpoint {
            base_url: BaseUrl::new("https://x.test/base").unwrap(),
            api_key: ApiKey::new("not-a-real-key").unwrap(),
        },
        model: model.to_owned(),
        language: "en-GB".to_owned(),
        options: options
            .as_object()
            .filter(|_| is_google)
            .cloned()
            .unwrap_or_else(Options::new),
    }
}

/// Flush number 4 of a second of voice.
fn flushed(upload: &dyn Upload) -> Fetch {
    let mut dictation = upload.ask();
    let silence = Clip::from(vec![mulaw::SILENCE; 8000]);
    dictation.feed(&silence);
    assert!(
        matches!(dictation.flush(3), Flushed::Answer(Reply::Transcript { flush: 3, text }) if text.is_empty()),
        "silence is not sent anywhere"
    );
    dictation.feed(&Clip::from(vec![mulaw::encode(8000); 8000]));
    match dictation.flush(4) {
        Flushed::Fetch(fetch) => fetch,
        Flushed::Answer(reply) => panic!("there was sound, but {reply:?}"),
    }
}

fn google() -> Fetch {
    flushed(&Google(settings("")))
}

fn whisper() -> Fetch {
    flushed(&WorkersAi(settings("@cf/openai/whisper")))
}

fn nova() -> Fetch {
    flushed(&WorkersAi(settings(NOVA)))
}

fn replies(fetch: Fetch, status: u16, chunks: &[&[u8]], end: End) -> Vec<Reply> {
    let mut exchange = fetch.exchange;
    let mut replies = Vec::new();
    let content_type = "application/json".to_owned();
    exchange.head(
        &Head {
            status,
            content_type,
            ..Head::default()
        },
        &mut replies,
    );
    for chunk in chunks {
        exchange.push(chunk, &mut replies);
    }
    exchange.finish(end, &mut replies);
    replies
}

#[test]
fn google_gets_the_telephones_own_sound_and_its_key_in_a_header() {
    let request = google().request;
    assert_eq!(request.url, "https://x.test/base/v1/speech:recognize");
    assert!(
        request
            .headers
            .contains(&("x-goog-api-key", "not-a-real-key".to_owned()))
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body.get("config"),
        Some(&serde_json::json!({
            "encoding": "MULAW",
            "sampleRateHertz": 8000,
            "languageCode": "en-GB",
            "enableAutomaticPunctuation": true,
            "useEnhanced": true,
        }))
    );
    let sound = body
        .pointer("/audio/content")
        .and_then(Value::as_str)
        .unwrap();
    let sound = BASE64_STANDARD.decode(sound).unwrap();
    let mut fed = vec![mulaw::SILENCE; 8000];
    fed.extend([mulaw::encode(8000); 8000]);
    assert_eq!(sound, fed);
}

#[test]
fn what_is_billed_is_what_a_flush_sends() {
    let minute = Clip::from(vec![mulaw::encode(8000); 60 * 8000]);
    let mut dictation = Google(settings("")).ask();
    for _ in 0..3 {
        dictation.feed(&minute);
    }
    let Flushed::Fetch(fetch) = dictation.flush(4) else {
        panic!("there was sound");
    };
    let body: Value = serde_json::from_slice(&fetch.request.body).unwrap();
    let sound = body.pointer("/audio/content").and_then(Value::as_str);
    let sent = BASE64_STANDARD.decode(sound.unwrap()).unwrap();
    assert_eq!(dictation.duration(), Clip::from(sent).duration());
    assert!(dictation.duration() < Duration::from_mins(1));
}

#[test]
fn workers_ai_gets_a_file_as_each_model_wants_it() {
    let request = whisper().request;
    assert_eq!(request.url, "https://x.test/base/ai/run/@cf/openai/whisper");
    assert!(
        request
            .headers
            .contains(&("authorization", "Bearer not-a-real-key".to_owned()))
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body.get("language").and_then(Value::as_str), Some("en"));
    let sound = body.get("audio").and_then(Value::as_str).unwrap();
    assert!(BASE64_STANDARD.decode(sound).unwrap().starts_with(b"RIFF"));
    let request = nova().request;
    assert_eq!(
        request.url,
        "https://x.test/base/ai/run/@cf/deepgram/nova-3?language=en-GB&smart_format=true"
    );
    assert!(
        request
            .headers
            .contains(&("content-type", "audio/wav".to_owned()))
    );
    // It is heard as it came from the telephone.
    assert!(request.body.starts_with(b"RIFF"));
    let coding = request.body.get(20..22);
    assert_eq!(coding, Some(&7_u16.to_le_bytes()[..]), "μ-law");
}

#[test]
fn recorded_answers_mean_the_same_wherever_they_are_cut() {
    let table = "A table for two, tonight.";
    for (ask, body, expected) in [
        (
            google as fn() -> Fetch,
            corpus!("google/recognize.json"),
            "a table for two tonight",
        ),
        (google, corpus!("google/recognize-silence.json"), ""),
        (whisper, corpus!("workers-ai/listen-whisper.json"), table),
        (nova, corpus!("workers-ai/listen-nova.json"), table),
    ] {
        let transcript = Reply::Transcript {
            flush: 4,
            text: expected.to_owned(),
        };
        let expected = [transcript, Reply::Done(Spent::default())];
        for at in 0..=body.len() {
            let (head, tail) = body.split_at(at);
            assert_eq!(
                replies(ask(), 200, &[head, tail], End::Complete),
                expected,
                "at {at}"
            );
        }
    }
}

#[test]
fn what_fails_says_whether_asking_again_may_help() {
    let busy = corpus!("google/error-busy.json");
    let key = corpus!("workers-ai/listen-error.json");
    let cut: &[u8] = b"{\"results\":[";
    for (ask, status, body, end, failure) in [
        (
            google as fn() -> Fetch,
            429,
            busy,
            End::Complete,
            Failure::Busy,
        ),
        (google, 200, busy, End::Complete, Failure::Busy),
        (google, 200, cut, End::Cut, Failure::Broken),
        (google, 200, cut, End::Complete, Failure::Broken),
        (
            google,
            500,
            b"<html>".as_slice(),
            End::Complete,
            Failure::Broken,
        ),
        (whisper, 401, key, End::Complete, Failure::Refused),
        (whisper, 200, key, End::Complete, Failure::Broken),
        (nova, 200, b"{}".as_slice(), End::Complete, Failure::Broken),
        (nova, 503, b"".as_slice(), End::Complete, Failure::Broken),
    ] {
        assert_eq!(
            replies(ask(), status, &[body], end),
            [Reply::Failed(failure)],
            "{status}"
        );
    }
}
