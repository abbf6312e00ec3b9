//! Changing the sampling rate, one chunk after the other.
//!
//! A polyphase filter of about 4 ms (Kaiser window, β = 7, cut at 3.7 kHz) for the telephone band: flat within 1 dB up
//! to 3.3 kHz, at least 60 dB down from 4.6 kHz on, so that nothing folds back into the band. How the input is cut
//! into chunks changes nothing in the output.

use thiserror::Error;

/// The rates, in Hz, that may be turned into 8000 Hz.
pub const SOURCE_RATES_HZ: [u32; 8] =
    [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/// Where the pass band ends, halfway down.
const CUT_HZ: f64 = 3700.0;
const BETA: f64 = 7.0;
/// Coefficients are in 1/2¹⁴: the sum of their magnitudes stays below 2, so that an i32 holds any sum of products.
const SHIFT: u32 = 14;
const ONE: i32 = 1 << SHIFT;

/// There is no filter between these two rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cannot resample {from_hz} Hz to {to_hz} Hz")]
pub struct UnsupportedRate {
    /// The rate of what is pushed.
    pub from_hz: u32,
    /// The rate that was asked for.
    pub to_hz: u32,
}

/// Resamples one stream of 16-bit samples.
///
/// The filter's delay is taken out: output sample `n` sounds at the time of input sample `n · from / to`, and with
/// [`Resampler::finish`] a stream of `n` samples gives `⌈n · to / from⌉`.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// Outputs per `skip` inputs.
    phases: usize,
    skip: usize,
    /// Coefficients, phase after phase, each `taps` long and in the order of the samples they meet. Empty: pass through.
    filter: Vec<i16>,
    taps: usize,
    /// Silence before the first sample and after the last, so that the first output is centred on the first sample.
    lead: usize,
    /// Samples still needed: the first of them is the first the next output meets, unless `ahead` skips some.
    kept: Vec<i16>,
    ahead: usize,
    phase: usize,
    /// Inputs and outputs so far, to end with the right number.
    heard: u64,
    given: u64,
}

impl Resampler {
    /// From any of [`SOURCE_RATES_HZ`] to 8000 Hz, or from 8000 to 16 000 Hz for recognisers that want that.
    ///
    /// # Errors
    /// [`UnsupportedRate`] for any other pair.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, UnsupportedRate> {
        let down = to_hz == 8000 && SOURCE_RATES_HZ.contains(&from_hz);
        let up = from_hz == 8000 && to_hz == 16_000;
        if !down && !up {
            return Err(UnsupportedRate { from_hz, to_hz });
        }
        let common = gcd(from_hz, to_hz);
        let (phases, skip) = (to_hz / common, from_hz / common);
        let half_taps = from_hz / 500; // 2 ms on either side of the centre
        let (filter, taps) = if from_hz == to_hz {
            (Vec::new(), 1)
        } else {
            (design(from_hz, phases, half_taps), 2 * half_taps as usize)
        };
        let mut resampler = Self {
            phases: phases as usize,
            skip: skip as usize,
            filter,
            taps,
            lead: taps / 2,
            kept: Vec::new(),
            ahead: 0,
            phase: 0,
            heard: 0,
            given: 0,
        };
        resampler.begin();
        Ok(resampler)
    }

    /// Appends what can be told from the samples so far.
    pub fn push(&mut self, samples: &[i16], resampled: &mut Vec<i16>) {
        self.heard += samples.len() as u64;
        if self.filter.is_empty() {
            resampled.extend_from_slice(samples);
            return;
        }
        self.kept.extend_from_slice(samples);
        self.run(resampled, u64::MAX);
    }

    /// Appends the rest, about 2 ms, and begins anew.
    pub fn finish(&mut self, resampled: &mut Vec<i16>) {
        if !self.filter.is_empty() {
            let due = (self.heard * self.phases as u64).div_ceil(self.skip as u64);
            let padding = self.kept.len() + self.taps + self.skip;
            self.kept.resize(padding, 0);
            self.run(resampled, due);
        }
        self.begin();
    }

    fn begin(&mut self) {
        self.kept.clear();
        // An output meets `taps` samples, the one at or before its own time being number `lead - 1` of them.
        self.kept.resize(self.lead.saturating_sub(1), 0);
        (self.ahead, self.phase, self.heard, self.given) = (0, 0, 0, 0);
    }

    /// Gives every output whose samples are all here, up to `due` outputs since the beginning.
    fn run(&mut self, resampled: &mut Vec<i16>, due: u64) {
        while self.given < due {
            let Some(window) = self.kept.get(self.ahead..self.ahead + self.taps) else {
                break;
            };
            let from = self.phase * self.taps;
            let filter = self.filter.get(from..from + self.taps).unwrap_or_default();
            resampled.push(dot(window, filter));
            self.given += 1;
            self.phase += self.skip;
            self.ahead += self.phase / self.phases;
            self.phase %= self.phases;
        }
        let spent = self.ahead.min(self.kept.len());
        self.kept.drain(..spent);
        self.ahead -= spent;
    }
}

/// The sum of products, rounded, within 16 bits.
fn dot(samples: &[i16], filter: &[i16]) -> i16 {
    let sum: i32 = samples
        .iter()
        .zip(filter)
        .map(|(s, f)| i32::from(*s) * i32::from(*f))
        .sum();
    let rounded = (sum + ONE / 2) >> SHIFT;
    i16::try_from(rounded).unwrap_or(if rounded < 0 { i16::MIN } else { i16::MAX })
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A windowed sine over `2 * half_taps` samples of the input, once per phase.
///
/// Only with sums, products and square roots, which are the same to the last bit on every machine; a library's sine is
/// not.
fn design(from_hz: u32, phases: u32, half_taps: u32) -> Vec<i16> {
    let cut = CUT_HZ / f64::from(from_hz); // cycles per input sample
    let half = f64::from(half_taps);
    let scale = bessel(BETA);
    let mut filter = Vec::with_capacity((2 * half_taps * phases) as usize);
    for phase in 0..phases {
        let offset = f64::from(phase) / f64::from(phases);
        let weights: Vec<f64> = (0..2 * half_taps)
            .map(|tap| {
                // How far this tap's sample lies after the output's time, in input samples.
                let at = f64::from(tap) - (half - 1.0) - offset;
                let across = at / half;
                let window = bessel(BETA * (1.0 - across * across).max(0.0).sqrt()) / scale;
                2.0 * cut * sinc(2.0 * cut * at) * window
            })
            .collect();
        filter.extend(quantised(&weights));
    }
    filter
}

/// Weights in 1/2¹⁴ that sum to exactly one, so that every phase leaves a constant as it is. (With phases of unequal
/// sums a constant would come out as a tone.)
fn quantised(weights: &[f64]) -> Vec<i16> {
    let sum: f64 = weights.iter().sum();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "magnitudes below 2^14; `as` saturates"
    )]
    let mut whole: Vec<i16> = weights
        .iter()
        .map(|w| (w / sum * f64::from(ONE)).round() as i16)
        .collect();
    let missing = ONE - whole.iter().map(|w| i32::from(*w)).sum::<i32>();
    if let Some(largest) = whole.iter_mut().max() {
        *largest = largest.saturating_add(i16::try_from(missing).unwrap_or(0));
    }
    whole
}

/// sin(πx) / πx.
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    // sin(πx) has period 2; bring x into -1..=1, then into -0.5..=0.5, where the series ends soon.
    let turned = x - 2.0 * (x / 2.0).round();
    let folded = if turned > 0.5 {
        1.0 - turned
    } else if turned < -0.5 {
        -1.0 - turned
    } else {
        turned
    };
    let angle = std::f64::consts::PI * folded;
    let mut term = angle;
    let mut sine = angle;
    for n in 1..12 {
        let n = f64::from(2 * n);
        term *= -angle * angle / (n * (n + 1.0));
        sine += term;
    }
    sine / (std::f64::consts::PI * x)
}

/// The modified Bessel function of the first kind and order zero, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..30 {
        let n = f64::from(n);
        term *= quarter / (n * n);
        sum += term;
    }
    sum
}
