//! WAV files of every make, whole, in pieces and broken.

use audio::{mulaw, wav};
use proptest::prelude::*;
use wav::{Sound, WavError};

fn ramp() -> Vec<i16> {
    (-499..=499).map(|n| n * 65).collect()
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

fn file(tag: u16, channels: u16, bits: u16, data: &[u8], extensible: bool) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut format = Vec::new();
    format.extend(if extensible { 0xFFFE } else { tag }.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(24_000_u32.to_le_bytes());
    format.extend((24_000 * u32::from(block)).to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend(bits.to_le_bytes());
    if extensible {
        format.extend(22_u16.to_le_bytes());
        format.extend(bits.to_le_bytes());
        format.extend(4_u32.to_le_bytes());
        format.extend(tag.to_le_bytes());
        format.extend(*b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71");
    }
    let mut bytes = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
    // An odd chunk nobody asked for, with its padding.
    bytes.extend(b"LIST\x05\x00\x00\x00INFO!\x00");
    bytes.extend(b"fmt ");
    bytes.extend(length(&format));
    bytes.extend(format);
    bytes.extend(b"fact\x04\x00\x00\x00\x01\x02\x03\x04");
    bytes.extend(b"data");
    bytes.extend(length(data));
    bytes.extend(data);
    bytes
}

fn read_bytewise(bytes: &[u8]) -> Result<(wav::Spec, Vec<i16>), WavError> {
    let mut reader = wav::Reader::new();
    let mut samples = Vec::new();
    for byte in bytes {
        reader.push(&[*byte], &mut samples)?;
    }
    Ok((reader.finish()?, samples))
}

#[test]
fn what_was_written_is_read() {
    let samples = ramp();
    let (spec, read) = wav::read(&wav::mono(Sound::Pcm16, 24_000, &samples)).unwrap();
    assert_eq!((spec.rate_hz, spec.channels), (24_000, 1));
    assert_eq!(read, samples);

    let file = wav::mono(Sound::Mulaw, 8000, &samples);
    assert_eq!(file.len() % 2, 0);
    let (spec, read) = wav::read(&file).unwrap();
    assert_eq!((spec.rate_hz, spec.channels), (8000, 1));
    assert_eq!(read, mulaw::decode_all(&mulaw::encode_all(&samples)));
}

#[test]
fn the_header_is_the_canonical_one() {
    let pcm = wav::header(Sound::Pcm16, 2, 8000, 1000);
    assert_eq!(pcm.len(), 44);
    assert_eq!(&pcm[4..8], 1036_u32.to_le_bytes());
    assert_eq!(
        &pcm[20..36],
        b"\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0"
    );
    let mulaw = wav::header(Sound::Mulaw, 2, 8000, 1000);
    assert_eq!(mulaw.len(), 58);
    assert_eq!(&mulaw[38..50], b"fact\x04\0\0\0\xf4\x01\0\0");
    assert_eq!(&mulaw[54..], 1000_u32.to_le_bytes());
    assert_eq!(
        &wav::header(Sound::Mulaw, 1, 8000, u32::MAX)[4..8],
        [0xFF; 4]
    );
}

#[test]
fn two_sides_of_a_call_become_two_channels() {
    let left = mulaw::encode_all(&[8000; 300]);
    let right = mulaw::encode_all(&[-4000; 200]);
    for sound in [Sound::Pcm16, Sound::Mulaw] {
        let (spec, mixed) = wav::read(&wav::stereo(sound, &left, &right)).unwrap();
        assert_eq!((spec.rate_hz, spec.channels, mixed.len()), (8000, 2, 300));
        let (loud, soft) = (mulaw::decode(left[0]), mulaw::decode(right[0]));
        assert_eq!(mixed[0], i16::midpoint(loud, soft));
        assert_eq!(
            mixed[299],
            loud / 2,
            "the shorter side is silent at its end"
        );
    }
}

#[test]
fn every_coding_is_read_alike() {
    let samples = ramp();
    let wide = |bytes: &dyn Fn(i16) -> Vec<u8>| {
        samples.iter().flat_map(|s| bytes(*s)).collect::<Vec<u8>>()
    };
    let codings: [(u16, u16, Vec<u8>); 6] = [
        (1, 16, wide(&|s| s.to_le_bytes().to_vec())),
        (1, 24, wide(&|s| [&[7], &s.to_le_bytes()[..]].concat())),
        (1, 32, wide(&|s| [&[7, 9], &s.to_le_bytes()[..]].concat())),
        (
            3,
            32,
            wide(&|s| (f32::from(s) / 32_768.0).to_le_bytes().to_vec()),
        ),
        (
            3,
            64,
            wide(&|s| (f64::from(s) / 32_768.0).to_le_bytes().to_vec()),
        ),
        (7, 8, mulaw::encode_all(&samples)),
    ];
    for (tag, bits, data) in codings {
        for extensible in [false, true] {
            let file = file(tag, 1, bits, &data, extensible);
            let (spec, read) = wav::read(&file).unwrap();
            assert_eq!(spec.rate_hz, 24_000);
            let expected = if tag == 7 {
                mulaw::decode_all(&data)
            } else {
                samples.clone()
            };
            assert_eq!(read, expected, "format {tag} with {bits} bits");
            assert_eq!(read_bytewise(&file).unwrap(), (spec, read), "byte by byte");
        }
    }
    let (_, coarse) = wav::read(&file(1, 1, 8, &[0, 128, 255], false)).unwrap();
    assert_eq!(coarse, [-32_768, 0, 32_512]);
    let (_, alaw) = wav::read(&file(6, 1, 8, &[0xD5, 0x55, 0x2A, 0xAA, 0x80], false)).unwrap();
    assert_eq!(alaw, [8, -8, -32_256, 32_256, 5504]);
}

#[test]
fn an_unknown_length_means_to_the_end() {
    let samples = ramp();
    for length in [0, 0x7FFF_FFFF, 0x8000_0000, u32::MAX, 1_000_000] {
        let mut file = wav::header(Sound::Pcm16, 1, 16_000, length);
        file.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        let (_, read) = wav::read(&file).unwrap();
        assert_eq!(read, samples, "length {length:#x}");
    }
}

#[test]
fn what_follows_the_data_is_no_sound() {
    let mut file = wav::mono(Sound::Pcm16, 8000, &[1, 2, 3]);
    file.extend(b"LIST\x04\0\0\0INFO");
    assert_eq!(wav::read(&file).unwrap().1, [1, 2, 3]);
}

#[test]
fn what_is_no_wav_says_so() {
    let refused = |bytes: &[u8]| wav::read(bytes).unwrap_err();
    assert_eq!(refused(b"{\"error\":{}}"), WavError::NotWav);
    assert_eq!(refused(b"ID"), WavError::NotWav);
    assert_eq!(refused(b""), WavError::Truncated);
    assert_eq!(refused(b"RIFF\0\0\0\0AVI fmt "), WavError::NotWav);
    assert_eq!(refused(b"RIFF\0\0\0\0WAVEdata\0\0\0\0"), WavError::NoFormat);
    assert_eq!(
        refused(b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\x01\0"),
        WavError::NoFormat
    );
    assert_eq!(
        refused(&file(1, 1, 16, &[], false)[..50]),
        WavError::Truncated
    );
    assert_eq!(
        refused(&file(0x55, 1, 16, &[0; 4], true)),
        WavError::UnsupportedFormat {
            tag: 0x55,
            bits: 16
        }
    );
    assert_eq!(
        refused(&file(1, 0, 16, &[0; 4], false)),
        WavError::Senseless {
            channels: 0,
            rate_hz: 24_000
        }
    );
}

#[test]
fn an_error_is_for_good() {
    let mut reader = wav::Reader::new();
    let mut samples = Vec::new();
    assert_eq!(reader.push(b"OggS", &mut samples), Err(WavError::NotWav));
    let file = wav::mono(Sound::Pcm16, 8000, &[1]);
    assert_eq!(reader.push(&file, &mut samples), Err(WavError::NotWav));
    assert_eq!(reader.finish(), Err(WavError::NotWav));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(wav::read(&bytes), read_bytewise(&bytes));
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(
        tag in prop::sample::select(vec![1_u16, 3, 6, 7]),
        channels in 0_u16..9,
        bits in prop::sample::select(vec![8_u16, 16, 24, 32, 64]),
        extensible: bool,
        data in prop::collection::vec(any::<u8>(), 0..200),
        damage in prop::collection::vec((0_usize..300, any::<u8>()), 0..4),
        end in 0_usize..400,
    ) {
        let mut bytes = file(tag, channels, bits, &data, extensible);
        for (at, byte) in damage {
            if let Some(there) = bytes.get_mut(at) {
                *there = byte;
            }
        }
        bytes.truncate(end);
        prop_assert_eq!(wav::read(&bytes), read_bytewise(&bytes));
    }
}
