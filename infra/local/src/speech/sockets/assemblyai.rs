//! `AssemblyAI`: `/assemblyai/v3/ws`.

use serde_json::{Value, json};

use super::{Protocol, Said};

/// Words are wanted by `ForceEndpoint`.
#[derive(Default)]
pub(super) struct AssemblyAi {
    turn: u64,
}

impl Protocol for AssemblyAi {
    fn greeting(&self) -> Option<Value> {
        Some(json!({"type": "Begin", "id": "stand-in", "expires_at": 0}))
    }

    fn read(&self, message: &Value) -> Said {
        match message.get("type").and_then(Value::as_str) {
            Some("ForceEndpoint") => Said::Words,
            Some("Terminate") => Said::Bye,
            _ => Said::Other,
        }
    }

    fn words(&mut self, text: &str, from: u64, to: u64) -> Vec<Value> {
        let turn = self.turn;
        self.turn += 1;
        let (start, end) = (from / 8, to / 8);
        let words: Vec<Value> = text
            .split_whitespace()
            .map(|word| json!({"text": word, "start": start, "end": end, "word_is_final": true}))
            .collect();
        vec![json!({
            "type": "Turn",
            "turn_order": turn,
            "turn_is_formatted": false,
            "end_of_turn": true,
            "transcript": text,
            "end_of_turn_confidence": 0.9,
            "words": words,
        })]
    }

    fn farewell(&self) -> Option<Value> {
        Some(json!({"type": "Termination", "session_duration_seconds": 0}))
    }
}
