//! How the bytes of a response are to be understood: what was asked for, what is declared, what it looks like.

use crate::Head;

/// What `pcm` is, unless the server says otherwise (OpenAI's API reference: 24 kHz, 16 bit, little-endian, one channel).
const PCM_RATE_HZ: u32 = 24_000;
/// So many bytes tell text from sound.
pub(crate) const SNIFFED_BYTES: usize = 16;

/// How bytes are to be understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coding {
    /// 16 bit, little-endian, one channel.
    Pcm {
        /// Samples per second.
        rate_hz: u32,
    },
    /// A WAV file.
    Wav,
    /// Bare μ-law, 8 kHz: already what the telephone wants.
    Mulaw,
}

impl Coding {
    /// What was asked for: `response_format` and `sample_rate` as they stand in the request.
    pub(crate) fn asked(response_format: &str, rate_hz: Option<u32>) -> Option<Self> {
        match response_format {
            "pcm" => Some(Self::Pcm {
                rate_hz: rate_hz.unwrap_or(PCM_RATE_HZ),
            }),
            "wav" => Some(Self::Wav),
            "mulaw" | "ulaw" | "pcmu" | "g711_ulaw" => Some(Self::Mulaw),
            _ => None,
        }
    }
}

/// What the content type says.
pub(crate) enum Declared {
    Nothing,
    This(Coding),
    /// Compressed sound, which nobody here can decode, or something without sound.
    Unfit(String),
}

impl Declared {
    pub(crate) fn read(head: &Head, asked: Option<Coding>) -> Self {
        let kind = head.media_type();
        match kind.as_str() {
            "audio/pcm" | "audio/x-pcm" | "audio/raw" => {
                let asked_rate = match asked {
                    Some(Coding::Pcm { rate_hz }) => Some(rate_hz),
                    Some(Coding::Wav | Coding::Mulaw) | None => None,
                };
                let said = head.parameter("rate").and_then(|rate| rate.parse().ok());
                Self::This(Coding::Pcm {
                    rate_hz: said.or(asked_rate).unwrap_or(PCM_RATE_HZ),
                })
            }
            "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => {
                Self::This(Coding::Wav)
            }
            "audio/basic" | "audio/pcmu" | "audio/mulaw" | "audio/x-mulaw" | "audio/ulaw" => {
                Self::This(Coding::Mulaw)
            }
            _ if kind.starts_with("audio/")
                || kind.starts_with("text/")
                || kind.ends_with("json") =>
            {
                Self::Unfit(kind)
            }
            _ => Self::Nothing,
        }
    }
}

/// Whether this begins as JSON or as a page. Sixteen printable characters with such a beginning do not occur at the
/// start of speech: as samples they would be loud from the first one on.
pub(crate) fn is_text(first: &[u8]) -> bool {
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let mut marks = first
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace());
    let begins = match (marks.next(), marks.next()) {
        (Some(b'{'), mark) => matches!(mark, Some(b'"' | b'}') | None),
        (Some(b'['), mark) => matches!(mark, Some(b'{' | b'"' | b']') | None),
        (Some(b'<'), Some(mark)) => mark.is_ascii_alphabetic() || matches!(mark, b'!' | b'?'),
        _ => false,
    };
    begins && first.iter().take(SNIFFED_BYTES).all(printable)
}

/// Whether this begins with the head of an MP3 frame: eleven bits of ones, layer III, a rate that exists. A sample of
/// -1, with which much PCM begins, has layer I.
pub(crate) fn is_mp3(first: &[u8]) -> bool {
    matches!(first, [0xFF, second, third, ..]
        if second & 0xE6 == 0xE2 && second & 0x18 != 0x08 && third & 0xF0 != 0xF0 && third & 0x0C != 0x0C)
}
