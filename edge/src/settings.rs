//! What a deployment and a bot together say about a call: the engine's configuration, and the providers'.

use std::time::Duration;

use call::{Budgets, Config, ToolConfig};
use contract::{Bot, Direction, EndOfTurn, Machine, Opening, Secret, Stage, Tool};
use providers::{ApiKey, BaseUrl, Endpoint, openai};
use worker::Env;

use crate::web::env_opt;

const OPENAI_URL: &str = "https://api.openai.com/v1";

/// A setting that is missing or cannot be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Misconfigured {
    /// The variable's name.
    pub(crate) variable: String,
    /// What to do about it.
    pub(crate) message: String,
}

impl Misconfigured {
    fn new(variable: &str, message: impl std::fmt::Display) -> Self {
        Self {
            variable: variable.to_owned(),
            message: format!("{variable} {message}"),
        }
    }
}

/// Who does the work of a call.
#[derive(Clone, Debug)]
pub(crate) struct Providers {
    pub(crate) listen: openai::Listen,
    pub(crate) think: openai::Think,
    pub(crate) speak: openai::Speak,
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

/// Checks a deployment before its first call: what any bot needs must be there.
///
/// # Errors
///
/// The first setting that is missing or wrong.
pub(crate) fn check(env: &Env) -> Result<(), Misconfigured> {
    secret(env)?;
    providers(&Variables::of(env), &Bot::default()).map(drop)
}

/// The providers of a bot's call.
///
/// # Errors
///
/// The first setting that is missing or wrong.
pub(crate) fn providers_of(env: &Env, bot: &Bot) -> Result<Providers, Misconfigured> {
    providers(&Variables::of(env), bot)
}

/// The deployment's variables, by name.
struct Variables<'a>(Find<'a>);

type Find<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

impl<'a> Variables<'a> {
    fn of(env: &'a Env) -> Self {
        Self(Box::new(|name| env_opt(env, name)))
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    /// Where a stage's provider is, and whether that is OpenAI itself, who insists on key, model and voice.
    fn endpoint(&self, stage: &str) -> Result<(Endpoint, bool), Misconfigured> {
        // A key goes only where its own base URL leads: OpenAI's must not reach somebody else's server.
        let own = self.get(&format!("{stage}_BASE_URL"));
        let prefix = if own.is_some() { stage } else { "OPENAI" };
        let url_name = format!("{prefix}_BASE_URL");
        let url = own
            .or_else(|| self.get(&url_name))
            .unwrap_or_else(|| OPENAI_URL.to_owned());
        let base_url = BaseUrl::new(&url).map_err(|wrong| Misconfigured::new(&url_name, wrong))?;
        let is_openai = url.starts_with("https://api.openai.com/");
        let own_key = format!("{stage}_API_KEY");
        let key_name = if prefix == stage || self.get(&own_key).is_some() {
            &own_key
        } else {
            "OPENAI_API_KEY"
        };
        let key = self.get(key_name).unwrap_or_default();
        let api_key = ApiKey::new(&key).map_err(|wrong| Misconfigured::new(key_name, wrong))?;
        if api_key.is_none() && is_openai {
            let advice = "is not set: add it with `wrangler secret put`, or name another server in OPENAI_BASE_URL";
            return Err(Misconfigured::new(key_name, advice));
        }
        Ok((Endpoint { base_url, api_key }, is_openai))
    }

    /// What the bot says, or else the deployment.
    fn choice(&self, bots: &str, name: &str, is_needed: bool) -> Result<String, Misconfigured> {
        let choice = if bots.is_empty() {
            self.get(name).unwrap_or_default()
        } else {
            bots.to_owned()
        };
        if choice.is_empty() && is_needed {
            return Err(Misconfigured::new(
                name,
                "is not set, and the bot names none of its own",
            ));
        }
        Ok(choice)
    }
}

fn providers(variables: &Variables<'_>, bot: &Bot) -> Result<Providers, Misconfigured> {
    let stage = |name: &str, stage: &Stage| {
        let (endpoint, is_openai) = variables.endpoint(name)?;
        let model = variables.choice(&stage.model, &format!("{name}_MODEL"), is_openai)?;
        Ok::<_, Misconfigured>((endpoint, model, is_openai))
    };
    let (listen, listen_model, _) = stage("LISTEN", &bot.listen)?;
    let (think, think_model, _) = stage("THINK", &bot.think)?;
    let (speak, speak_model, is_openai) = stage("SPEAK", &bot.speak)?;
    Ok(Providers {
        listen: openai::Listen {
            endpoint: listen,
            model: listen_model,
            language: bot.language.clone(),
            options: bot.listen.options.clone(),
        },
        think: openai::Think {
            endpoint: think,
            model: think_model,
            instructions: bot.instructions.clone(),
            tools: bot.tools.iter().map(tool).collect(),
            options: bot.think.options.clone(),
        },
        speak: openai::Speak {
            endpoint: speak,
            model: speak_model,
            voice: variables.choice(&bot.voice.id, "SPEAK_VOICE", is_openai)?,
            directions: bot.voice.directions.clone(),
            options: bot.speak.options.clone(),
        },
    })
}

fn tool(tool: &Tool) -> providers::Tool {
    match tool {
        Tool::EndCall => providers::Tool::EndCall,
        Tool::Transfer { number, when } => providers::Tool::Transfer {
            to: number.to_string(),
            when: when.clone(),
        },
        Tool::SendKeys => providers::Tool::SendKeys,
        Tool::Webhook(webhook) => providers::Tool::Custom {
            name: webhook.name.clone(),
            description: webhook.description.clone(),
            schema: webhook.schema.clone(),
        },
    }
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
        machine: match &bot.machine {
            Machine::Continue => call::Machine::Continue,
            Machine::HangUp => call::Machine::HangUp,
            Machine::LeaveMessage { text } => call::Machine::LeaveMessage { text: text.clone() },
        },
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
        budgets: Budgets::default(),
    }
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

    fn variables(all: &'static [(&'static str, &'static str)]) -> Variables<'static> {
        let find = |name: &str| {
            all.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Variables(Box::new(find))
    }

    fn missing(all: &'static [(&'static str, &'static str)]) -> String {
        providers(&variables(all), &Bot::default())
            .unwrap_err()
            .variable
    }

    #[test]
    fn the_first_missing_variable_is_named() {
        assert_eq!(missing(&[]), "OPENAI_API_KEY");
        assert_eq!(missing(&[("OPENAI_API_KEY", "k")]), "LISTEN_MODEL");
        let models = &[
            ("OPENAI_API_KEY", "k"),
            ("LISTEN_MODEL", "l"),
            ("THINK_MODEL", "t"),
            ("SPEAK_MODEL", "s"),
        ];
        assert_eq!(missing(models), "SPEAK_VOICE");
        assert_eq!(
            missing(&[("OPENAI_BASE_URL", "nowhere")]),
            "OPENAI_BASE_URL"
        );
    }

    #[test]
    fn a_server_of_ones_own_needs_neither_key_nor_model() {
        let providers = providers(
            &variables(&[("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")]),
            &Bot::default(),
        )
        .unwrap();
        assert_eq!(providers.think.endpoint.api_key, None);
        assert_eq!(providers.think.model, "");
    }

    #[test]
    fn a_key_goes_only_where_its_own_base_url_leads() {
        let all = &[
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
            ("OPENAI_API_KEY", "common"),
            ("LISTEN_BASE_URL", "http://127.0.0.2:9/v1"),
            ("SPEAK_API_KEY", "speaker"),
        ];
        let providers = providers(&variables(all), &Bot::default()).unwrap();
        let key = |text: &str| ApiKey::new(text).unwrap();
        assert_eq!(providers.listen.endpoint.api_key, None);
        assert_eq!(providers.think.endpoint.api_key, key("common"));
        assert_eq!(providers.speak.endpoint.api_key, key("speaker"));
    }

    #[test]
    fn a_bots_own_model_and_voice_come_first() {
        let mut bot = Bot::default();
        bot.think.model = "mine".to_owned();
        bot.voice.id = "my voice".to_owned();
        let all = &[
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
            ("THINK_MODEL", "theirs"),
            ("SPEAK_VOICE", "theirs"),
        ];
        let providers = providers(&variables(all), &bot).unwrap();
        assert_eq!(
            (
                providers.think.model.as_str(),
                providers.speak.voice.as_str()
            ),
            ("mine", "my voice")
        );
    }

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
}
