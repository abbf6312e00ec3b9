//! Scribe by `ElevenLabs`: `/elevenlabs/v1/speech-to-text/realtime`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Protocol, Said};

/// Words are wanted by a commit.
#[derive(Default)]
pub(super) struct Scribe;

impl Protocol for Scribe {
    fn greeting(&self) -> Option<Value> {
        Some(json!({"message_type": "session_started", "session_id": "stand-in", "config": {}}))
    }

    fn read(&self, message: &Value) -> Said {
        if message.get("commit").and_then(Value::as_bool) == Some(true) {
            return Said::Words;
        }
        let sound = message.get("audio_base_64").and_then(Value::as_str);
        match sound.map(|sound| BASE64_STANDARD.decode(sound)) {
            Some(Ok(sound)) => Said::Sound(sound),
            Some(Err(_)) | None => Said::Other,
        }
    }

    fn words(&mut self, text: &str, _: u64, _: u64) -> Vec<Value> {
        vec![json!({"message_type": "committed_transcript", "text": text})]
    }
}
