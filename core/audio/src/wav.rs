//! WAV files: written as a recording needs them, read from whatever a synthesiser sends.

mod read;
mod write;

use thiserror::Error;

pub use read::{Reader, Spec, read};
pub use write::{Sound, header, mono, stereo, telephone};

/// Why these bytes are not a WAV file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WavError {
    /// It does not begin as a RIFF file of type WAVE. It may be another kind of audio, or an error as text.
    #[error("not a WAV file")]
    NotWav,
    /// It ended before the data began.
    #[error("the WAV file ends before its data begin")]
    Truncated,
    /// The data chunk came before the format chunk, or the format chunk is too short.
    #[error("the WAV file does not say its format before its data")]
    NoFormat,
    /// A coding other than PCM, float, A-law and μ-law, or one of these with an unusual width.
    #[error("WAV format {tag} with {bits} bits per sample is not supported")]
    UnsupportedFormat {
        /// The format tag: 1 PCM, 3 float, 6 A-law, 7 μ-law, 0xFFFE extensible.
        tag: u16,
        /// Bits per sample.
        bits: u16,
    },
    /// No channels, or no samples per second.
    #[error("the WAV file has {channels} channels at {rate_hz} Hz")]
    Senseless {
        /// Channels it names.
        channels: u16,
        /// Samples per second it names.
        rate_hz: u32,
    },
}
