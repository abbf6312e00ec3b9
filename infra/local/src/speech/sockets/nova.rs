//! Deepgram Nova: `/v1/listen`.

use serde_json::{Value, json};

use super::{Protocol, Said, seconds};

/// Words are wanted by `Finalize`.
#[derive(Default)]
pub(super) struct Nova;

impl Protocol for Nova {
    fn greeting(&self) -> Option<Value> {
        None
    }

    fn read(&self, message: &Value) -> Said {
        match message.get("type").and_then(Value::as_str) {
            Some("Finalize") => Said::Words,
            Some("CloseStream") => Said::Bye,
            _ => Said::Other,
        }
    }

    fn words(&mut self, text: &str, from: u64, to: u64) -> Vec<Value> {
        vec![json!({
            "type": "Results",
            "channel_index": [0, 1],
            "start": seconds(from),
            "duration": seconds(to - from),
            "is_final": true,
            "speech_final": true,
            "from_finalize": true,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
        })]
    }

    fn farewell(&self) -> Option<Value> {
        Some(json!({"type": "Metadata", "channels": 1}))
    }
}
