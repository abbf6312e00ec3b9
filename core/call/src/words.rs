//! Words that tell how far a turn is, by language. What a language has no table for is told in English.

mod de;
mod en;
mod es;
mod fr;
mod pt;

/// One language's words: lower case, without punctuation other than `'` and `-`.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Words after which hardly anybody stops: conjunctions, prepositions, articles, and the beginnings of what takes an
    /// object.
    pub(crate) trailing: &'static [&'static str],
    /// What is said while thinking of what to say.
    pub(crate) fillers: &'static [&'static str],
    /// Closed answers: yes.
    pub(crate) yes: &'static [&'static str],
    /// Closed answers: no.
    pub(crate) no: &'static [&'static str],
    /// What opens a turn and is none: greetings.
    pub(crate) greetings: &'static [&'static str],
    /// What closes a conversation: thanks and goodbyes.
    pub(crate) closings: &'static [&'static str],
    /// Sounds and words of a listener, who leaves the floor where it is.
    pub(crate) backchannels: &'static [&'static str],
    /// Asks for a moment, and will go on.
    pub(crate) holds: &'static [&'static str],
    /// Takes back what was just said.
    pub(crate) corrections: &'static [&'static str],
    /// Announces what is not said yet: that there is a question, or who is speaking.
    pub(crate) announces: &'static [&'static str],
    /// Begins a clause that is none by itself.
    pub(crate) conditions: &'static [&'static str],
    /// What begins a question of the caller's, anywhere in the words.
    pub(crate) asks: &'static [&'static str],
    /// Digits, and the words among them.
    pub(crate) digits: &'static [&'static str],
    /// Numbers above nine, as in dates and prices.
    pub(crate) numbers: &'static [&'static str],
    /// Days, months and times of the day.
    pub(crate) times: &'static [&'static str],
    /// What separates the parts of an e-mail address.
    pub(crate) symbols: &'static [&'static str],
    /// Digits of a complete telephone number; none: they differ too much.
    pub(crate) phone_digits: &'static [usize],
    /// What the bot's question says when it wants …
    pub(crate) questions: Questions,
}

/// What a question says when it wants a certain kind of answer. One of these is in it.
#[derive(Debug)]
pub(crate) struct Questions {
    /// … something spelled.
    pub(crate) spelling: &'static [&'static str],
    /// … how many.
    pub(crate) count: &'static [&'static str],
    /// … digits.
    pub(crate) number: &'static [&'static str],
    /// … an address.
    pub(crate) address: &'static [&'static str],
    /// … a date of birth.
    pub(crate) birth: &'static [&'static str],
    /// … a day or a time.
    pub(crate) when: &'static [&'static str],
    /// … a name.
    pub(crate) name: &'static [&'static str],
    /// … yes or no: words that it begins with; empty: any question that wants nothing else.
    pub(crate) closed: &'static [&'static str],
    /// … to know whether there is more: a yes is then only the beginning.
    pub(crate) more: &'static [&'static str],
    /// … a time of the day, and not just a day.
    pub(crate) time: &'static [&'static str],
    /// … a story: words that it begins with.
    pub(crate) open: &'static [&'static str],
}

/// The tables of a language, by its BCP 47 tag: `es-MX` is read as `es`.
pub(crate) fn tables(language: &str) -> &'static Tables {
    match primary(language).as_str() {
        "de" => &de::TABLES,
        "es" => &es::TABLES,
        "fr" => &fr::TABLES,
        "pt" => &pt::TABLES,
        _ => &en::TABLES,
    }
}

/// The first part of a tag, in lower case.
pub(crate) fn primary(language: &str) -> String {
    let first = language.split(['-', '_']).next().unwrap_or_default();
    first.to_ascii_lowercase()
}

/// Lower case, words and single spaces only.
pub(crate) fn plain(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .map(|c| match c {
            '’' => '\'',
            '-' | '\'' => c,
            c if c.is_alphanumeric() => c,
            _ => ' ',
        })
        .collect();
    let words = kept.split_whitespace().map(|word| word.trim_matches('-'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Whether plain words end in one of these, at a word's boundary.
pub(crate) fn ends_in(words: &str, list: &[&str]) -> bool {
    list.iter().any(|end| {
        words
            .strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with(' '))
    })
}

/// Whether plain words begin with one of these, at a word's boundary. Answers what follows.
pub(crate) fn rest_after<'w>(words: &'w str, list: &[&str]) -> Option<&'w str> {
    list.iter()
        .filter_map(|start| words.strip_prefix(start))
        .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        .map(str::trim_start)
        .min_by_key(|rest| rest.len())
}

/// Whether one of these is in plain words, at words' boundaries.
pub(crate) fn contains(words: &str, list: &[&str]) -> bool {
    let padded = format!(" {words} ");
    list.iter()
        .any(|part| padded.contains(&format!(" {part} ")))
}

/// What follows the last of these in plain words, if one is there.
pub(crate) fn after<'w>(words: &'w str, list: &[&str]) -> Option<&'w str> {
    let starts = words.char_indices().map(|(at, _)| at).filter(|at| {
        words
            .get(..*at)
            .is_some_and(|before| before.is_empty() || before.ends_with(' '))
    });
    let found = starts.filter_map(|at| rest_after(words.get(at..)?, list));
    found.min_by_key(|rest| rest.len())
}

/// Whether plain words are nothing but these, one after the other.
pub(crate) fn only(words: &str, lists: &[&[&str]]) -> bool {
    let mut rest = words;
    while !rest.is_empty() {
        let shorter = lists.iter().filter_map(|list| rest_after(rest, list));
        match shorter.min_by_key(|rest| rest.len()) {
            Some(shorter) => rest = shorter,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_words_in_plain_form() {
        for language in ["en", "es", "fr", "de", "pt"] {
            let t = tables(language);
            let q = &t.questions;
            for list in [
                t.trailing,
                t.fillers,
                t.yes,
                t.no,
                t.greetings,
                t.closings,
                t.backchannels,
                t.holds,
                t.corrections,
                t.announces,
                t.conditions,
                t.asks,
                t.digits,
                t.numbers,
                t.times,
                t.symbols,
                q.spelling,
                q.count,
                q.number,
                q.address,
                q.birth,
                q.when,
                q.name,
                q.closed,
                q.more,
                q.time,
                q.open,
            ] {
                for word in list {
                    assert_eq!(plain(word), *word, "{language}");
                }
            }
        }
    }

    #[test]
    fn a_region_has_the_words_of_its_language_and_a_language_without_words_the_english_ones() {
        assert_eq!(tables("pt-BR").yes, tables("pt").yes);
        assert_eq!(tables("ES").yes, tables("es").yes);
        assert_eq!(tables("fi").yes, tables("en-GB").yes);
    }

    #[test]
    fn words_are_compared_as_words() {
        assert!(ends_in("my name is", &["is"]));
        assert!(!ends_in("the bis", &["is"]));
        assert!(contains("what is your phone number", &["phone"]));
        assert!(!contains("megaphone", &["phone"]));
        assert!(only(
            "yes please thanks",
            &[&["yes", "yes please"], &["thanks"]]
        ));
        assert!(!only("yes but", &[&["yes"]]));
        assert_eq!(plain("  ¿Qué tal — bien?"), "qué tal bien");
    }
}
