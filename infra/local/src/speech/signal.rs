//! Sound on its way into the recogniser and out of the voices.

#![expect(
    clippy::cast_precision_loss,
    reason = "sample counts and indices are far below the 24 bits of an f32"
)]

use audio::{FRAME_SAMPLES, Level, RATE_HZ, Resampler, UnsupportedRate, Vad, VadConfig, mulaw};

/// What the recogniser's model was trained on.
pub(super) const RECOGNISER_RATE_HZ: u32 = 16_000;
/// Loudest sample of what the recogniser gets: −6 dBFS, as the caller speaks.
const PEAK: f32 = 16_384.0;
/// Whisper is not shouted at: no more gain than 20 dB.
const GAIN_MAX: f32 = 10.0;
/// Standard deviation of the noise that is laid under all of it. In digital silence the model hears words.
const DITHER: f32 = 10.0;
/// Silence before and after.
const PADDING_SAMPLES: usize = RECOGNISER_RATE_HZ as usize * 3 / 10;
/// What is so much softer than the loudest frame, at either end, is not speech; some frames around speech are kept.
const AUDIBLE_DB: i32 = 40;
const MARGIN_FRAMES: usize = 3;
/// Less voice than this is no word.
const VOICED_FRAMES_MIN: usize = 6;

/// Whether anybody may have spoken in these samples at 8 kHz.
pub(super) fn has_voice(samples: &[i16]) -> bool {
    let mut vad = Vad::new(VadConfig::default());
    let bytes = mulaw::encode_all(samples);
    let voiced = bytes
        .chunks_exact(FRAME_SAMPLES)
        .filter(|frame| vad.hear(frame).voiced)
        .count();
    voiced >= VOICED_FRAMES_MIN
}

/// Brings samples of any rate that WAV files have down to the telephone's.
pub(super) fn to_telephone(samples: &[i16], rate_hz: u32) -> Result<Vec<i16>, UnsupportedRate> {
    resample(samples, rate_hz, RATE_HZ)
}

/// Makes samples at 8 kHz into what the recogniser hears best, at [`RECOGNISER_RATE_HZ`]: of even loudness, with an upper band
/// made of the rectified lower one, on a floor of noise, between silences.
pub(super) fn for_recogniser(samples: &[i16]) -> Result<Vec<i16>, UnsupportedRate> {
    let wide = resample(trimmed(samples), RATE_HZ, RECOGNISER_RATE_HZ)?;
    let peak = wide.iter().map(|sample| sample.unsigned_abs()).max();
    let gain = (PEAK / f32::from(peak.unwrap_or(0).max(1))).min(GAIN_MAX);
    let mut sound = vec![0.0; PADDING_SAMPLES];
    sound.extend(wide.iter().map(|sample| f32::from(*sample) * gain));
    sound.resize(sound.len() + PADDING_SAMPLES, 0.0);

    let rectified: Vec<i16> = sound.iter().map(|sample| rounded(sample.abs())).collect();
    // Down to the telephone's band and up again is a low-pass filter without delay; what it takes away is the upper band.
    let narrow = resample(&rectified, RECOGNISER_RATE_HZ, RATE_HZ)?;
    let lower = resample(&narrow, RATE_HZ, RECOGNISER_RATE_HZ)?;
    let mut noise = Noise(1);
    let bands = sound.iter().zip(rectified.iter().zip(&lower));
    let filled = bands.map(|(sample, (all, low))| {
        let upper = f32::from(*all) - f32::from(*low);
        rounded(sample + upper + DITHER * noise.next())
    });
    Ok(filled.collect())
}

/// Without the silence around it, of which there is sometimes more and sometimes less.
fn trimmed(samples: &[i16]) -> &[i16] {
    let levels: Vec<Level> = samples.chunks(FRAME_SAMPLES).map(Level::of).collect();
    let loudest = levels.iter().copied().max().unwrap_or_default();
    let is_sound = |level: &Level| *level >= loudest.plus_db(-AUDIBLE_DB);
    let first = levels.iter().position(is_sound).unwrap_or(0);
    let last = levels.iter().rposition(is_sound).unwrap_or(0);
    let from = first.saturating_sub(MARGIN_FRAMES) * FRAME_SAMPLES;
    let to = ((last + 1 + MARGIN_FRAMES) * FRAME_SAMPLES).min(samples.len());
    samples.get(from..to).unwrap_or(samples)
}

/// The samples at 24 kHz from 16 kHz, by cubic interpolation: the images it leaves lie above 12 kHz, where the telephone's
/// filter takes them away.
pub(super) fn to_24_khz(samples: &[i16]) -> Vec<i16> {
    let at = |index: usize| f32::from(samples.get(index).copied().unwrap_or(0));
    let out = samples.len() * 3 / 2;
    let value = |n: usize| {
        let (index, part) = (n * 2 / 3, (n * 2 % 3) as f32 / 3.0);
        let before = at(index.saturating_sub(1));
        let (a, b, after) = (at(index), at(index + 1), at(index + 2));
        let slope = (b - before) / 2.0;
        let next_slope = (after - a) / 2.0;
        let cubic = 2.0 * (a - b) + slope + next_slope;
        let square = 3.0 * (b - a) - 2.0 * slope - next_slope;
        rounded(((cubic * part + square) * part + slope) * part + a)
    };
    (0..out).map(value).collect()
}

fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Result<Vec<i16>, UnsupportedRate> {
    let mut resampler = Resampler::new(from_hz, to_hz)?;
    let mut out = Vec::new();
    resampler.push(samples, &mut out);
    resampler.finish(&mut out);
    Ok(out)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, which is what a loudspeaker does"
)]
fn rounded(sample: f32) -> i16 {
    sample.round() as i16
}

/// Noise of standard deviation 1, the same every time: whatever is heard can be heard again.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..3 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sum += (self.0 >> 8) as f32 / 8_388_608.0 - 1.0;
        }
        sum // three uniform numbers of variance 1/3
    }
}
