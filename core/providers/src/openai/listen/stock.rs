//! What recognisers write when nobody spoke. They learned it from subtitles, where silence and noise come with
//! thanks for watching.

use std::time::Duration;

use audio::{FRAME_MS, FRAME_SAMPLES, Vad};

/// Longer sound is not looked into: it costs time, and was taken for speech for long enough.
const EXAMINED_SAMPLES_MAX: usize = 32_000;

/// Callers do say these; but no word of them in less voice than this.
const SAID: [&str; 11] = [
    "thank you",
    "thank you very much",
    "thank you so much",
    "thanks",
    "bye",
    "bye bye",
    "oh",
    "hmm",
    "gracias",
    "danke",
    "merci",
];
const WORD_VOICED_MIN: Duration = Duration::from_millis(160);

/// Nobody says these on the telephone, unless there is a lot more of it.
const WRITTEN: [&str; 17] = [
    "you",
    "the",
    "so",
    "thanks for watching",
    "thank you for watching",
    "thanks for listening",
    "thank you for listening",
    "please subscribe",
    "please subscribe to my channel",
    "like and subscribe",
    "see you in the next video",
    "subtitles by the amara org community",
    "transcription by castingwords",
    "untertitel der amara org community",
    "untertitel im auftrag des zdf für funk 2017",
    "sous titres réalisés par la communauté d amara org",
    "subtítulos realizados por la comunidad de amara org",
];
const WRITTEN_VOICED_MIN: Duration = Duration::from_millis(1500);

/// How much of this sound (μ-law) is voice.
pub(super) fn voiced(heard: &[u8]) -> Duration {
    if heard.len() > EXAMINED_SAMPLES_MAX {
        return Duration::MAX;
    }
    let mut vad = Vad::default();
    let voiced = heard
        .chunks(FRAME_SAMPLES)
        .filter(|frame| vad.hear(frame).voiced)
        .count();
    Duration::from_millis(u64::from(FRAME_MS)) * u32::try_from(voiced).unwrap_or(u32::MAX)
}

/// What of a transcript was said.
pub(super) fn heard(transcript: &str, voiced: Duration) -> &str {
    let text = transcript.trim();
    let words = words(text);
    let words_number = u32::try_from(words.split(' ').count()).unwrap_or(u32::MAX);
    let never_said = words.is_empty()
        || (voiced < WORD_VOICED_MIN.saturating_mul(words_number)
            && SAID.contains(&words.as_str()))
        || (voiced < WRITTEN_VOICED_MIN && WRITTEN.contains(&words.as_str()));
    if never_said { "" } else { text }
}

/// The words alone: in lower case, without marks, and without what is no speech, such as `[BLANK_AUDIO]` or `(cough)`.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut depth = 0_u32;
    for char in text.chars() {
        match char {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => (),
            _ if char.is_alphanumeric() => words.extend(char.to_lowercase()),
            _ if words.is_empty() || words.ends_with(' ') => (),
            _ => words.push(' '),
        }
    }
    words.truncate(words.trim_end().len());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(100);
    const USUAL: Duration = Duration::from_millis(400);

    #[test]
    fn what_subtitles_say_in_silence_was_not_said() {
        for text in ["Thank you.", " you", "Bye-bye!", "Thanks for watching!"] {
            assert_eq!(heard(text, SHORT), "", "{text}");
        }
        assert_eq!(heard("Thanks for watching!", USUAL), "");
        assert_eq!(heard("You", USUAL), "");
        for text in ["Yes.", "No", "Two", "Thank you, goodbye.", "你好"] {
            assert_eq!(heard(text, SHORT), text);
        }
    }

    #[test]
    fn thanks_that_lasted_long_enough_were_said() {
        assert_eq!(heard(" Thank you.\n", USUAL), "Thank you.");
        assert_eq!(
            heard("Thanks for watching!", Duration::MAX),
            "Thanks for watching!"
        );
    }

    #[test]
    fn remarks_are_not_words() {
        for text in [
            "[BLANK_AUDIO]",
            "(coughs)",
            " [Music]\n[Music] ",
            "...",
            "",
            "♪♪",
            "([)",
        ] {
            assert_eq!(heard(text, Duration::MAX), "", "{text}");
        }
        assert_eq!(heard("(laughs) At eight.", USUAL), "(laughs) At eight.");
    }
}
