//! The level gate: how loud a frame must be to be worth a hearing.
//!
//! It follows two levels. The *noise* of the line sinks fast (half a frame's distance in about 50 ms) and rises slowly
//! (3 dB per second, 1 dB while there is voice), so that it settles at the bottom of what is heard; what stays as loud for
//! half a second, and has no pitch, is noise at once. The *caller* is
//! the mean loudness of frames with voice, and fades by 3 dB every 4 s without any, 12 dB at most, so that a caller who moved away
//! from the telephone is heard again; but not while the caller listens and is not expected to speak.

use super::config::VadConfig;
use crate::frame::Level;

/// The noise is never thought to be below this distance from the floor, so that it is soon back.
const NOISE_BELOW_FLOOR_DB: i32 = 6;
/// The first frame is taken for noise if no louder than this: −40 dBFS.
const FIRST_NOISE_ABOVE_FLOOR_DB: i32 = 15;
/// One louder frame draws the caller's level an eighth of the way up, one softer frame a 64th down (halfway in 0.9 s
/// of voice): it settles on the vowels, and voices in the background do not draw it to themselves.
const RISE: u32 = 3;
const FALL: u32 = 6;
/// One frame counts for at most so much more than the mean: a blow on the microphone is not how loud the caller is.
const SURPRISE_DB: i32 = 6;
/// Frames without voice after which the caller's level fades by a step: 4 s.
const FADE_FRAMES: u32 = 200;
const FADE_DB: i32 = 3;
const FADES_MAX: u32 = 4;
/// Who means us speaks into the telephone: their vowels are no more than so many decibels below the caller's usual
/// loudness; and a word that is meant is as loud as the caller usually is, give or take so many.
const NEAR_DB: i32 = 12;
const USUAL_DB: i32 = 6;
/// What is so many decibels above the noise can be told from it by its colour.
const CLEAR_DB: i32 = 10;
/// Half a second that is as loud throughout, give or take 3 dB, is no speech: a fan, a road.
const STEADY_FRAMES: u32 = 25;
const STEADY_DB: i32 = 6;

/// For how many frames it has been as loud as now, and how soft and loud they were.
#[derive(Clone, Copy, Debug, Default)]
struct Steady {
    frames: u32,
    softest: Level,
    loudest: Level,
}

#[derive(Clone, Debug)]
pub(super) struct Gate {
    new: bool,
    floor: Level,
    noise: Level,
    noise_min: Level,
    caller: Level,
    quiet_frames: u32,
    steady: Steady,
    shade: Level,
    above_noise_db: i32,
    below_caller_db: i32,
    tail_below_caller_db: i32,
}

impl Gate {
    pub(super) fn new(config: &VadConfig) -> Self {
        let floor = Level::from_dbfs(config.floor_dbfs);
        let noise_min = floor.plus_db(-NOISE_BELOW_FLOOR_DB);
        Self {
            new: true,
            floor,
            noise: noise_min,
            noise_min,
            caller: Level::SILENCE,
            quiet_frames: 0,
            steady: Steady::default(),
            shade: Level::SILENCE,
            above_noise_db: config.above_noise_db,
            below_caller_db: config.below_caller_db,
            tail_below_caller_db: config.tail_below_caller_db,
        }
    }

    /// For now, nothing softer than this is the caller.
    pub(super) fn shade(&mut self, level: Level) {
        self.shade = level;
    }

    /// From here on the detector is asked.
    pub(super) fn opening(&self) -> Level {
        self.bottom()
            .max(self.faded_caller().plus_db(-self.below_caller_db))
    }

    /// From here on a frame may be the soft end of an utterance.
    pub(super) fn tail(&self) -> Level {
        self.bottom()
            .max(self.faded_caller().plus_db(-self.tail_below_caller_db))
    }

    /// From here on a vowel may be somebody who wants the floor; whoever that is, if no caller was heard yet.
    pub(super) fn near(&self) -> Level {
        self.faded_caller().plus_db(-NEAR_DB)
    }

    /// From here on it is as loud as the caller usually is, once that is known.
    pub(super) fn usual(&self) -> Option<Level> {
        self.caller()
            .map(|_| self.faded_caller().plus_db(-USUAL_DB))
    }

    /// From here on it is more than the noise of the line.
    pub(super) fn clear(&self) -> Level {
        self.floor.max(self.noise.plus_db(CLEAR_DB))
    }

    /// Whether it has been as loud as now for so long that only a held vowel could be the caller.
    pub(super) fn is_steady(&self) -> bool {
        self.steady.frames >= STEADY_FRAMES
    }

    pub(super) fn noise(&self) -> Level {
        self.noise
    }

    pub(super) fn caller(&self) -> Option<Level> {
        (self.caller > Level::SILENCE).then_some(self.caller)
    }

    /// `voice`: the detector takes it for one. `pitched`: it has a pitch, if that was asked. `expected`: the caller is to
    /// speak now.
    pub(super) fn learn(&mut self, level: Level, voice: bool, pitched: bool, expected: bool) {
        if self.new {
            // A call seldom begins in the middle of a word, but often on a noisy line.
            self.new = false;
            let most = self.floor.plus_db(FIRST_NOISE_ABOVE_FLOOR_DB);
            self.noise = level.clamp(self.noise_min, most);
        }
        self.noise = if level < self.noise {
            self.noise.towards(level, 2).max(self.noise_min)
        } else {
            let step = self.noise.mean_square() >> if voice { 8 } else { 6 };
            self.noise.plus(step.max(1)).min(level)
        };
        // Who was asked for a pitch knew that it has been steady before this frame.
        let was_steady = self.is_steady();
        self.steady = self.steady.then(level);
        if was_steady && self.is_steady() && !pitched {
            let usual = self.steady.softest.towards(self.steady.loudest, 1);
            self.noise = self.noise.max(usual);
        }
        if !voice {
            self.quiet_frames = self.quiet_frames.saturating_add(u32::from(expected));
            return;
        }
        self.caller = self.faded_caller();
        self.quiet_frames = 0;
        self.caller = match self.caller {
            Level::SILENCE => level,
            caller if level > caller => {
                caller.towards(level.min(caller.plus_db(SURPRISE_DB)), RISE)
            }
            caller => caller.towards(level, FALL),
        };
    }

    fn bottom(&self) -> Level {
        let noise = self.noise.plus_db(self.above_noise_db);
        self.floor.max(noise).max(self.shade)
    }

    fn faded_caller(&self) -> Level {
        let fades = (self.quiet_frames / FADE_FRAMES).min(FADES_MAX);
        self.caller
            .plus_db(-FADE_DB * i32::try_from(fades).unwrap_or(0))
    }
}

impl Steady {
    fn then(self, level: Level) -> Self {
        let (softest, loudest) = (self.softest.min(level), self.loudest.max(level));
        if self.frames == 0 || loudest > softest.plus_db(STEADY_DB) {
            return Self {
                frames: 1,
                softest: level,
                loudest: level,
            };
        }
        Self {
            frames: self.frames.saturating_add(1),
            softest,
            loudest,
        }
    }
}
