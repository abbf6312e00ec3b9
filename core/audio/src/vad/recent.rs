//! The last 640 ms, a bit for each frame: when speech began.

/// The latest frame lowest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recent {
    pub(super) detected: u32,
    loud: u32,
}

impl Recent {
    /// Takes in a frame.
    pub(super) fn push(&mut self, detected: bool, loud: bool) {
        self.detected = self.detected << 1 | u32::from(detected);
        self.loud = self.loud << 1 | u32::from(loud);
    }

    /// How many frames ago speech began, this one included: the first detected one within the window, and before it
    /// the consonant that the detector missed: at most 160 ms of loud frames without a gap.
    pub(super) fn began(self, window: u32) -> u32 {
        let first = u32::BITS - (self.detected & window).leading_zeros();
        let before = (self.loud.checked_shr(first).unwrap_or(0)).trailing_ones();
        first + before.min(8)
    }
}
