//! Evidence that somebody wants the floor: a voice that is meant for us.
//!
//! Counted are frames with a pitch, of a voice near by. Three circumstances weigh too. A *hiss* before the pitch is
//! the s of “stop”: so much less pitch is needed. A *burst* before it, loud air that does not hiss, is a cough, whose
//! end may have a pitch: so much more is needed. And three frames in a row as loud as the caller usually is are a
//! vowel in full, even if a stop follows as in “excuse me”.

/// Frames in a row that make a pitch, and how many voiced ones without it (a consonant) are then counted too.
const PITCHED_RUN: u32 = 2;
const BRIDGE_FRAMES: u32 = 3;
/// A pitch comes with a spectrum whose weight is low, a hiss with one whose weight is high: see
/// [`super::pitch::brightness_percent`].
const PITCHED_BRIGHTNESS_MAX: u32 = 100;
const HISS_BRIGHTNESS_MIN: u32 = 230;
/// What lies no longer ago than this belongs to the same word: 320 ms.
const WORD: u32 = 0xFFFF;
/// So many frames of hiss make an s, which is worth so many frames, once there are so many with a pitch.
const HISS_FRAMES: u32 = 3;
const HISS_WORTH: u32 = 2;
const AFTER_HISS: u32 = 2;
/// So many frames in a row of loud air, before any pitch, make a burst, which takes away so many. Vowels of some voices
/// begin with two.
const BURST_FRAMES: u32 = 3;
const BURST_WORTH: u32 = 4;
/// A vowel in full, and what it is worth.
const VOWEL: u32 = 0b111;
const VOWEL_WORTH: u32 = 4;

/// What a frame was like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sound {
    pub(super) voiced: bool,
    /// Whether it repeats itself, if that was asked.
    pub(super) periodic: Option<bool>,
    /// Whether it is loud enough to be meant for us, and as loud as the caller usually is.
    pub(super) near: bool,
    pub(super) usual: bool,
    /// Where the weight of its spectrum is; 0 for what is too soft to tell.
    pub(super) brightness: u32,
}

/// What speaks for a voice in the current utterance, or, while there is none, in what may become one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    /// One bit per frame, the latest lowest.
    counted: u32,
    hiss: u32,
    burst: u32,
    /// There was a burst in this utterance.
    coughed: bool,
    loud_run: u32,
    vowel: u32,
    frames: u32,
    near: u32,
    pitched_run: u32,
    bridge: u32,
}

impl Evidence {
    /// Takes in a frame. `window`: the last frames, those that would belong to an utterance that began now.
    pub(super) fn hear(&mut self, sound: Sound, speaking: bool, window: u32) {
        let pitched = sound.periodic == Some(true)
            && sound.near
            && sound.brightness <= PITCHED_BRIGHTNESS_MAX;
        let hiss = sound.brightness >= HISS_BRIGHTNESS_MIN;
        let burst = sound.voiced && sound.near && sound.periodic == Some(false) && !hiss;
        let counts = self.counts(pitched, sound.voiced);
        self.counted = self.counted << 1 | u32::from(counts);
        self.hiss = self.hiss << 1 | u32::from(hiss);
        self.loud_run = if burst { self.loud_run + 1 } else { 0 };
        let is_burst = self.loud_run >= BURST_FRAMES && self.counted & WORD == 0;
        self.burst = self.burst << 1 | u32::from(is_burst);
        self.coughed = self.burst & WORD != 0 || (self.coughed && speaking);
        self.vowel = self.vowel << 1 | u32::from(pitched && sound.usual);
        self.frames = if speaking {
            self.frames.saturating_add(u32::from(counts))
        } else {
            (self.counted & window).count_ones()
        };
        let near = u32::from(sound.voiced && sound.near);
        self.near = if speaking { self.near + near } else { 0 };
    }

    fn counts(&mut self, pitched: bool, voiced: bool) -> bool {
        if pitched {
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

    /// How many frames were loud enough to be meant for us, with or without a pitch.
    pub(super) fn near(&self) -> u32 {
        self.near
    }

    /// What it is worth, in frames of a voice.
    pub(super) fn frames(&self) -> u32 {
        let in_word = |bits: u32| (bits & WORD).count_ones();
        if self.coughed {
            return self.frames.saturating_sub(BURST_WORTH);
        }
        let hissed = self.frames >= AFTER_HISS && in_word(self.hiss) >= HISS_FRAMES;
        let worth = self.frames + if hissed { HISS_WORTH } else { 0 };
        if self.vowel & VOWEL == VOWEL {
            return worth.max(VOWEL_WORTH);
        }
        worth
    }
}
