//! The same receptionist and the same voice behind the protocols of other providers, each below its own name:
//!
//! | base URL | who is stood in for |
//! |---|---|
//! | `/anthropic`, `/ollama`, `/workers-ai` | language models |
//! | `/elevenlabs`, `/deepgram`, `/cartesia`, `/workers-ai` | voices; the first three also over sockets |
//! | `/melotts/convert/tts` | a voice of one's own: WAV at 44.1 kHz, as `MeloTTS` servers send it |
//!
//! They are as strict as their originals where that has caught mistakes: a key must be shown in the place that is theirs
//! (any will do), and what must be named must be named. Faults strike them as they strike the others, in their own words.

mod socket;
mod think;
mod voice;

use std::sync::Arc;

use axum::Router;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::Shared;
use super::answer;
use super::faults::Kind;

/// Whose words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kin {
    Anthropic,
    Ollama,
    WorkersAi,
    ElevenLabs,
    Deepgram,
    Cartesia,
    MeloTts,
}

/// All routes.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/anthropic/v1/messages", post(think::anthropic))
        .route("/ollama/api/chat", post(think::ollama))
        .route("/workers-ai/ai/run/{*model}", post(think::workers_ai))
        .route(
            "/elevenlabs/v1/text-to-speech/{voice}/stream",
            post(voice::elevenlabs),
        )
        .route(
            "/deepgram/v1/speak",
            post(voice::deepgram).get(socket::deepgram),
        )
        .route(
            "/deepgram/v2/speak",
            post(voice::deepgram).get(socket::deepgram),
        )
        .route("/cartesia/tts/bytes", post(voice::cartesia))
        .route("/cartesia/tts/sse", post(voice::cartesia_events))
        .route("/melotts/convert/tts", post(voice::melotts))
        .route(
            "/elevenlabs/v1/text-to-speech/{voice}/multi-stream-input",
            get(socket::elevenlabs),
        )
        .route("/cartesia/tts/websocket", get(socket::cartesia))
}

impl Kin {
    /// Whether a request shows a key where this one looks for it.
    fn sees_a_key(self, headers: &HeaderMap) -> bool {
        let (name, scheme) = match self {
            Self::Anthropic => ("x-api-key", ""),
            Self::ElevenLabs => ("xi-api-key", ""),
            Self::Deepgram => ("authorization", "Token "),
            Self::Cartesia | Self::WorkersAi => ("authorization", "Bearer "),
            Self::Ollama | Self::MeloTts => return true,
        };
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value
            .and_then(|value| value.strip_prefix(scheme))
            .is_some_and(|key| !key.is_empty())
    }

    /// An error in its own words.
    fn complaint(self, status: StatusCode, message: &str) -> Response {
        let is_busy = status == StatusCode::TOO_MANY_REQUESTS;
        let body = match self {
            Self::Anthropic => {
                let kind = match status.as_u16() {
                    401 => "authentication_error",
                    429 => "rate_limit_error",
                    529 => "overloaded_error",
                    400..500 => "invalid_request_error",
                    _ => "api_error",
                };
                json!({"type": "error", "error": {"type": kind, "message": message}})
            }
            Self::Ollama => json!({"error": message}),
            Self::WorkersAi => {
                let error = json!({"code": status.as_u16(), "message": message});
                json!({"success": false, "result": null, "errors": [error], "messages": []})
            }
            Self::ElevenLabs => {
                let code = if is_busy {
                    "too_many_concurrent_requests"
                } else {
                    "stand_in"
                };
                json!({"detail": {"status": code, "message": message}})
            }
            Self::Deepgram => {
                let code = if is_busy {
                    "TOO_MANY_REQUESTS"
                } else {
                    "STAND_IN"
                };
                json!({"err_code": code, "err_msg": message, "request_id": "stand-in"})
            }
            Self::Cartesia => {
                json!({"title": "stand-in", "message": message, "status_code": status.as_u16()})
            }
            Self::MeloTts => json!({"detail": message}),
        };
        answer::json(status, &body)
    }

    /// The answer to a request that a fault strikes before there is any; none if it may be answered.
    fn struck(self, kind: Option<&Kind>) -> Option<Response> {
        let Some(Kind::Status {
            status,
            retry_after_s,
        }) = kind
        else {
            return answer::struck(kind);
        };
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::IM_A_TEAPOT);
        let mut response = self.complaint(status, "a fault was asked for");
        let retry = retry_after_s.and_then(|seconds| seconds.to_string().parse().ok());
        if let Some(retry) = retry {
            response.headers_mut().insert(RETRY_AFTER, retry);
        }
        Some(response)
    }

    /// The answer to a request without a key.
    fn locked(self) -> Response {
        self.complaint(StatusCode::UNAUTHORIZED, "the stand-in looks for a key")
    }
}

/// A text within JSON; empty if it is not there.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
