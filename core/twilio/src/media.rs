//! The messages of a media stream's WebSocket, both ways: JSON in text frames (Media Streams — WebSocket Messages).
//!
//! [`Inbound`] is what Twilio says, [`Outbound`] what it wants to hear. Each can be written and read, so that a simulated
//! Twilio shares the shapes with the program that talks to the real one.

mod inbound;
mod outbound;
mod wire;

pub use inbound::{DecodeError, Inbound};
pub use outbound::{Outbound, Refusal};

use std::collections::BTreeMap;

use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountSid, CallSid, StreamSid};

/// Standard alphabet, written with padding, read with or without: whether the far end pads is nothing to lose audio over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whose voice a message carries. A bidirectional stream has the inbound track only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Track {
    /// What the far party says.
    Inbound,
    /// What Twilio plays to the far party; on one-way streams only.
    Outbound,
}

/// How the payload of a stream is encoded. Documented as always μ-law at 8000 Hz, one channel; read it, do not assume it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// A media type, such as `audio/x-mulaw`.
    pub encoding: String,
    /// Samples a second.
    pub rate_hz: u32,
    /// Channels, interleaved.
    pub channels: u16,
}

impl Format {
    /// The one documented format: G.711 μ-law, 8000 Hz, mono.
    #[must_use]
    pub fn mulaw() -> Self {
        Self {
            encoding: "audio/x-mulaw".to_owned(),
            rate_hz: 8000,
            channels: 1,
        }
    }

    /// Whether this is [`Format::mulaw`].
    #[must_use]
    pub fn is_mulaw(&self) -> bool {
        self.encoding == "audio/x-mulaw" && self.rate_hz == 8000 && self.channels == 1
    }
}

/// The second message of a stream, and the only one that says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Place among all messages after `connected`; 1 here.
    pub sequence: u64,
    /// The account that owns the call.
    pub account: AccountSid,
    /// The call.
    pub call: CallSid,
    /// The stream, to be named in everything sent back.
    pub stream: StreamSid,
    /// The tracks that will be sent.
    pub tracks: Vec<Track>,
    /// How their payloads are encoded.
    pub format: Format,
    /// What the `<Parameter>` elements of the `<Stream>` said.
    pub parameters: BTreeMap<String, String>,
}
