//! The sound that waits to be heard, with the marks between it: what a two-way stream fills, and real time empties.

use std::collections::VecDeque;

use audio::mulaw::SILENCE;
use audio::{FRAME_SAMPLES, RATE_HZ};

/// Most that waits: ten minutes (error 31931).
pub(super) const WAITING_SAMPLES_MAX: usize = 600 * RATE_HZ as usize;

pub(super) type Frame = [u8; FRAME_SAMPLES];

/// Milliseconds of so many samples.
pub(super) fn ms(samples: usize) -> u64 {
    u64::try_from(samples).unwrap_or(u64::MAX) * 1000 / u64::from(RATE_HZ)
}

#[derive(Debug, Default)]
pub(super) struct Playout {
    items: VecDeque<Item>,
    waiting: usize,
}

#[derive(Debug)]
enum Item {
    Sound { bytes: Vec<u8>, played: usize },
    Mark(String),
}

/// What one frame of time did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Played {
    /// Marks before which all has been heard now, in order.
    pub(super) marks: Vec<String>,
    /// Whether sound ended with this frame.
    pub(super) ended: bool,
}

impl Playout {
    /// Samples that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Queues sound behind all that waits, and says how many samples of it did not fit.
    pub(super) fn sound(&mut self, mut bytes: Vec<u8>) -> usize {
        let room = WAITING_SAMPLES_MAX.saturating_sub(self.waiting);
        let surplus = bytes.len().saturating_sub(room);
        bytes.truncate(room);
        if !bytes.is_empty() {
            self.waiting += bytes.len();
            self.items.push_back(Item::Sound { bytes, played: 0 });
        }
        surplus
    }

    /// Queues a mark. It comes straight back if nothing waits.
    pub(super) fn mark(&mut self, name: String) -> Option<String> {
        // Marks do not wait for marks: those before it went back when the sound before them had been heard.
        if self.waiting == 0 {
            return Some(name);
        }
        self.items.push_back(Item::Mark(name));
        None
    }

    /// Throws all of it away: how many samples, and the marks that were waiting, in order.
    pub(super) fn clear(&mut self) -> (usize, Vec<String>) {
        let marks = self.items.drain(..).filter_map(|item| match item {
            Item::Mark(name) => Some(name),
            Item::Sound { .. } => None,
        });
        (std::mem::take(&mut self.waiting), marks.collect())
    }

    /// One frame of time goes by: what is heard in it is written over the silence of `heard`.
    pub(super) fn play(&mut self, heard: &mut Frame) -> Played {
        heard.fill(SILENCE);
        let mut outcome = Played::default();
        let before = self.waiting;
        let mut filled = 0;
        while let Some(item) = self.items.front_mut() {
            match item {
                Item::Mark(name) => {
                    outcome.marks.push(std::mem::take(name));
                    self.items.pop_front();
                }
                // A mark right behind a full frame has been reached too, so look on; sound must wait for the next frame.
                Item::Sound { .. } if filled == FRAME_SAMPLES => break,
                Item::Sound { bytes, played } => {
                    let rest = bytes.get(*played..).unwrap_or_default();
                    let room = heard.get_mut(filled..).unwrap_or_default();
                    let count = rest.len().min(room.len());
                    for (sample, byte) in room.iter_mut().zip(rest) {
                        *sample = *byte;
                    }
                    filled += count;
                    *played += count;
                    self.waiting -= count;
                    if *played == bytes.len() {
                        self.items.pop_front();
                    }
                }
            }
        }
        outcome.ended = before > 0 && self.waiting == 0;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(marks: &[&str]) -> Vec<String> {
        marks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mark_comes_back_when_all_before_it_was_heard() {
        let mut playout = Playout::default();
        let mut heard = [0; FRAME_SAMPLES];
        assert_eq!(
            playout.mark("at once".to_owned()).as_deref(),
            Some("at once")
        );
        playout.sound(vec![1; 160]);
        assert_eq!(playout.mark("one".to_owned()), None);
        assert_eq!(playout.mark("two".to_owned()), None);
        playout.sound(vec![2; 200]);
        assert_eq!(playout.mark("three".to_owned()), None);

        let first = playout.play(&mut heard);
        assert_eq!((heard, first.marks), ([1; 160], names(&["one", "two"])));
        assert!(!first.ended);
        assert_eq!(playout.play(&mut heard), Played::default());
        let last = playout.play(&mut heard);
        assert_eq!((last.marks, last.ended), (names(&["three"]), true));
        assert_eq!((heard[39], heard[40]), (2, SILENCE));
        assert_eq!(playout.play(&mut heard), Played::default());
        assert_eq!(heard, [SILENCE; 160]);
    }

    #[test]
    fn short_pieces_play_without_gaps() {
        let mut playout = Playout::default();
        for value in 0..10 {
            playout.sound(vec![value; 32]);
        }
        let mut heard = [0; FRAME_SAMPLES];
        playout.play(&mut heard);
        assert!(!heard.contains(&SILENCE));
        assert_eq!((heard[0], heard[159], playout.waiting()), (0, 4, 160));
    }

    #[test]
    fn clear_gives_every_mark_back_and_what_comes_later_plays() {
        let mut playout = Playout::default();
        playout.sound(vec![1; 1000]);
        playout.mark("a".to_owned());
        playout.sound(vec![1; 1000]);
        playout.mark("b".to_owned());
        let mut heard = [0; FRAME_SAMPLES];
        playout.play(&mut heard);
        assert_eq!(playout.clear(), (1840, names(&["a", "b"])));
        assert_eq!(playout.play(&mut heard), Played::default());
        playout.sound(vec![7; 160]);
        playout.play(&mut heard);
        assert_eq!(heard, [7; 160]);
    }

    #[test]
    fn what_is_beyond_ten_minutes_is_lost() {
        let mut playout = Playout::default();
        assert_eq!(playout.sound(vec![1; WAITING_SAMPLES_MAX - 10]), 0);
        assert_eq!(playout.sound(vec![1; 30]), 20);
        assert_eq!(playout.sound(vec![1; 30]), 30);
        assert_eq!(playout.waiting(), WAITING_SAMPLES_MAX);
        playout.play(&mut [0; FRAME_SAMPLES]);
        assert_eq!(playout.sound(vec![1; 160]), 0);
    }
}
