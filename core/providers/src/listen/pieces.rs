//! Sound, cut into messages that are neither too many nor too long.

use audio::mulaw;

/// Collects μ-law until there is enough for a message.
#[derive(Debug)]
pub(super) struct Pieces {
    least: usize,
    most: usize,
    held: Vec<u8>,
    /// How much was fed in all, in samples.
    fed: u64,
    /// How much of that was silence of ours, and was not told yet.
    silence: usize,
}

impl Pieces {
    /// Messages of so many samples.
    pub(super) fn new(least: usize, most: usize) -> Self {
        Self {
            least,
            most,
            held: Vec::new(),
            fed: 0,
            silence: 0,
        }
    }

    /// Takes in sound; answers with what is worth a message now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.held.extend_from_slice(bytes);
        self.fed += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.held.len() < self.least {
            return Vec::new();
        }
        self.take()
    }

    /// All that is held, now. What would be too short is filled up with silence.
    pub(super) fn rest(&mut self, shortest: usize) -> Vec<Vec<u8>> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let missing = shortest.saturating_sub(self.held.len());
        self.silence(missing);
        self.take()
    }

    /// Silence instead of a caller.
    pub(super) fn silence(&mut self, samples: usize) {
        let length = self.held.len() + samples;
        self.held.resize(length, mulaw::SILENCE);
        self.silence += samples;
        self.fed += u64::try_from(samples).unwrap_or(u64::MAX);
    }

    /// How much silence of ours there was since this was asked last, in samples.
    pub(super) fn take_silence(&mut self) -> usize {
        std::mem::take(&mut self.silence)
    }

    /// How much was fed in all, in samples: where the sound is on the provider's clock.
    pub(super) fn fed(&self) -> u64 {
        self.fed
    }

    fn take(&mut self) -> Vec<Vec<u8>> {
        let held = std::mem::take(&mut self.held);
        // As even as can be: of what is barely too long, the rest would be too short.
        let parts = held.len().div_ceil(self.most.max(1)).max(1);
        let length = held.len().div_ceil(parts).max(1);
        held.chunks(length).map(<[u8]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(pieces: &[Vec<u8>]) -> Vec<usize> {
        pieces.iter().map(Vec::len).collect()
    }

    #[test]
    fn frames_are_collected_and_what_is_long_is_cut_evenly() {
        let mut pieces = Pieces::new(640, 8_000);
        for _ in 0..3 {
            assert!(pieces.push(&[1; 160]).is_empty());
        }
        assert_eq!(lengths(&pieces.push(&[1; 160])), [640]);
        assert_eq!(lengths(&pieces.push(&[1; 8_100])), [4_050, 4_050]);
        assert_eq!(pieces.fed(), 8_740);
        assert!(pieces.rest(400).is_empty());
    }

    #[test]
    fn a_rest_that_is_too_short_is_filled_with_silence() {
        let mut pieces = Pieces::new(640, 8_000);
        pieces.push(&[1; 160]);
        let rest = pieces.rest(400);
        assert_eq!(lengths(&rest), [400]);
        assert_eq!(rest[0].last(), Some(&mulaw::SILENCE));
        assert_eq!(pieces.fed(), 400);
        assert_eq!((pieces.take_silence(), pieces.take_silence()), (240, 0));
    }
}
