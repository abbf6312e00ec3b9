//! How long a silence ends a turn: it depends on what was said, on what was asked, and on who says it.

use std::time::Duration;

use crate::completeness::Completeness;
use crate::config::EndOfTurn;
use crate::words::{only, plain, tables};

/// Shortest and longest silence that ends a turn, when it is told from the words.
const SILENCE_MS_MIN: u64 = 250;
const SILENCE_MS_MAX: u64 = 1_800;
/// The longest of these silences.
pub(crate) const SILENCE_MAX: Duration = Duration::from_millis(SILENCE_MS_MAX);

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

    /// Percent of the usual patience this caller needs: 100 to 150.
    fn percent(self) -> u64 {
        (70 + self.pause_ms * 75 / 1_000).clamp(100, 150)
    }
}

impl Completeness {
    /// The silence that ends a turn whose words are so complete, for a caller of whom nothing is known yet, in
    /// milliseconds.
    #[must_use]
    pub const fn silence_ms(self) -> u64 {
        match self {
            Self::Filled => 450,
            Self::Answered | Self::Fitting | Self::Asked | Self::Whole => 600,
            Self::Told => 1_000,
            // As long as the words are unknown, wait like for an unfinished sentence.
            Self::Unknown => 1_200,
            Self::Denied => 1_300,
            Self::Dictating => 1_350,
            // Nobody ends like this: as long as may be.
            Self::Opened | Self::Trailing | Self::Hesitating => SILENCE_MS_MAX,
        }
    }
}

/// The silence that ends a turn. `so_far`: how complete its words are.
pub(crate) fn silence(end: EndOfTurn, so_far: Completeness, habit: Habit) -> Duration {
    match end {
        EndOfTurn::Silence(silence) => silence,
        EndOfTurn::Adaptive => {
            let ms = so_far.silence_ms() * habit.percent() / 100;
            Duration::from_millis(ms.clamp(SILENCE_MS_MIN, SILENCE_MS_MAX))
        }
    }
}

/// Whether this, said into a reply, leaves the floor with the bot. A bare yes or no does not if the bot has asked
/// something: `asked`.
pub(crate) fn is_backchannel(text: &str, language: &str, asked: bool) -> bool {
    let words = plain(text);
    let t = tables(language);
    let is_listening = only(&words, &[t.backchannels]);
    let is_answer = asked && only(&words, &[t.yes, t.no]);
    words.is_empty() || (is_listening && !is_answer)
}

/// Whether more words could make a backchannel of these.
pub(crate) fn begins_backchannel(text: &str, language: &str) -> bool {
    let words = plain(text);
    let begins = |whole: &&str| {
        whole
            .strip_prefix(words.as_str())
            .is_some_and(|rest| rest.starts_with(' '))
    };
    tables(language).backchannels.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_complete_the_words_the_shorter_the_silence() {
        let ms = Completeness::silence_ms;
        assert!(ms(Completeness::Filled) < ms(Completeness::Whole));
        assert!(ms(Completeness::Whole) < ms(Completeness::Told));
        assert!(ms(Completeness::Told) < ms(Completeness::Dictating));
        assert!(ms(Completeness::Dictating) < ms(Completeness::Trailing));
    }

    #[test]
    fn patience_stays_between_a_quarter_and_less_than_two_seconds() {
        let mut slow = Habit::default();
        let mut quick = Habit::default();
        for _ in 0..20 {
            slow.learn(Duration::from_secs(3));
            quick.learn(Duration::from_millis(50));
        }
        for so_far in Completeness::ALL {
            for habit in [slow, quick, Habit::default()] {
                let silence = silence(EndOfTurn::Adaptive, so_far, habit);
                assert!(
                    (250..=1_800).contains(&silence.as_millis()),
                    "{so_far:?}: {silence:?}"
                );
            }
        }
    }

    #[test]
    fn a_caller_who_pauses_long_is_given_more_time() {
        let mut habit = Habit::default();
        habit.learn(Duration::from_millis(1_500));
        let patient = silence(EndOfTurn::Adaptive, Completeness::Whole, habit);
        let usual = silence(EndOfTurn::Adaptive, Completeness::Whole, Habit::default());
        assert!(patient > usual);
    }

    #[test]
    fn a_fixed_silence_is_what_it_says() {
        let classic = EndOfTurn::Silence(Duration::from_secs(4));
        assert_eq!(
            silence(classic, Completeness::Trailing, Habit::default()),
            Duration::from_secs(4)
        );
    }

    #[test]
    fn a_murmur_leaves_the_floor_but_a_word_takes_it() {
        for (language, murmur, word) in [
            ("en", "Mm-hm.", "No, wait."),
            ("en", "", "Stop"),
            ("en", "Okay, I see.", "Okay, but how much is it?"),
            ("es", "Ajá, claro.", "No, espere."),
            ("fr", "D'accord.", "Attendez !"),
            ("de", "Ach so, ja.", "Nein, Moment."),
            ("pt", "Uhum, certo.", "Não, espera."),
        ] {
            assert!(is_backchannel(murmur, language, false), "{murmur}");
            assert!(!is_backchannel(word, language, false), "{word}");
        }
    }

    #[test]
    fn a_yes_to_a_question_is_an_answer_and_no_murmur() {
        assert!(is_backchannel("Yes.", "en", false));
        assert!(!is_backchannel("Yes.", "en", true));
        assert!(is_backchannel("Mm-hm.", "en", true));
    }

    #[test]
    fn half_a_murmur_may_become_one() {
        assert!(begins_backchannel("I", "en"));
        assert!(!begins_backchannel("Stop", "en"));
    }
}
