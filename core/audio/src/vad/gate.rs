//! The level gate: how loud a frame must be to be worth a hearing.
//!
//! It follows two levels. The *noise* of the line sinks fast (half a frame's distance in about 50 ms) and rises slowly
//! (3 dB per second, 1 dB while there is voice), so that it settles at the bottom of what is heard. The *caller* is
//! the mean loudness of frames with voice, and fades by 3 dB every 4 s without any, 12 dB at most, so that a caller who moved away
//! from the telephone is heard again.

use super::config::VadConfig;
use crate::frame::Level;

/// The noise is never thought to be below this distance from the floor, so that it is soon back.
const NOISE_BELOW_FLOOR_DB: i32 = 6;
/// Frames after which the caller's mean forgets as fast as it learns: 0.64 s of voice.
const CALLER_FRAMES: u32 = 32;
/// One frame counts for at most so much more than the mean: a blow on the microphone is not how loud the caller is.
const SURPRISE_DB: i32 = 6;
/// Frames without voice after which the caller's level fades by a step: 4 s.
const FADE_FRAMES: u32 = 200;
const FADE_DB: i32 = 3;
const FADES_MAX: u32 = 4;

#[derive(Clone, Debug)]
pub(super) struct Gate {
    floor: Level,
    noise: Level,
    noise_min: Level,
    caller: Level,
    caller_frames: u32,
    quiet_frames: u32,
    above_noise_db: i32,
    below_caller_db: i32,
    tail_below_caller_db: i32,
}

impl Gate {
    pub(super) fn new(config: &VadConfig) -> Self {
        let floor = Level::from_dbfs(config.floor_dbfs);
        let noise_min = floor.plus_db(-NOISE_BELOW_FLOOR_DB);
        Self {
            floor,
            noise: noise_min,
            noise_min,
            caller: Level::SILENCE,
            caller_frames: 0,
            quiet_frames: 0,
            above_noise_db: config.above_noise_db,
            below_caller_db: config.below_caller_db,
            tail_below_caller_db: config.tail_below_caller_db,
        }
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

    pub(super) fn noise(&self) -> Level {
        self.noise
    }

    pub(super) fn caller(&self) -> Option<Level> {
        (self.caller_frames > 0).then_some(self.caller)
    }

    pub(super) fn learn(&mut self, level: Level, voice: bool) {
        self.noise = if level < self.noise {
            self.noise.towards(level, 2).max(self.noise_min)
        } else {
            let step = self.noise.mean_square() >> if voice { 8 } else { 6 };
            self.noise.plus(step.max(1)).min(level)
        };
        if !voice {
            self.quiet_frames = self.quiet_frames.saturating_add(1);
            return;
        }
        self.caller = self.faded_caller();
        self.quiet_frames = 0;
        self.caller_frames = (self.caller_frames + 1).min(CALLER_FRAMES);
        let heard = if self.caller_frames == 1 {
            level
        } else {
            level.min(self.caller.plus_db(SURPRISE_DB))
        };
        self.caller = self.caller.mean_with(heard, self.caller_frames);
    }

    fn bottom(&self) -> Level {
        self.floor.max(self.noise.plus_db(self.above_noise_db))
    }

    fn faded_caller(&self) -> Level {
        let fades = (self.quiet_frames / FADE_FRAMES).min(FADES_MAX);
        self.caller
            .plus_db(-FADE_DB * i32::try_from(fades).unwrap_or(0))
    }
}
