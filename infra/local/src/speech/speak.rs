//! `POST /v1/audio/speech`.

use std::sync::Arc;
use std::time::Duration;

use audio::wav::{self, Sound};
use audio::{RATE_HZ, Resampler, mulaw, pcm};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::answer::{self, Piece};
use super::faults::{Kind, Stage};
use super::{FLITE_RATE_HZ, Shared, SpeechOptions, faults, signal};

/// Of OpenAI's `pcm`.
const PCM_RATE_HZ: u32 = 24_000;
/// The first piece is a frame of the telephone, so that it can be heard at once; the others are as large as networks make them.
const FIRST_PIECE_MS: u32 = 20;
const PIECE_MS: u32 = 100;
/// Delay of the first piece, in milliseconds, for this request.
const FIRST_SOUND_HEADER: &str = "x-stand-in-first-sound-ms";
/// Speed, in times as fast as it is spoken, for this request.
const PACE_HEADER: &str = "x-stand-in-pace";

#[derive(Deserialize)]
struct Asked {
    input: String,
    #[serde(default)]
    voice: Option<String>,
    #[serde(default)]
    response_format: Option<String>,
}

pub(super) async fn speech(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (open, fault) = shared.desk.open(Stage::Speak);
    faults::wait(fault.as_ref()).await;
    if let Some(response) = answer::struck(fault.as_ref()) {
        open.done();
        return response;
    }
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => {
            open.done();
            return answer::refusal(&error.to_string());
        }
    };
    // Whoever configured a voice of another provider is answered by the default one, as clones do.
    let voice = asked.voice.as_deref().unwrap_or_default().parse();
    let said = shared
        .speaker
        .say(&asked.input, voice.unwrap_or_default())
        .await;
    let samples = match said {
        Ok(samples) => samples,
        Err(error) => {
            open.done();
            return answer::failure(&error);
        }
    };
    let samples: &[i16] = match fault {
        Some(Kind::Empty) => &[],
        _ => &samples,
    };
    tracing::info!(target: "stand-in", samples = samples.len(), "spoke");
    let timing = Timing::of(&shared.options, &headers);
    let (content_type, bytes, bytes_per_second) = match asked.response_format.as_deref() {
        Some("pcm") => {
            let bytes = pcm::to_le_bytes(&signal::to_24_khz(samples));
            ("audio/pcm", bytes, 2 * PCM_RATE_HZ)
        }
        Some("mulaw") => ("audio/basic", telephone(samples), RATE_HZ),
        // The telephone reads any WAV; nothing here can write mp3, OpenAI's default.
        _ => {
            let mut file = wav::header(Sound::Pcm16, 1, FLITE_RATE_HZ, u32::MAX);
            file.extend(pcm::to_le_bytes(samples));
            ("audio/wav", file, 2 * FLITE_RATE_HZ)
        }
    };
    let pieces = timing.pieces(bytes, bytes_per_second);
    answer::stream(content_type, pieces, answer::ending(fault.as_ref()), open)
}

pub(super) fn telephone(samples: &[i16]) -> Vec<u8> {
    let mut narrow = Vec::new();
    if let Ok(mut resampler) = Resampler::new(FLITE_RATE_HZ, RATE_HZ) {
        resampler.push(samples, &mut narrow);
        resampler.finish(&mut narrow);
    }
    mulaw::encode_all(&narrow)
}

/// When the pieces come.
pub(super) struct Timing {
    first: Duration,
    pace: Option<f64>,
}

impl Timing {
    pub(super) fn of(options: &SpeechOptions, headers: &HeaderMap) -> Self {
        let number = |name: &str| -> Option<f64> { headers.get(name)?.to_str().ok()?.parse().ok() };
        let first =
            number(FIRST_SOUND_HEADER).and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        Self {
            first: first.unwrap_or(options.first_sound),
            pace: number(PACE_HEADER).or(options.pace),
        }
    }

    pub(super) fn pieces(&self, bytes: Vec<u8>, bytes_per_second: u32) -> Vec<Piece> {
        let size = |ms: u32| (bytes_per_second / 1000 * ms) as usize;
        let mut rest = Bytes::from(bytes);
        let mut pieces = Vec::new();
        let mut after = self.first;
        let mut next = size(FIRST_PIECE_MS);
        while !rest.is_empty() {
            let piece = rest.split_to(next.min(rest.len()));
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let spoken = f64::from(length) / f64::from(bytes_per_second);
            pieces.push((after, piece));
            after = self
                .pace
                .and_then(|pace| Duration::try_from_secs_f64(spoken / pace).ok())
                .unwrap_or_default();
            next = size(PIECE_MS);
        }
        pieces
    }
}
