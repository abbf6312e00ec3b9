//! The three that answer at once and always the same, for benches: what is measured is then not them.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde_json::json;

use super::answer;
use super::faults::{Desk, Stage};
use crate::serve::{Server, bind};

const HEARD: &str = "I would like a table for two.";
const REPLY: [&str; 8] = [
    "Certainly,",
    " a",
    " table",
    " for",
    " two",
    " at",
    " eight",
    ".",
];
/// Samples of a second of speech.
const RATE_HZ: usize = 24_000;

/// They alone, on a free port; every text is spoken in so many milliseconds. Answers the server and its base URL.
///
/// # Errors
/// No port is to be had.
pub async fn start(speech_ms: usize) -> io::Result<(Server, String)> {
    let server = Server::start(bind(0).await?, router(&Desk::default(), speech_ms));
    let url = server.url();
    Ok((server, url))
}

/// The three routes.
pub(super) fn router(desk: &Desk, speech_ms: usize) -> Router {
    let transcript =
        json!({"text": HEARD, "usage": {"type": "duration", "seconds": 1}}).to_string();
    let transcript = Bytes::from(transcript);
    let chat = Bytes::from(chat());
    let speech = Bytes::from(voice_like(speech_ms * RATE_HZ / 1000));
    let route = |stage: Stage, content_type: &'static str, body: Bytes| {
        let desk = desk.clone();
        post(async move |request: Request| {
            let (open, _) = desk.open(stage);
            // The body must be taken off the connection for the next request to come.
            drop(axum::body::to_bytes(request.into_body(), usize::MAX).await);
            open.done();
            at_once(content_type, body.clone())
        })
    };
    let listen = route(Stage::Listen, "application/json", transcript);
    let think = route(Stage::Think, "text/event-stream", chat);
    let speak = route(Stage::Speak, "audio/pcm", speech);
    Router::new()
        .route("/audio/transcriptions", listen)
        .route("/chat/completions", think)
        .route("/audio/speech", speak)
}

fn at_once(content_type: &'static str, body: Bytes) -> Response {
    answer::whole(StatusCode::OK, content_type, Body::from(body))
}

fn chat() -> String {
    let mut events = String::new();
    for word in REPLY {
        let choice = json!({"index": 0, "delta": {"content": word}, "finish_reason": null});
        let chunk = json!({"object": "chat.completion.chunk", "model": "stand-in-instant", "choices": [choice]});
        events.extend(["data: ", &chunk.to_string(), "\n\n"]);
    }
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    events.extend(["data: ", &last.to_string(), "\n\ndata: [DONE]\n\n"]);
    events
}

/// Pulses at 24 kHz, 120 a second, swelling and fading as syllables do.
fn voice_like(samples: usize) -> Vec<u8> {
    let sample = |n: usize| {
        let pulse = 200 - i32::try_from(n % 200).unwrap_or(0);
        let syllable = i32::try_from(n % 6000).unwrap_or(0);
        let swell = (3000 - (syllable - 3000).abs()).min(1500);
        i16::try_from(pulse * swell / 40).unwrap_or(i16::MAX)
    };
    let samples: Vec<i16> = (0..samples).map(sample).collect();
    audio::pcm::to_le_bytes(&samples)
}
