use std::borrow::Cow;
use std::str::FromStr;

use base64::Engine as _;

use super::wire::{
    Count, DtmfBody, FormatBody, MarkBody, MediaBody, Message, Named, StartBody, StopBody, Text,
};
use super::{BASE64, Format, Start, Track};
use crate::ids::{AccountSid, BadSid, CallSid, StreamSid};

/// What Twilio says over the socket of a media stream.
///
/// `sequence` counts all messages of the stream after `connected`, from 1. It is good for noticing gaps and for the log;
/// nothing promises that it is dense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// First of all. Says nothing of whose stream this is.
    Connected,
    /// Second of all, and once.
    Start(Start),
    /// Some sound. Usually 160 bytes, which is 20 ms, but no page promises that, and in silence there may be none at all: time
    /// is what `timestamp_ms` says.
    Media {
        /// Place among all messages.
        sequence: u64,
        /// Place among the media messages, from 1.
        chunk: u64,
        /// When this sound began, in milliseconds since the stream began.
        timestamp_ms: u64,
        /// Whose voice.
        track: Track,
        /// Decoded: G.711 μ-law, 8000 bytes a second, no header. Any length, also none.
        payload: Vec<u8>,
    },
    /// The caller pressed a key.
    Dtmf {
        /// Place among all messages.
        sequence: u64,
        /// `0`–`9`, `*`, `#` or `A`–`D`.
        digit: char,
    },
    /// Everything queued before the mark of that name was played, or thrown away by `clear`: the echo does not tell which.
    Mark {
        /// Place among all messages.
        sequence: u64,
        /// The name that was sent.
        name: String,
    },
    /// The stream or the call ended. Do not wait for it: a socket may also just close.
    Stop {
        /// Place among all messages.
        sequence: u64,
        /// The account that owns the call.
        account: AccountSid,
        /// The call.
        call: CallSid,
    },
    /// An event this program does not know. Twilio adds some without notice; pass over it.
    Unknown {
        /// Its name, cut to 64 characters.
        event: String,
    },
}

const EVENT_CHARS_MAX: usize = 64;

/// Why a text is no message of Twilio's. Tells the place and the field, never the content: that may be what someone said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON, or not an object.
    #[error("not a JSON object (error near column {column})")]
    NotJson {
        /// Where the reader gave up, in bytes from the start of the line; 0 if it got nowhere.
        column: usize,
    },
    /// No `event`, so nothing tells what the message is.
    #[error("the message has no \"event\"")]
    NoEvent,
    /// A field holds what it cannot hold, such as a word for a number.
    #[error("a field of the {event:?} message holds what it cannot hold (near column {column})")]
    Shape {
        /// The message.
        event: String,
        /// Where the reader gave up, in bytes from the start of the line.
        column: usize,
    },
    /// A field that belongs to the event is not there.
    #[error("the {event:?} message lacks \"{field}\"")]
    Missing {
        /// The message.
        event: &'static str,
        /// The field, with dots for nesting.
        field: &'static str,
    },
    /// An identifier is none.
    #[error("\"{field}\" is {problem}")]
    Sid {
        /// The field, with dots for nesting.
        field: &'static str,
        /// What is wrong with it.
        problem: BadSid,
    },
    /// The two places of a `start` message that name the stream disagree.
    #[error("the \"start\" message names two streams")]
    TwoStreams,
    /// The payload is not base64.
    #[error("\"media.payload\" is not base64")]
    Payload,
    /// Not a key of a telephone.
    #[error("\"dtmf.digit\" is not one of 0-9, *, # and A-D")]
    Digit,
}

const fn missing(event: &'static str, field: &'static str) -> DecodeError {
    DecodeError::Missing { event, field }
}

fn sid<T: FromStr<Err = BadSid>>(
    event: &'static str,
    field: &'static str,
    text: Option<&Text<'_>>,
) -> Result<T, DecodeError> {
    let text = text.ok_or_else(|| missing(event, field))?;
    text.0
        .parse()
        .map_err(|problem| DecodeError::Sid { field, problem })
}

impl Inbound {
    /// Reads one text frame.
    ///
    /// # Errors
    /// A message that is not JSON, names no event, or names a known one but lacks or garbles its fields. An unknown event is
    /// no error.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        Self::decode_reusing(text, Vec::new())
    }

    /// As [`Inbound::decode`], but puts the payload of a media message into `buffer`, whose old content is dropped. Hand the
    /// payload back when done with it and fifty messages a second take no memory of their own.
    ///
    /// # Errors
    /// As [`Inbound::decode`].
    pub fn decode_reusing(text: &str, buffer: Vec<u8>) -> Result<Self, DecodeError> {
        let message: Message<'_> = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => return unreadable(text, &error),
        };
        let event = message.event.as_ref().ok_or(DecodeError::NoEvent)?;
        match event.0.as_ref() {
            "media" => media(message, buffer),
            "connected" => Ok(Self::Connected),
            "start" => start(message),
            "dtmf" => dtmf(&message),
            "mark" => mark(message),
            "stop" => stop(&message),
            other => Ok(unknown(other)),
        }
    }

    /// Writes the message as Twilio would, for a simulated one. `stream` is the `streamSid` of every message that carries one,
    /// but `start`, which brings its own. An unknown event is written as its name alone.
    #[must_use]
    pub fn encode(&self, stream: &StreamSid) -> String {
        let payload;
        let mut digit_text = [0; 4];
        let mut message = Message {
            stream_sid: Some(Text::of(stream.as_str())),
            ..Message::default()
        };
        let (event, sequence) = match self {
            Self::Connected => {
                message.protocol = Some(Text::of("Call"));
                message.version = Some(Text::of("1.0.0"));
                message.stream_sid = None;
                ("connected", None)
            }
            Self::Start(start) => {
                message.start = Some(start_body(start));
                message.stream_sid = Some(Text::of(start.stream.as_str()));
                ("start", Some(start.sequence))
            }
            Self::Media {
                sequence,
                chunk,
                timestamp_ms,
                track,
                payload: sound,
            } => {
                payload = BASE64.encode(sound);
                message.media = Some(MediaBody {
                    track: Some(*track),
                    chunk: Some(Count(*chunk)),
                    timestamp: Some(Count(*timestamp_ms)),
                    payload: Some(Text::of(&payload)),
                });
                ("media", Some(*sequence))
            }
            Self::Dtmf { sequence, digit } => {
                let digit = Text::of(digit.encode_utf8(&mut digit_text));
                message.dtmf = Some(DtmfBody {
                    track: Some(Text::of("inbound_track")),
                    digit: Some(digit),
                });
                ("dtmf", Some(*sequence))
            }
            Self::Mark { sequence, name } => {
                message.mark = Some(MarkBody {
                    name: Some(Text::of(name)),
                });
                ("mark", Some(*sequence))
            }
            Self::Stop {
                sequence,
                account,
                call,
            } => {
                message.stop = Some(StopBody {
                    account_sid: Some(Text::of(account.as_str())),
                    call_sid: Some(Text::of(call.as_str())),
                });
                ("stop", Some(*sequence))
            }
            Self::Unknown { event } => (event.as_str(), None),
        };
        message.event = Some(Text::of(event));
        message.sequence_number = sequence.map(Count);
        // Strings, numbers and maps of strings always serialise.
        serde_json::to_string(&message).unwrap_or_default()
    }
}

/// The slow road, for a text that is not of our shape: broken, or an event whose body only looks like one we know.
#[cold]
fn unreadable(text: &str, error: &serde_json::Error) -> Result<Inbound, DecodeError> {
    let column = error.column();
    let Ok(Named { event }) = serde_json::from_str(text) else {
        let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
        return Err(match object {
            Ok(object) if object.contains_key("event") => DecodeError::Shape {
                event: "unnamed".to_owned(),
                column,
            },
            Ok(_) => DecodeError::NoEvent,
            Err(_) => DecodeError::NotJson { column },
        });
    };
    match event.0.as_ref() {
        known @ ("connected" | "start" | "media" | "dtmf" | "mark" | "stop") => {
            Err(DecodeError::Shape {
                event: known.to_owned(),
                column,
            })
        }
        other => Ok(unknown(other)),
    }
}

fn unknown(event: &str) -> Inbound {
    Inbound::Unknown {
        event: event.chars().take(EVENT_CHARS_MAX).collect(),
    }
}

fn sequence(event: &'static str, message: &Message<'_>) -> Result<u64, DecodeError> {
    message
        .sequence_number
        .map(|count| count.0)
        .ok_or_else(|| missing(event, "sequenceNumber"))
}

fn media(message: Message<'_>, mut buffer: Vec<u8>) -> Result<Inbound, DecodeError> {
    let sequence = sequence("media", &message)?;
    let body = message.media.ok_or_else(|| missing("media", "media"))?;
    let chunk = body.chunk.ok_or_else(|| missing("media", "media.chunk"))?.0;
    let timestamp_ms = body
        .timestamp
        .ok_or_else(|| missing("media", "media.timestamp"))?
        .0;
    let track = body.track.ok_or_else(|| missing("media", "media.track"))?;
    let payload = body
        .payload
        .ok_or_else(|| missing("media", "media.payload"))?;
    buffer.clear();
    BASE64
        .decode_vec(payload.0.as_bytes(), &mut buffer)
        .map_err(|_| DecodeError::Payload)?;
    Ok(Inbound::Media {
        sequence,
        chunk,
        timestamp_ms,
        track,
        payload: buffer,
    })
}

fn start(message: Message<'_>) -> Result<Inbound, DecodeError> {
    let sequence = sequence("start", &message)?;
    let outer: StreamSid = sid("start", "streamSid", message.stream_sid.as_ref())?;
    let body = message.start.ok_or_else(|| missing("start", "start"))?;
    let stream = sid("start", "start.streamSid", body.stream_sid.as_ref())?;
    if outer != stream {
        return Err(DecodeError::TwoStreams);
    }
    let format = body
        .media_format
        .ok_or_else(|| missing("start", "start.mediaFormat"))?;
    Ok(Inbound::Start(Start {
        sequence,
        account: sid("start", "start.accountSid", body.account_sid.as_ref())?,
        call: sid("start", "start.callSid", body.call_sid.as_ref())?,
        stream,
        tracks: body
            .tracks
            .ok_or_else(|| missing("start", "start.tracks"))?,
        // What does not fit is no format anyone can play; the highest value says so as well as the true one.
        format: Format {
            encoding: format.encoding.0.into_owned(),
            rate_hz: u32::try_from(format.sample_rate).unwrap_or(u32::MAX),
            channels: u16::try_from(format.channels).unwrap_or(u16::MAX),
        },
        parameters: body
            .custom_parameters
            .map(Cow::into_owned)
            .unwrap_or_default(),
    }))
}

fn start_body(start: &Start) -> StartBody<'_> {
    StartBody {
        account_sid: Some(Text::of(start.account.as_str())),
        stream_sid: Some(Text::of(start.stream.as_str())),
        call_sid: Some(Text::of(start.call.as_str())),
        tracks: Some(start.tracks.clone()),
        media_format: Some(FormatBody {
            encoding: Text::of(&start.format.encoding),
            sample_rate: start.format.rate_hz.into(),
            channels: start.format.channels.into(),
        }),
        custom_parameters: Some(Cow::Borrowed(&start.parameters)),
    }
}

fn dtmf(message: &Message<'_>) -> Result<Inbound, DecodeError> {
    let sequence = sequence("dtmf", message)?;
    let body = message
        .dtmf
        .as_ref()
        .ok_or_else(|| missing("dtmf", "dtmf"))?;
    let text = body
        .digit
        .as_ref()
        .ok_or_else(|| missing("dtmf", "dtmf.digit"))?;
    let mut letters = text.0.chars();
    match (letters.next(), letters.next()) {
        (Some(digit @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => {
            Ok(Inbound::Dtmf { sequence, digit })
        }
        _ => Err(DecodeError::Digit),
    }
}

fn mark(message: Message<'_>) -> Result<Inbound, DecodeError> {
    let sequence = sequence("mark", &message)?;
    let body = message.mark.ok_or_else(|| missing("mark", "mark"))?;
    let name = body
        .name
        .ok_or_else(|| missing("mark", "mark.name"))?
        .0
        .into_owned();
    Ok(Inbound::Mark { sequence, name })
}

fn stop(message: &Message<'_>) -> Result<Inbound, DecodeError> {
    let sequence = sequence("stop", message)?;
    let body = message
        .stop
        .as_ref()
        .ok_or_else(|| missing("stop", "stop"))?;
    let account = sid("stop", "stop.accountSid", body.account_sid.as_ref())?;
    let call = sid("stop", "stop.callSid", body.call_sid.as_ref())?;
    Ok(Inbound::Stop {
        sequence,
        account,
        call,
    })
}
