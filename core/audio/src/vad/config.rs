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
    /// Stricter.
    Aggressive,
    /// Strictest. The gate's tail gives back the ends of words that it misses.
    #[default]
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
    /// Frames must be so many decibels above the background noise; 6.
    pub above_noise_db: i32,
    /// Speech begins no softer than so many decibels below the caller's usual loudness, which shuts out people in the
    /// background; 18.
    pub below_caller_db: i32,
    /// Within an utterance, its soft ends may be so many decibels below the caller's usual loudness; 30.
    pub tail_below_caller_db: i32,
    /// Frames that the detector does not take for voice still belong to the utterance if they are loud enough and so
    /// soon after one that it did, in milliseconds; 160: the length of an s at the end of a word.
    pub tail_ms: u32,
    /// An onset is so many frames of voice …; 3.
    pub onset_frames: u32,
    /// … among so many frames of 20 ms, at most 31; 5.
    pub onset_window_frames: u32,
    /// An offset is so much time without voice, in milliseconds; 200.
    pub offset_ms: u32,
    /// How well a frame must match itself one pitch period later to be periodic: the normalised correlation in
    /// percent; 65.
    pub periodicity_percent: u32,
}

impl Default for VadConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            floor_dbfs: -55,
            above_noise_db: 6,
            below_caller_db: 18,
            tail_below_caller_db: 30,
            tail_ms: 160,
            onset_frames: 3,
            onset_window_frames: 5,
            offset_ms: 200,
            periodicity_percent: 65,
        }
    }
}
