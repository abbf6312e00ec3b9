//! Stand-in providers that answer at once: what is measured is the edge, not them.

use std::f32::consts::TAU;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::serve::{Server, bind};

/// What the model says, word by word.
const REPLY: &str = "Certainly, a table for two at eight.";

/// How long each sentence sounds, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sentence {
    /// Length of the speech of any text.
    pub(super) length_ms: u32,
}

/// Starts the three providers on one free port, OpenAI-shaped.
///
/// # Errors
///
/// No port is to be had.
pub(super) async fn start(sentence: Sentence) -> std::io::Result<Server> {
    let speech = tone(sentence.length_ms);
    let chat = Bytes::from(chat());
    let router = Router::new()
        .route(
            "/audio/transcriptions",
            post(async |_: Body| {
                (
                    [(CONTENT_TYPE, "application/json")],
                    r#"{"text":"I would like a table for two."}"#,
                )
            }),
        )
        .route(
            "/chat/completions",
            post(async move |_: Body| with_type("text/event-stream", chat.clone())),
        )
        .route(
            "/audio/speech",
            post(async move |_: Body| with_type("audio/pcm", speech.clone())),
        );
    Ok(Server::start(bind(0).await?, router))
}

fn with_type(content_type: &'static str, body: Bytes) -> Response {
    ([(CONTENT_TYPE, content_type)], body).into_response()
}

fn chat() -> String {
    let words = REPLY.split_inclusive(' ').map(|word| {
        let delta = serde_json::json!({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": null}]});
        format!("data: {delta}\n\n")
    });
    let end = serde_json::json!({
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49},
    });
    words
        .chain([format!("data: {end}\n\n"), "data: [DONE]\n\n".to_owned()])
        .collect()
}

/// A quiet tone as PCM, 24 kHz, 16 bits.
fn tone(length_ms: u32) -> Bytes {
    let samples = length_ms * 24;
    (0..samples)
        .flat_map(|at| {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "a sound"
            )]
            let sample = ((at as f32 / 24_000.0 * 330.0 * TAU).sin() * 6_000.0) as i16;
            sample.to_le_bytes()
        })
        .collect()
}
