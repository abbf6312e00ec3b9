//! A bot: who answers a number, in which words, with which providers, for which money.

mod check;
mod hours;
mod phrases;
mod terms;
mod tool;

use std::fmt;

use serde::{Deserialize, Serialize};
use twilio::PhoneNumber;

pub use check::{Invalid, are_countries, is_web_address, minute_of_day};
pub use hours::{Closed, Day, Hours, Opens};
pub use phrases::Phrases;
pub use terms::{Limits, Machine, Pricing};
pub use tool::{Tool, WebhookTool};

use crate::TenantId;
use phrases::ENGLISH;

/// Names a bot: 1 to 64 characters of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String))]
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
#[serde(default, remote = "Self")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bot {
    /// Its id.
    pub id: BotId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Counts changes, from 1.
    pub version: u32,
    /// For people.
    pub name: String,
    /// BCP 47, for example `en-US`.
    pub language: String,
    /// Said before anything else where the law wants callers to know that they are recorded; empty: nothing.
    pub consent: String,
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
    #[serde(default = "phrases::idle")]
    pub idle: Idle,
    /// Longest reply, in characters; cut at a sentence end.
    pub reply_chars_max: u32,
    /// Longest call, in seconds, with whoever the caller is put through to; 0: no limit but the carrier's.
    pub duration_max_s: u32,
    /// Said before the bot hangs up of its own accord. Left out: so in its language, as the next two and `idle.prompt`.
    #[serde(default = "phrases::unsaid")]
    pub goodbye: String,
    /// Said when a provider failed twice.
    #[serde(default = "phrases::unsaid")]
    pub apology: String,
    /// Said while a slow provider keeps the caller waiting.
    #[serde(default = "phrases::unsaid")]
    pub filler: String,
    /// Where the caller goes when the bot cannot go on.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub fallback_number: Option<PhoneNumber>,
    /// What the language model may do.
    pub tools: Vec<Tool>,
    /// Whether the audio of both sides is kept.
    pub record: bool,
    /// Whether the language model sums the call up when it is over, for `call.ended` and the console.
    pub summarise: bool,
    /// How the caller hears it.
    pub reply: ReplyMode,
    /// When it answers; without hours, always.
    pub hours: Option<Hours>,
    /// What happens when a machine answers a call we placed. On a fax it hangs up, unless it goes on with anybody.
    pub machine: Machine,
    /// What happens when nobody can tell whether a machine answered a call we placed.
    pub unknown: Machine,
    /// What the tenant pays for its calls.
    pub price: Pricing,
    /// What it may use.
    pub limits: Limits,
}

/// How the caller hears the bot.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ReplyMode {
    /// Frames into the media stream, as they are made.
    #[default]
    Stream,
    /// Each reply is stored, and the carrier plays its URL.
    Url,
}

/// Who does one stage's work.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Stage {
    /// One of [`LISTENERS`](crate::LISTENERS), [`THINKERS`](crate::THINKERS) or [`SPEAKERS`](crate::SPEAKERS).
    pub provider: String,
    /// Model id. Empty: the deployment's own (`LISTEN_MODEL`, `THINK_MODEL`, `SPEAK_MODEL`).
    pub model: String,
    /// Extra members of the request body, as the provider's documentation names them (`reasoning_effort`, …).
    /// None is sent unless it stands here. None replaces the model, or what is listened to, asked or said.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Who is asked when this one keeps silent for too long or fails, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<Fallback>,
}

/// Who is asked when the one before keeps silent or fails.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Fallback {
    /// As [`Stage::provider`].
    pub provider: String,
    /// As [`Stage::model`].
    pub model: String,
    /// As [`Voice::id`], in the names of this provider.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub voice: String,
    /// As [`Stage::options`].
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub options: serde_json::Map<String, serde_json::Value>,
}

/// Voice and manner.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Voice {
    /// The provider's voice id. Empty: the deployment's own (`SPEAK_VOICE`).
    pub id: String,
    /// How to speak, for models that take directions.
    pub directions: String,
}

/// When the caller's turn is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Turns {
    /// How the end is told.
    pub end: EndOfTurn,
    /// Whether the reply is prepared, unheard, while the caller may still go on.
    pub speculate: bool,
    /// Whether the caller may interrupt the bot.
    pub barge_in: bool,
}

/// How the end of a turn is told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Idle {
    /// Silence before the prompt, in milliseconds.
    pub after_ms: u32,
    /// What is said then.
    #[serde(default = "phrases::unsaid")]
    pub prompt: String,
    /// How often, before the goodbye.
    pub prompts_max: u32,
}

impl Default for Bot {
    fn default() -> Self {
        Self {
            id: BotId("bot".to_owned()),
            tenant: TenantId::default(),
            version: 1,
            name: "Bot".to_owned(),
            language: "en-US".to_owned(),
            consent: String::new(),
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
            goodbye: ENGLISH.goodbye.to_owned(),
            apology: ENGLISH.apology.to_owned(),
            filler: ENGLISH.filler.to_owned(),
            fallback_number: None,
            tools: vec![Tool::EndCall],
            record: true,
            summarise: true,
            reply: ReplyMode::default(),
            hours: None,
            machine: Machine::default(),
            unknown: Machine::default(),
            price: Pricing::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            end: EndOfTurn::Adaptive,
            speculate: true,
            barge_in: true,
        }
    }
}

impl Default for Idle {
    fn default() -> Self {
        Self {
            after_ms: 8_000,
            prompt: ENGLISH.idle.to_owned(),
            prompts_max: 2,
        }
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
            barge_in: true,
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
                field: "turns.end.silence_ms".to_owned(),
                message: "200 to 10000 milliseconds".to_owned()
            }]
        );
    }
}
