//! Sounds made for tests: voices, coughs, noise, and silence around them. The same on every run.
#![allow(dead_code, reason = "every test takes what it needs")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "sounds are made in floats"
)]

use std::f64::consts::{PI, TAU};

use audio::{FRAME_SAMPLES, Vad, Verdict, mulaw};

/// Samples between -1 and 1 at 8 kHz.
pub(crate) type Sound = Vec<f64>;

const fn samples(ms: u32) -> usize {
    8 * ms as usize
}

pub(crate) fn silence(ms: u32) -> Sound {
    vec![0.0; samples(ms)]
}

/// White noise, loud as that.
pub(crate) fn noise(ms: u32, dbfs: f64, seed: u64) -> Sound {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let raw = (0..samples(ms))
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
        .collect();
    levelled(raw, dbfs)
}

/// A hiss like an s: noise without its low half.
pub(crate) fn hiss(ms: u32, dbfs: f64, seed: u64) -> Sound {
    let noise = noise(ms, dbfs, seed);
    let changes = noise.iter().skip(1).zip(&noise).map(|(b, a)| b - a);
    levelled(changes.chain([0.0]).collect(), dbfs)
}

/// A tone.
pub(crate) fn tone(ms: u32, hz: f64, dbfs: f64) -> Sound {
    let wave = (0..samples(ms)).map(|n| (TAU * hz * n as f64 / 8000.0).sin());
    levelled(wave.collect(), dbfs)
}

/// A vowel: pulses of the glottis, gliding in pitch, through two formants.
pub(crate) fn vowel(ms: u32, pitch_hz: f64, dbfs: f64) -> Sound {
    let mut phase = 0.0;
    let pulses = (0..samples(ms))
        .map(|n| {
            let glide = 1.0 + 0.05 * (TAU * n as f64 / 2400.0).sin();
            phase += pitch_hz * glide / 8000.0;
            if phase >= 1.0 {
                phase -= 1.0;
                1.0
            } else {
                0.0
            }
        })
        .collect();
    levelled(formant(formant(pulses, 600.0, 90.0), 1200.0, 120.0), dbfs)
}

/// A cough: a plosive of 50 ms, then air for 200 ms, dying away, coloured by the throat.
pub(crate) fn cough(dbfs: f64, seed: u64) -> Sound {
    let throat_hz = match seed % 4 {
        0 => 500.0,
        1 => 700.0,
        2 => 1200.0,
        _ => 2000.0,
    };
    let shaped = noise(250, -10.0, seed)
        .into_iter()
        .enumerate()
        .map(|(n, sample)| {
            let ms = n as f64 / 8.0;
            sample
                * if ms < 50.0 {
                    1.0
                } else {
                    0.6 * (-(ms - 50.0) / 70.0).exp()
                }
        })
        .collect();
    levelled(formant(shaped, throat_hz, throat_hz / 1.5), dbfs)
}

/// The same, dying away by so many decibels.
pub(crate) fn fading(sound: Sound, db: f64) -> Sound {
    let length = sound.len() as f64;
    sound
        .into_iter()
        .enumerate()
        .map(|(n, sample)| sample * 10_f64.powf(-db / 20.0 * n as f64 / length))
        .collect()
}

/// Two sounds at once; the first says how long.
pub(crate) fn mixed(mut sound: Sound, other: &[f64]) -> Sound {
    for (sample, also) in sound.iter_mut().zip(other) {
        *sample += also;
    }
    sound
}

pub(crate) fn to_mulaw(sound: &[f64]) -> Vec<u8> {
    sound
        .iter()
        .map(|sample| mulaw::encode((sample * 32_768.0) as i16))
        .collect()
}

fn levelled(sound: Sound, dbfs: f64) -> Sound {
    let square: f64 = sound.iter().map(|sample| sample * sample).sum();
    let gain = 10_f64.powf(dbfs / 20.0) / (square / sound.len() as f64).sqrt();
    sound.into_iter().map(|sample| sample * gain).collect()
}

/// A resonance.
fn formant(sound: Sound, hz: f64, width_hz: f64) -> Sound {
    let radius = (-PI * width_hz / 8000.0).exp();
    let (mut last, mut before) = (0.0, 0.0);
    sound
        .into_iter()
        .map(|sample| {
            let ringing =
                sample + 2.0 * radius * (TAU * hz / 8000.0).cos() * last - radius * radius * before;
            (before, last) = (last, ringing);
            ringing
        })
        .collect()
}

/// Spoken by machines, see the README beside them.
pub(crate) const CLIPS: [(&str, &[u8]); 4] = [
    (
        "book a table",
        include_bytes!("../../../../tests/corpus/audio/book-a-table.ulaw"),
    ),
    (
        "stop, I meant",
        include_bytes!("../../../../tests/corpus/audio/stop-i-meant-thursday.ulaw"),
    ),
    (
        "yes",
        include_bytes!("../../../../tests/corpus/audio/yes.ulaw"),
    ),
    (
        "no thanks",
        include_bytes!("../../../../tests/corpus/audio/no-thanks.ulaw"),
    ),
];

/// What there is in every frame.
pub(crate) fn hear(vad: &mut Vad, bytes: &[u8]) -> Vec<Verdict> {
    bytes
        .chunks(FRAME_SAMPLES)
        .map(|frame| vad.hear(frame))
        .collect()
}
