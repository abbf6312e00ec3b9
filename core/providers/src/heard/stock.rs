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

/// The sound itself, as long as it may be asked how much of it was voice.
pub(crate) struct Evidence(Option<Vec<u8>>);

impl Evidence {
    /// Keeps this sound (μ-law), if it is short.
    pub(crate) fn new(heard: &[u8]) -> Self {
        Self((heard.len() <= EXAMINED_SAMPLES_MAX).then(|| heard.to_vec()))
    }

    /// How much of it is voice. Costs a fraction of a millisecond, so it is not asked without need.
    fn voiced(&self) -> Duration {
        let Some(heard) = &self.0 else {
            return Duration::MAX;
        };
        let mut vad = Vad::default();
        let frames = heard.chunks(FRAME_SAMPLES);
        let voiced = frames.filter(|frame| vad.hear(frame).voiced).count();
        Duration::from_millis(u64::from(FRAME_MS)) * u32::try_from(voiced).unwrap_or(u32::MAX)
    }
}

/// What of a transcript was said.
pub(crate) fn heard<'t>(transcript: &'t str, evidence: &Evidence) -> &'t str {
    let text = transcript.trim();
    let words = words(text);
    let voice_needed = if words.is_empty() {
        return "";
    } else if SAID.contains(&words.as_str()) {
        let number = u32::try_from(words.split(' ').count()).unwrap_or(u32::MAX);
        WORD_VOICED_MIN.saturating_mul(number)
    } else if WRITTEN.contains(&words.as_str()) {
        WRITTEN_VOICED_MIN
    } else {
        return text;
    };
    if evidence.voiced() < voice_needed {
        ""
    } else {
        text
    }
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
    use audio::mulaw;

    use super::*;

    /// A vowel of so many milliseconds: pulses through two resonances.
    fn vowel(ms: u32) -> Evidence {
        let mut heard = vec![mulaw::SILENCE; 2400];
        let pulse: Vec<f64> = (0..64)
            .map(|n| {
                let at = f64::from(n) / 8000.0;
                let turn = 2.0 * std::f64::consts::PI * at;
                (-at * 300.0).exp() * ((turn * 700.0).sin() + 0.7 * (turn * 1200.0).sin())
            })
            .collect();
        let periods = ms * 8 / 64;
        for _ in 0..periods {
            #[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
            heard.extend(
                pulse
                    .iter()
                    .map(|sample| mulaw::encode((sample * 9000.0) as i16)),
            );
        }
        heard.extend([mulaw::SILENCE; 4000]);
        Evidence(Some(heard))
    }

    const LONG: Evidence = Evidence(None);

    #[test]
    fn what_subtitles_say_in_silence_was_not_said() {
        for text in ["Thank you.", " you", "Bye-bye!", "Thanks for watching!"] {
            assert_eq!(heard(text, &vowel(60)), "", "{text}");
        }
        assert_eq!(heard("Thanks for watching!", &vowel(500)), "");
        assert_eq!(heard("You", &vowel(500)), "");
        for text in ["Yes.", "No", "Two", "Thank you, goodbye.", "你好"] {
            assert_eq!(heard(text, &vowel(60)), text);
        }
    }

    #[test]
    fn thanks_that_lasted_long_enough_were_said() {
        assert_eq!(heard(" Thank you.\n", &vowel(500)), "Thank you.");
        assert_eq!(heard("Thanks for watching!", &LONG), "Thanks for watching!");
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
            assert_eq!(heard(text, &LONG), "", "{text}");
        }
        assert_eq!(
            heard("(laughs) At eight.", &vowel(500)),
            "(laughs) At eight."
        );
    }
}
