//! Deepgram Flux: `/deepgram/v2/listen`.

use audio::{FRAME_SAMPLES, Level};
use serde_json::{Value, json};

use super::{Protocol, Said, seconds};

/// A `TurnInfo` comes every quarter of a second of sound.
const EVERY_FRAMES: u32 = 12;
/// After so much silence the words are looked for.
const SILENT_FRAMES: u32 = 8;
/// After so much, the turn is over.
const ENDED_FRAMES: u32 = 40;

/// Callers' recorded voices are far louder, and their pauses silent.
const VOICE_DBFS: i32 = -45;

/// Words come by themselves.
#[derive(Default)]
pub(super) struct Flux {
    turn: u64,
    frames: u32,
    silent: u32,
    /// Whether there was a voice since the words were looked for.
    voiced: bool,
    text: String,
    left: Vec<u8>,
}

impl Flux {
    fn info(&self, event: &str, to: u64) -> Value {
        json!({
            "type": "TurnInfo",
            "event": event,
            "turn_index": self.turn,
            "audio_window_start": 0.0,
            "audio_window_end": seconds(to),
            "transcript": self.text,
            "words": [],
            "end_of_turn_confidence": 0.5,
        })
    }

    fn end(&mut self, to: u64) -> Value {
        let info = self.info("EndOfTurn", to);
        self.turn += 1;
        self.text.clear();
        info
    }
}

impl Protocol for Flux {
    fn greeting(&self) -> Option<Value> {
        Some(json!({"type": "Connected", "request_id": "stand-in", "sequence_id": 0}))
    }

    fn read(&self, message: &Value) -> Said {
        match message.get("type").and_then(Value::as_str) {
            Some("ForceEndTurn") => Said::Words,
            Some("CloseStream") => Said::Bye,
            _ => Said::Other,
        }
    }

    fn heard(&mut self, sound: &[u8]) -> bool {
        self.left.extend_from_slice(sound);
        let whole = self.left.len() - self.left.len() % FRAME_SAMPLES;
        let frames: Vec<u8> = self.left.drain(..whole).collect();
        for frame in frames.chunks_exact(FRAME_SAMPLES) {
            self.frames += 1;
            if Level::of_mulaw(frame) >= Level::from_dbfs(VOICE_DBFS) {
                self.silent = 0;
                self.voiced = true;
            } else {
                self.silent += 1;
            }
        }
        self.voiced && self.silent >= SILENT_FRAMES
    }

    fn words(&mut self, text: &str, _: u64, to: u64) -> Vec<Value> {
        let is_new = self.text.is_empty() && !text.is_empty();
        text.clone_into(&mut self.text);
        // `ForceEndTurn` ends what has begun; otherwise the voice has only just paused.
        if !self.voiced {
            return vec![self.end(to)];
        }
        self.voiced = false;
        let mut infos = Vec::new();
        if is_new {
            infos.push(self.info("StartOfTurn", to));
        }
        let event = if self.text.is_empty() {
            "Update"
        } else {
            "EagerEndOfTurn"
        };
        infos.push(self.info(event, to));
        infos
    }

    fn meanwhile(&mut self, to: u64) -> Vec<Value> {
        if self.frames < EVERY_FRAMES {
            return Vec::new();
        }
        self.frames = 0;
        if !self.text.is_empty() && self.silent >= ENDED_FRAMES {
            return vec![self.end(to)];
        }
        vec![self.info("Update", to)]
    }

    fn keeps(&self) -> bool {
        !self.text.is_empty()
    }
}
