//! Voice activity: is this the caller speaking, since when, and is it a voice or a cough?
//!
//! Three judges, the cheapest first. A level gate ([`VadConfig::floor_dbfs`] and what the call taught it) sends most
//! frames home. The WebRTC detector hears the rest. And, only while somebody listens for a barge-in, a pitch
//! detector tells voices from coughs, breath and clatter. All three count in integers: one input, one story.

mod config;
mod gate;
mod pitch;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

pub use config::{Mode, VadConfig};

use crate::frame::{FRAME_MS, FRAME_SAMPLES, Level};
use crate::mulaw;
use gate::Gate;

/// What begins or ends with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Speech has begun.
    Onset {
        /// From its first sound to the end of this frame: how much of the past belongs to the utterance.
        ago: Duration,
    },
    /// Speech has ended.
    Offset {
        /// From the end of its last sound to the end of this frame.
        silence: Duration,
    },
}

/// What was heard in a frame of 20 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The caller's sound is in it. The last voiced frame of an utterance is the last one with the caller in it, so
    /// silence may be counted from there. Single frames outside of an utterance (see [`Verdict::speaking`]) may be
    /// clicks.
    pub voiced: bool,
    /// It lies within an utterance: after an onset and before the offset.
    pub speaking: bool,
    /// How loud it was.
    pub level: Level,
    /// What began or ended with it.
    pub edge: Option<Edge>,
    /// Whether it has a pitch, as voices have: told for voiced frames while listening for a barge-in.
    pub periodic: Option<bool>,
}

/// Hears one caller. Frames of 20 ms go in, verdicts come out.
///
/// It holds the state of the C library, hence is neither `Send` nor `Clone`; dropping it frees that.
pub struct Vad {
    config: VadConfig,
    detector: webrtc_vad::Vad,
    gate: Gate,
    /// One bit per frame, the latest lowest.
    recent: Recent,
    speaking: bool,
    /// Frames since the last one that the detector called voice, and since the last voiced one.
    since_detected: u32,
    since_voiced: u32,
    listening_for_barge_in: bool,
    speech_frames: u32,
    /// The frame before this one, for the pitch, and the start of one that came in pieces.
    previous: [u8; FRAME_SAMPLES],
    partial: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    detected: u32,
    loud: u32,
    periodic: u32,
}

impl Default for Vad {
    fn default() -> Self {
        Self::new(VadConfig::default())
    }
}

impl Vad {
    /// For the start of a call.
    #[must_use]
    pub fn new(config: VadConfig) -> Self {
        Self {
            detector: detector(config.mode),
            gate: Gate::new(&config),
            recent: Recent::default(),
            speaking: false,
            since_detected: u32::MAX,
            since_voiced: u32::MAX,
            listening_for_barge_in: false,
            speech_frames: 0,
            previous: [mulaw::SILENCE; FRAME_SAMPLES],
            partial: Vec::new(),
            config,
        }
    }

    /// Hears μ-law bytes, usually the 160 of one frame.
    ///
    /// Bytes of any other number are put together to frames: the verdict then sums up the frames that are complete
    /// with these bytes (voiced if any is; the last edge; the last level), and with none complete it says that
    /// nothing was voiced.
    pub fn hear(&mut self, bytes: &[u8]) -> Verdict {
        if self.partial.is_empty()
            && let Ok(frame) = bytes.try_into()
        {
            return self.frame(frame);
        }
        let mut verdict = Verdict {
            speaking: self.speaking,
            ..Verdict::default()
        };
        self.partial.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.partial);
        let (frames, rest) = held.as_chunks::<FRAME_SAMPLES>();
        for frame in frames {
            verdict = verdict.then(self.frame(frame));
        }
        self.partial = rest.to_vec();
        verdict
    }

    /// Time passed without sound: Twilio sends nothing in some silences. Hears that much silence, and learns nothing
    /// about the line from it.
    pub fn miss(&mut self, length: Duration) -> Verdict {
        // After a second everything has settled.
        let frames = length.min(Duration::from_secs(1)).as_millis() / u128::from(FRAME_MS);
        self.partial.clear();
        self.previous = [mulaw::SILENCE; FRAME_SAMPLES];
        let mut verdict = Verdict {
            speaking: self.speaking,
            ..Verdict::default()
        };
        for _ in 0..frames {
            verdict = verdict.then(self.judge(Level::SILENCE, false, false, None));
        }
        verdict
    }

    /// From now on (or no longer) tell voices from coughs. Costs a few µs per voiced frame. Counting begins anew.
    pub fn listen_for_barge_in(&mut self, listening: bool) {
        self.listening_for_barge_in = listening;
        self.speech_frames = 0;
        self.recent.periodic = 0;
    }

    /// How much of this utterance was certainly a voice: milliseconds of frames both voiced and with a pitch.
    ///
    /// Zero unless [`Vad::listen_for_barge_in`]. A cough stays below 80 ms; speech passes 120 ms within 180 ms of its
    /// first vowel.
    #[must_use]
    pub fn speech_ms(&self) -> u32 {
        self.speech_frames.saturating_mul(FRAME_MS)
    }

    /// Whether an utterance is under way.
    #[must_use]
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// The background noise as estimated, and the caller's usual loudness once heard.
    #[must_use]
    pub fn levels(&self) -> (Level, Option<Level>) {
        (self.gate.noise(), self.gate.caller())
    }

    fn frame(&mut self, frame: &[u8; FRAME_SAMPLES]) -> Verdict {
        let level = Level::of_mulaw(frame);
        let loud = level >= self.gate.tail();
        let mut detected = false;
        let mut periodic = None;
        if level >= self.gate.opening() {
            let mut samples = [0; FRAME_SAMPLES];
            mulaw::decode_into(frame, &mut samples);
            // The one error it has is a frame of another size.
            detected = self.detector.is_voice_segment(&samples).unwrap_or(false);
            if detected && self.listening_for_barge_in {
                periodic = Some(pitch::is_periodic(
                    &self.previous,
                    &samples,
                    self.config.periodicity_percent,
                ));
            }
        }
        self.gate.learn(level, detected);
        self.previous = *frame;
        self.judge(level, loud, detected, periodic)
    }

    fn judge(
        &mut self,
        level: Level,
        loud: bool,
        detected: bool,
        periodic: Option<bool>,
    ) -> Verdict {
        self.since_detected = if detected {
            0
        } else {
            self.since_detected.saturating_add(1)
        };
        let in_tail =
            self.speaking && loud && self.since_detected <= self.config.tail_ms / FRAME_MS;
        let voiced = detected || in_tail;
        self.since_voiced = if voiced {
            0
        } else {
            self.since_voiced.saturating_add(1)
        };
        self.recent.push(detected, loud, periodic == Some(true));

        let edge = self.edge();
        self.count_speech(periodic);
        Verdict {
            voiced,
            speaking: self.speaking,
            level,
            edge,
            periodic,
        }
    }

    fn edge(&mut self) -> Option<Edge> {
        let window = self.onset_window();
        if !self.speaking
            && (self.recent.detected & window).count_ones() >= self.config.onset_frames.max(1)
        {
            self.speaking = true;
            let ago = self.recent.began(window);
            return Some(Edge::Onset { ago: frames(ago) });
        }
        if self.speaking && self.since_voiced >= self.config.offset_ms.div_ceil(FRAME_MS).max(1) {
            self.speaking = false;
            // The library remembers that it was hearing speech, and would take the next click for more of it.
            self.detector = detector(self.config.mode);
            self.recent.detected = 0;
            return Some(Edge::Offset {
                silence: frames(self.since_voiced),
            });
        }
        None
    }

    fn count_speech(&mut self, periodic: Option<bool>) {
        if !self.speaking {
            // What lies in the onset's window will count if it becomes an utterance.
            self.speech_frames = (self.recent.periodic & self.onset_window()).count_ones();
        } else if periodic == Some(true) {
            self.speech_frames = self.speech_frames.saturating_add(1);
        }
    }

    fn onset_window(&self) -> u32 {
        let frames = self.config.onset_window_frames.clamp(1, 31);
        (1 << frames) - 1
    }
}

impl Recent {
    fn push(&mut self, detected: bool, loud: bool, periodic: bool) {
        self.detected = self.detected << 1 | u32::from(detected);
        self.loud = self.loud << 1 | u32::from(loud);
        self.periodic = self.periodic << 1 | u32::from(periodic);
    }

    /// How many frames ago speech began, this one included: the first detected one within the window, and before it
    /// the consonant that the detector missed: at most 160 ms of loud frames without a gap.
    fn began(self, window: u32) -> u32 {
        let first = u32::BITS - (self.detected & window).leading_zeros();
        let before = (self.loud.checked_shr(first).unwrap_or(0)).trailing_ones();
        first + before.min(8)
    }
}

impl Verdict {
    /// Two verdicts, one after the other, as one.
    fn then(self, next: Self) -> Self {
        Self {
            voiced: self.voiced || next.voiced,
            edge: next.edge.or(self.edge),
            periodic: next.periodic.or(self.periodic),
            ..next
        }
    }
}

fn detector(mode: Mode) -> webrtc_vad::Vad {
    let mode = match mode {
        Mode::Quality => webrtc_vad::VadMode::Quality,
        Mode::LowBitrate => webrtc_vad::VadMode::LowBitrate,
        Mode::Aggressive => webrtc_vad::VadMode::Aggressive,
        Mode::VeryAggressive => webrtc_vad::VadMode::VeryAggressive,
    };
    webrtc_vad::Vad::new_with_rate_and_mode(webrtc_vad::SampleRate::Rate8kHz, mode)
}

fn frames(count: u32) -> Duration {
    Duration::from_millis(u64::from(count) * u64::from(FRAME_MS))
}

/// Without the C library's insides.
impl fmt::Debug for Vad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vad")
            .field("speaking", &self.speaking)
            .field("noise", &self.gate.noise())
            .field("caller", &self.gate.caller())
            .field("speech_ms", &self.speech_ms())
            .finish_non_exhaustive()
    }
}
