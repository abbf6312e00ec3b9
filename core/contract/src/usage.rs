//! What a call used.

use serde::{Deserialize, Serialize};

/// What a call used: counted where it happens, priced where the prices are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Usage {
    /// Time with a stream open, in milliseconds.
    pub line_ms: u64,
    /// Audio sent to speech-to-text, in milliseconds.
    pub listen_ms: u64,
    /// Requests to speech-to-text.
    pub listen_requests: u64,
    /// Language model input, in tokens, fresh.
    pub think_input_tokens: u64,
    /// Language model input that the provider had cached, in tokens.
    pub think_cached_tokens: u64,
    /// Language model output, in tokens.
    pub think_output_tokens: u64,
    /// Requests to the language model.
    pub think_requests: u64,
    /// Characters given to text-to-speech.
    pub speak_chars: u64,
    /// Requests to text-to-speech.
    pub speak_requests: u64,
}

impl Usage {
    /// Adds what another stretch used.
    pub fn add(&mut self, other: Self) {
        self.line_ms += other.line_ms;
        self.listen_ms += other.listen_ms;
        self.listen_requests += other.listen_requests;
        self.think_input_tokens += other.think_input_tokens;
        self.think_cached_tokens += other.think_cached_tokens;
        self.think_output_tokens += other.think_output_tokens;
        self.think_requests += other.think_requests;
        self.speak_chars += other.speak_chars;
        self.speak_requests += other.speak_requests;
    }
}
