//! `POST /v1/audio/transcriptions`.

use std::io;
use std::sync::Arc;

use audio::wav;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use super::faults::{Kind, Stage};
use super::recogniser::Vocabulary;
use super::{LISTEN_OPEN_MODEL, Shared, answer, faults, signal};

/// The fields that count; language, prompt and the others are taken and change nothing.
#[derive(Default)]
struct Asked {
    file: Option<Bytes>,
    model: String,
    plain: bool,
}

pub(super) async fn transcriptions(
    State(shared): State<Arc<Shared>>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let (open, fault) = shared.desk.open(Stage::Listen);
    faults::wait(fault.as_ref()).await;
    if let Some(response) = answer::struck(fault.as_ref()) {
        open.done();
        return response;
    }
    let asked = match form {
        Ok(form) => read(form).await,
        Err(rejection) => Err(rejection.body_text()),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(problem) => {
            open.done();
            return answer::refusal(&problem);
        }
    };
    let heard = match fault {
        Some(Kind::Empty) => Ok((String::new(), 0.0)),
        _ => hear(&shared, &asked).await,
    };
    match heard {
        Ok((text, seconds)) => {
            tracing::info!(target: "stand-in", seconds, "transcribed");
            let body = if asked.plain {
                text
            } else {
                let usage = json!({"type": "duration", "seconds": seconds});
                json!({"text": text, "usage": usage}).to_string()
            };
            let content_type = if asked.plain {
                "text/plain"
            } else {
                "application/json"
            };
            let half = body.len().div_ceil(2);
            let mut bytes = Bytes::from(body);
            let first = bytes.split_to(half);
            let pieces = [first, bytes].map(|piece| (std::time::Duration::ZERO, piece));
            answer::stream(
                content_type,
                pieces.into(),
                answer::ending(fault.as_ref()),
                open,
            )
        }
        Err(Problem::Request(message)) => {
            open.done();
            answer::refusal(&message)
        }
        Err(Problem::Own(error)) => {
            open.done();
            answer::failure(&error)
        }
    }
}

enum Problem {
    Request(String),
    Own(io::Error),
}

async fn read(mut form: Multipart) -> Result<Asked, String> {
    let mut asked = Asked::default();
    while let Some(field) = form.next_field().await.map_err(|error| error.body_text())? {
        let name = field.name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(|error| error.body_text())?;
        match name.as_str() {
            "file" => asked.file = Some(content),
            "model" => asked.model = String::from_utf8_lossy(&content).into_owned(),
            "response_format" => asked.plain = content.as_ref() == b"text",
            _ => {}
        }
    }
    Ok(asked)
}

/// The words, and the seconds of sound.
async fn hear(shared: &Shared, asked: &Asked) -> Result<(String, f64), Problem> {
    let Some(file) = &asked.file else {
        return Err(Problem::Request("the form has no file".to_owned()));
    };
    let (spec, samples) = wav::read(file)
        .map_err(|error| Problem::Request(format!("{error}; the stand-in reads WAV alone")))?;
    let samples = signal::to_telephone(&samples, spec.rate_hz)
        .map_err(|error| Problem::Request(error.to_string()))?;
    let seconds = audio::frame::duration_of(samples.len()).as_secs_f64();
    let vocabulary = if asked.model == LISTEN_OPEN_MODEL {
        Vocabulary::Open
    } else {
        Vocabulary::Booking
    };
    let heard = shared.recogniser.hear(&samples, vocabulary).await;
    let heard = heard.map_err(Problem::Own)?;
    Ok((heard.text, (seconds * 1000.0).round() / 1000.0))
}
