//! How complete the words of a turn are, so far, as an answer to what was asked.

mod wanted;

use crate::words::{Tables, after, contains, ends_in, only, plain, primary, rest_after, tables};
use wanted::Wanted;

/// How complete the words of a turn are. Each has a silence of its own that ends the turn.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Completeness {
    /// No word is known yet.
    Unknown,
    /// The closed answer that was asked for, or a goodbye.
    Answered,
    /// A no, where most people go on to say what instead.
    Denied,
    /// A short answer of the kind that was asked for: a number of people, a day, a name.
    Fitting,
    /// As many digits as a telephone number has, a date with its year, an e-mail address with its end.
    Filled,
    /// The caller asked something, and waits for an answer.
    Asked,
    /// It could be all.
    Whole,
    /// It could be all; but what was asked for takes more than a sentence to tell, or the question wants something that
    /// is not there yet.
    Told,
    /// A greeting or an agreement where something else was asked for.
    Opened,
    /// Digits or letters, and more may come.
    Dictating,
    /// The last word wants another: and, for, my, because.
    Trailing,
    /// The last word is a filler, or asks for a moment.
    Hesitating,
}

/// More words than this are no short answer.
const SHORT_WORDS: usize = 5;
/// So many words can be all of what takes more than a sentence to tell.
const STORY_WORDS: usize = 12;
/// Hardly a number that somebody is asked for has fewer digits.
const NUMBER_DIGITS: usize = 4;
/// A question has as many words at least behind the words that begin it.
const ASKED_WORDS: usize = 2;

impl Completeness {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::Answered,
        Self::Denied,
        Self::Fitting,
        Self::Filled,
        Self::Asked,
        Self::Whole,
        Self::Told,
        Self::Opened,
        Self::Dictating,
        Self::Trailing,
        Self::Hesitating,
    ];

    /// Judges the words so far, in a language (a BCP 47 tag), as an answer to what the bot said last. A full stop says
    /// little: many recognisers put one behind whatever they have.
    #[must_use]
    pub fn of(text: &str, question: &str, language: &str) -> Self {
        let t = tables(language);
        let words = plain(text);
        if words.is_empty() {
            return Self::Unknown;
        }
        let end = text.trim_end();
        if end.ends_with(['?', '？', '؟']) {
            return Self::Asked;
        }
        if matches!(primary(language).as_str(), "ja" | "zh" | "ko" | "th") {
            return unspaced(end);
        }
        let wanted = Wanted::of(question, t);
        // What looks like a filler may be the whole answer: "well", "so", "um" in Portuguese.
        let is_closed_answer = only(&words, &[t.yes, t.no, t.closings]);
        if !is_closed_answer {
            if ends_in(&words, t.fillers) || ends_in(&words, t.holds) {
                return Self::Hesitating;
            }
            if ends_in(&words, t.corrections) {
                return Self::Trailing;
            }
            if end.ends_with([',', '…', '-', ':']) || end.ends_with("...") {
                return Self::Trailing;
            }
        }
        Self::of_words(&words, wanted, t)
    }

    fn of_words(words: &str, wanted: Wanted, t: &Tables) -> Self {
        if let Some(dictated) = dictated(words, wanted, t) {
            return dictated;
        }
        if only(words, &[t.yes, t.no, t.greetings, t.closings]) {
            return closed(words, wanted, t);
        }
        if ends_in(words, t.trailing) {
            return Self::Trailing;
        }
        if ends_in(words, t.closings) {
            return Self::Answered;
        }
        let body = without_opening(words, t);
        if let Some(object) = after(body, t.asks) {
            let is_begun = object.split_whitespace().count() < ASKED_WORDS;
            return if is_begun || ends_in(body, t.announces) {
                Self::Trailing
            } else {
                Self::Asked
            };
        }
        let is_short = words.split(' ').count() <= SHORT_WORDS;
        let is_long = words.split(' ').count() >= STORY_WORDS;
        let is_condition = rest_after(body, t.conditions).is_some() && is_short;
        let is_story = matches!(wanted, Wanted::Story | Wanted::More | Wanted::Anything);
        if is_condition || ends_in(words, t.announces) || (is_story && announces(body, t)) {
            return Self::Opened;
        }
        let has_number =
            contains(words, t.digits) || contains(words, t.numbers) || has_digit(words);
        let has_time = contains(words, t.times);
        match wanted {
            Wanted::Count if has_number && is_short => Self::Fitting,
            Wanted::When(time) if (has_number || has_time) && is_short => {
                if time && !has_number && !contains(words, t.questions.time) {
                    Self::Told
                } else {
                    Self::Fitting
                }
            }
            Wanted::Name if is_short => Self::Fitting,
            Wanted::YesOrNo if rest_after(words, t.yes).is_some_and(str::is_empty) => {
                Self::Answered
            }
            Wanted::Story | Wanted::Address | Wanted::Birth | Wanted::Digits if !is_long => {
                Self::Told
            }
            Wanted::Story
            | Wanted::Address
            | Wanted::Birth
            | Wanted::Digits
            | Wanted::Anything
            | Wanted::YesOrNo
            | Wanted::More
            | Wanted::Spelling
            | Wanted::Count
            | Wanted::When(_)
            | Wanted::Name => Self::Whole,
        }
    }
}

/// The words behind "yes hello, good morning".
fn without_opening<'w>(words: &'w str, t: &Tables) -> &'w str {
    let mut body = words;
    while let Some(rest) = rest_after(body, t.greetings).or_else(|| rest_after(body, t.yes)) {
        body = rest;
    }
    body
}

/// Whether these words only say that something will be said, or who says it: "I have a question about …", "my name is
/// …".
fn announces(words: &str, t: &Tables) -> bool {
    rest_after(words, t.announces).is_some_and(|rest| rest.split(' ').count() <= SHORT_WORDS)
}

/// Nothing but yes, no, hello, thanks and goodbye.
fn closed(words: &str, wanted: Wanted, t: &Tables) -> Completeness {
    if ends_in(words, t.closings) {
        return Completeness::Answered;
    }
    let is_greeting = only(words, &[t.greetings]);
    match wanted {
        _ if is_greeting => Completeness::Opened,
        Wanted::YesOrNo if ends_in(words, t.no) && words.split(' ').count() == 1 => {
            Completeness::Denied
        }
        Wanted::More if !only(words, &[t.no]) => Completeness::Opened,
        Wanted::YesOrNo | Wanted::More | Wanted::Anything => Completeness::Answered,
        Wanted::Story
        | Wanted::Spelling
        | Wanted::Digits
        | Wanted::Count
        | Wanted::Address
        | Wanted::Birth
        | Wanted::When(_)
        | Wanted::Name => Completeness::Opened,
    }
}

/// Digits, letters, dates and addresses, whose end can be counted.
fn dictated(words: &str, wanted: Wanted, t: &Tables) -> Option<Completeness> {
    let last = words.rsplit(' ').next().unwrap_or_default();
    let is_symbol = t.symbols.contains(&last);
    let run = words
        .rsplit(' ')
        .take_while(|word| is_item(word, t))
        .count();
    match wanted {
        Wanted::Spelling if is_symbol => Some(Completeness::Trailing),
        Wanted::Spelling if is_mail(words, t) => Some(Completeness::Filled),
        Wanted::Spelling if has_host(words, t) => Some(Completeness::Trailing),
        Wanted::Spelling if run > 0 => Some(Completeness::Dictating),
        Wanted::Spelling => {
            let has_symbol = words.split(' ').any(|word| t.symbols.contains(&word));
            let is_spelled = words.split(' ').count() <= 3 && !only(words, &[t.yes, t.greetings]);
            (has_symbol || is_spelled).then_some(Completeness::Dictating)
        }
        Wanted::Birth if run > 0 || ends_in(words, t.times) || ends_in(words, t.numbers) => {
            Some(if has_year(words, t) {
                Completeness::Filled
            } else {
                Completeness::Trailing
            })
        }
        Wanted::When(_) | Wanted::Count | Wanted::YesOrNo | Wanted::More => {
            (run >= 3).then(|| counted(words, wanted, t))
        }
        Wanted::Digits if run > 0 && digits(words, t) < NUMBER_DIGITS => {
            Some(Completeness::Trailing)
        }
        Wanted::Digits if run > 0 => Some(counted(words, wanted, t)),
        Wanted::Digits
        | Wanted::Birth
        | Wanted::Anything
        | Wanted::Story
        | Wanted::Address
        | Wanted::Name => (run >= 2).then(|| counted(words, wanted, t)),
    }
}

/// Whether what ends in digits or letters has all of them.
fn counted(words: &str, wanted: Wanted, t: &Tables) -> Completeness {
    let digits = digits(words, t);
    let is_number = wanted == Wanted::Digits || digits >= 6;
    if is_number && t.phone_digits.contains(&digits) {
        Completeness::Filled
    } else {
        Completeness::Dictating
    }
}

/// A digit, or a single letter, as they are dictated.
fn is_item(word: &str, t: &Tables) -> bool {
    let is_letter = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    is_letter || t.digits.contains(&word) || is_figures(word)
}

fn is_figures(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || c == '-')
}

fn has_digit(words: &str) -> bool {
    words.contains(|c: char| c.is_ascii_digit())
}

/// How many digits were said: "five", "55", "double five".
fn digits(words: &str, t: &Tables) -> usize {
    let mut count = 0;
    let mut times = 1;
    for word in words.split(' ') {
        if is_figures(word) {
            count += word.chars().filter(char::is_ascii_digit).count();
        } else if ["double", "doble", "doppel"].contains(&word) {
            times = 2;
            continue;
        } else if word == "triple" {
            times = 3;
            continue;
        } else if t.digits.contains(&word) {
            count += times;
        } else if t.numbers.contains(&word) {
            // "Twenty", "quatre-vingt": two digits as a rule.
            count += 2;
        }
        times = 1;
    }
    count
}

fn is_mail(words: &str, t: &Tables) -> bool {
    let Some((at, rest)) = t.symbols.split_first() else {
        return false;
    };
    let padded = format!(" {words} ");
    padded
        .split_once(&format!(" {at} "))
        .is_some_and(|(_, host)| {
            rest.iter().any(|dot| {
                host.split_once(&format!("{dot} "))
                    .is_some_and(|(_, end)| !end.trim().is_empty())
            })
        })
}

/// Whether the sign between name and host of an e-mail address was said.
fn has_host(words: &str, t: &Tables) -> bool {
    let at = t.symbols.first().copied().unwrap_or_default();
    words.split(' ').any(|word| word == at)
}

/// Whether there is a year behind the month: four figures, or two numbers above nine.
fn has_year(words: &str, t: &Tables) -> bool {
    let is_year = |word: &str| is_figures(word) && word.len() == 4;
    let after_month = words.rsplit(' ').take_while(|word| !t.times.contains(word));
    let large = after_month.filter(|word| t.numbers.contains(word)).count();
    words.split(' ').any(is_year) || large >= 2
}

/// Languages without spaces: what can be told from the last characters.
fn unspaced(text: &str) -> Completeness {
    const TRAILING: [&str; 16] = [
        "、",
        "，",
        "…",
        "が",
        "けど",
        "けれど",
        "ので",
        "から",
        "て",
        "で",
        "と",
        "は",
        "和",
        "的",
        "因为",
        "但是",
    ];
    const FILLERS: [&str; 9] = [
        "えっと",
        "えーと",
        "あの",
        "その",
        "まあ",
        "嗯",
        "那个",
        "呃",
        "음",
    ];
    const ANSWERS: [&str; 12] = [
        "はい",
        "いいえ",
        "うん",
        "お願いします",
        "ありがとうございます",
        "大丈夫です",
        "是",
        "是的",
        "对",
        "好",
        "好的",
        "不是",
    ];
    const ASKS: [&str; 3] = ["か", "吗", "呢"];
    let bare = text.trim_end_matches(['。', '！', '.', '!']);
    let ends = |list: &[&str]| list.iter().any(|end| bare.ends_with(end));
    if ANSWERS.contains(&bare) {
        Completeness::Answered
    } else if ends(&FILLERS) {
        Completeness::Hesitating
    } else if ends(&ASKS) {
        Completeness::Asked
    } else if ends(&TRAILING) {
        Completeness::Trailing
    } else {
        Completeness::Whole
    }
}

#[cfg(test)]
mod tests;
