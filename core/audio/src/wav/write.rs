//! Writing: a header, then samples.

use crate::{mulaw, pcm};

/// How samples are coded in a file to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// 16-bit PCM, two bytes per sample.
    Pcm16,
    /// G.711 μ-law, one byte per sample.
    Mulaw,
}

impl Sound {
    const fn tag(self) -> u16 {
        match self {
            Self::Pcm16 => 1,
            Self::Mulaw => 7,
        }
    }

    const fn sample_bytes(self) -> u16 {
        match self {
            Self::Pcm16 => 2,
            Self::Mulaw => 1,
        }
    }
}

/// All that stands before `data_bytes` bytes of samples; the channels' samples alternate. 44 bytes for PCM, 58 for μ-law.
///
/// A file with an odd number of data bytes needs one zero byte after them. Where the length is not known yet, give
/// `u32::MAX`: readers then take all there is.
#[must_use]
pub fn header(sound: Sound, channels: u16, rate_hz: u32, data_bytes: u32) -> Vec<u8> {
    let block = channels.saturating_mul(sound.sample_bytes());
    let mut format = Vec::with_capacity(18);
    format.extend(sound.tag().to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(rate_hz.to_le_bytes());
    format.extend(rate_hz.saturating_mul(u32::from(block)).to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend((8 * sound.sample_bytes()).to_le_bytes());
    let mut chunks = Vec::with_capacity(46);
    if sound == Sound::Mulaw {
        // Formats other than PCM say that they have no extension, and count their samples in a chunk of its own.
        format.extend(0_u16.to_le_bytes());
        chunk(&mut chunks, *b"fmt ", &format);
        let each = data_bytes.checked_div(u32::from(block)).unwrap_or(0);
        chunk(&mut chunks, *b"fact", &each.to_le_bytes());
    } else {
        chunk(&mut chunks, *b"fmt ", &format);
    }
    let around = u32::try_from(4 + chunks.len() + 8).unwrap_or(u32::MAX);
    let padded = data_bytes.saturating_add(data_bytes % 2);

    let mut bytes = Vec::with_capacity(12 + chunks.len() + 8);
    bytes.extend(b"RIFF");
    bytes.extend(around.saturating_add(padded).to_le_bytes());
    bytes.extend(b"WAVE");
    bytes.extend(chunks);
    bytes.extend(b"data");
    bytes.extend(data_bytes.to_le_bytes());
    bytes
}

/// A file of one channel.
#[must_use]
pub fn mono(sound: Sound, rate_hz: u32, samples: &[i16]) -> Vec<u8> {
    file(sound, 1, rate_hz, coded(sound, samples))
}

/// A file of one channel at 8 kHz, from its μ-law bytes.
#[must_use]
pub fn telephone(mulaw: Vec<u8>) -> Vec<u8> {
    file(Sound::Mulaw, 1, crate::RATE_HZ, mulaw)
}

/// A telephone recording of two channels at 8 kHz, from their μ-law bytes; the shorter one is silent at its end.
#[must_use]
pub fn stereo(sound: Sound, left: &[u8], right: &[u8]) -> Vec<u8> {
    let frames = left.len().max(right.len());
    let filled = |channel: &[u8]| {
        let mut all = channel.to_vec();
        all.resize(frames, mulaw::SILENCE);
        all
    };
    let mixed: Vec<u8> = filled(left)
        .into_iter()
        .zip(filled(right))
        .flat_map(<[u8; 2]>::from)
        .collect();
    let data = match sound {
        Sound::Mulaw => mixed,
        Sound::Pcm16 => pcm::to_le_bytes(&mulaw::decode_all(&mixed)),
    };
    file(sound, 2, crate::RATE_HZ, data)
}

fn coded(sound: Sound, samples: &[i16]) -> Vec<u8> {
    match sound {
        Sound::Pcm16 => pcm::to_le_bytes(samples),
        Sound::Mulaw => mulaw::encode_all(samples),
    }
}

fn file(sound: Sound, channels: u16, rate_hz: u32, data: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut bytes = header(sound, channels, rate_hz, length);
    bytes.extend(data);
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

fn chunk(bytes: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    bytes.extend(name);
    bytes.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(body);
}
