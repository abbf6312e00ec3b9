//! Words become sentences: as soon as one is complete it can be spoken.

mod abbreviations;

use abbreviations::{Abbreviations, abbreviations};

/// A first sentence longer than this, in bytes, is begun at a comma: about two seconds in any script, in which the rest is
/// thought and spoken.
const CLAUSE_BYTES_MIN: usize = 30;

/// What ends a sentence where nothing stands between words.
const ENDS_AT_ONCE: [char; 5] = ['。', '！', '？', '｡', '．'];
/// What ends one if a space follows.
const ENDS: [char; 4] = ['.', '!', '?', '…'];
/// What still belongs to the sentence.
const CLOSERS: [char; 14] = [
    '"', '\'', ')', ']', '”', '’', '»', '›', '“', '」', '』', '）', '】', '》',
];

/// Cuts a stream of words into sentences. Where the words are cut does not matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sentences {
    text: String,
    /// Up to where there is no end of a sentence.
    searched: usize,
    cut: usize,
}

/// What is at a place in the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// The end of a sentence, which goes up to here.
    End(usize),
    /// None.
    Within,
    /// That depends on what follows.
    Unknown,
}

impl Sentences {
    /// Takes the next words of a language, a BCP 47 tag; calls back with every sentence that is complete with them.
    pub(crate) fn push(&mut self, words: &str, language: &str, mut sentence: impl FnMut(String)) {
        self.text.push_str(words);
        while let Some(end) = self.end(abbreviations(language)) {
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

    fn end(&mut self, known: &Abbreviations) -> Option<usize> {
        let from = self.searched;
        let tail = self.text.get(from..)?;
        for (at, char) in tail.char_indices() {
            let place = match char {
                '\n' => Place::End(from + at + 1),
                c if ENDS_AT_ONCE.contains(&c) => closed(&self.text, from + at + c.len_utf8()),
                c if ENDS.contains(&c) => {
                    stop(&self.text, from + at + c.len_utf8(), c == '.', known)
                }
                // Only the first sentence is urgent enough to be spoken in parts.
                ',' | ';' | ':' | '、' | '，' | '；' if self.cut == 0 => {
                    comma(&self.text, from + at + char.len_utf8(), char.is_ascii())
                }
                _ => Place::Within,
            };
            match place {
                Place::End(end) => return Some(end),
                Place::Unknown => {
                    self.searched = from + at;
                    return None;
                }
                Place::Within => (),
            }
        }
        self.searched = self.text.len();
        None
    }
}

/// A mark that ends a sentence at once ends before `end`. What closes a quotation belongs to it; and as long as it is
/// the last character, something may.
fn closed(text: &str, end: usize) -> Place {
    let Some(rest) = text.get(end..) else {
        return Place::Within;
    };
    for (at, char) in rest.char_indices() {
        if ENDS_AT_ONCE.contains(&char) || ENDS.contains(&char) {
            // The last of several: it comes by itself.
            return Place::Within;
        }
        // German closes with what Chinese opens with.
        if !CLOSERS.contains(&char) || char == '“' {
            return Place::End(end + at);
        }
    }
    Place::Unknown
}

/// A comma ends before `end`: a first sentence that is long enough is begun there.
fn comma(text: &str, end: usize, wants_space: bool) -> Place {
    if end <= CLAUSE_BYTES_MIN {
        return Place::Within;
    }
    match text.get(end..).and_then(|rest| rest.chars().next()) {
        None => Place::Unknown,
        Some(next) if next.is_whitespace() || !wants_space => Place::End(end),
        Some(_) => Place::Within,
    }
}

/// A full stop, or another mark that wants a space behind it, ends before `end`.
fn stop(text: &str, end: usize, is_full_stop: bool, known: &Abbreviations) -> Place {
    let rest = text.get(end..).unwrap_or_default();
    let closers: usize = rest
        .chars()
        .take_while(|c| CLOSERS.contains(c))
        .map(char::len_utf8)
        .sum();
    let after = rest.get(closers..).unwrap_or_default();
    match after.chars().next() {
        None => return Place::Unknown,
        Some(next) if !next.is_whitespace() => return Place::Within,
        Some(_) => (),
    }
    // French puts a space before what closes a quotation.
    let said = text.get(..end + closers).unwrap_or_default();
    if said.matches('«').count() > said.matches('»').count() {
        let next = after.trim_start();
        if next.is_empty() {
            return Place::Unknown;
        }
        if next.starts_with('»') {
            return Place::End(text.len() - next.len() + '»'.len_utf8());
        }
    }
    if !is_full_stop || closers > 0 {
        return Place::End(end + closers);
    }
    match continues(text, end, after, known) {
        Some(true) => Place::Within,
        Some(false) => Place::End(end),
        None => Place::Unknown,
    }
}

/// Whether the sentence goes on behind a full stop and a space, as far as that can be told yet.
fn continues(text: &str, end: usize, after: &str, known: &Abbreviations) -> Option<bool> {
    let before = text.get(..end).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or(before);
    let word = line.rsplit(char::is_whitespace).next().unwrap_or(line);
    let lower = word
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    let next = after.trim_start();
    let number = lower.trim_end_matches('.');
    if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) {
        let is_first = line.trim() == word;
        return if is_first {
            // "1. Soup": an item of a list.
            Some(true)
        } else {
            ordinal(number, next, known)
        };
    }
    if known.inner.contains(&lower.as_str()) || is_initial(word) {
        return Some(true);
    }
    if known.numbered.contains(&lower.as_str()) {
        return next.chars().next().map(|c| c.is_ascii_digit());
    }
    if known.outer.contains(&lower.as_str()) {
        return next
            .chars()
            .next()
            .map(|c| !c.is_uppercase() && !"¿¡\"“«„".contains(c));
    }
    Some(false)
}

/// A single letter with its full stop: a name's, or a part of "p. m." and "z. B.". Not the word I.
fn is_initial(word: &str) -> bool {
    let mut chars = word
        .trim_start_matches(['(', '"', '„', '“', '¿', '¡'])
        .chars();
    let (first, second, third) = (chars.next(), chars.next(), chars.next());
    first.is_some_and(|c| c.is_alphabetic() && c != 'I') && second == Some('.') && third.is_none()
}

/// Whether a number and its full stop are an ordinal, as in "am 3. Mai".
fn ordinal(number: &str, next: &str, known: &Abbreviations) -> Option<bool> {
    if known.ordinals.is_empty() || number.len() > 2 {
        return Some(false);
    }
    let end = next.find(|c: char| !c.is_alphanumeric())?;
    let word = next.get(..end).unwrap_or_default().to_lowercase();
    let is_lower = next.chars().next().is_some_and(char::is_lowercase);
    Some(is_lower || known.ordinals.contains(&word.as_str()))
}

/// The part of `text` of at most `chars_max` characters that ends best: after a sentence, a clause, a word.
pub(crate) fn shorten(text: &str, chars_max: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(chars_max) else {
        return text;
    };
    let head = text.get(..end).unwrap_or(text);
    let ends_sentence = |(at, mark): (usize, &str)| {
        let end = at + mark.len();
        let next = text.get(end..).and_then(|rest| rest.chars().next());
        let is_free = mark.starts_with(ENDS_AT_ONCE) || next.is_none_or(char::is_whitespace);
        (is_free && at > 0).then_some(end)
    };
    let last = head
        .rmatch_indices(|c| ENDS.contains(&c) || ENDS_AT_ONCE.contains(&c))
        .find_map(ends_sentence);
    let cut = last
        .or_else(|| head.rfind([',', ';', ':', '、', '，']))
        .or_else(|| head.rfind(char::is_whitespace))
        .unwrap_or(end);
    head.get(..cut).unwrap_or(head).trim_end()
}

#[cfg(test)]
mod tests;
