//! Voice activity: is this the caller speaking, since when, and is it a voice or a cough?
//!
//! Three judges, the cheapest first. A level gate ([`VadConfig::floor_dbfs`] and what the call taught it) sends most
//! frames home. The WebRTC detector hears the rest. And a pitch detector tells voices from coughs, breath and clatter
//! for those who listen for a barge-in, and keeps held vowels. All three count in integers: one input, one story, in
//! wasm as elsewhere.
//!
//! With the default [`VadConfig`], on synthetic speech over a quiet line: an onset 80 ms after the first sound (100 ms in
//! nine of ten), dated back to it; the last voiced frame is the one with the last sound; 120 ms of
//! [`Vad::speech_ms`] after 120 ms of the first vowel (140 ms in nine of ten), if it lasts that long. The same with
//! noise 20 dB below the speech, but for its softest ends, which drown. With noise 5 dB below it one utterance in six
//! goes unheard.

mod config;
mod gate;
mod pitch;

use std::fmt;
use std::time::Duration;

pub use config::{Mode, VadConfig};

use crate::frame::{FRAME_MS, FRAME_SAMPLES, Level};
use crate::mulaw;
use gate::Gate;

/// The longest that the WebRTC detector holds on to a voice that has ended, in any mode.
const HANGOVER_FRAMES_MAX: u32 = 8;
/// A loud frame belongs to the tail of an utterance only if the gap before it is no longer than this: 120 ms, as before
/// a final t.
const TAIL_GAP_FRAMES_MAX: u32 = 6;
/// How long something with a pitch is voice after the detector last said so: 1 s.
const HELD_FRAMES_MAX: u32 = 50;
/// Frames in a row that make a pitch, and how many voiced ones without it (a consonant) are then taken for speech too.
const PITCHED_RUN: u32 = 2;
const BRIDGE_FRAMES: u32 = 3;

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
    /// Whether it has a pitch, as voices have: told while listening for a barge-in, for frames that were asked.
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
    /// Frames since the detector last said voice, since it did or a pitch went on, and since the last voiced one.
    since_voice: u32,
    since_detected: u32,
    since_voiced: u32,
    listening_for_barge_in: bool,
    speech_frames: u32,
    pitched_run: u32,
    bridge: u32,
    /// The frame before this one, for the pitch, and the start of one that came in pieces.
    previous: [u8; FRAME_SAMPLES],
    partial: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    detected: u32,
    loud: u32,
    speech: u32,
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
            since_voice: u32::MAX,
            since_detected: u32::MAX,
            since_voiced: u32::MAX,
            listening_for_barge_in: false,
            speech_frames: 0,
            pitched_run: 0,
            bridge: 0,
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
        self.recent.speech = 0;
    }

    /// From now on, takes nothing softer than this for the caller: it may be the echo of what the caller is made to hear.
    /// [`Level::SILENCE`]: everything is heard again.
    pub fn shade(&mut self, level: Level) {
        self.gate.shade(level);
    }

    /// How much of this utterance was certainly a voice: milliseconds of frames both voiced and with a pitch.
    ///
    /// Zero unless [`Vad::listen_for_barge_in`]. Up to 60 ms of consonants after a pitch count too. A cough stays below
    /// 80 ms (20 as a rule); speech passes 120 ms within 180 ms of its first vowel unless it pauses there.
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
        let (detected, periodic) = if level >= self.gate.opening() {
            self.detect(frame)
        } else {
            self.since_voice = self.since_voice.saturating_add(1);
            (false, None)
        };
        self.gate.learn(level, detected);
        self.previous = *frame;
        self.judge(level, loud, detected, periodic)
    }

    /// Whether there is voice in a frame loud enough to be worth asking, and its pitch if that mattered.
    ///
    /// The detector learns to take whatever stays the same for noise, a held vowel too: what has a pitch goes on for
    /// a while without its consent, but never begins without it.
    fn detect(&mut self, frame: &[u8; FRAME_SAMPLES]) -> (bool, Option<bool>) {
        let mut samples = [0; FRAME_SAMPLES];
        mulaw::decode_into(frame, &mut samples);
        // The one error it has is a frame of another size.
        let voice = self.detector.is_voice_segment(&samples).unwrap_or(false);
        self.since_voice = if voice {
            0
        } else {
            self.since_voice.saturating_add(1)
        };
        let pitch_matters = if voice {
            self.listening_for_barge_in
        } else {
            self.since_voice <= HELD_FRAMES_MAX
        };
        if !pitch_matters {
            return (voice, None);
        }
        let periodic =
            pitch::is_periodic(&self.previous, &samples, self.config.periodicity_percent);
        (voice || periodic, Some(periodic))
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
        let in_tail = self.speaking
            && loud
            && self.since_detected <= self.config.tail_ms / FRAME_MS
            && self.since_voiced <= TAIL_GAP_FRAMES_MAX;
        let voiced = detected || in_tail;
        self.since_voiced = if voiced {
            0
        } else {
            self.since_voiced.saturating_add(1)
        };
        let speech = self.listening_for_barge_in && self.is_speech(voiced, periodic);
        self.recent.push(detected, loud, speech);

        let edge = self.edge();
        self.count_speech(speech);
        Verdict {
            voiced,
            speaking: self.speaking,
            level,
            edge,
            periodic: periodic.filter(|_| self.listening_for_barge_in),
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
            self.settle();
            self.recent.detected = 0;
            return Some(Edge::Offset {
                silence: frames(self.since_voiced),
            });
        }
        None
    }

    /// The detector says voice for a few frames more than there is, and would still owe them to the next click: it
    /// heard nothing of the silence. Frames of zeros use them up, and teach it nothing.
    fn settle(&mut self) {
        for _ in 0..HANGOVER_FRAMES_MAX {
            if !self
                .detector
                .is_voice_segment(&[0; FRAME_SAMPLES])
                .unwrap_or(false)
            {
                break;
            }
        }
    }

    /// Whether this frame counts for [`Vad::speech_ms`].
    fn is_speech(&mut self, voiced: bool, periodic: Option<bool>) -> bool {
        if periodic == Some(true) {
            self.pitched_run = self.pitched_run.saturating_add(1);
            if self.pitched_run >= PITCHED_RUN {
                self.bridge = BRIDGE_FRAMES;
            }
            return true;
        }
        self.pitched_run = 0;
        let bridged = voiced && self.bridge > 0;
        self.bridge = self.bridge.saturating_sub(1);
        bridged
    }

    fn count_speech(&mut self, speech: bool) {
        if !self.speaking {
            // What lies in the onset's window will count if it becomes an utterance.
            self.speech_frames = (self.recent.speech & self.onset_window()).count_ones();
        } else if speech {
            self.speech_frames = self.speech_frames.saturating_add(1);
        }
    }

    fn onset_window(&self) -> u32 {
        let frames = self.config.onset_window_frames.clamp(1, 31);
        (1 << frames) - 1
    }
}

impl Recent {
    fn push(&mut self, detected: bool, loud: bool, speech: bool) {
        self.detected = self.detected << 1 | u32::from(detected);
        self.loud = self.loud << 1 | u32::from(loud);
        self.speech = self.speech << 1 | u32::from(speech);
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
