//! 16-bit PCM as it arrives from the network: in chunks that may end in the middle of a sample.

/// Turns chunks of bytes (16 bit, little-endian) into samples, carrying a byte over where a chunk ends half-way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pcm16 {
    carried: Option<u8>,
}

impl Pcm16 {
    /// At the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the samples that are complete with this chunk. A byte left over at the end of the stream is noise of
    /// no consequence and simply stays.
    pub fn push(&mut self, chunk: &[u8], samples: &mut Vec<i16>) {
        let mut rest = chunk;
        if let (Some(low), Some((high, after))) = (self.carried, chunk.split_first()) {
            samples.push(i16::from_le_bytes([low, *high]));
            self.carried = None;
            rest = after;
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        samples.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
        if let Some(low) = odd.first() {
            self.carried = Some(*low);
        }
    }
}

/// Samples as bytes, 16 bit, little-endian.
#[must_use]
pub fn to_le_bytes(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_the_same_however_the_bytes_are_cut() {
        let expected: Vec<i16> = (0..50).map(|n| n * 641 - 16_000).collect();
        let bytes = to_le_bytes(&expected);
        for size in 1..bytes.len() {
            let mut pcm = Pcm16::new();
            let mut samples = Vec::new();
            for chunk in bytes.chunks(size) {
                pcm.push(chunk, &mut samples);
                pcm.push(&[], &mut samples);
            }
            assert_eq!(samples, expected, "chunks of {size}");
        }
    }
}
