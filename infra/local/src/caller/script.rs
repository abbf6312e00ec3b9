//! Scripts: what a caller is to say, in words, and as sound.

use std::str::FromStr;
use std::time::Duration;

use audio::{Clip, Resampler};

use super::{Step, Stuck, Utterance};
use crate::speech::voice::{FLITE_RATE_HZ, Speaker, Voice};

/// How long the bot speaks before somebody who wants to interrupt it does.
const INTERRUPT_AFTER: Duration = Duration::from_millis(1_600);
/// Peak of the caller's voice: 6 dB below full scale.
const PEAK: i32 = 16_384;

/// One line of a script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// Said when the bot is done.
    Say(String),
    /// Said into the bot's speech.
    Interrupt(String),
    /// A key.
    Key(char),
}

/// What a caller does, line by line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Script(pub Vec<Line>);

/// The script has nothing to say.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "there is nothing to say: separate what the caller says with |, begin a line with * to interrupt the bot, with # for a key"
)]
pub struct EmptyScript;

impl FromStr for Script {
    type Err = EmptyScript;

    /// `A table for two.|*Wait, for four.|#5|Goodbye.`
    fn from_str(text: &str) -> Result<Self, EmptyScript> {
        let lines: Vec<Line> = text
            .split('|')
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(
                |line| match (line.strip_prefix('*'), line.strip_prefix('#')) {
                    (Some(words), _) => Line::Interrupt(words.trim().to_owned()),
                    (_, Some(key)) if key.chars().count() == 1 => {
                        Line::Key(key.chars().next().unwrap_or('#'))
                    }
                    _ => Line::Say(line.to_owned()),
                },
            )
            .collect();
        if lines.is_empty() {
            Err(EmptyScript)
        } else {
            Ok(Self(lines))
        }
    }
}

/// The demo: a table is booked, in spite of a menu read out at length.
#[must_use]
pub fn demo() -> Script {
    let say = |text: &str| Line::Say(text.to_owned());
    Script(vec![
        say("what's on the menu"),
        Line::Interrupt("wait can i book a table".to_owned()),
        say("for four people"),
        say("on friday at seven"),
        say("my name is anna baker"),
        say("yes that is right"),
        say("no thank you goodbye"),
    ])
}

impl Script {
    /// How many of the lines are said into the bot's speech.
    #[must_use]
    pub fn interruptions(&self) -> usize {
        self.0
            .iter()
            .filter(|line| matches!(line, Line::Interrupt(_)))
            .count()
    }

    /// The words of all lines that are said.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let words = |line: &Line| match line {
            Line::Say(words) | Line::Interrupt(words) => Some(words.clone()),
            Line::Key(_) => None,
        };
        self.0.iter().filter_map(words).collect()
    }

    /// How many of the lines are said.
    #[must_use]
    pub fn spoken(&self) -> usize {
        self.0
            .iter()
            .filter(|line| !matches!(line, Line::Key(_)))
            .count()
    }

    /// Has the lines spoken.
    ///
    /// # Errors
    ///
    /// flite is missing or failed.
    pub async fn steps(&self, speaker: &Speaker, voice: Voice) -> Result<Vec<Step>, Stuck> {
        let mut steps = Vec::new();
        for line in &self.0 {
            steps.push(match line {
                Line::Say(text) => Step::Say(utterance(speaker, voice, text).await?),
                Line::Interrupt(text) => {
                    Step::Interrupt(utterance(speaker, voice, text).await?, INTERRUPT_AFTER)
                }
                Line::Key(digit) => Step::Key(*digit),
            });
        }
        steps.push(Step::HangUp);
        Ok(steps)
    }
}

/// A line as it sounds on the telephone.
///
/// # Errors
///
/// flite is missing or failed.
pub async fn utterance(speaker: &Speaker, voice: Voice, text: &str) -> Result<Utterance, Stuck> {
    let samples = speaker.say(text, voice).await?;
    Ok(Utterance {
        text: text.to_owned(),
        sound: on_the_telephone(&samples, FLITE_RATE_HZ)?,
    })
}

/// Brings samples to 8 kHz, the caller's loudness and μ-law.
///
/// # Errors
///
/// The rate is none that can be resampled.
pub fn on_the_telephone(samples: &[i16], rate_hz: u32) -> Result<Clip, Stuck> {
    let mut resampler = Resampler::new(rate_hz, audio::RATE_HZ)
        .map_err(|wrong| std::io::Error::other(wrong.to_string()))?;
    let mut narrow = Vec::new();
    resampler.push(samples, &mut narrow);
    resampler.finish(&mut narrow);
    let peak = narrow
        .iter()
        .map(|sample| i32::from(*sample).abs())
        .max()
        .unwrap_or(0)
        .max(1);
    let loud: Vec<i16> = narrow
        .iter()
        .map(|sample| i16::try_from(i32::from(*sample) * PEAK / peak).unwrap_or(0))
        .collect();
    let sound = Clip::from(audio::mulaw::encode_all(&loud));
    Ok(trimmed(&sound))
}

/// Without the silence before and after: what a caller says begins and ends with its first and last sound.
fn trimmed(sound: &Clip) -> Clip {
    let frames: Vec<Clip> = sound.pieces(audio::FRAME_SAMPLES).collect();
    let is_loud = |frame: &Clip| frame.level() >= audio::Level::from_dbfs(-45);
    let (Some(first), Some(last)) = (
        frames.iter().position(is_loud),
        frames.iter().rposition(is_loud),
    ) else {
        return sound.clone();
    };
    sound.slice(first * audio::FRAME_SAMPLES..(last + 1) * audio::FRAME_SAMPLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_interrupts_and_a_hash_is_a_key() {
        assert_eq!(
            "Hello. | *stop| #5 ||Bye.".parse(),
            Ok(Script(vec![
                Line::Say("Hello.".to_owned()),
                Line::Interrupt("stop".to_owned()),
                Line::Key('5'),
                Line::Say("Bye.".to_owned()),
            ]))
        );
        assert_eq!(" | ".parse::<Script>(), Err(EmptyScript));
    }
}
