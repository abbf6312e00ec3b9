//! What is said on the socket.

use contract::{BotId, CallId, EndReason, Numbered, Record, Speaker};
use serde::{Deserialize, Serialize};

use crate::live::{Sight, State};

/// What the sound comes in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// JSON: sound in base64.
    Json,
    /// Binary frames.
    Binary,
}

impl Kind {
    /// As it stands in the path to the object.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Binary => "binary",
        }
    }

    /// Reads [`Kind::name`].
    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Json, Self::Binary]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// What the client says.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    Auth(Auth),
    Audio { audio_data: String },
    Text { text: String },
    Played { ms: u64 },
    Interrupt,
    HangUp,
}

/// Who it is, and what it wants.
#[derive(Clone, Deserialize, Eq, PartialEq)]
pub(super) struct Auth {
    pub(super) token: String,
    #[serde(default)]
    pub(super) bot: Option<BotId>,
    #[serde(default)]
    pub(super) call: Option<CallId>,
    #[serde(default)]
    pub(super) input: Input,
    #[serde(default)]
    pub(super) output: Output,
}

/// What the caller's sound is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Input {
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// None: as usual for the encoding.
    #[serde(default)]
    rate_hz: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Encoding {
    #[default]
    Pcm16,
    Mulaw,
}

impl Input {
    /// The same, with nothing left open.
    pub(super) fn settled(self) -> Self {
        Self {
            rate_hz: Some(self.rate_hz()),
            ..self
        }
    }

    pub(super) fn rate_hz(self) -> u32 {
        self.rate_hz.unwrap_or(match self.encoding {
            Encoding::Pcm16 => 16_000,
            Encoding::Mulaw => audio::RATE_HZ,
        })
    }

    /// Whether it can be understood.
    pub(super) fn is_known(self) -> bool {
        match self.encoding {
            Encoding::Pcm16 => audio::resample::SOURCE_RATES_HZ.contains(&self.rate_hz()),
            Encoding::Mulaw => self.rate_hz() == audio::RATE_HZ,
        }
    }
}

/// What our sound is to be.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Output {
    /// 16 bit, little-endian, 16 000 Hz.
    #[default]
    Pcm16,
    /// 8000 Hz.
    Mulaw,
    /// Whoever only reads needs none.
    None,
}

/// What we say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Told<'a> {
    Ready {
        call: CallId,
        bot: &'a BotId,
        resumed: bool,
        expires_s: u64,
        input: Input,
        output: Output,
    },
    Renewed {
        expires_s: u64,
    },
    Transcript {
        text: &'a str,
        r#final: bool,
    },
    Reply {
        text: &'a str,
        heard: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        interrupted: bool,
    },
    Audio {
        audio_data: String,
    },
    Clear,
    State {
        state: State,
    },
    Event {
        name: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        detail: &'a str,
    },
    Error {
        code: &'a str,
        message: &'a str,
    },
    Ended {
        reason: EndReason,
    },
}

impl Told<'_> {
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'a> Told<'a> {
    /// What of the call is worth telling whoever talks.
    pub(super) fn of(sight: Sight<'a>) -> Option<Self> {
        match sight {
            Sight::State(state) => Some(Self::State { state }),
            Sight::Partial(text) => Some(Self::Transcript {
                text,
                r#final: false,
            }),
            Sight::Saying(text) => Some(Self::Reply {
                text,
                heard: false,
                interrupted: false,
            }),
            Sight::Unheard => Some(Self::Reply {
                text: "",
                heard: true,
                interrupted: true,
            }),
            Sight::Record(record) => Self::of_record(record),
        }
    }

    fn of_record(record: &'a Numbered) -> Option<Self> {
        match &record.record {
            Record::Turn(turn) => Some(match turn.speaker {
                Speaker::Caller => Self::Transcript {
                    text: &turn.text,
                    r#final: true,
                },
                Speaker::Bot => Self::Reply {
                    text: &turn.text,
                    heard: true,
                    interrupted: turn.interrupted,
                },
            }),
            Record::Event(event) => Some(Self::Event {
                name: &event.name,
                detail: &event.detail,
            }),
            Record::Ended { reason, .. } => Some(Self::Ended { reason: *reason }),
            Record::Connected { .. }
            | Record::Summary { .. }
            | Record::Filed
            | Record::Stored { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(text: &str) -> Option<Auth> {
        let Ok(Said::Auth(auth)) = serde_json::from_str(text) else {
            return None;
        };
        Some(auth)
    }

    #[test]
    fn a_token_is_all_that_must_be_said_first() {
        let auth = auth(r#"{"type":"auth","token":"t"}"#).unwrap();
        assert_eq!(
            (auth.token.as_str(), auth.bot, auth.call),
            ("t", None, None)
        );
        assert_eq!((auth.input.rate_hz(), auth.output), (16_000, Output::Pcm16));
    }

    #[test]
    fn what_cannot_be_resampled_is_not_known() {
        let known = |input: &str| {
            let text = format!(r#"{{"type":"auth","token":"t","input":{input}}}"#);
            auth(&text).map(|auth| auth.input.is_known())
        };
        assert_eq!(known(r#"{"encoding":"pcm16","rate_hz":48000}"#), Some(true));
        assert_eq!(known(r#"{"rate_hz":44100}"#), Some(true));
        assert_eq!(known(r#"{"encoding":"mulaw"}"#), Some(true));
        assert_eq!(
            known(r#"{"encoding":"mulaw","rate_hz":16000}"#),
            Some(false)
        );
        assert_eq!(known(r#"{"rate_hz":12345}"#), Some(false));
        assert_eq!(known(r#"{"encoding":"opus"}"#), None);
    }

    #[test]
    fn a_reply_as_begun_and_as_heard_can_be_told_apart() {
        let begun = Told::of(Sight::Saying("Hello.")).unwrap().to_json();
        assert_eq!(begun, r#"{"type":"reply","text":"Hello.","heard":false}"#);
        let heard = Told::Reply {
            text: "Hel",
            heard: true,
            interrupted: true,
        };
        assert_eq!(
            heard.to_json(),
            r#"{"type":"reply","text":"Hel","heard":true,"interrupted":true}"#
        );
    }
}
