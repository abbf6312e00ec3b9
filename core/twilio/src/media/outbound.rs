use std::borrow::Cow;

use base64::Engine as _;

use super::BASE64;
use super::wire::{Command, StrictMark, Text};
use crate::ids::StreamSid;

/// What Twilio wants to hear over the socket of a bidirectional media stream; it takes nothing else (error 31951). None of
/// these can be sent before `start`, which brings the stream's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outbound<'a> {
    /// Sound to queue behind what is queued already. May be sent faster than it plays, up to ten minutes ahead; what is
    /// beyond that is thrown away (warning 31931).
    Media {
        /// G.711 μ-law, 8000 bytes a second, no header. Any length, but whole frames of 160 bytes play more smoothly.
        payload: Cow<'a, [u8]>,
    },
    /// Asks for an echo once all sound sent before has been played, or thrown away.
    Mark {
        /// Comes back as it was sent.
        name: Cow<'a, str>,
    },
    /// Throws away what is queued, and echoes every mark that is still waiting.
    Clear,
}

/// Why Twilio would pass over a message. It warns once a stream and goes on; the stream stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A binary frame, where only text is understood.
    #[error("a binary frame cannot be decoded")]
    Binary,
    /// Not JSON, or a field too many, too few, or of the wrong kind.
    #[error("not JSON, or a field is missing, unexpected or of the wrong kind")]
    Shape,
    /// Neither `media`, `mark` nor `clear`.
    #[error("the event is none of media, mark and clear")]
    Event,
    /// Another stream's name, or none.
    #[error("streamSid names another stream")]
    Stream,
    /// The payload is not base64.
    #[error("media.payload is not base64")]
    Payload,
}

impl Refusal {
    /// The code of the warning: 31950 "malformed message" or 31951 "invalid message".
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Binary => 31950,
            Self::Shape | Self::Event | Self::Stream | Self::Payload => 31951,
        }
    }
}

impl<'a> Outbound<'a> {
    /// Sound, borrowed.
    #[must_use]
    pub const fn media(payload: &'a [u8]) -> Self {
        Self::Media {
            payload: Cow::Borrowed(payload),
        }
    }

    /// A mark, borrowed.
    #[must_use]
    pub const fn mark(name: &'a str) -> Self {
        Self::Mark {
            name: Cow::Borrowed(name),
        }
    }

    /// Writes one text frame with exactly the documented fields.
    #[must_use]
    pub fn encode(&self, stream: &StreamSid) -> String {
        // The envelope of a media message is 83 bytes.
        let length = match self {
            Self::Media { payload } => payload.len().div_ceil(3) * 4,
            Self::Mark { name } => name.len(),
            Self::Clear => 0,
        };
        let mut text = String::with_capacity(96 + length);
        let (event, body) = match self {
            Self::Media { .. } => ("media", r#"","media":{"payload":""#),
            Self::Mark { .. } => ("mark", r#"","mark":"#),
            Self::Clear => ("clear", ""),
        };
        text.push_str(r#"{"event":""#);
        text.push_str(event);
        text.push_str(r#"","streamSid":""#);
        text.push_str(stream.as_str());
        text.push_str(body);
        match self {
            Self::Media { payload } => {
                BASE64.encode_string(payload, &mut text);
                text.push_str("\"}}");
            }
            Self::Mark { name } => {
                // A name may hold anything, so it is escaped by those who know how; a string always serialises.
                let mark = StrictMark {
                    name: Text::of(name),
                };
                text.push_str(&serde_json::to_string(&mark).unwrap_or_default());
                text.push('}');
            }
            Self::Clear => text.push_str("\"}"),
        }
        text
    }

    /// Reads one text frame as strictly as Twilio does, for a simulated one. Text frames only: a binary one is
    /// [`Refusal::Binary`] without being read.
    ///
    /// # Errors
    /// Whatever Twilio would pass over with a warning.
    pub fn decode(text: &str, stream: &StreamSid) -> Result<Outbound<'static>, Refusal> {
        let command: Command<'_> = serde_json::from_str(text).map_err(|_| Refusal::Shape)?;
        if !matches!(command.event.0.as_ref(), "media" | "mark" | "clear") {
            return Err(Refusal::Event);
        }
        if command.stream_sid.0 != stream.as_str() {
            return Err(Refusal::Stream);
        }
        match (command.event.0.as_ref(), command.media, command.mark) {
            ("media", Some(media), None) => {
                let payload = BASE64
                    .decode(media.payload.0.as_bytes())
                    .map_err(|_| Refusal::Payload)?;
                Ok(Outbound::Media {
                    payload: payload.into(),
                })
            }
            ("mark", None, Some(mark)) => Ok(Outbound::Mark {
                name: mark.name.0.into_owned().into(),
            }),
            ("clear", None, None) => Ok(Outbound::Clear),
            _ => Err(Refusal::Shape),
        }
    }
}
