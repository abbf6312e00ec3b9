//! Changing the sampling rate, one chunk after the other.
//!
//! A polyphase filter of about 4 ms (Kaiser window, β = 7, cut at 3.7 kHz) for the telephone band: flat within 1 dB up
//! to 3.3 kHz, at least 60 dB down from 4.6 kHz on, so that nothing folds back into the band. How the input is cut
//! into chunks changes nothing in the output.

mod filter;

use thiserror::Error;

/// The rates, in Hz, that may be turned into 8000 Hz.
pub const SOURCE_RATES_HZ: [u32; 8] =
    [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

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
    shift: u32,
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
        let shift = filter::shift(from_hz, to_hz);
        let half_taps = from_hz / 500; // 2 ms on either side of the centre
        let (filter, taps) = if from_hz == to_hz {
            (Vec::new(), 1)
        } else {
            (
                filter::design(from_hz, phases, half_taps, 1 << shift),
                2 * half_taps as usize,
            )
        };
        let mut resampler = Self {
            phases: phases as usize,
            skip: skip as usize,
            filter,
            taps,
            shift,
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
            resampled.push(dot(window, filter, self.shift));
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
fn dot(samples: &[i16], filter: &[i16], shift: u32) -> i16 {
    let sum: i32 = samples
        .iter()
        .zip(filter)
        .map(|(s, f)| i32::from(*s) * i32::from(*f))
        .sum();
    let rounded = ((sum >> (shift - 1)) + 1) >> 1;
    i16::try_from(rounded).unwrap_or(if rounded < 0 { i16::MIN } else { i16::MAX })
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "tones are made and measured in floats"
)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    fn tone(rate_hz: u32, hz: f64, seconds: f64) -> Vec<i16> {
        let samples = (f64::from(rate_hz) * seconds) as u32;
        (0..samples)
            .map(|n| (16_000.0 * (TAU * hz * f64::from(n) / f64::from(rate_hz)).sin()) as i16)
            .collect()
    }

    fn resampled(from_hz: u32, to_hz: u32, samples: &[i16]) -> Vec<i16> {
        let mut resampler = Resampler::new(from_hz, to_hz).unwrap();
        let mut output = Vec::new();
        resampler.push(samples, &mut output);
        resampler.finish(&mut output);
        output
    }

    fn rms(samples: &[i16]) -> f64 {
        let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
        (sum / samples.len() as f64).sqrt()
    }

    /// What becomes of a tone, in decibels, away from its ends.
    fn gain_db(from_hz: u32, to_hz: u32, hz: f64) -> f64 {
        let input = tone(from_hz, hz, 0.25);
        let output = resampled(from_hz, to_hz, &input);
        let middle = output.len() / 8..output.len() * 7 / 8;
        20.0 * (rms(&output[middle]).max(0.1) / rms(&input)).log10()
    }

    #[test]
    fn the_telephone_band_passes_and_nothing_above_folds_into_it() {
        for from_hz in SOURCE_RATES_HZ {
            if from_hz == 8000 {
                continue;
            }
            let nyquist = f64::from(from_hz) / 2.0;
            for hz in (100..=3300).step_by(50) {
                let gain = gain_db(from_hz, 8000, f64::from(hz));
                assert!(gain.abs() <= 1.0, "{from_hz}: {gain:.2} dB at {hz} Hz");
            }
            for hz in (4600..24_000).step_by(75).map(f64::from) {
                if hz >= nyquist {
                    break;
                }
                let gain = gain_db(from_hz, 8000, hz);
                assert!(gain <= -60.0, "{from_hz}: {gain:.1} dB at {hz} Hz");
            }
        }
    }

    #[test]
    fn doubling_the_rate_adds_no_image() {
        for hz in (100..=3300).step_by(100).map(f64::from) {
            let input = tone(8000, hz, 0.25);
            let output = resampled(8000, 16_000, &input);
            assert_eq!(output.len(), 2 * input.len());
            // Back again: an image above 4.6 kHz would have been cut, so that less than all came back.
            let back = resampled(16_000, 8000, &output);
            let middle = back.len() / 8..back.len() * 7 / 8;
            let lost = 20.0
                * (rms(&back[middle.clone()]) / rms(&output[middle.start * 2..middle.end * 2]))
                    .log10();
            assert!(lost.abs() <= 1.0, "{lost:.2} dB at {hz} Hz");
            assert!(gain_db(8000, 16_000, hz).abs() <= 1.0, "{hz} Hz");
        }
    }

    #[test]
    fn a_tone_comes_out_where_it_went_in() {
        for from_hz in SOURCE_RATES_HZ {
            let output = resampled(from_hz, 8000, &tone(from_hz, 500.0, 0.25));
            let expected = tone(8000, 500.0, 0.25);
            for (n, (is, should)) in output.iter().zip(&expected).enumerate().skip(40).take(1900) {
                let error = i32::from(*is) - i32::from(*should);
                assert!(error.abs() < 200, "{from_hz}: {error} at {n}");
            }
        }
    }

    #[test]
    fn a_constant_stays_what_it_is() {
        for from_hz in SOURCE_RATES_HZ {
            let output = resampled(from_hz, 8000, &vec![1234; 4410]);
            assert!(
                output[40..output.len() - 40].iter().all(|s| *s == 1234),
                "{from_hz}"
            );
        }
    }

    #[test]
    fn the_loudest_noise_is_clipped_not_wrapped() {
        let square: Vec<i16> = (0..4800)
            .map(|n| if n / 30 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let output = resampled(48_000, 8000, &square);
        for (n, pair) in output.chunks_exact(10).enumerate() {
            // One half wave is five samples; its middle keeps the sign.
            assert!(pair[2] > 20_000 && pair[7] < -20_000, "{n}: {pair:?}");
        }
    }

    #[test]
    fn the_output_is_as_long_as_the_input() {
        for from_hz in SOURCE_RATES_HZ {
            for length in [0_usize, 1, 2, 3, 100, 441, 4411] {
                let expected = (length * 8000).div_ceil(from_hz as usize);
                assert_eq!(
                    resampled(from_hz, 8000, &vec![5; length]).len(),
                    expected,
                    "{from_hz}"
                );
            }
        }
    }

    #[test]
    fn other_rates_are_refused() {
        for (from_hz, to_hz) in [(12_345, 8000), (0, 8000), (8000, 24_000), (24_000, 16_000)] {
            assert_eq!(
                Resampler::new(from_hz, to_hz).err(),
                Some(UnsupportedRate { from_hz, to_hz })
            );
        }
    }

    proptest! {
        #[test]
        fn how_the_input_is_cut_changes_nothing(
            samples in prop::collection::vec(any::<i16>(), 0..2000),
            cuts in prop::collection::vec(0_usize..300, 1..40),
            rate in prop::sample::select(SOURCE_RATES_HZ.to_vec()),
        ) {
            let whole = resampled(rate, 8000, &samples);
            let mut resampler = Resampler::new(rate, 8000).unwrap();
            let mut pieces = Vec::new();
            let mut rest = samples.as_slice();
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                resampler.push(now, &mut pieces);
                rest = later;
            }
            resampler.push(rest, &mut pieces);
            resampler.finish(&mut pieces);
            prop_assert_eq!(&pieces, &whole);
            // And after the end it is as new.
            resampler.push(&samples, &mut pieces);
            resampler.finish(&mut pieces);
            prop_assert_eq!(&pieces[whole.len()..], &whole[..]);
        }
    }
}
