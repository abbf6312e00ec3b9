//! Kept speech in memory, within bounds.

use std::collections::BTreeMap;

use audio::Clip;

use super::PhraseId;

/// What one phrase costs beside its sound, in bytes: about.
const OVERHEAD: usize = 128;

/// Speech by phrase. When it gets too much, what was not asked for the longest goes first.
#[derive(Clone, Debug)]
pub struct Shelf {
    bytes_max: usize,
    bytes: usize,
    phrases: BTreeMap<PhraseId, Kept>,
    /// Counts whatever is done here.
    count: u64,
}

#[derive(Clone, Debug)]
struct Kept {
    sound: Clip,
    used: u64,
}

impl Shelf {
    /// An empty one, for so many bytes.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            bytes: 0,
            phrases: BTreeMap::new(),
            count: 0,
        }
    }

    /// Finds speech.
    pub fn find(&mut self, id: &PhraseId) -> Option<Clip> {
        self.count += 1;
        let kept = self.phrases.get_mut(id)?;
        kept.used = self.count;
        Some(kept.sound.clone())
    }

    /// Whether there is such speech.
    #[must_use]
    pub fn has(&self, id: &PhraseId) -> bool {
        self.phrases.contains_key(id)
    }

    /// Keeps speech. What would take more than an eighth of the room is not kept: it would push out too much else.
    pub fn keep(&mut self, id: PhraseId, sound: Clip) {
        let weight = weight(&sound);
        if weight > self.bytes_max / 8 {
            return;
        }
        self.count += 1;
        let kept = Kept {
            sound,
            used: self.count,
        };
        self.bytes += weight;
        if let Some(former) = self.phrases.insert(id, kept) {
            self.bytes -= weight_of(&former);
        }
        while self.bytes > self.bytes_max {
            let oldest = self.phrases.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                break;
            };
            if let Some(former) = self.phrases.remove(&oldest) {
                self.bytes -= weight_of(&former);
            }
        }
    }

    /// How much room is taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn weight(sound: &Clip) -> usize {
    sound.len() + OVERHEAD
}

fn weight_of(kept: &Kept) -> usize {
    weight(&kept.sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> PhraseId {
        [number; 32]
    }

    fn second() -> Clip {
        Clip::from(vec![1; 8_000])
    }

    #[test]
    fn what_was_not_asked_for_the_longest_goes_first() {
        let mut shelf = Shelf::new(10 * (8_000 + OVERHEAD));
        for number in 0..10 {
            shelf.keep(id(number), second());
        }
        assert_eq!(shelf.find(&id(0)), Some(second()));
        shelf.keep(id(10), second());
        assert!(shelf.has(&id(0)) && shelf.has(&id(10)));
        assert!(!shelf.has(&id(1)));
        assert_eq!(shelf.bytes(), 10 * (8_000 + OVERHEAD));
    }

    #[test]
    fn the_same_phrase_again_takes_no_more_room() {
        let mut shelf = Shelf::new(1_000_000);
        shelf.keep(id(1), second());
        shelf.keep(id(1), Clip::from(vec![2; 4_000]));
        assert_eq!(shelf.bytes(), 4_000 + OVERHEAD);
        assert_eq!(shelf.find(&id(1)).map(|clip| clip.len()), Some(4_000));
    }

    #[test]
    fn what_would_push_out_everything_else_is_not_kept() {
        let mut shelf = Shelf::new(64_000);
        shelf.keep(id(1), second());
        assert_eq!((shelf.bytes(), shelf.find(&id(1))), (0, None));
    }
}
