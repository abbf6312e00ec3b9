//! Sound between a client's format and the engine's: μ-law, 8 kHz, in frames of 20 ms with the time where they belong.

use std::time::Duration;

use audio::frame::{duration_of, samples_in};
use audio::{Clip, FRAME_SAMPLES, Pcm16, RATE_HZ, Resampler, mulaw, pcm};

use super::wire::{Encoding, Input, Output};

/// A microphone that was held back for longer leaves a gap; less is only the network.
const GAP: Duration = Duration::from_secs(1);
/// So much more than real time may come at once; the rest is a flood.
const AHEAD: Duration = Duration::from_secs(2);

/// Hears what a client sends.
#[derive(Debug)]
pub(super) struct Hearing {
    input: Input,
    pcm: Pcm16,
    resampler: Option<Resampler>,
    /// Less than a frame.
    rest: Vec<u8>,
    /// Where the rest begins, in samples since the socket was ready.
    next: usize,
}

/// More came than can have been said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Flood;

impl Hearing {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            pcm: Pcm16::new(),
            resampler: Resampler::new(input.rate_hz(), RATE_HZ).ok(),
            rest: Vec::new(),
            next: 0,
        }
    }

    /// Takes in some sound that came so long after the socket was ready; answers whole frames, each with the time where it
    /// belongs.
    ///
    /// # Errors
    ///
    /// [`Flood`]: it is passed over.
    pub(super) fn push(
        &mut self,
        since: Duration,
        bytes: &[u8],
    ) -> Result<Vec<(Duration, Clip)>, Flood> {
        let end = self.next + self.rest.len();
        // Judged before anything is made of it: who floods us must not have us work for it, and what follows goes on from
        // what was heard.
        if duration_of(end) + self.duration_of(bytes) > since + AHEAD {
            return Err(Flood);
        }
        let sound = self.decode(bytes);
        // It was said just before it came, unless it goes on from what came before.
        let began = samples_in(since).saturating_sub(sound.len());
        if began > end + samples_in(GAP) {
            self.rest.clear();
            self.next = began;
        }
        self.rest.extend(sound);
        let whole = self.rest.len() - self.rest.len() % FRAME_SAMPLES;
        let rest = self.rest.split_off(whole);
        let clip = Clip::from(std::mem::replace(&mut self.rest, rest));
        let place = self.next;
        self.next += whole;
        let frames = clip.pieces(FRAME_SAMPLES).enumerate();
        Ok(frames
            .map(|(at, frame)| (duration_of(place + at * FRAME_SAMPLES), frame))
            .collect())
    }

    /// How long it takes to say so much.
    fn duration_of(&self, bytes: &[u8]) -> Duration {
        let samples = match self.input.encoding {
            Encoding::Mulaw => bytes.len(),
            Encoding::Pcm16 => bytes.len() / 2,
        };
        let samples = u32::try_from(samples).unwrap_or(u32::MAX);
        Duration::from_secs(1) * samples / self.input.rate_hz()
    }

    fn decode(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.input.encoding {
            Encoding::Mulaw => bytes.to_vec(),
            Encoding::Pcm16 => {
                let mut samples = Vec::with_capacity(bytes.len() / 2);
                self.pcm.push(bytes, &mut samples);
                let mut sound = Vec::with_capacity(samples.len());
                if let Some(resampler) = &mut self.resampler {
                    resampler.push(&samples, &mut sound);
                }
                mulaw::encode_all(&sound)
            }
        }
    }
}

/// Makes of our sound what a client wants.
#[derive(Debug)]
pub(super) struct Speaking {
    output: Output,
    resampler: Option<Resampler>,
}

impl Speaking {
    pub(super) fn new(output: Output) -> Self {
        let resampler = (output == Output::Pcm16).then(|| Resampler::new(RATE_HZ, 16_000).ok());
        Self {
            output,
            resampler: resampler.flatten(),
        }
    }

    /// The clip's bytes in the client's format; empty if it wants none.
    pub(super) fn encode(&mut self, clip: &Clip) -> Vec<u8> {
        match (self.output, &mut self.resampler) {
            (Output::Mulaw, _) => clip.bytes().to_vec(),
            (Output::Pcm16, Some(resampler)) => {
                let mut samples = Vec::with_capacity(clip.len() * 2);
                resampler.push(&mulaw::decode_all(clip.bytes()), &mut samples);
                pcm::to_le_bytes(&samples)
            }
            (Output::None | Output::Pcm16, _) => Vec::new(),
        }
    }

    /// What follows does not go on from what was.
    pub(super) fn clear(&mut self) {
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A tone of 440 Hz.
    fn tone(rate_hz: u32, samples: u32) -> Vec<u8> {
        let sample = |n: u32| {
            let phase = f64::from(n) * 440.0 * std::f64::consts::TAU / f64::from(rate_hz);
            #[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
            let sample = (phase.sin() * 10_000.0) as i16;
            sample
        };
        pcm::to_le_bytes(&(0..samples).map(sample).collect::<Vec<_>>())
    }

    fn input(text: &str) -> Input {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_browsers_sound_becomes_frames_however_it_is_cut() {
        let sound = tone(16_000, 16_000);
        let mut heard: Vec<Vec<(Duration, Clip)>> = Vec::new();
        for size in [16_000 * 2, 640, 333] {
            let mut hearing = Hearing::new(Input::default());
            let frames = sound
                .chunks(size)
                .flat_map(|chunk| hearing.push(ms(1_000), chunk).unwrap());
            heard.push(frames.collect());
        }
        assert_eq!(heard[0].len(), 49, "the last frame waits for what follows");
        assert!(heard.iter().all(|frames| *frames == heard[0]));
        let times: Vec<u128> = heard[0].iter().map(|(at, _)| at.as_millis()).collect();
        assert_eq!(times[..3], [0, 20, 40]);
        let level = heard[0][20].1.level().dbfs();
        assert!((-15.0..-11.0).contains(&level), "{level}");
    }

    #[test]
    fn a_microphone_that_was_held_back_leaves_a_gap_and_a_late_network_does_not() {
        let mut hearing = Hearing::new(input(r#"{"encoding":"mulaw"}"#));
        let mut at = |since, millis: usize| {
            let frames = hearing.push(ms(since), &vec![1; millis * 8]).unwrap();
            frames.first().map(|(at, _)| at.as_millis())
        };
        assert_eq!(at(20, 20), Some(0));
        // Late, and all at once.
        assert_eq!(at(900, 20), Some(20));
        assert_eq!(at(900, 800), Some(40));
        // Held back.
        assert_eq!(at(5_000, 20), Some(4_980));
        assert_eq!(at(5_020, 20), Some(5_000));
    }

    #[test]
    fn more_than_can_have_been_said_is_a_flood() {
        let mut hearing = Hearing::new(input(r#"{"encoding":"mulaw"}"#));
        assert!(hearing.push(ms(1_000), &vec![1; 24_000]).is_ok());
        assert_eq!(hearing.push(ms(1_000), &[1; 160]), Err(Flood));
        assert!(hearing.push(ms(1_100), &[1; 160]).is_ok());
    }

    #[test]
    fn a_flood_leaves_no_trace_in_what_is_heard() {
        let sound = tone(48_000, 48_000);
        let flood = vec![0x55; 48_000 * 2 * 9];
        let heard = |floods: bool| {
            let mut hearing = Hearing::new(input(r#"{"rate_hz":48000}"#));
            let mut frames = Vec::new();
            for piece in sound.chunks(9_600) {
                if floods {
                    assert_eq!(hearing.push(ms(1_000), &flood), Err(Flood));
                }
                frames.extend(hearing.push(ms(1_000), piece).unwrap());
            }
            frames
        };
        assert_eq!(heard(true), heard(false));
    }

    #[test]
    fn our_sound_is_told_in_the_format_that_was_agreed() {
        let clip = Clip::from(vec![1; 800]);
        assert_eq!(Speaking::new(Output::Mulaw).encode(&clip), clip.bytes());
        assert!(Speaking::new(Output::None).encode(&clip).is_empty());
        let mut speaking = Speaking::new(Output::Pcm16);
        let mut bytes = 0;
        for _ in 0..10 {
            bytes += speaking.encode(&clip).len();
        }
        // A second, of which the filter keeps back two milliseconds.
        assert!((31_900..=32_000).contains(&bytes), "{bytes}");
        speaking.clear();
        assert!(speaking.encode(&clip).len() < 3_200);
    }
}
