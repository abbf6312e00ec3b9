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
mod evidence;
mod gate;
mod pitch;
mod recent;

use std::fmt;
use std::time::Duration;

pub use config::{Mode, VadConfig};

use crate::frame::{FRAME_MS, FRAME_SAMPLES, Level};
use crate::mulaw;
use evidence::{Evidence, Sound};
use gate::Gate;
use recent::Recent;

/// The longest that the WebRTC detector holds on to a voice that has ended, in any mode.
const HANGOVER_FRAMES_MAX: u32 = 8;
/// A loud frame belongs to the tail of an utterance only if the gap before it is no longer than this: 120 ms, as before
/// a final t.
const TAIL_GAP_FRAMES_MAX: u32 = 6;
/// How long something with a pitch is voice after the detector last said so: 1 s.
const HELD_FRAMES_MAX: u32 = 50;
/// So much evidence is an onset, however short it was: 80 ms.
const CERTAIN_FRAMES: u32 = 4;

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
    recent: Recent,
    speaking: bool,
    /// Frames since the detector last said voice, since it did or a pitch went on, and since the last voiced one.
    since_voice: u32,
    since_detected: u32,
    since_voiced: u32,
    listening_for_barge_in: bool,
    evidence: Evidence,
    /// The frame before this one, for the pitch, and the start of one that came in pieces.
    previous: [u8; FRAME_SAMPLES],
    partial: Vec<u8>,
}

/// What a frame is made of. By default silence.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    level: Level,
    loud: bool,
    detected: bool,
    periodic: Option<bool>,
    brightness: u32,
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
            evidence: Evidence::default(),
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
            verdict = verdict.then(self.judge(Heard::default()));
        }
        verdict
    }

    /// From now on (or no longer) tell voices from coughs. Costs a few µs per voiced frame. Counting begins anew.
    pub fn listen_for_barge_in(&mut self, listening: bool) {
        self.listening_for_barge_in = listening;
        self.evidence = Evidence::default();
    }

    /// From now on, takes nothing softer than this for the caller: it may be the echo of what the caller is made to hear.
    /// [`Level::SILENCE`]: everything is heard again.
    pub fn shade(&mut self, level: Level) {
        self.gate.shade(level);
    }

    /// How much of this utterance was certainly a voice, and one that is meant for us: milliseconds of frames both voiced
    /// and with a pitch, no more than 12 dB below the caller's usual loudness.
    ///
    /// Zero unless [`Vad::listen_for_barge_in`]. Up to 60 ms of consonants after a pitch count too, an s before it counts for
    /// 40 ms, and three frames in a row as loud as the caller usually is for 80 ms. A cough stays below 80 ms (20 as a
    /// rule); speech passes 120 ms within 180 ms of its first vowel unless it pauses there.
    #[must_use]
    pub fn speech_ms(&self) -> u32 {
        self.evidence.frames().saturating_mul(FRAME_MS)
    }

    /// How much of this utterance could be meant for us, whatever it is: milliseconds of voiced frames no more than 12 dB
    /// below the caller's usual loudness. Zero unless [`Vad::listen_for_barge_in`].
    #[must_use]
    pub fn near_ms(&self) -> u32 {
        self.evidence.near().saturating_mul(FRAME_MS)
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
        let mut heard = Heard {
            level,
            loud: level >= self.gate.tail(),
            ..Heard::default()
        };
        let mut samples = [0; FRAME_SAMPLES];
        let is_asked = level >= self.gate.opening();
        let has_colour = self.listening_for_barge_in && level >= self.gate.clear();
        if is_asked || has_colour {
            mulaw::decode_into(frame, &mut samples);
        }
        if has_colour {
            heard.brightness = pitch::brightness_percent(&samples);
        }
        if is_asked {
            (heard.detected, heard.periodic) = self.detect(&samples);
        } else {
            self.since_voice = self.since_voice.saturating_add(1);
        }
        self.gate.learn(
            level,
            heard.detected,
            heard.periodic == Some(true),
            !self.listening_for_barge_in,
        );
        self.previous = *frame;
        self.judge(heard)
    }

    /// Whether there is voice in a frame loud enough to be worth asking, and its pitch if that mattered.
    ///
    /// The detector learns to take whatever stays the same for noise, a held vowel too: what has a pitch goes on for
    /// a while without its consent, but never begins without it.
    fn detect(&mut self, samples: &[i16; FRAME_SAMPLES]) -> (bool, Option<bool>) {
        // The one error it has is a frame of another size.
        let voice = self.detector.is_voice_segment(samples).unwrap_or(false);
        self.since_voice = if voice {
            0
        } else {
            self.since_voice.saturating_add(1)
        };
        let pitch_matters = if voice {
            self.listening_for_barge_in || self.gate.is_steady()
        } else {
            self.since_voice <= HELD_FRAMES_MAX
        };
        if !pitch_matters {
            return (voice, None);
        }
        let periodic = pitch::is_periodic(&self.previous, samples, self.config.periodicity_percent);
        (voice || periodic, Some(periodic))
    }

    fn judge(&mut self, heard: Heard) -> Verdict {
        self.since_detected = if heard.detected {
            0
        } else {
            self.since_detected.saturating_add(1)
        };
        let in_tail = self.speaking
            && heard.loud
            && self.since_detected <= self.config.tail_ms / FRAME_MS
            && self.since_voiced <= TAIL_GAP_FRAMES_MAX;
        let voiced = heard.detected || in_tail;
        self.since_voiced = if voiced {
            0
        } else {
            self.since_voiced.saturating_add(1)
        };
        self.recent.push(heard.detected, heard.loud);
        if self.listening_for_barge_in {
            let sound = Sound {
                voiced,
                periodic: heard.periodic,
                near: heard.level >= self.gate.near(),
                usual: self.gate.usual().is_some_and(|usual| heard.level >= usual),
                brightness: heard.brightness,
            };
            self.evidence
                .hear(sound, self.speaking, self.onset_window());
        }
        let edge = self.edge();
        Verdict {
            voiced,
            speaking: self.speaking,
            level: heard.level,
            edge,
            periodic: heard.periodic.filter(|_| self.listening_for_barge_in),
        }
    }

    fn edge(&mut self) -> Option<Edge> {
        let window = self.onset_window();
        let detected = (self.recent.detected & window).count_ones();
        let is_certain = detected > 0 && self.evidence.frames() >= CERTAIN_FRAMES;
        if !self.speaking && (detected >= self.config.onset_frames.max(1) || is_certain) {
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

    fn onset_window(&self) -> u32 {
        let frames = self.config.onset_window_frames.clamp(1, 31);
        (1 << frames) - 1
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
