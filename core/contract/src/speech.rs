//! Speech that is kept in the bucket, so that a phrase is paid for once.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{CallId, Upload};

/// Most phrases of one request.
pub const SPEECH_KEYS_MAX: usize = 32;

/// Largest speech of one phrase, in bytes: two minutes.
pub const SPEECH_BYTES_MAX: u64 = 1_000_000;

/// Names the speech of one phrase: 64 hexadecimal digits of all that its sound depends on.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpeechKey(String);

/// A key that is none.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a phrase is named by 64 digits of 0-9 and a-f")]
pub struct BadSpeechKey;

impl SpeechKey {
    /// Of a digest.
    #[must_use]
    pub fn of(digest: &[u8; 32]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in digest {
            for half in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(half.into(), 16));
            }
        }
        Self(text)
    }

    /// Where the speech lies in the bucket, under a prefix whose files do not stay for ever.
    #[must_use]
    pub fn place(&self) -> String {
        format!("audio/{self}")
    }
}

impl TryFrom<String> for SpeechKey {
    type Error = BadSpeechKey;

    fn try_from(text: String) -> Result<Self, BadSpeechKey> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(digit) {
            Ok(Self(text))
        } else {
            Err(BadSpeechKey)
        }
    }
}

impl From<SpeechKey> for String {
    fn from(key: SpeechKey) -> Self {
        key.0
    }
}

impl fmt::Display for SpeechKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Body of `POST {status}/speech`: where kept speech is, and where other shall go. At most [`SPEECH_KEYS_MAX`] of both.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SpeechRequest {
    /// The call that asks.
    pub call: CallId,
    /// Wanted.
    #[serde(default)]
    pub find: Vec<SpeechKey>,
    /// To be kept.
    #[serde(default)]
    pub keep: Vec<SpeechWish>,
}

/// Speech to be kept.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SpeechWish {
    /// Of which phrase.
    pub key: SpeechKey,
    /// Size, at most [`SPEECH_BYTES_MAX`]; the presigned URL is bound to it.
    pub bytes: u64,
}

/// Answer to a [`SpeechRequest`], in the same order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SpeechReply {
    /// Presigned `GET`s. Whether there is anything behind them is for the bucket to say.
    pub found: Vec<String>,
    /// Where to `PUT` what is to be kept.
    pub kept: Vec<Upload>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixty_four_digits_and_leads_nowhere_else() {
        let key = SpeechKey::of(&[0xa5; 32]);
        assert_eq!(key.place(), format!("audio/{}", "a5".repeat(32)));
        let read = |text: String| serde_json::from_value::<SpeechKey>(text.into());
        assert_eq!(read("a5".repeat(32)).unwrap(), key);
        for wrong in [
            "A5".repeat(32),
            "a5".repeat(31),
            "../x".repeat(16),
            String::new(),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
