//! What speech-to-text understands: the words that were really said, written as recognisers write.

/// A word, and when it was said, in milliseconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Word {
    /// As it is spelled.
    pub text: String,
    /// Its beginning.
    pub from: u64,
    /// Its end.
    pub to: u64,
}

impl Word {
    /// A word without its time.
    pub(crate) fn spelled(text: &str) -> Self {
        Self {
            text: text.trim_matches(',').to_owned(),
            from: 0,
            to: 0,
        }
    }
}

/// What a transcription was fed: everything from one moment to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ear {
    pub(crate) from: u64,
    pub(crate) until: u64,
    /// How many words it has told of its own accord.
    pub(crate) told: usize,
}

impl Ear {
    pub(crate) fn new(from: u64) -> Self {
        Self {
            from,
            until: from,
            told: 0,
        }
    }

    /// The words whose middle was fed.
    pub(crate) fn words<'w>(&self, words: &'w [Word]) -> Vec<&'w Word> {
        let middle = |word: &&Word| {
            let at = u64::midpoint(word.from, word.to);
            (self.from..self.until).contains(&at)
        };
        words.iter().filter(middle).collect()
    }
}

/// How one recogniser writes. Its punctuation says nothing: half of them end whatever was said in a full stop, the
/// others know none. Half of them leave out sounds that are no words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oracle {
    dots: bool,
    sounds: bool,
}

const SOUNDS: [&str; 7] = ["um", "uh", "er", "hmm", "mm-hm", "uh-huh", "oh"];

impl Oracle {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dots: seed.is_multiple_of(2),
            sounds: (seed / 2).is_multiple_of(2),
        }
    }

    pub(crate) fn text(self, words: &[&Word]) -> String {
        let all_sounds = words
            .iter()
            .all(|word| SOUNDS.contains(&word.text.as_str()));
        let mut text = String::new();
        for word in words {
            // An "oh" among digits is a zero.
            let is_sound =
                SOUNDS.contains(&word.text.as_str()) && (word.text != "oh" || all_sounds);
            if is_sound && !self.sounds {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.text);
        }
        if self.dots && !text.is_empty() {
            let first: String = text.chars().take(1).flat_map(char::to_uppercase).collect();
            text.replace_range(..text.chars().next().map_or(0, char::len_utf8), &first);
            text.push('.');
        }
        text
    }
}
