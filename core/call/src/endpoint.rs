//! How long a silence ends a turn: it depends on what was said, and on who says it.

use std::time::Duration;

use crate::config::EndOfTurn;

/// Shortest and longest silence that ends a turn, when it is told from the words.
const SILENCE_MS_MIN: u64 = 250;
const SILENCE_MS_MAX: u64 = 1_800;
/// The longest of these silences.
pub(crate) const SILENCE_MAX: Duration = Duration::from_millis(SILENCE_MS_MAX);

/// Words after which hardly anybody stops: conjunctions, prepositions, articles, fillers.
const DANGLING: [&str; 46] = [
    "and", "or", "but", "so", "because", "with", "for", "to", "at", "on", "in", "of", "the", "a",
    "an", "my", "is", "um", "uh", "er", "erm", "hmm", "like", "well", "then", "if", "when", "that",
    "y", "o", "pero", "porque", "con", "para", "de", "el", "la", "los", "las", "un", "una", "mi",
    "es", "en", "eh", "este",
];

/// Turns that are complete as they are.
const COMPLETE: [&str; 24] = [
    "yes",
    "no",
    "yeah",
    "yep",
    "nope",
    "ok",
    "okay",
    "sure",
    "right",
    "correct",
    "thanks",
    "thank you",
    "goodbye",
    "bye",
    "hello",
    "yes please",
    "no thanks",
    "no thank you",
    "sí",
    "si",
    "vale",
    "gracias",
    "adiós",
    "hola",
];

/// Sounds that say "I am listening": said into a reply, they do not ask for the floor.
const BACKCHANNELS: [&str; 16] = [
    "mm", "mhm", "mmhm", "mm-hm", "mm hm", "uh-huh", "uh huh", "hm", "hmm", "ah", "oh", "aha",
    "i see", "ajá", "um", "uh",
];

const DIGITS: [&str; 22] = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double",
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve",
];

/// How this caller pauses within turns, learnt during the call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habit {
    /// Moving average of pauses that did not end a turn, in milliseconds.
    pause_ms: u64,
}

impl Default for Habit {
    fn default() -> Self {
        Self { pause_ms: 400 }
    }
}

impl Habit {
    /// The caller paused for so long, and went on.
    pub(crate) fn learn(&mut self, pause: Duration) {
        let pause_ms = u64::try_from(pause.as_millis())
            .unwrap_or(u64::MAX)
            .min(2_000);
        self.pause_ms = (self.pause_ms * 3 + pause_ms) / 4;
    }

    /// Percent of the usual patience this caller needs: 80 to 150.
    fn percent(self) -> u64 {
        (70 + self.pause_ms * 75 / 1_000).clamp(80, 150)
    }
}

/// The silence that ends a turn. `text`: the words so far, if they are known.
pub(crate) fn silence(end: EndOfTurn, text: Option<&str>, habit: Habit) -> Duration {
    let ms = match end {
        EndOfTurn::Silence(silence) => return silence,
        EndOfTurn::Adaptive => match text {
            // As long as the words are unknown, wait like for an unfinished sentence.
            None => 1_200,
            Some(text) => by_words(text),
        },
    };
    Duration::from_millis((ms * habit.percent() / 100).clamp(SILENCE_MS_MIN, SILENCE_MS_MAX))
}

fn by_words(text: &str) -> u64 {
    let words = plain(text);
    let last = words.rsplit(' ').next().unwrap_or_default();
    let says_more = text.trim_end().ends_with([',', '…', '-']) || text.trim_end().ends_with("...");
    if words.is_empty() {
        900
    } else if COMPLETE.contains(&words.as_str()) {
        350
    } else if says_more || DANGLING.contains(&last) {
        1_400
    } else if is_digit(last) {
        1_100
    } else if text.trim_end().ends_with(['.', '!', '?', '。', '？', '！']) {
        450
    } else {
        700
    }
}

/// Whether this, said into a reply, leaves the floor with the bot.
pub(crate) fn is_backchannel(text: &str) -> bool {
    let words = plain(text);
    words.is_empty() || BACKCHANNELS.contains(&words.as_str())
}

fn is_digit(word: &str) -> bool {
    DIGITS.contains(&word) || (!word.is_empty() && word.chars().all(|c| c.is_ascii_digit()))
}

/// Lower case, words and single spaces only.
fn plain(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' || c == '\'' {
                c
            } else {
                ' '
            }
        })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> u64 {
        let silence = silence(EndOfTurn::Adaptive, Some(text), Habit::default());
        u64::try_from(silence.as_millis()).unwrap()
    }

    #[test]
    fn a_finished_thought_is_answered_sooner_than_an_unfinished_one() {
        assert!(ms("Yes.") < ms("I would like a table."));
        assert!(ms("I would like a table.") < ms("I would like a table"));
        assert!(ms("I would like a table") < ms("It is five five five"));
        assert!(ms("It is five five five") < ms("I would like a table for"));
    }

    #[test]
    fn patience_stays_between_a_quarter_and_less_than_two_seconds() {
        let mut slow = Habit::default();
        let mut quick = Habit::default();
        for _ in 0..20 {
            slow.learn(Duration::from_secs(3));
            quick.learn(Duration::from_millis(50));
        }
        for text in ["", "yes", "and", "so, um,", "one two"] {
            for habit in [slow, quick, Habit::default()] {
                let silence = silence(EndOfTurn::Adaptive, Some(text), habit);
                assert!(
                    (250..=1_800).contains(&silence.as_millis()),
                    "{text}: {silence:?}"
                );
            }
        }
    }

    #[test]
    fn a_caller_who_pauses_long_is_given_more_time() {
        let mut habit = Habit::default();
        habit.learn(Duration::from_millis(1_500));
        let patient = silence(EndOfTurn::Adaptive, Some("a table"), habit);
        assert!(patient > silence(EndOfTurn::Adaptive, Some("a table"), Habit::default()));
    }

    #[test]
    fn a_fixed_silence_is_what_it_says() {
        let classic = EndOfTurn::Silence(Duration::from_secs(4));
        assert_eq!(
            silence(classic, Some("and"), Habit::default()),
            Duration::from_secs(4)
        );
    }

    #[test]
    fn a_murmur_leaves_the_floor_but_a_word_takes_it() {
        assert!(is_backchannel("Mm-hm."));
        assert!(is_backchannel(""));
        assert!(!is_backchannel("No, wait."));
        assert!(!is_backchannel("Stop"));
    }
}
