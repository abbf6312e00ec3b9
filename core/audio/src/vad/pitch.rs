//! Pitch: what a voice has and a cough has not; and the colour of a sound.
//!
//! The normalised autocorrelation of the last 40 ms over periods of 50 to 400 Hz. A vowel repeats itself nearly exactly
//! from one opening of the glottis to the next; turbulent air repeats nothing. Computed at 4 kHz, where the first
//! harmonics are, in whole numbers, so that the verdict is the same on every machine.

use crate::frame::FRAME_SAMPLES;
use crate::mulaw;

/// 40 ms at 4 kHz.
const WINDOW: usize = FRAME_SAMPLES;
/// Periods in samples at 4 kHz: 400 Hz to 50 Hz.
const LAGS: std::ops::RangeInclusive<usize> = 10..=80;
/// Samples are scaled to below this, so that an i32 holds any sum of products: 2²² · 160 < 2³¹.
const PEAK: u32 = 1 << 11;

/// 5 ms at 4 kHz.
const RUMBLE: usize = 20;
const RUMBLE_I32: i32 = 20;

/// Whether the end of `previous` (μ-law) and `samples` repeat with a period of speech: whether the correlation reaches
/// so many percent.
pub(super) fn is_periodic(
    previous: &[u8; FRAME_SAMPLES],
    samples: &[i16; FRAME_SAMPLES],
    percent: u32,
) -> bool {
    let window = halved(previous, samples);
    strength_percent(&window) >= percent
}

/// Where the weight of a spectrum is: the energy of the changes from sample to sample, as a share of all energy. A tone of
/// f Hz has 400 sin²(π f / 8000) percent: vowels have 2 to 60, an s 200 to 380, white noise 200.
pub(super) fn brightness_percent(samples: &[i16; FRAME_SAMPLES]) -> u32 {
    let square = |sample: i64| sample.unsigned_abs().pow(2);
    let energy: u64 = samples.iter().map(|s| square(i64::from(*s))).sum();
    let pairs = samples.iter().zip(samples.iter().skip(1));
    let changes: u64 = pairs
        .map(|(a, b)| square(i64::from(*b) - i64::from(*a)))
        .sum();
    u32::try_from((changes * 100).checked_div(energy).unwrap_or(0)).unwrap_or(u32::MAX)
}

/// The two frames at half the rate, without what is below the voice, scaled to eleven bits.
fn halved(previous: &[u8; FRAME_SAMPLES], samples: &[i16; FRAME_SAMPLES]) -> [i16; WINDOW] {
    let mut both = [0_i16; 2 * FRAME_SAMPLES];
    let (first, second) = both.split_at_mut(FRAME_SAMPLES);
    mulaw::decode_into(previous, first);
    second.copy_from_slice(samples);

    // The mean of two is filter enough: what folds back is the hiss of consonants, which only makes them less periodic.
    let mut sums = [0_i32; WINDOW];
    for (sum, [a, b]) in sums.iter_mut().zip(both.as_chunks::<2>().0) {
        *sum = i32::from(*a) + i32::from(*b);
    }
    // Rumble resembles itself a moment later too: take away the mean of the last 5 ms.
    let mut high = [0_i32; WINDOW];
    let mut slow = 0;
    for (n, (high, sum)) in high.iter_mut().zip(sums).enumerate() {
        let leaving = n
            .checked_sub(RUMBLE)
            .and_then(|n| sums.get(n))
            .copied()
            .unwrap_or(0);
        slow += sum - leaving;
        *high = sum - slow / RUMBLE_I32;
    }
    let peak = high.iter().map(|sum| sum.unsigned_abs()).max().unwrap_or(0);
    let shift = (u32::BITS - peak.leading_zeros()).saturating_sub(PEAK.trailing_zeros());
    let mut window = [0; WINDOW];
    for (scaled, sum) in window.iter_mut().zip(high) {
        *scaled = i16::try_from(sum >> shift).unwrap_or(0);
    }
    window
}

/// The best correlation over all periods, in percent; 0 for silence.
fn strength_percent(window: &[i16; WINDOW]) -> u32 {
    let energy = dot(window, window);
    let mut early = energy; // of the window without its last `lag` samples
    let mut late = energy; // … without its first
    let mut best = 0;
    for lag in 1..=*LAGS.end() {
        early -= window
            .get(WINDOW - lag)
            .map_or(0, |s| i64::from(*s) * i64::from(*s));
        late -= window
            .get(lag - 1)
            .map_or(0, |s| i64::from(*s) * i64::from(*s));
        if lag < *LAGS.start() {
            continue;
        }
        let product = dot(window, window.get(lag..).unwrap_or_default());
        if product > 0 && early > 0 && late > 0 {
            // Both below 2³⁰·100: the squares of percents fit.
            let numerator = product.unsigned_abs().pow(2) / 64;
            let denominator = early.unsigned_abs() * late.unsigned_abs() / 64 / 10_000;
            best = best.max(numerator.checked_div(denominator).unwrap_or(0));
        }
    }
    u32::try_from(best.isqrt()).unwrap_or(0)
}

fn dot(a: &[i16], b: &[i16]) -> i64 {
    let sum: i32 = a
        .iter()
        .zip(b)
        .map(|(x, y)| i32::from(*x) * i32::from(*y))
        .sum();
    i64::from(sum)
}
