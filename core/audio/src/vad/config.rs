//! The numbers behind the verdicts.

use serde::{Deserialize, Serialize};

/// How much the WebRTC detector must be convinced before it says voice, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Misses least, and takes most noises for speech.
    Quality,
    /// A little stricter.
    LowBitrate,
    /// Stricter. With the gate and the pitch beside it, it hears as few noises as the strictest, and onsets sooner.
    #[default]
    Aggressive,
    /// Strictest.
    VeryAggressive,
}

/// How speech is told from the rest. The defaults are for a caller on the telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VadConfig {
    /// The strictness of the WebRTC detector.
    pub mode: Mode,
    /// Frames below this are silence, whatever is in them. Decibels relative to full scale, −90 to 0; −55.
    pub floor_dbfs: i32,
    /// Frames must be so many decibels above the background noise; 7.
    pub above_noise_db: i32,
    /// Speech begins no softer than so many decibels below the caller's usual loudness, which shuts out people in the
    /// background; 18.
    pub below_caller_db: i32,
    /// Within an utterance, its soft ends may be so many decibels below the caller's usual loudness; 40.
    pub tail_below_caller_db: i32,
    /// Frames that the detector does not take for voice still belong to the utterance if they are loud enough and so
    /// soon after one that it did, in milliseconds; 240:
    /// the pause and the hiss that end “lunch”.
    pub tail_ms: u32,
    /// An onset is so many frames of voice …; 3.
    pub onset_frames: u32,
    /// … among so many frames of 20 ms, at most 31; 5.
    pub onset_window_frames: u32,
    /// An offset is so much time without voice, in milliseconds; 200.
    pub offset_ms: u32,
    /// How well a frame must match itself one pitch period later to be periodic: the normalised correlation in
    /// percent; 60.
    pub periodicity_percent: u32,
}

impl Default for VadConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            floor_dbfs: -55,
            above_noise_db: 7,
            below_caller_db: 18,
            tail_below_caller_db: 40,
            tail_ms: 240,
            onset_frames: 3,
            onset_window_frames: 5,
            offset_ms: 200,
            periodicity_percent: 60,
        }
    }
}
