//! The filter's coefficients.

/// Where the pass band ends, halfway down.
const CUT_HZ: f64 = 3700.0;
const BETA: f64 = 7.0;
/// Coefficients are in 1/2¹⁵, so that their rounding stays below the stop band. Upwards, where the sum of their
/// magnitudes exceeds 2, in 1/2¹⁴: an i32 must hold any sum of products.
pub(super) const fn shift(from_hz: u32, to_hz: u32) -> u32 {
    if from_hz < to_hz { 14 } else { 15 }
}

/// A windowed sine over `2 * half_taps` samples of the input, once per phase.
///
/// Only with sums, products and square roots, which are the same to the last bit on every machine; a library's sine is
/// not.
pub(super) fn design(from_hz: u32, phases: u32, half_taps: u32, one: i32) -> Vec<i16> {
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
        filter.extend(quantised(&weights, one));
    }
    filter
}

/// Weights in units of `1/one` that sum to exactly one, so that every phase leaves a constant as it is. (With phases of unequal
/// sums a constant would come out as a tone.)
fn quantised(weights: &[f64], one: i32) -> Vec<i16> {
    let sum: f64 = weights.iter().sum();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "magnitudes below 2^15; `as` saturates"
    )]
    let mut whole: Vec<i16> = weights
        .iter()
        .map(|w| (w / sum * f64::from(one)).round() as i16)
        .collect();
    let missing = one - whole.iter().map(|w| i32::from(*w)).sum::<i32>();
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

#[cfg(test)]
mod tests {
    use super::super::{Resampler, SOURCE_RATES_HZ};

    #[test]
    fn no_sum_of_products_overflows() {
        for from_hz in SOURCE_RATES_HZ {
            let to_hz = if from_hz == 8000 { 16_000 } else { 8000 };
            let resampler = Resampler::new(from_hz, to_hz).unwrap();
            for phase in resampler.filter.chunks_exact(resampler.taps) {
                let magnitudes: i32 = phase.iter().map(|f| i32::from(*f).abs()).sum();
                assert!(magnitudes <= 0xFFFF, "{from_hz}: {magnitudes}");
                let sum: i32 = phase.iter().map(|f| i32::from(*f)).sum();
                assert_eq!(sum, 1 << resampler.shift);
            }
        }
    }
}
