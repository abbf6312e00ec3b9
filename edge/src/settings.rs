//! What a deployment and a bot together say about a call, but for who works for it (`lineup`).

use std::time::Duration;

use call::{Budgets, Config, Delivery, ToolConfig};
use contract::{Bot, Direction, EndOfTurn, Machine, Opening, Secret, Tool};
use worker::Env;

use crate::lineup::Lineup;
use crate::web::env_opt;

/// A setting that is missing or cannot be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Misconfigured {
    /// The variable's name.
    pub(crate) variable: String,
    /// What to do about it.
    pub(crate) message: String,
}

impl Misconfigured {
    pub(crate) fn new(variable: &str, message: impl std::fmt::Display) -> Self {
        Self {
            variable: variable.to_owned(),
            message: format!("{variable} {message}"),
        }
    }
}

/// The secret that functions and edge share.
///
/// # Errors
///
/// It is missing, or too short to be one.
pub(crate) fn secret(env: &Env) -> Result<Secret, Misconfigured> {
    const ADVICE: &str = "set the same 32 or more random bytes here and on the functions";
    let name = "EDGE_SECRET";
    let text = env_opt(env, name)
        .ok_or_else(|| Misconfigured::new(name, format!("is not set: {ADVICE}")))?;
    let secret = Secret::new(&text);
    if secret.is_strong() {
        Ok(secret)
    } else {
        Err(Misconfigured::new(name, format!("is too short: {ADVICE}")))
    }
}

/// Where the function `calls` is, which knows tokens; without a final slash.
///
/// # Errors
///
/// It is not set.
pub(crate) fn api_url(env: &Env) -> Result<String, Misconfigured> {
    let url = env_opt(env, "API_URL").ok_or_else(|| {
        let advice = "is not set: sockets need the URL of the function `calls`, which knows tokens";
        Misconfigured::new("API_URL", advice)
    })?;
    Ok(url.trim_end_matches('/').to_owned())
}

/// Checks a deployment before its first call: what any bot needs must be there.
///
/// # Errors
///
/// The first setting that is missing or wrong.
pub(crate) fn check(env: &Env) -> Result<(), Misconfigured> {
    secret(env)?;
    Lineup::of(env, &Bot::default()).map(drop)
}

/// What the engine must know about a call's bot.
pub(crate) fn config(opening: &Opening) -> Config {
    let bot = &opening.bot;
    let ms = |ms: u32| Duration::from_millis(ms.into());
    Config {
        language: bot.language.clone(),
        consent: bot.consent.clone(),
        greeting: bot.greeting.clone(),
        barge_in: bot.turns.barge_in,
        outbound: opening.direction == Direction::Outbound,
        machine: machine(&bot.machine),
        unknown: machine(&bot.unknown),
        tools: bot.tools.iter().filter_map(work).collect(),
        end: match bot.turns.end {
            EndOfTurn::Silence { silence_ms } => call::EndOfTurn::Silence(ms(silence_ms)),
            EndOfTurn::Adaptive => call::EndOfTurn::Adaptive,
        },
        speculate: bot.turns.speculate,
        reply_chars_max: usize::try_from(bot.reply_chars_max).unwrap_or(usize::MAX),
        idle_after: ms(bot.idle.after_ms),
        idle_prompt: bot.idle.prompt.clone(),
        idle_prompts_max: bot.idle.prompts_max,
        duration_max: (bot.duration_max_s > 0)
            .then(|| Duration::from_secs(bot.duration_max_s.into())),
        goodbye: bot.goodbye.clone(),
        apology: bot.apology.clone(),
        filler: bot.filler.clone(),
        fallback: bot.fallback_number.as_ref().map(ToString::to_string),
        delivery: if plays_files(opening) {
            Delivery::Files
        } else {
            Delivery::Stream
        },
        budgets: Budgets::default(),
    }
}

fn machine(policy: &Machine) -> call::Machine {
    match policy {
        Machine::Continue => call::Machine::Continue,
        Machine::HangUp => call::Machine::HangUp,
        Machine::LeaveMessage { text } => call::Machine::LeaveMessage { text: text.clone() },
    }
}

/// Whether the carrier plays our sound from files, and its stream only listens.
pub(crate) fn plays_files(opening: &Opening) -> bool {
    !opening.plays_url.is_empty()
}

/// What the bot says in set words, first needed first, each once.
pub(crate) fn phrases(opening: &Opening) -> Vec<String> {
    let config = config(opening);
    let message = |policy: &call::Machine| match policy {
        call::Machine::LeaveMessage { text } if config.outbound => text.clone(),
        call::Machine::LeaveMessage { .. } | call::Machine::Continue | call::Machine::HangUp => {
            String::new()
        }
    };
    let messages = [message(&config.machine), message(&config.unknown)];
    let fillers = config.tools.into_iter().map(|tool| tool.filler);
    let said = [config.consent, config.greeting]
        .into_iter()
        .chain(messages)
        .chain([config.filler])
        .chain(fillers)
        .chain([config.apology, config.idle_prompt, config.goodbye]);
    let mut phrases: Vec<String> = Vec::new();
    for phrase in said {
        if !phrase.is_empty() && !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    phrases
}

/// What the engine must know of a tool that takes time.
fn work(tool: &Tool) -> Option<ToolConfig> {
    match tool {
        Tool::Webhook(webhook) => Some(ToolConfig {
            name: webhook.name.clone(),
            timeout: Duration::from_millis(webhook.timeout_ms.into()),
            filler: webhook.filler.clone(),
        }),
        Tool::EndCall | Tool::Transfer { .. } | Tool::SendKeys => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(bot: Bot) -> Opening {
        Opening {
            call: contract::CallId::web(1),
            account: format!("AC{}", "0".repeat(32)).parse().unwrap(),
            from: twilio::Party::Withheld,
            to: twilio::Party::Withheld,
            direction: Direction::Inbound,
            bot,
            handshakes: Vec::new(),
            records_url: String::new(),
            uploads_url: String::new(),
            speech_url: String::new(),
            plays_url: String::new(),
            hook_secret: None,
        }
    }

    #[test]
    fn a_bot_without_a_limit_may_talk_for_as_long_as_the_carrier_lets_it() {
        let bot = Bot {
            duration_max_s: 0,
            ..Bot::default()
        };
        assert_eq!(config(&opening(bot)).duration_max, None);
        let idle_after = config(&opening(Bot::default())).idle_after;
        assert_eq!(idle_after, Duration::from_secs(8));
    }

    #[test]
    fn a_carrier_that_plays_files_is_given_whole_sentences() {
        let mut opening = opening(Bot::default());
        assert_eq!(config(&opening).delivery, Delivery::Stream);
        opening.plays_url = "https://voice.example.com/voice/plays".to_owned();
        assert_eq!(config(&opening).delivery, Delivery::Files);
    }

    #[test]
    fn set_phrases_come_once_each_and_the_greeting_before_the_goodbye() {
        let bot = Bot {
            greeting: "Good evening.".to_owned(),
            goodbye: "Good evening.".to_owned(),
            apology: String::new(),
            ..Bot::default()
        };
        assert_eq!(
            phrases(&opening(bot)),
            [
                "Good evening.",
                "One moment, please.",
                "Are you still there?"
            ]
        );
    }
}
