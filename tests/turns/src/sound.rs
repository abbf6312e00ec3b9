//! Real sound: flite's voices on a telephone line, noise, coughs.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fs;
use std::io::{self, Error};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use audio::resample::Resampler;
use audio::wav;

/// Samples in a millisecond.
pub(crate) const MS: usize = 8;

/// Says texts, and keeps what was said on disk.
#[derive(Debug)]
pub struct Voices {
    folder: PathBuf,
    said: BTreeMap<(&'static str, String), Arc<[i16]>>,
}

impl Voices {
    /// Keeps speech in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            said: BTreeMap::new(),
        }
    }

    /// The speech of a text at 8 kHz, from its first sound to its last, at −20 dBFS.
    ///
    /// # Errors
    ///
    /// flite is missing or failed; the folder cannot be written.
    pub fn say(&mut self, voice: &'static str, text: &str) -> io::Result<Arc<[i16]>> {
        let key = (voice, text.to_owned());
        if let Some(samples) = self.said.get(&key) {
            return Ok(Arc::clone(samples));
        }
        let path = self.folder.join(format!("{voice}-{:016x}.pcm", hash(text)));
        let samples: Arc<[i16]> = if let Ok(bytes) = fs::read(&path) {
            let pairs = bytes.as_chunks::<2>().0;
            pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
        } else {
            fs::create_dir_all(&self.folder)?;
            let samples = self.synthesise(voice, text)?;
            fs::write(&path, audio::pcm::to_le_bytes(&samples))?;
            samples.into()
        };
        self.said.insert(key, Arc::clone(&samples));
        Ok(samples)
    }

    fn synthesise(&self, voice: &str, text: &str) -> io::Result<Vec<i16>> {
        let file = self.folder.join(format!("{}.wav", std::process::id()));
        let spoken = Command::new("flite")
            .args(["-voice", voice, "-psdur", "-t", text, "-o"])
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Error::new(error.kind(), format!("flite: {error}")))?;
        if !spoken.status.success() {
            let complaint = String::from_utf8_lossy(&spoken.stderr);
            return Err(Error::other(format!("flite: {}", complaint.trim())));
        }
        let bytes = fs::read(&file)?;
        fs::remove_file(&file)?;
        let (spec, samples) = wav::read(&bytes).map_err(Error::other)?;
        let (from_s, to_s) = speech(&String::from_utf8_lossy(&spoken.stdout))
            .ok_or_else(|| Error::other(format!("flite said nothing for {text:?}")))?;
        let mut at_8k = Vec::new();
        let mut resampler =
            Resampler::new(spec.rate_hz, audio::frame::RATE_HZ).map_err(Error::other)?;
        resampler.push(&samples, &mut at_8k);
        resampler.finish(&mut at_8k);
        let at = |s: f64| ((s * 8_000.0) as usize).min(at_8k.len());
        Ok(levelled(&at_8k[at(from_s)..at(to_s)], -20.0))
    }
}

/// From the start of the first phone to the end of the last, in seconds, in flite's list of phones and their ends.
fn speech(list: &str) -> Option<(f64, f64)> {
    let mut from = None;
    let mut to = 0.0;
    let mut before = 0.0;
    for phone in list.split_whitespace() {
        let (name, end) = phone.split_once(':')?;
        let end: f64 = end.parse().ok()?;
        if name != "pau" {
            from.get_or_insert(before);
            to = end;
        }
        before = end;
    }
    from.map(|from| (from, to))
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn levelled(samples: &[i16], dbfs: f64) -> Vec<i16> {
    let square: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let rms = (square / samples.len().max(1) as f64).sqrt().max(1.0);
    let gain = 32_768.0 * 10_f64.powf(dbfs / 20.0) / rms;
    samples
        .iter()
        .map(|s| (f64::from(*s) * gain) as i16)
        .collect()
}

/// A factor for so many decibels.
pub(crate) fn gain(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

/// Noise without end, more of it in the low frequencies as in rooms and cars. Its level is −20 dBFS.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    state: u64,
    slow: f64,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed | 1,
            slow: 0.0,
        }
    }

    fn white(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub(crate) fn sample(&mut self) -> f64 {
        self.slow = 0.85 * self.slow + self.white();
        // A uniform number has a variance of 1/3; the filter makes 3.6 times as much of it.
        self.slow / (3.6_f64 / 3.0).sqrt() * 3_276.8
    }
}

/// Sounds of a room that are no voice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Racket {
    /// A door falls shut: a thud of 120 ms.
    Door,
    /// Six keys of a keyboard, clicks of 15 ms.
    Keyboard,
    /// A bag rustles for half a second: bursts of hiss.
    Rustle,
    /// A car drives past: 1.6 s of swelling and fading noise.
    Car,
    /// A cup is put down and rings: 150 ms at 2.3 kHz.
    Cup,
}

impl Racket {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Door,
        Self::Keyboard,
        Self::Rustle,
        Self::Car,
        Self::Cup,
    ];
}

/// The sound of it; like speech, at -20 dBFS on the whole.
pub(crate) fn racket(what: Racket, seed: u64) -> Vec<i16> {
    match what {
        Racket::Door => shaped(seed, 250, (90.0, 0.97), |t| (-t / 0.04).exp()),
        Racket::Keyboard => shaped(seed, 840, (2_500.0, 0.6), |t| (-(t % 0.14) / 0.006).exp()),
        Racket::Rustle => shaped(seed, 520, (3_300.0, 0.7), |t| {
            (0.3 + (TAU * 9.0 * t).sin()).max(0.0)
        }),
        Racket::Car => shaped(seed, 1_600, (250.0, 0.9), |t| (TAU * t / 3.2).sin()),
        Racket::Cup => shaped(seed, 200, (2_300.0, 0.998), |t| (-t / 0.002).exp()),
    }
}

/// A cough: two bursts of air in a throat that rings at about 700 Hz. In two of three the second ends in a groan, 60 ms
/// with a pitch.
pub(crate) fn cough(seed: u64) -> Vec<i16> {
    let burst = |after: f64, fall: f64| {
        if after < 0.0 {
            0.0
        } else {
            (-after / fall).exp()
        }
    };
    let mut sound = shaped(seed, 380, (700.0, 0.93), |t| {
        burst(t, 0.05) + 0.7 * burst(t - 0.2, 0.06)
    });
    if !(seed / 20).is_multiple_of(3) {
        let pulses = (0..60 * MS).map(|n| if n % 66 == 0 { 24_000.0 } else { 0.0 });
        let groan = ringing(pulses, (500.0, 0.95));
        for (sample, groan) in sound.iter_mut().skip(260 * MS).zip(groan) {
            *sample = (f64::from(*sample) + groan * 0.25).clamp(-32_000.0, 32_000.0) as i16;
        }
    }
    levelled(&sound, -20.0)
}

/// White noise, loud as a function of the seconds says, through a resonance.
fn shaped(seed: u64, ms: usize, through: (f64, f64), loud: impl Fn(f64) -> f64) -> Vec<i16> {
    let mut noise = Noise::new(seed);
    let air = (0..ms * MS).map(|n| noise.white() * loud(n as f64 / (MS * 1_000) as f64));
    let raw: Vec<f64> = ringing(air, through).collect();
    let peak = raw.iter().fold(1e-9_f64, |peak, s| peak.max(s.abs()));
    let samples: Vec<i16> = raw.iter().map(|s| (s / peak * 30_000.0) as i16).collect();
    levelled(&samples, -20.0)
}

/// Something that rings at so many hertz; the nearer the second number is to 1, the longer.
fn ringing(air: impl Iterator<Item = f64>, (hz, radius): (f64, f64)) -> impl Iterator<Item = f64> {
    air.scan([0.0; 2], move |state, air| {
        let ring =
            air + 2.0 * radius * (TAU * hz / 8_000.0).cos() * state[0] - radius * radius * state[1];
        *state = [ring, state[0]];
        Some(ring)
    })
}
