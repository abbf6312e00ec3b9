//! What the stand-in for text-to-speech says, and when.

use std::time::{Duration, Instant};

use audio::wav;
use local::speech::{SPEAK_MODEL, Speech};
use serde_json::json;

use crate::speech::telephone::speech;

const TEXT: &str = "Perfect, your table is booked. Is there anything else I can do for you?";

async fn say(
    speech: &Speech,
    format: &str,
    text: &str,
    headers: &[(&'static str, &str)],
) -> reqwest::Response {
    let body =
        json!({"model": SPEAK_MODEL, "input": text, "voice": "rms", "response_format": format});
    let mut request = reqwest::Client::new()
        .post(format!("{}/audio/speech", speech.url()))
        .json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn every_format_sounds_equally_long() {
    let speech = speech().await;
    let pcm = say(&speech, "pcm", TEXT, &[]).await.bytes().await.unwrap();
    let mulaw = say(&speech, "mulaw", TEXT, &[])
        .await
        .bytes()
        .await
        .unwrap();
    let file = say(&speech, "wav", TEXT, &[]).await.bytes().await.unwrap();
    let (spec, samples) = wav::read(&file).unwrap();
    let seconds = [
        pcm.len() as f64 / 48_000.0,
        mulaw.len() as f64 / 8_000.0,
        samples.len() as f64 / f64::from(spec.rate_hz),
    ];
    assert!((3.0..8.0).contains(&seconds[0]), "{seconds:?}");
    assert!(
        seconds
            .iter()
            .all(|length| (length - seconds[0]).abs() < 0.01),
        "{seconds:?}"
    );
}

#[tokio::test]
async fn a_paced_voice_is_heard_before_it_is_done() {
    let speech = speech().await;
    say(&speech, "pcm", TEXT, &[]).await.bytes().await.unwrap(); // now flite has said it
    let began = Instant::now();
    let headers = [
        ("x-stand-in-first-sound-ms", "50"),
        ("x-stand-in-pace", "8"),
    ];
    let mut response = say(&speech, "pcm", TEXT, &headers).await;
    let first = response.chunk().await.unwrap().unwrap();
    let (first_after, first_length) = (began.elapsed(), first.len());
    while response.chunk().await.unwrap().is_some() {}
    let all_after = began.elapsed();
    assert!(first_length <= 4800, "{first_length}");
    assert!(first_after >= Duration::from_millis(50), "{first_after:?}");
    assert!(
        all_after >= first_after + Duration::from_millis(300),
        "{first_after:?}, {all_after:?}"
    );
}

#[tokio::test]
async fn strange_texts_are_said_too() {
    let speech = speech().await;
    for text in ["", "…", "-v rms; echo $HOME", "Größe 7 ☎", "--help"] {
        let response = say(&speech, "pcm", text, &[]).await;
        assert_eq!(response.status(), 200, "{text}");
        assert!(!response.bytes().await.unwrap().is_empty(), "{text}");
    }
}
