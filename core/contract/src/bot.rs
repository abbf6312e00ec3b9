//! A bot: who answers a number, in which words, with which providers.

use std::fmt;

use serde::{Deserialize, Serialize};
use twilio::PhoneNumber;

/// Names a bot: 1 to 64 characters of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct BotId(String);

impl BotId {
    /// Reads an id; `None` unless it is 1 to 64 characters of `a-z`, `0-9` and `-`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who answers a number. A call carries the bot as it was when the call began, so a change never reaches a call
/// in progress.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Bot {
    /// Its id.
    pub id: BotId,
    /// Counts changes, from 1.
    pub version: u32,
    /// For people.
    pub name: String,
    /// BCP 47, for example `en-US`.
    pub language: String,
    /// First words; empty: the caller speaks first.
    pub greeting: String,
    /// System text of the language model.
    pub instructions: String,
    /// Speech-to-text.
    pub listen: Stage,
    /// Language model.
    pub think: Stage,
    /// Text-to-speech.
    pub speak: Stage,
    /// Voice and manner of the speech.
    pub voice: Voice,
    /// When the caller's turn is over.
    pub turns: Turns,
    /// What happens when nobody speaks.
    pub idle: Idle,
    /// Longest reply, in characters; cut at a sentence end.
    pub reply_chars_max: u32,
    /// Longest call, in seconds; 0: no limit but the carrier's.
    pub duration_max_s: u32,
    /// Said before the bot hangs up of its own accord.
    pub goodbye: String,
    /// Said when a provider failed twice.
    pub apology: String,
    /// Said while a slow provider keeps the caller waiting.
    pub filler: String,
    /// Where the caller goes when the bot cannot go on.
    pub fallback_number: Option<PhoneNumber>,
    /// What the language model may do.
    pub tools: Vec<Tool>,
    /// Whether the audio of both sides is kept.
    pub record: bool,
}

/// One provider of one stage.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Stage {
    /// Wire shape: `openai`.
    pub provider: String,
    /// Model id. Empty: the deployment's own (`LISTEN_MODEL`, `THINK_MODEL`, `SPEAK_MODEL`).
    pub model: String,
    /// Extra members of the request body, as the provider's documentation names them (`reasoning_effort`, …).
    /// None is sent unless it stands here.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub options: serde_json::Map<String, serde_json::Value>,
}

/// Voice and manner.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Voice {
    /// The provider's voice id. Empty: the deployment's own (`SPEAK_VOICE`).
    pub id: String,
    /// How to speak, for models that take directions.
    pub directions: String,
}

/// When the caller's turn is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Turns {
    /// How the end is told.
    pub end: EndOfTurn,
    /// Whether the reply is prepared, unheard, while the caller may still go on.
    pub speculate: bool,
}

/// How the end of a turn is told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum EndOfTurn {
    /// A fixed silence.
    Silence {
        /// 200 to 10 000 milliseconds.
        silence_ms: u32,
    },
    /// A silence of 250 to 1800 ms that depends on what was said.
    Adaptive,
}

/// What happens when nobody speaks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Idle {
    /// Silence before the prompt, in milliseconds.
    pub after_ms: u32,
    /// What is said then.
    pub prompt: String,
    /// How often, before the goodbye.
    pub prompts_max: u32,
}

/// What the language model may do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Tool {
    /// End the call.
    EndCall,
    /// Hand the caller over to a person.
    Transfer {
        /// Who is called.
        number: PhoneNumber,
        /// When to do it, in words for the model.
        #[serde(default)]
        when: String,
    },
    /// Press keys on the far end's menu.
    SendKeys,
}

/// A setting that cannot be: which, and what is allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// Path of the field: `turns.end.silence_ms`.
    pub field: &'static str,
    /// What is allowed.
    pub message: &'static str,
}

impl Default for Bot {
    fn default() -> Self {
        Self {
            id: BotId("bot".to_owned()),
            version: 1,
            name: "Bot".to_owned(),
            language: "en-US".to_owned(),
            greeting: String::new(),
            instructions: String::new(),
            listen: Stage {
                provider: "openai".to_owned(),
                ..Stage::default()
            },
            think: Stage {
                provider: "openai".to_owned(),
                ..Stage::default()
            },
            speak: Stage {
                provider: "openai".to_owned(),
                ..Stage::default()
            },
            voice: Voice::default(),
            turns: Turns::default(),
            idle: Idle::default(),
            reply_chars_max: 300,
            duration_max_s: 30 * 60,
            goodbye: "Thank you for calling. Goodbye.".to_owned(),
            apology: "I am sorry, something went wrong on my side. Could you say that again?"
                .to_owned(),
            filler: "One moment, please.".to_owned(),
            fallback_number: None,
            tools: vec![Tool::EndCall],
            record: true,
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            end: EndOfTurn::Adaptive,
            speculate: true,
        }
    }
}

impl Default for Idle {
    fn default() -> Self {
        Self {
            after_ms: 8_000,
            prompt: "Are you still there?".to_owned(),
            prompts_max: 2,
        }
    }
}

impl Bot {
    /// Checks what types cannot say.
    ///
    /// # Errors
    ///
    /// Every field that is out of its range, with the range.
    pub fn validate(&self) -> Result<(), Vec<Invalid>> {
        let mut wrong = Vec::new();
        let mut check = |fits: bool, field, message| {
            if !fits {
                wrong.push(Invalid { field, message });
            }
        };
        check(
            BotId::new(self.id.as_str()).is_some(),
            "id",
            "1 to 64 characters of a-z, 0-9 and -",
        );
        check(self.version >= 1, "version", "1 or more");
        check(
            (1..=100).contains(&self.name.chars().count()),
            "name",
            "1 to 100 characters",
        );
        check(
            (2..=35).contains(&self.language.len()),
            "language",
            "a BCP 47 tag such as en-US",
        );
        check(
            self.greeting.chars().count() <= 1000,
            "greeting",
            "at most 1000 characters",
        );
        check(
            self.instructions.len() <= 100_000,
            "instructions",
            "at most 100000 bytes",
        );
        check(
            (20..=4000).contains(&self.reply_chars_max),
            "reply_chars_max",
            "20 to 4000 characters",
        );
        check(
            self.duration_max_s == 0 || (10..=14_400).contains(&self.duration_max_s),
            "duration_max_s",
            "10 to 14400 seconds, or 0 for no limit",
        );
        check(
            (1_000..=120_000).contains(&self.idle.after_ms),
            "idle.after_ms",
            "1000 to 120000 milliseconds",
        );
        check(self.idle.prompts_max <= 10, "idle.prompts_max", "0 to 10");
        if let EndOfTurn::Silence { silence_ms } = self.turns.end {
            check(
                (200..=10_000).contains(&silence_ms),
                "turns.end.silence_ms",
                "200 to 10000 milliseconds",
            );
        }
        for (stage, field) in [
            (&self.listen, "listen.provider"),
            (&self.think, "think.provider"),
            (&self.speak, "speak.provider"),
        ] {
            check(stage.provider == "openai", field, "openai");
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_bot_is_valid_and_survives_json() {
        let bot = Bot::default();
        assert_eq!(bot.validate(), Ok(()));
        let json = serde_json::to_string(&bot).unwrap();
        assert_eq!(serde_json::from_str::<Bot>(&json).unwrap(), bot);
    }

    #[test]
    fn a_bot_from_an_older_deployment_gets_the_defaults_of_what_it_never_knew() {
        let bot: Bot = serde_json::from_str(r#"{"id":"mesa","greeting":"Hi."}"#).unwrap();
        assert_eq!(bot.reply_chars_max, 300);
        assert_eq!(bot.greeting, "Hi.");
    }

    #[test]
    fn a_silence_out_of_range_is_named_with_its_range() {
        let turns = Turns {
            end: EndOfTurn::Silence { silence_ms: 50 },
            speculate: false,
        };
        let wrong = Bot {
            turns,
            ..Bot::default()
        }
        .validate()
        .unwrap_err();
        assert_eq!(
            wrong,
            [Invalid {
                field: "turns.end.silence_ms",
                message: "200 to 10000 milliseconds"
            }]
        );
    }
}
