//! flite, as other voices would send it over HTTP.

use std::sync::Arc;

use audio::pcm;
use audio::wav::{self, Sound};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::answer::{self, Piece};
use super::super::faults::{self, Kind, Stage};
use super::super::speak::{Timing, telephone};
use super::super::{FLITE_RATE_HZ, Shared};
use super::{Kin, text};

/// Of the telephone: a byte a sample.
const MULAW_BYTES_PER_SECOND: u32 = 8_000;
/// Of `MeloTTS`.
const MELO_RATE_HZ: u32 = 44_100;

pub(super) async fn elevenlabs(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked::new(Kin::ElevenLabs, "/text", &["/model_id"], &body)
        .in_query(query.as_deref(), &["output_format=ulaw_8000"]);
    speak(&shared, asked, &headers, "audio/basic").await
}

pub(super) async fn deepgram(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let needed = [
        "model=",
        "encoding=mulaw",
        "sample_rate=8000",
        "container=none",
    ];
    let asked = Asked::new(Kin::Deepgram, "/text", &[], &body).in_query(query.as_deref(), &needed);
    speak(&shared, asked, &headers, "audio/mulaw").await
}

pub(super) async fn cartesia(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked::new(Kin::Cartesia, "/transcript", &CARTESIA_NEEDS, &body);
    speak(&shared, asked, &headers, "application/octet-stream").await
}

pub(super) async fn cartesia_events(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked::new(Kin::Cartesia, "/transcript", &CARTESIA_NEEDS, &body);
    speak(&shared, asked, &headers, "text/event-stream").await
}

pub(super) async fn melotts(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked::new(Kin::MeloTts, "/text", &["/language", "/speaker_id"], &body);
    speak(&shared, asked, &headers, "audio/wav").await
}

/// Aura at Workers AI, which declares all sound MP3.
pub(super) async fn workers_ai(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Response {
    let asked = Asked::new(Kin::WorkersAi, "/text", &["/encoding", "/container"], body);
    speak(shared, asked, headers, "audio/mpeg").await
}

/// What must be named to Cartesia.
pub(super) const CARTESIA_NEEDS: [&str; 4] = [
    "/model_id",
    "/voice/id",
    "/output_format/container",
    "/output_format/encoding",
];

/// A request, or what is wrong with it.
struct Asked {
    kin: Kin,
    text: Result<String, String>,
}

impl Asked {
    fn new(kin: Kin, pointer: &str, needed: &[&str], body: &[u8]) -> Self {
        let read = || {
            let asked: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            for pointer in needed {
                if text(&asked, pointer).is_empty() {
                    return Err(format!("{pointer} is missing"));
                }
            }
            let text = asked.pointer(pointer).and_then(Value::as_str);
            text.map(str::to_owned)
                .ok_or_else(|| format!("{pointer} is missing"))
        };
        Self { kin, text: read() }
    }

    fn in_query(mut self, query: Option<&str>, needed: &[&str]) -> Self {
        let query = query.unwrap_or_default();
        if let Some(missing) = needed.iter().find(|needed| !query.contains(**needed)) {
            self.text = Err(format!("the query has no {missing}"));
        }
        self
    }
}

async fn speak(
    shared: &Shared,
    Asked { kin, text }: Asked,
    headers: &HeaderMap,
    content_type: &'static str,
) -> Response {
    let (open, fault) = shared.desk.open(Stage::Speak);
    faults::wait(fault.as_ref()).await;
    let locked = || (!kin.sees_a_key(headers)).then(|| kin.locked());
    let text = match (kin.struck(fault.as_ref()).or_else(locked), text) {
        (Some(response), _) => {
            open.done();
            return response;
        }
        (None, Err(problem)) => {
            open.done();
            return kin.complaint(StatusCode::BAD_REQUEST, &problem);
        }
        (None, Ok(text)) => text,
    };
    let samples = match shared
        .speaker
        .say(&text, super::super::Voice::default())
        .await
    {
        Ok(samples) => samples,
        Err(error) => {
            open.done();
            return kin.complaint(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
        }
    };
    let samples: &[i16] = match fault {
        Some(Kind::Empty) => &[],
        _ => &samples,
    };
    let timing = Timing::of(&shared.options, headers);
    let pieces = match content_type {
        "audio/wav" => timing.pieces(melo_file(samples), 2 * MELO_RATE_HZ),
        "text/event-stream" => events(timing.pieces(telephone(samples), MULAW_BYTES_PER_SECOND)),
        _ => timing.pieces(telephone(samples), MULAW_BYTES_PER_SECOND),
    };
    tracing::info!(target: "stand-in", ?kin, pieces = pieces.len(), "spoke");
    answer::stream(content_type, pieces, answer::ending(fault.as_ref()), open)
}

fn melo_file(samples: &[i16]) -> Vec<u8> {
    let length = samples.len() as u64 * u64::from(MELO_RATE_HZ) / u64::from(FLITE_RATE_HZ);
    let wide: Vec<i16> = (0..length)
        .map(|n| {
            // Straight lines between the samples: what they add lies above what the telephone carries.
            let at = n * u64::from(FLITE_RATE_HZ);
            let (whole, rest) = (at / u64::from(MELO_RATE_HZ), at % u64::from(MELO_RATE_HZ));
            let sample = |at: u64| {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                i64::from(samples.get(at).copied().unwrap_or_default())
            };
            let (from, to) = (sample(whole), sample(whole + 1));
            let step = (to - from) * i64::try_from(rest).unwrap_or(0) / i64::from(MELO_RATE_HZ);
            i16::try_from(from + step).unwrap_or_default()
        })
        .collect();
    let mut file = wav::header(Sound::Pcm16, 1, MELO_RATE_HZ, u32::MAX);
    file.extend(pcm::to_le_bytes(&wide));
    file
}

/// Cartesia's events around the pieces.
fn events(pieces: Vec<Piece>) -> Vec<Piece> {
    let event = |value: Value| Bytes::from(format!("data: {value}\n\n"));
    let mut events: Vec<Piece> = pieces
        .into_iter()
        .map(|(after, bytes)| {
            let data = BASE64_STANDARD.encode(&bytes);
            (
                after,
                event(json!({"type": "chunk", "data": data, "done": false, "status_code": 206})),
            )
        })
        .collect();
    let done = event(json!({"type": "done", "done": true, "status_code": 200}));
    events.push((std::time::Duration::ZERO, done));
    events
}
