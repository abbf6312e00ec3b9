//! Telephone audio as values: clips of any length, and their loudness.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mulaw;

/// Samples per second on a telephone line; in μ-law also bytes per second.
pub const RATE_HZ: u32 = 8000;
/// Samples in one frame of 20 ms; in μ-law also bytes. Twilio sends one frame per media message.
pub const FRAME_SAMPLES: usize = 160;
/// Milliseconds in one frame.
pub const FRAME_MS: u32 = 20;

/// The longest silence [`Clip::silence`] makes.
const SILENCE_MAX: Duration = Duration::from_hours(1);
const SAMPLE_MICROS: u64 = 125;

/// A stretch of telephone audio: μ-law, 8 kHz, mono, of any length.
///
/// Cloning and slicing share the bytes. Any bytes are a valid clip.
#[derive(Clone)]
pub struct Clip {
    shared: Arc<[u8]>,
    range: Range<usize>,
}

impl Clip {
    /// Silence of this length, rounded down to a whole sample, at most an hour of it.
    #[must_use]
    pub fn silence(length: Duration) -> Self {
        let samples = samples_in(length.min(SILENCE_MAX));
        Self::from(vec![mulaw::SILENCE; samples])
    }

    /// The μ-law bytes, one per sample.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.shared.get(self.range.clone()).unwrap_or_default()
    }

    /// Samples, which are also bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there is nothing to hear at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// How long it sounds: 125 µs per sample.
    #[must_use]
    pub fn duration(&self) -> Duration {
        duration_of(self.len())
    }

    /// The part within `range`, in samples; whatever lies outside the clip is left out.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        let from = self.range.start;
        Self {
            shared: Arc::clone(&self.shared),
            range: from + start..from + end,
        }
    }

    /// The first `samples` of it and the rest; the first part is shorter if the clip is.
    #[must_use]
    pub fn split_at(&self, samples: usize) -> (Self, Self) {
        (self.slice(0..samples), self.slice(samples..self.len()))
    }

    /// The clip in pieces of `samples` each, the last one being what remains. No pieces for zero samples.
    pub fn pieces(&self, samples: usize) -> impl Iterator<Item = Self> + '_ {
        let step = samples.max(1);
        let end = if samples == 0 { 0 } else { self.len() };
        (0..end)
            .step_by(step)
            .map(move |at| self.slice(at..at.saturating_add(step)))
    }

    /// How loud it is.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::of_mulaw(self.bytes())
    }
}

/// How long so many samples (or μ-law bytes) sound.
#[must_use]
pub const fn duration_of(samples: usize) -> Duration {
    Duration::from_micros((samples as u64).saturating_mul(SAMPLE_MICROS))
}

/// How many whole samples (or μ-law bytes) fit into this time.
#[must_use]
pub fn samples_in(length: Duration) -> usize {
    usize::try_from(length.as_micros() / u128::from(SAMPLE_MICROS)).unwrap_or(usize::MAX)
}

impl Default for Clip {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<u8>> for Clip {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            range: 0..bytes.len(),
            shared: bytes.into(),
        }
    }
}

impl From<&[u8]> for Clip {
    fn from(bytes: &[u8]) -> Self {
        Self {
            range: 0..bytes.len(),
            shared: bytes.into(),
        }
    }
}

impl PartialEq for Clip {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Clip {}

/// Short enough for a log of a whole call: the length, and a fingerprint (32-bit FNV-1a) to tell clips apart.
impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let print = self.bytes().iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        write!(f, "Clip({} ms, {print:08x})", self.duration().as_millis())
    }
}

impl Serialize for Clip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_bytes::serialize(self.bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for Clip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        Ok(Self::from(bytes.into_vec()))
    }
}

/// Loudness: the mean square of 16-bit samples, from 0 to 2³⁰.
///
/// An integer, and compared in decibels by tables, because the turn-taking decides by it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Level(u32);

/// 10^(n/10) for n = 0 to 9, in 1/2¹⁶.
const UP: [u64; 10] = [
    65_536, 82_505, 103_868, 130_762, 164_619, 207_243, 260_904, 328_458, 413_510, 520_573,
];
/// 10^(-n/10) for n = 0 to 9, in 1/2³².
const DOWN: [u64; 10] = [
    4_294_967_296,
    3_411_613_797,
    2_709_941_159,
    2_152_582_778,
    1_709_857_246,
    1_358_187_913,
    1_078_847_007,
    856_959_166,
    680_706_441,
    540_704_278,
];

impl Level {
    /// No sound at all.
    pub const SILENCE: Self = Self(0);
    /// 0 dBFS: a square wave of full scale. (A sine of full scale is 3 dB below it.)
    pub const FULL: Self = Self(1 << 30);

    /// The loudness of 16-bit samples; none are silent.
    #[must_use]
    pub fn of(samples: &[i16]) -> Self {
        let sum = samples.iter().map(|s| u64::from(square(*s))).sum();
        Self::mean(sum, samples.len())
    }

    /// The loudness of μ-law bytes, without decoding them first.
    #[must_use]
    pub fn of_mulaw(bytes: &[u8]) -> Self {
        let sum = bytes
            .iter()
            .map(|byte| u64::from(mulaw::square(*byte)))
            .sum();
        Self::mean(sum, bytes.len())
    }

    /// A loudness below (or at) full scale, e.g. `-55`. Above 0 it is full scale.
    #[must_use]
    pub fn from_dbfs(dbfs: i32) -> Self {
        Self::FULL.plus_db(dbfs).min(Self::FULL)
    }

    /// The mean square itself.
    #[must_use]
    pub const fn mean_square(self) -> u32 {
        self.0
    }

    /// So much louder, or softer if negative. Right to 0.01 dB, but for the rounding to a whole mean square.
    #[must_use]
    pub fn plus_db(self, db: i32) -> Self {
        let tens = db.unsigned_abs() / 10;
        let ones = usize::try_from(db.unsigned_abs() % 10).unwrap_or(0);
        let decades = 10_u64.saturating_pow(tens);
        let table = if db < 0 { &DOWN } else { &UP };
        let factor = table.get(ones).copied().unwrap_or(0);
        let scaled = u64::from(self.0) * factor; // below 2^32 * 2^32
        let level = if db < 0 {
            ((scaled >> 16) / decades + 0x8000) >> 16
        } else {
            ((scaled + 0x8000) >> 16).saturating_mul(decades)
        };
        Self(u32::try_from(level).unwrap_or(u32::MAX))
    }

    /// Whether this is at least `db` louder than `other`.
    #[must_use]
    pub fn exceeds(self, other: Self, db: i32) -> bool {
        self >= other.plus_db(db)
    }

    /// Decibels relative to full scale, to be shown and never to be decided by. Silence is −100.
    #[must_use]
    pub fn dbfs(self) -> f32 {
        if self.0 == 0 {
            return -100.0;
        }
        let ratio = f64::from(self.0) / f64::from(Self::FULL.0);
        #[expect(clippy::cast_possible_truncation, reason = "a number for the eye")]
        let shown = (10.0 * ratio.log10()) as f32;
        shown
    }

    /// One step of `1/2^shift` of the way from this level to `to`.
    #[must_use]
    pub(crate) fn towards(self, to: Self, shift: u32) -> Self {
        let step = (i64::from(to.0) - i64::from(self.0)) >> shift;
        Self(u32::try_from(i64::from(self.0) + step).unwrap_or(self.0))
    }

    /// So much more mean square.
    #[must_use]
    pub(crate) fn plus(self, mean_square: u32) -> Self {
        Self(self.0.saturating_add(mean_square))
    }

    fn mean(sum: u64, count: usize) -> Self {
        let mean = sum.checked_div(count as u64).unwrap_or(0);
        Self(u32::try_from(mean).unwrap_or(u32::MAX))
    }
}

const fn square(sample: i16) -> u32 {
    let magnitude = sample.unsigned_abs() as u32;
    magnitude * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_shares_the_bytes_and_is_clamped() {
        let clip = Clip::from((0..=99).collect::<Vec<u8>>());
        let part = clip.slice(10..20);
        assert_eq!(part.bytes(), &(10..20).collect::<Vec<u8>>());
        assert_eq!(part.slice(5..99).bytes(), &[15, 16, 17, 18, 19]);
        assert_eq!(clip.slice(90..usize::MAX).len(), 10);
        #[expect(
            clippy::reversed_empty_ranges,
            reason = "what a careless caller may ask for"
        )]
        let backwards = clip.slice(50..20);
        assert!(backwards.is_empty());
        assert!(clip.slice(500..600).is_empty());
        let (head, tail) = clip.split_at(30);
        assert_eq!((head.len(), tail.len()), (30, 70));
        assert_eq!(clip.split_at(1000).1, Clip::default());
    }

    #[test]
    fn pieces_cover_the_clip_in_order() {
        let clip = Clip::from(vec![7; 350]);
        let lengths: Vec<usize> = clip.pieces(160).map(|piece| piece.len()).collect();
        assert_eq!(lengths, [160, 160, 30]);
        assert_eq!(clip.pieces(0).count(), 0);
    }

    #[test]
    fn a_second_is_eight_thousand_samples() {
        let second = Duration::from_secs(1);
        assert_eq!(Clip::silence(second).len(), 8000);
        assert_eq!(Clip::silence(second).duration(), second);
        assert_eq!(Clip::silence(Duration::MAX).duration(), SILENCE_MAX);
        assert_eq!(Clip::silence(second).level(), Level::SILENCE);
    }

    #[test]
    fn a_clip_shows_itself_in_one_short_line() {
        let shown = format!("{:?}", Clip::silence(Duration::from_millis(20)));
        assert!(shown.starts_with("Clip(20 ms, "), "{shown}");
        assert!(shown.len() < 30, "{shown}");
    }

    #[test]
    fn a_clip_survives_serialisation() {
        let clip = Clip::from(vec![0, 1, 0xFF]).slice(1..3);
        let json = serde_json::to_string(&clip).unwrap();
        assert_eq!(serde_json::from_str::<Clip>(&json).unwrap(), clip);
    }

    #[test]
    fn decibels_agree_with_the_logarithm() {
        for db in -90..=0 {
            let level = Level::from_dbfs(db);
            let exact = f64::from(1 << 30) * 10_f64.powf(f64::from(db) / 10.0);
            assert!(
                (f64::from(level.mean_square()) - exact).abs() <= 0.6 + exact * 0.0003,
                "{db}"
            );
        }
        let quiet = Level::from_dbfs(-50);
        for db in 0..=50 {
            let error = f64::from(quiet.plus_db(db).dbfs()) - f64::from(db - 50);
            assert!(error.abs() < 0.02, "{db}: {error}");
        }
        assert!(quiet.plus_db(20).exceeds(quiet, 19));
        assert!(!quiet.plus_db(20).exceeds(quiet, 21));
        assert_eq!(Level::FULL.plus_db(i32::MAX), Level(u32::MAX));
        assert_eq!(Level::FULL.plus_db(i32::MIN), Level::SILENCE);
    }

    #[test]
    fn loudness_is_the_same_before_and_after_decoding() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut samples = vec![0; bytes.len()];
        mulaw::decode_into(&bytes, &mut samples);
        assert_eq!(Level::of(&samples), Level::of_mulaw(&bytes));
        assert_eq!(Level::of(&[i16::MIN; 10]), Level::FULL);
        assert_eq!(Level::of(&[]), Level::SILENCE);
    }
}
