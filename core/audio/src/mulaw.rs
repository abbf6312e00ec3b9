//! G.711 μ-law: one byte per sample, about 13 bits of range.
//!
//! Decoding is the standard's table, in 16 bits. Encoders of the field differ at the edges of cells; this one is the
//! common reference with bias 132 and clipping at 32 635.

/// Silence: the code of zero.
pub const SILENCE: u8 = 0xFF;

const BIAS: u16 = 132;
const CLIP: u16 = 32_635;

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand(code);
        code += 1;
    }
    table
};

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const SQUARED: [u32; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let magnitude = DECODED[code].unsigned_abs() as u32;
        table[code] = magnitude * magnitude;
        code += 1;
    }
    table
};

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "at most 32 124"
)]
const fn expand(code: usize) -> i16 {
    let bits = !code & 0xFF;
    let exponent = (bits >> 4) & 7;
    let mantissa = bits & 15;
    let magnitude = (((mantissa << 3) + BIAS as usize) << exponent) - BIAS as usize;
    if bits & 0x80 == 0 {
        magnitude as i16
    } else {
        -(magnitude as i16)
    }
}

/// The 16-bit sample of a μ-law byte.
#[must_use]
pub fn decode(byte: u8) -> i16 {
    DECODED.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The square of [`decode`].
#[must_use]
pub(crate) fn square(byte: u8) -> u32 {
    SQUARED.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The μ-law byte of a 16-bit sample.
#[must_use]
pub const fn encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs();
    let biased = if magnitude > CLIP {
        CLIP + BIAS
    } else {
        magnitude + BIAS
    };
    // At least 132, so bit 7 or a higher one is set.
    let exponent = 8 - biased.leading_zeros();
    let mantissa = (biased >> (exponent + 3)) & 15;
    #[expect(clippy::cast_possible_truncation, reason = "three bits and four bits")]
    let code = ((exponent as u8) << 4) | mantissa as u8;
    !(sign | code)
}

/// Decodes as many bytes as `samples` has room for, in order; the rest of the longer one is left alone.
pub fn decode_into(bytes: &[u8], samples: &mut [i16]) {
    for (sample, byte) in samples.iter_mut().zip(bytes) {
        *sample = decode(*byte);
    }
}

/// All bytes as samples.
#[must_use]
pub fn decode_all(bytes: &[u8]) -> Vec<i16> {
    bytes.iter().map(|byte| decode(*byte)).collect()
}

/// Appends the codes of the samples.
pub fn encode_into(samples: &[i16], bytes: &mut Vec<u8>) {
    bytes.extend(samples.iter().map(|sample| encode(*sample)));
}

/// All samples as μ-law bytes.
#[must_use]
pub fn encode_all(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|sample| encode(*sample)).collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// The first eight bytes of the SHA-256.
    fn digest(bytes: &[u8]) -> u64 {
        let digest = Sha256::digest(bytes);
        u64::from_be_bytes(*digest.first_chunk().unwrap())
    }

    #[test]
    fn every_byte_decodes_as_the_standard_says() {
        let table: Vec<u8> = (0..=255)
            .flat_map(|byte| decode(byte).to_le_bytes())
            .collect();
        assert_eq!(digest(&table), 0x3dab_5433_9e52_0bb2);
        assert_eq!(
            [decode(0), decode(0x7F), decode(0x80), decode(0xFF)],
            [-32124, 0, 32124, 0]
        );
    }

    #[test]
    fn every_sample_encodes_as_the_reference_does() {
        let codes: Vec<u8> = (i16::MIN..=i16::MAX).map(encode).collect();
        assert_eq!(digest(&codes), 0x5ee7_cf5f_273f_842d);
        assert_eq!(
            encode_all(&(i16::MIN..=i16::MAX).collect::<Vec<_>>()),
            codes
        );
    }

    #[test]
    fn a_decoded_byte_encodes_to_itself_but_for_negative_zero() {
        for byte in 0..=255 {
            let expected = if byte == 0x7F { 0xFF } else { byte };
            assert_eq!(encode(decode(byte)), expected, "{byte:#x}");
        }
    }

    #[test]
    fn decoding_stops_at_the_shorter_end() {
        let mut samples = [1; 3];
        decode_into(&[0xFF, 0x80], &mut samples);
        assert_eq!(samples, [0, 32124, 1]);
        decode_into(&[0; 9], &mut samples);
        assert_eq!(samples, [-32124; 3]);
    }
}
