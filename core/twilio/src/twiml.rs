//! `TwiML`, the XML with which a webhook tells a call what to do: values that write themselves, and a strict reader.
//!
//! Only the verbs this platform uses (`TwiML` for Programmable Voice; `<Connect>`; `<Stream>`; `<Dial>`). The reader is that of a
//! simulated Twilio: what the writer can write it reads back, and everything else it refuses by name.

mod read;
mod write;

pub use read::ReadError;
pub use write::WriteError;

use crate::ids::PhoneNumber;

/// Most bytes Twilio takes of a document (error 11750). 64 kB, taken as 64 000 to be on the safe side of either reading.
pub const DOCUMENT_BYTES_MAX: usize = 64_000;

/// Name and value of a `<Parameter>` must have fewer characters than this, together.
pub const PARAMETER_CHARS_LIMIT: usize = 500;

/// What a call shall do, in this order. After the last verb Twilio hangs up.
///
/// ```
/// use twilio::twiml::{Response, Stream, Verb};
///
/// let stream = Stream::to("wss://bot.example.com/media/one-time");
/// let xml = Response(vec![Verb::Connect { action: Some("/resume".to_owned()), stream }]).to_xml()?;
/// assert!(xml.contains(r#"<Connect action="/resume"><Stream url="wss://bot.example.com/media/one-time"/></Connect>"#));
/// # Ok::<(), twilio::twiml::WriteError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response(pub Vec<Verb>);

/// One instruction. URLs may be relative in the answer to a webhook, but not in a call update (error 15004).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Hands the call to a bidirectional stream until that ends. Then Twilio posts to `action`, whose answer goes on with the
    /// call; without one it takes the next verb.
    Connect {
        /// Where to ask what comes after the stream.
        action: Option<String>,
        /// The stream.
        stream: Stream,
    },
    /// Opens a one-way stream beside the call, and goes on with the next verb at once.
    Start {
        /// The stream.
        stream: Stream,
    },
    /// Reads text aloud.
    Say {
        /// The words. Each voice has its own longest text (error 13521).
        text: String,
        /// Such as `alice` or `Polly.Joanna`; the account's own if none.
        voice: Option<String>,
        /// Such as `en-US`; the voice's own if none.
        language: Option<String>,
    },
    /// Plays a recording or keys.
    Play(Play),
    /// Says nothing for a while.
    Pause {
        /// Seconds; 1 if not said.
        length_s: Option<u32>,
    },
    /// Listens for keys, saying nothing. Once a key was pressed and none followed it for a while, or `#` did, Twilio posts them as
    /// `Digits` to `action`, whose answer goes on with the call; without a key it takes the next verb (`<Gather>`).
    Gather {
        /// Where the keys go.
        action: String,
        /// Seconds to wait for a key, and for another after each; at least 1, and 5 if not said.
        timeout_s: Option<u32>,
    },
    /// Goes on with the document at that URL. Nothing after it is reached.
    Redirect {
        /// Where the document is.
        url: String,
    },
    /// Ends the call.
    Hangup,
    /// Declines the call without answering it, if it is the first verb. Costs nothing.
    Reject {
        /// What the caller hears.
        reason: Reason,
    },
    /// Calls someone else and connects the two.
    Dial {
        /// Whom.
        number: PhoneNumber,
        /// Who seems to call: a number of this call, or one that the account owns. The caller's own if none.
        caller_id: Option<PhoneNumber>,
        /// Where to ask what comes after, with `DialCallStatus`; without one the next verb.
        action: Option<String>,
        /// Seconds to let it ring; 30 if not said.
        timeout_s: Option<u32>,
        /// Seconds after which the two are parted (`timeLimit`); four hours if not said.
        time_limit_s: Option<u32>,
    },
}

/// A media stream, as `<Connect>` and `<Start>` open it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// Where Twilio opens the WebSocket: `wss:`, no query string (it is dropped, or the handshake fails with 31920).
    pub url: String,
    /// Where Twilio posts that the stream began, ended or failed: the only word of a failed handshake. Absolute.
    pub status_callback: Option<String>,
    /// A name for it, unique in the call.
    pub name: Option<String>,
    /// Arrive as `parameters` of [`Start`](crate::media::Start), without their order.
    pub parameters: Vec<(String, String)>,
}

impl Stream {
    /// A stream to that URL, with nothing else said.
    #[must_use]
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }
}

/// What `<Play>` plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Play {
    /// The audio file at that URL. Its `Content-Type` must be of audio, or the verb is skipped.
    Url(String),
    /// Keys: `0`–`9`, `*`, `#`, `A`–`D`, and `w` for half a second of waiting (error 13430). The only way to press keys for the far
    /// end: tones sent through a stream are not recognised.
    Digits(String),
}

/// How a call is declined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reason {
    /// "Not in service".
    #[default]
    Rejected,
    /// The busy tone.
    Busy,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Busy => "busy",
        }
    }
}
