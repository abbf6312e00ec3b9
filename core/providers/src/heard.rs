//! An utterance that is kept while it is heard, for providers that are given it whole.

pub(crate) mod stock;

use std::time::Duration;

use audio::frame::{duration_of, samples_in};
use audio::{Clip, FRAME_SAMPLES, Level, RATE_HZ, Resampler, VadConfig, mulaw, wav};
use call::Reply;

/// Many servers resample whatever comes, but Whisper hears at 16 kHz and some (whisper.cpp) take nothing else. Twice
/// the bytes of 8 kHz: 32 kB for a second of speech, a millisecond of a data centre's network.
const UPLOAD_RATE_HZ: u32 = 16_000;
/// OpenAI refuses less, with status 400 and code `audio_too_short`. There is no word in it either.
const LENGTH_MIN: Duration = Duration::from_millis(100);
const TRIMMED_SAMPLES: usize = 10 * RATE_HZ as usize;

/// μ-law, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    bytes: Vec<u8>,
    samples_max: usize,
}

impl Heard {
    /// Nothing yet. Who speaks for longer than `length_max` without a pause is music on hold: of that only the end is
    /// kept.
    pub(crate) fn new(length_max: Duration) -> Self {
        Self {
            bytes: Vec::new(),
            samples_max: samples_in(length_max),
        }
    }

    /// Takes in sound that follows what was fed before.
    pub(crate) fn feed(&mut self, clip: &Clip) {
        self.bytes.extend_from_slice(clip.bytes());
        let excess = self.bytes.len().saturating_sub(self.samples_max);
        if excess > 0 {
            // More than needs be, so that not every frame moves all the others.
            let forgotten = excess.max(TRIMMED_SAMPLES).min(self.bytes.len());
            self.bytes.drain(..forgotten);
        }
    }

    /// How long it is.
    pub(crate) fn duration(&self) -> Duration {
        duration_of(self.bytes.len())
    }

    /// The sound itself.
    pub(crate) fn mulaw(&self) -> &[u8] {
        &self.bytes
    }

    /// The answer to a flush, if there is certainly nothing to write down.
    pub(crate) fn nothing(&self, flush: u32) -> Option<Reply> {
        let floor = Level::from_dbfs(VadConfig::default().floor_dbfs);
        let is_silence = |bytes: &[u8]| {
            bytes
                .chunks(FRAME_SAMPLES)
                .all(|frame| Level::of_mulaw(frame) < floor)
        };
        let nothing = self.duration() < LENGTH_MIN || is_silence(&self.bytes);
        nothing.then(|| Reply::Transcript {
            flush,
            text: String::new(),
        })
    }

    /// What tells words from what recognisers make of silence.
    pub(crate) fn evidence(&self) -> stock::Evidence {
        stock::Evidence::new(&self.bytes)
    }

    /// As a file, for who hears the telephone as it is: WAV, μ-law at 8 kHz.
    pub(crate) fn telephone_wav(&self) -> Vec<u8> {
        wav::telephone(self.bytes.clone())
    }

    /// As a file: WAV, 16-bit samples at 16 kHz.
    pub(crate) fn wav(&self) -> Vec<u8> {
        let samples = mulaw::decode_all(&self.bytes);
        let Ok(mut resampler) = Resampler::new(RATE_HZ, UPLOAD_RATE_HZ) else {
            return wav::mono(wav::Sound::Pcm16, RATE_HZ, &samples);
        };
        let mut doubled = Vec::with_capacity(2 * samples.len() + 64);
        resampler.push(&samples, &mut doubled);
        resampler.finish(&mut doubled);
        wav::mono(wav::Sound::Pcm16, UPLOAD_RATE_HZ, &doubled)
    }
}
