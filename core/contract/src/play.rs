//! How a call's replies get to a carrier that plays them by URL.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::CallId;

/// Most sound of one [`Play`], in bytes: a minute. As JSON that is well below what a function takes.
pub const PLAY_BYTES_MAX: usize = 480_000;

/// Body of [`Opening::plays_url`](crate::Opening::plays_url), sealed: what the carrier shall play from now on, in place of
/// whatever it plays.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PlayRequest {
    /// Of which call.
    pub call: CallId,
    /// What; none: nothing.
    pub play: Option<Play>,
}

/// Answer to a [`PlayRequest`]: the carrier knows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PlayReply {}

/// A stretch of the bot's voice.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Play {
    /// Never the same twice in a call: it says later that this was played.
    pub number: u64,
    /// The voice, at most [`PLAY_BYTES_MAX`].
    pub sound: PlaySound,
}

/// μ-law at 8 kHz; within JSON in base64.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlaySound(pub Vec<u8>);

/// Body of `POST {edge}/calls/{CallId}/played`, sealed: the carrier has played it to its end, and asks what comes next.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Played {
    /// Of the [`Play`].
    pub number: u64,
}

/// Answer to a [`Played`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PlayedReply {
    /// What comes next; none: nothing is there as yet.
    pub play: Option<Play>,
}

impl TryFrom<String> for PlaySound {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

impl From<PlaySound> for String {
    fn from(sound: PlaySound) -> Self {
        STANDARD.encode(sound.0)
    }
}

impl fmt::Debug for PlaySound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_survives_json_and_is_not_shown() {
        let play = Play {
            number: 7,
            sound: PlaySound(vec![0, 0xff, 0x7f]),
        };
        let json = serde_json::to_string(&play).unwrap();
        assert_eq!(json, r#"{"number":7,"sound":"AP9/"}"#);
        assert_eq!(serde_json::from_str::<Play>(&json).unwrap(), play);
        assert!(serde_json::from_str::<Play>(r#"{"number":7,"sound":"?"}"#).is_err());
        assert!(format!("{play:?}").contains("3 bytes"));
    }
}
