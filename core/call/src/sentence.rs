//! Words become sentences: as soon as one is complete it can be spoken.

/// A first sentence longer than this is begun at a comma.
const CLAUSE_CHARS_MIN: usize = 60;

/// Words that end in a full stop without ending a sentence.
const ABBREVIATIONS: [&str; 16] = [
    "mr.", "mrs.", "ms.", "dr.", "st.", "no.", "e.g.", "i.e.", "etc.", "vs.", "approx.", "sr.",
    "sra.", "dra.", "ud.", "p.ej.",
];

/// Cuts a stream of words into sentences.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sentences {
    text: String,
    /// Up to where there is no end of a sentence.
    searched: usize,
    cut: usize,
}

impl Sentences {
    /// Takes the next words; calls back with every sentence that is complete with them.
    pub(crate) fn push(&mut self, words: &str, mut sentence: impl FnMut(String)) {
        self.text.push_str(words);
        while let Some(end) = self.end() {
            let rest = self.text.split_off(end);
            let done = std::mem::replace(&mut self.text, rest);
            self.searched = 0;
            let done = done.trim();
            if !done.is_empty() {
                self.cut += 1;
                sentence(done.to_owned());
            }
        }
    }

    /// Characters that wait for the end of their sentence.
    pub(crate) fn waiting(&self) -> usize {
        self.text.trim().chars().count()
    }

    /// There are no more words: what is left is a sentence too.
    pub(crate) fn finish(&mut self) -> Option<String> {
        self.searched = 0;
        let rest = std::mem::take(&mut self.text);
        let rest = rest.trim();
        (!rest.is_empty()).then(|| rest.to_owned())
    }

    fn end(&mut self) -> Option<usize> {
        let from = self.searched;
        let tail = self.text.get(from..)?;
        let mut chars = tail.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let after = from + at + char.len_utf8();
            match char {
                '\n' | '。' | '！' | '？' => return Some(after),
                '.' | '!' | '?' | '…' => {
                    let Some((_, next)) = chars.peek() else {
                        // Whether this ends a sentence is told by what follows.
                        self.searched = from + at;
                        return None;
                    };
                    if next.is_whitespace() && !self.is_abbreviated(after) {
                        return Some(after);
                    }
                    if matches!(next, '"' | '\'' | ')' | '”' | '’' | '»') {
                        let close = after + next.len_utf8();
                        match self.text.get(close..).and_then(|rest| rest.chars().next()) {
                            Some(space) if space.is_whitespace() => return Some(close),
                            Some(_) => (),
                            None => {
                                self.searched = from + at;
                                return None;
                            }
                        }
                    }
                }
                // Only the first sentence is urgent enough to be spoken in parts.
                ',' | ';' | ':'
                    if self.cut == 0
                        && after > CLAUSE_CHARS_MIN
                        && chars.peek().is_some_and(|(_, next)| next.is_whitespace()) =>
                {
                    return Some(after);
                }
                _ => (),
            }
        }
        // A comma at the very end is looked at again.
        self.searched = self.text.trim_end_matches([',', ';', ':']).len().max(from);
        None
    }

    fn is_abbreviated(&self, end: usize) -> bool {
        let Some(before) = self.text.get(..end) else {
            return false;
        };
        let word = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or(before)
            .to_lowercase();
        let initial =
            word.chars().count() == 2 && word.chars().all(|c| c.is_alphabetic() || c == '.');
        let ordinal = word
            .trim_end_matches('.')
            .chars()
            .all(|c| c.is_ascii_digit())
            && before
                .trim_end_matches(|c: char| !c.is_whitespace())
                .trim()
                .is_empty();
        initial || ordinal || ABBREVIATIONS.contains(&word.as_str())
    }
}

/// The part of `text` of at most `chars_max` characters that ends best: after a sentence, a clause, a word.
pub(crate) fn shorten(text: &str, chars_max: usize) -> &str {
    if text.chars().count() <= chars_max {
        return text;
    }
    let end = text
        .char_indices()
        .nth(chars_max)
        .map_or(text.len(), |(at, _)| at);
    let head = text.get(..end).unwrap_or(text);
    let cut = head
        .rfind(['.', '!', '?', '…', '。'])
        .filter(|at| *at > 0)
        .map(|at| {
            at + head
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8)
        })
        .or_else(|| head.rfind([',', ';', ':']))
        .or_else(|| head.rfind(char::is_whitespace))
        .unwrap_or(end);
    head.get(..cut).unwrap_or(head).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str, step: usize) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut all = Vec::new();
        let chars: Vec<char> = text.chars().collect();
        for words in chars.chunks(step.max(1)) {
            sentences.push(&words.iter().collect::<String>(), |sentence| {
                all.push(sentence);
            });
        }
        all.extend(sentences.finish());
        all
    }

    #[test]
    fn a_sentence_ends_where_a_listener_would_say_so() {
        assert_eq!(
            cut("Sure! Dr. Who is at 3.50 p. m. today. \"Really?\" Yes", 1),
            [
                "Sure!",
                "Dr. Who is at 3.50 p. m. today.",
                "\"Really?\"",
                "Yes"
            ]
        );
        assert_eq!(
            cut("¿Qué tal? Bien. 1. Sopa", 3),
            ["¿Qué tal?", "Bien.", "1. Sopa"]
        );
        assert_eq!(cut("好的。請稍等", 1), ["好的。", "請稍等"]);
    }

    #[test]
    fn a_long_first_sentence_is_begun_at_a_comma() {
        let text = "We are open every day of the week from eleven in the morning until late, and on Sundays too, of course.";
        let cut = cut(text, 4);
        assert_eq!(cut.len(), 2);
        assert!(cut[0].ends_with("until late,"), "{cut:?}");
    }

    #[test]
    fn a_reply_is_shortened_at_a_sentence_end() {
        assert_eq!(shorten("One. Two three. Four", 17), "One. Two three.");
        assert_eq!(shorten("One two, three four", 12), "One two");
        assert_eq!(shorten("One two three", 9), "One two");
        assert_eq!(shorten("Short.", 300), "Short.");
    }

    proptest! {
        #[test]
        fn where_the_words_are_cut_does_not_matter(
            text in "[a-z ,.!?\n\"DrM1…]{0,80}", one in 1_usize..9, other in 1_usize..9
        ) {
            prop_assert_eq!(cut(&text, one), cut(&text, other));
        }

        #[test]
        fn nothing_is_lost(text in "\\PC{0,80}") {
            let kept: String = cut(&text, 5).concat().split_whitespace().collect();
            let all: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, all);
        }
    }
}
