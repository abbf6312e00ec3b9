//! Reading, as the bytes arrive: chunks nobody asked for are skipped, wrong lengths forgiven, channels mixed to one.

use super::WavError;
use crate::mulaw;

/// A chunk of names and remarks longer than this is skipped, not kept; a format chunk is far shorter.
const FORMAT_BYTES_MAX: u32 = 1024;

/// What a file says about its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Channels in the file; reading mixes them to one.
    pub channels: u16,
    /// How one sample is stored.
    coding: Coding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Unsigned8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    Float64,
    Alaw,
    Mulaw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waiting for RIFF, length, WAVE.
    Riff,
    /// Waiting for the name and the length of a chunk.
    Chunk,
    /// Waiting for the body of the format chunk, so long.
    Format(u32),
    /// Passing over so many bytes.
    Skip(u64),
    /// In the data: so many bytes to go, or all there are.
    Data(Option<u64>),
    /// After the data.
    Done,
    /// This is no file that can be read.
    Failed(WavError),
}

/// Reads a WAV file piece by piece: PCM of 8, 16, 24 and 32 bits, float of 32 and 64, A-law and μ-law; plain or
/// `WAVE_FORMAT_EXTENSIBLE`. A data length of 0, of 0x7FFFFFFF or more, as streaming writers put, means to the end.
#[derive(Clone, Debug)]
pub struct Reader {
    state: State,
    spec: Option<Spec>,
    held: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// At the start of a file.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Riff,
            spec: None,
            held: Vec::new(),
        }
    }

    /// What the file says of itself; none until that has been read.
    #[must_use]
    pub fn spec(&self) -> Option<Spec> {
        self.spec
    }

    /// Appends the samples that are complete with these bytes, mixed to one channel.
    ///
    /// # Errors
    /// As soon as it is clear that this is no file that can be read; then for good.
    pub fn push(&mut self, bytes: &[u8], samples: &mut Vec<i16>) -> Result<(), WavError> {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        loop {
            match self.step(rest, samples) {
                Ok(Some(after)) => rest = after,
                Ok(None) => break,
                Err(error) => {
                    self.state = State::Failed(error);
                    return Err(error);
                }
            }
        }
        self.held = rest.to_vec();
        Ok(())
    }

    /// Whether the file was one, now that there is no more of it.
    ///
    /// # Errors
    /// [`WavError::Truncated`] or [`WavError::NotWav`] if the data never began, or what [`Reader::push`] said. Data that end early are what a stream
    /// does, and no error.
    pub fn finish(self) -> Result<Spec, WavError> {
        match (self.state, self.spec) {
            (State::Data(_) | State::Done, Some(spec)) => Ok(spec),
            (State::Failed(error), _) => Err(error),
            (State::Riff, _) if !b"RIFF".starts_with(self.held.get(..4).unwrap_or(&self.held)) => {
                Err(WavError::NotWav)
            }
            _ => Err(WavError::Truncated),
        }
    }

    /// Takes one thing off the front. None if it is not all there.
    fn step<'b>(
        &mut self,
        bytes: &'b [u8],
        samples: &mut Vec<i16>,
    ) -> Result<Option<&'b [u8]>, WavError> {
        match self.state {
            State::Riff => self.riff(bytes),
            State::Chunk => self.chunk(bytes),
            State::Format(length) => {
                let padded = length as usize + length as usize % 2;
                let Some((body, rest)) = bytes.split_at_checked(padded) else {
                    return Ok(None);
                };
                self.spec = Some(spec(body)?);
                self.state = State::Chunk;
                Ok(Some(rest))
            }
            State::Skip(length) => {
                if length > 0 && bytes.is_empty() {
                    return Ok(None);
                }
                let now = usize::try_from(length)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let left = length - now as u64;
                self.state = if left == 0 {
                    State::Chunk
                } else {
                    State::Skip(left)
                };
                Ok(bytes.get(now..))
            }
            State::Data(left) => Ok(self.data(bytes, left, samples)),
            State::Done => Ok((!bytes.is_empty()).then_some(&[])),
            State::Failed(error) => Err(error),
        }
    }

    fn riff<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b [u8]>, WavError> {
        let Some((head, rest)) = bytes.split_first_chunk::<12>() else {
            let begun = bytes.get(..4).unwrap_or(bytes);
            return if b"RIFF".starts_with(begun) {
                Ok(None)
            } else {
                Err(WavError::NotWav)
            };
        };
        if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
            return Err(WavError::NotWav);
        }
        self.state = State::Chunk;
        Ok(Some(rest))
    }

    fn chunk<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b [u8]>, WavError> {
        let Some((name, rest)) = bytes.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let Some((length, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length);
        self.state = match name {
            b"fmt " if length <= FORMAT_BYTES_MAX => State::Format(length),
            b"data" if self.spec.is_none() => return Err(WavError::NoFormat),
            b"data" if length == 0 || length >= 0x7FFF_FFFF => State::Data(None),
            b"data" => State::Data(Some(u64::from(length))),
            _ => State::Skip(u64::from(length) + u64::from(length % 2)),
        };
        Ok(Some(rest))
    }

    fn data<'b>(
        &mut self,
        bytes: &'b [u8],
        left: Option<u64>,
        samples: &mut Vec<i16>,
    ) -> Option<&'b [u8]> {
        let spec = self.spec?;
        let within = left.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        let here = bytes.get(..within).unwrap_or(bytes);
        let whole = here.len() - here.len() % spec.block_bytes();
        let (blocks, _) = here.split_at_checked(whole)?;
        samples.extend(
            blocks
                .chunks_exact(spec.block_bytes())
                .map(|block| spec.mix(block)),
        );
        let rest = bytes.get(whole..)?;
        if here.len() == within {
            self.state = State::Done; // whatever follows is no sound
            return Some(&[]);
        }
        self.state = State::Data(left.map(|left| left - whole as u64));
        (whole > 0).then_some(rest)
    }
}

/// Reads a whole file: what it says of its sound, and its samples mixed to one channel.
///
/// # Errors
/// As [`Reader::push`] and [`Reader::finish`].
pub fn read(bytes: &[u8]) -> Result<(Spec, Vec<i16>), WavError> {
    let mut reader = Reader::new();
    let mut samples = Vec::new();
    reader.push(bytes, &mut samples)?;
    Ok((reader.finish()?, samples))
}

impl Spec {
    fn block_bytes(self) -> usize {
        usize::from(self.channels) * self.coding.bytes()
    }

    /// The mean of one sample of every channel.
    fn mix(self, block: &[u8]) -> i16 {
        let sum: i64 = block
            .chunks_exact(self.coding.bytes())
            .map(|sample| i64::from(self.coding.decode(sample)))
            .sum();
        let mean = sum / i64::from(self.channels.max(1));
        i16::try_from(mean).unwrap_or(0)
    }
}

impl Coding {
    const fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::Alaw | Self::Mulaw => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
            Self::Pcm32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// One sample in 16 bits.
    fn decode(self, bytes: &[u8]) -> i16 {
        match (self, bytes) {
            (Self::Unsigned8, [byte]) => (i16::from(*byte) - 128) * 256,
            (Self::Alaw, [byte]) => alaw(*byte),
            (Self::Mulaw, [byte]) => mulaw::decode(*byte),
            (Self::Pcm16, [low, high])
            | (Self::Pcm24, [_, low, high])
            | (Self::Pcm32, [_, _, low, high]) => i16::from_le_bytes([*low, *high]),
            (Self::Float32, _) => bytes
                .first_chunk()
                .map_or(0, |four| scaled(f64::from(f32::from_le_bytes(*four)))),
            (Self::Float64, _) => bytes
                .first_chunk()
                .map_or(0, |eight| scaled(f64::from_le_bytes(*eight))),
            _ => 0,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and makes silence of not-a-number"
)]
fn scaled(sample: f64) -> i16 {
    (sample * 32_768.0) as i16
}

/// G.711 A-law.
fn alaw(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let exponent = (bits >> 4) & 7;
    let mantissa = i16::from(bits & 15) << 4;
    let magnitude = if exponent == 0 {
        mantissa + 8
    } else {
        (mantissa + 0x108) << (exponent - 1)
    };
    if bits & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

fn spec(body: &[u8]) -> Result<Spec, WavError> {
    let word = |at: usize| {
        let bytes = body.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_le_bytes(*bytes))
    };
    let (Some(tag), Some(channels), Some(rate_low), Some(rate_high), Some(bits)) =
        (word(0), word(2), word(4), word(6), word(14))
    else {
        return Err(WavError::NoFormat);
    };
    let rate_hz = u32::from(rate_low) | (u32::from(rate_high) << 16);
    // An extensible format names its true one at the start of a 16-byte identifier.
    let coded = if tag == 0xFFFE {
        word(24).unwrap_or(tag)
    } else {
        tag
    };
    let coding = match (coded, bits) {
        (1, 8) => Coding::Unsigned8,
        (1, 16) => Coding::Pcm16,
        (1, 24) => Coding::Pcm24,
        (1, 32) => Coding::Pcm32,
        (3, 32) => Coding::Float32,
        (3, 64) => Coding::Float64,
        (6, 8) => Coding::Alaw,
        (7, 8) => Coding::Mulaw,
        _ => return Err(WavError::UnsupportedFormat { tag: coded, bits }),
    };
    if channels == 0 || rate_hz == 0 {
        return Err(WavError::Senseless { channels, rate_hz });
    }
    Ok(Spec {
        rate_hz,
        channels,
        coding,
    })
}
