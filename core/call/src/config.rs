//! What the engine must know about the bot.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the engine must know about the bot. What an older journal leaves out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Config {
    /// The language spoken, as a [BCP 47](https://www.rfc-editor.org/info/bcp47) tag: `en-US`. What is told from
    /// words is told in this language, and in English.
    pub language: String,
    /// Said before the greeting, and to its end whatever the caller does; empty: nothing.
    pub consent: String,
    /// First words; empty: the caller speaks first.
    pub greeting: String,
    /// Whether the caller can interrupt by speaking. If not, what is said meanwhile is heard once the bot is done. Keys
    /// and typed turns always interrupt.
    pub barge_in: bool,
    /// How the end of the caller's turn is told.
    pub end: EndOfTurn,
    /// Whether the reply is prepared, unheard, while the caller may still go on.
    pub speculate: bool,
    /// Longest reply, in characters.
    pub reply_chars_max: usize,
    /// Silence of both sides before the idle prompt.
    pub idle_after: Duration,
    /// What is said then.
    pub idle_prompt: String,
    /// How often, before the goodbye.
    pub idle_prompts_max: u32,
    /// Longest call.
    pub duration_max: Option<Duration>,
    /// Said before the bot leaves of its own accord.
    pub goodbye: String,
    /// Said when a provider failed twice.
    pub apology: String,
    /// Said when the answer is slow.
    pub filler: String,
    /// Who takes over when the bot cannot go on.
    pub fallback: Option<String>,
    /// Whether we called. Then whoever answers may be a machine.
    pub outbound: bool,
    /// What is done about a machine.
    pub machine: Machine,
    /// What is done when the carrier cannot tell who answered.
    pub unknown: Machine,
    /// Work that the model can have done, by name.
    pub tools: Vec<ToolConfig>,
    /// How the carrier takes our sound.
    pub delivery: Delivery,
    /// How long a provider may keep silent.
    pub budgets: Budgets,
}

/// How the carrier takes our sound.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Delivery {
    /// As a stream: it is played as it comes, and little of it lies at the carrier, so that little has to be taken back.
    #[default]
    Stream,
    /// As files, of whole sentences: each is handed over once all of its sound is there, as early as that may be. The
    /// carrier plays one after the other, and later than it got them: [`Input::Delayed`](crate::Input::Delayed) tells how
    /// much.
    Files,
}

impl Delivery {
    /// How much later than computed the carrier may have played everything.
    pub(crate) const fn slack(self) -> Duration {
        match self {
            Self::Stream => Duration::from_millis(1_500),
            // Between any two files somebody has to ask for the next one.
            Self::Files => Duration::from_secs(10),
        }
    }
}

/// What is done when somebody else than a person has answered an outbound call, or may have.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Machine {
    /// The same as with a person.
    #[default]
    Continue,
    /// Hang up.
    HangUp,
    /// Wait for the end of its greeting, say this, and hang up.
    LeaveMessage {
        /// The message.
        text: String,
    },
}

/// Work that the model can have done: see [`ToolCall::Custom`](crate::ToolCall::Custom).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ToolConfig {
    /// Its name.
    pub name: String,
    /// How long it may take.
    pub timeout: Duration,
    /// Said when it takes a moment; empty: [`Config::filler`], once the caller has waited for long.
    pub filler: String,
}

/// How the end of the caller's turn is told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum EndOfTurn {
    /// By a fixed silence.
    Silence(Duration),
    /// By a silence of 250 to 1800 ms that depends on what was said.
    Adaptive,
}

/// How long a provider may keep silent before the request counts as [`Failure::Late`](crate::Failure::Late).
///
/// The caller must hear something within 5 s of the end of a turn, whatever is broken. The worst road is
/// `slow_after`, then a filler whose speech fails twice: 2.4 s + 2 × 1.2 s.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Budgets {
    /// From flush to transcript.
    pub listen: Duration,
    /// To the first words, and between any two.
    pub think: Duration,
    /// To the first sound, and between any two pieces.
    pub speak: Duration,
    /// From the end of a turn to the filler.
    pub slow_after: Duration,
    /// From a broken stream to giving the call up.
    pub reconnect: Duration,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            listen: Duration::from_secs(2),
            think: Duration::from_millis(2_500),
            speak: Duration::from_millis(1_200),
            slow_after: Duration::from_millis(2_400),
            reconnect: Duration::from_secs(30),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            consent: String::new(),
            greeting: String::new(),
            barge_in: true,
            end: EndOfTurn::Adaptive,
            speculate: true,
            reply_chars_max: 300,
            idle_after: Duration::from_secs(8),
            idle_prompt: "Are you still there?".to_owned(),
            idle_prompts_max: 2,
            duration_max: Some(Duration::from_mins(30)),
            goodbye: "Goodbye.".to_owned(),
            apology: "Sorry, something went wrong. Could you say that again?".to_owned(),
            filler: "One moment, please.".to_owned(),
            fallback: None,
            outbound: false,
            machine: Machine::Continue,
            unknown: Machine::Continue,
            tools: Vec::new(),
            delivery: Delivery::default(),
            budgets: Budgets::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    #[test]
    fn what_an_older_journal_does_not_say_is_as_by_default() {
        let old = MapDeserializer::<_, Error>::new([("greeting", "Hello.")].into_iter());
        let expected = Config {
            greeting: "Hello.".to_owned(),
            ..Config::default()
        };
        assert_eq!(Config::deserialize(old), Ok(expected));
    }
}
