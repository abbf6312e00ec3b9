//! Telephone sound: μ-law clips, resampling, WAV files and voice activity.
//!
//! Everything here is a pure function of its input. Whatever a decision depends on is computed in integers, so that
//! a call replayed natively takes the very decisions it took in wasm.

pub mod frame;
pub mod mulaw;
pub mod pcm;
pub mod resample;
pub mod vad;
pub mod wav;

pub use frame::{Clip, FRAME_MS, FRAME_SAMPLES, Level, RATE_HZ};
pub use pcm::Pcm16;
pub use resample::{Resampler, UnsupportedRate};
pub use vad::{Edge, Mode, Vad, VadConfig, Verdict};

// Nobody calls it by name; linking it is what brings the C code its allocator.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use malloc as _;
