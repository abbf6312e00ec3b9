//! What a caller says, taken apart: numbers, days, times, names.

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const ORDINALS: [&str; 20] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];
const PARTS_OF_DAY: [&str; 4] = ["morning", "afternoon", "evening", "night"];
const NAME_LEADS: [&[&str]; 9] = [
    &["name", "is"],
    &["under", "the", "name", "of"],
    &["under", "the", "name"],
    &["under"],
    &["this", "is"],
    &["it", "is", "for"],
    &["it", "is"],
    &["it's"],
    &["i", "am"],
];
const COURTESIES: [&str; 9] = [
    "yes", "sure", "okay", "well", "hello", "please", "thank", "you", "the",
];
/// A name is over here; after the first two it comes letter by letter.
const NAME_ENDS: [&str; 3] = ["spelled", "that", "please"];
/// Words that are no names where a name was asked for.
const NO_NAMES: [&str; 40] = [
    "yes", "no", "please", "okay", "well", "hello", "hi", "the", "a", "an", "is", "it", "my",
    "name", "for", "of", "and", "sorry", "wait", "thank", "you", "thanks", "what", "can", "could",
    "would", "that", "this", "to", "at", "on", "i", "we", "us", "people", "just", "not", "table",
    "booking", "moment",
];

/// The words of a line, in lower case, without punctuation; digits become words.
pub(super) fn words(line: &str) -> Vec<String> {
    let spaced: String = line
        .to_lowercase()
        .replace(['\u{2019}', '`'], "'")
        .replace("p.m.", "pm")
        .replace("a.m.", "am")
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || letter == '\'' {
                letter
            } else {
                ' '
            }
        })
        .collect();
    spaced.split_whitespace().flat_map(spelled_out).collect()
}

fn spelled_out(word: &str) -> Vec<String> {
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    let Ok(number) = digits.parse::<usize>() else {
        return vec![word.to_owned()];
    };
    let rest = word.get(digits.len()..).unwrap_or_default();
    let named = match number {
        15 => "fifteen".to_owned(),
        30 => "thirty".to_owned(),
        13..=23 => number_word(number - 12), // the clock's other half
        _ => number_word(number),
    };
    let rest = (!rest.is_empty()).then(|| rest.to_owned());
    std::iter::once(named).chain(rest).collect()
}

fn number_word(number: usize) -> String {
    NUMBERS
        .get(number)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// A line taken apart.
pub(super) struct Line<'a> {
    words: &'a [String],
}

impl<'a> Line<'a> {
    pub(super) const fn of(words: &'a [String]) -> Self {
        Self { words }
    }

    pub(super) fn has(&self, phrase: &str) -> bool {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        self.find(&phrase).is_some()
    }

    pub(super) fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase))
    }

    fn word(&self, at: usize) -> &'a str {
        self.words.get(at).map_or("", String::as_str)
    }

    fn find(&self, phrase: &[&str]) -> Option<usize> {
        (0..self.words.len()).find(|at| {
            phrase
                .iter()
                .enumerate()
                .all(|(offset, word)| self.word(at + offset) == *word)
        })
    }

    /// How many people; a bare number counts only if that was asked.
    pub(super) fn people(&self, was_asked: bool) -> Option<String> {
        let counts = (0..self.words.len()).filter(|at| is_number(self.word(*at)));
        for at in counts {
            let after = self.word(at + 1);
            let before = self.word(at.wrapping_sub(1));
            let persons =
                ["people", "persons", "person", "guests", "adults", "of"].contains(&after);
            let lead = match before {
                "for" => !self.is_clock_tail(at + 1) && !self.has("change the time"),
                "of" => self.word(at.wrapping_sub(2)) == "party",
                "just" | "only" | "are" => true,
                _ => false,
            };
            let bare = was_asked
                && self.clock(at).is_none_or(|(_, is_certain)| !is_certain)
                && before != "at";
            if persons || lead || bare {
                return Some(self.word(at).to_owned());
            }
        }
        None
    }

    /// The day, as one says it after “for”.
    pub(super) fn day(&self) -> Option<String> {
        let part = |at: usize| {
            let part = self.word(at);
            if PARTS_OF_DAY.contains(&part) {
                format!(" {part}")
            } else {
                String::new()
            }
        };
        for at in 0..self.words.len() {
            let word = self.word(at);
            if ["today", "tonight", "tomorrow"].contains(&word) {
                return Some(format!("{word}{}", part(at + 1)));
            }
            if WEEKDAYS.contains(&word) {
                let next = if self.word(at.wrapping_sub(1)) == "next" {
                    "next "
                } else {
                    ""
                };
                return Some(format!("{next}{}{}", capital(word), part(at + 1)));
            }
            if MONTHS.contains(&word) && (self.has("the") || word != "may") {
                let ordinals = self
                    .words
                    .iter()
                    .filter(|word| ORDINALS.contains(&word.as_str()) || *word == "thirtieth");
                let tens = if self.has("twenty") {
                    "twenty "
                } else if self.has("thirty") {
                    "thirty "
                } else {
                    ""
                };
                let day = ordinals.map(String::as_str).next().unwrap_or("first");
                return Some(format!("the {tens}{day} of {}", capital(word)));
            }
        }
        None
    }

    /// The time of day; a bare hour counts only if that was asked, or if the line is about the time.
    pub(super) fn time(&self, was_asked: bool) -> Option<String> {
        if self.has("noon") {
            return Some("noon".to_owned());
        }
        let mut bare = None;
        for at in 0..self.words.len() {
            match self.clock(at) {
                Some((time, true)) => return Some(time),
                Some((time, false)) if bare.is_none() => bare = Some(time),
                _ => {}
            }
        }
        bare.filter(|_| was_asked || self.has("time"))
    }

    /// The time that begins here, and whether it can be nothing else.
    fn clock(&self, at: usize) -> Option<(String, bool)> {
        let (first, second, third) = (self.word(at), self.word(at + 1), self.word(at + 2));
        if ["half", "quarter"].contains(&first)
            && ["past", "to"].contains(&second)
            && is_number(third)
        {
            return Some((format!("{first} {second} {third}"), true));
        }
        if !is_number(first) {
            return None;
        }
        let before = self.word(at.wrapping_sub(1));
        if ["past", "quarter"].contains(&before)
            || ["people", "persons", "guests", "of"].contains(&second)
        {
            return None;
        }
        match second {
            "thirty" | "fifteen" => return Some((format!("{first} {second}"), true)),
            "forty" if third == "five" => return Some((format!("{first} forty five"), true)),
            "o'clock" | "p" | "pm" | "a" | "am" => return Some((first.to_owned(), true)),
            "in" if third == "the" => return Some((first.to_owned(), true)),
            _ => {}
        }
        Some((first.to_owned(), ["at", "around"].contains(&before)))
    }

    fn is_clock_tail(&self, at: usize) -> bool {
        ["thirty", "fifteen", "forty", "o'clock", "p", "pm"].contains(&self.word(at))
    }

    /// The name; without words that lead to one it counts only if it was asked.
    pub(super) fn name(&self, was_asked: bool) -> Option<String> {
        let weak = |lead: &[&str]| {
            was_asked || lead.len() > 2 || lead == ["name", "is"] || lead == ["under"]
        };
        let led = NAME_LEADS
            .iter()
            .filter(|lead| weak(lead))
            .find_map(|lead| {
                let from = self.find(lead)? + lead.len();
                self.name_at(from)
            });
        led.or_else(|| was_asked.then(|| self.bare_name())?)
    }

    /// The name in a line that is nothing but a name, and words of courtesy before it.
    fn bare_name(&self) -> Option<String> {
        let words = || self.words.iter().map(String::as_str);
        let first = words().position(|word| !COURTESIES.contains(&word))?;
        let rest = words()
            .skip(first)
            .take_while(|word| !NAME_ENDS.contains(word));
        let fits = rest.clone().count() <= 3 && rest.clone().all(is_name);
        fits.then(|| self.name_at(first))?
    }

    fn name_at(&self, from: usize) -> Option<String> {
        let letters = self.words.get(from..)?.iter().map(String::as_str);
        let names: Vec<String> = letters
            .take_while(|word| is_name(word) && !NAME_ENDS.contains(word))
            .take(3)
            .map(capital)
            .collect();
        (!names.is_empty()).then(|| names.join(" "))
    }
}

fn is_number(word: &str) -> bool {
    NUMBERS.iter().skip(1).any(|number| *number == word)
}

fn is_name(word: &str) -> bool {
    word.len() > 1
        && !NO_NAMES.contains(&word)
        && !is_number(word)
        && !WEEKDAYS.contains(&word)
        && !PARTS_OF_DAY.contains(&word)
        && word.chars().all(char::is_alphabetic)
}

/// The word as a sentence writes a name.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
