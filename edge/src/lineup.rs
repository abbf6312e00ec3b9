//! Who works for a call: for each stage a list of providers, made of what the bot names and the deployment knows.

use std::time::Duration;

use call::Stage;
use contract::{Bot, Fallback, Tool};
use providers::catalog::{self, Known};
use providers::phrase::Manner;
use providers::{
    ApiKey, BaseUrl, Endpoint, Listener, Options, Speaker, Thinker, Who, listen, speak, think,
};
use worker::Env;

use crate::settings::Misconfigured;
use crate::web::env_opt;

const OPENAI: &str = "openai";
const OPENAI_URL: &str = "https://api.openai.com/v1";
const ACCOUNT: &str = "{account}";

/// Who works for a call, by stage. The first is asked first.
#[derive(Debug)]
pub(crate) struct Lineup {
    pub(crate) listen: Vec<Place<Listener>>,
    pub(crate) think: Vec<Place<Thinker>>,
    pub(crate) speak: Vec<Place<Speaker>>,
    /// How the first of those who speak does it; none if no speech is to be kept.
    pub(crate) manner: Option<Manner>,
}

/// One provider's place in the list.
#[derive(Debug)]
pub(crate) struct Place<Doer> {
    pub(crate) post: Post,
    pub(crate) doer: Doer,
}

/// What is to be known of it apart from its work.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) who: Who,
    /// How long it may keep silent.
    pub(crate) budget: Duration,
}

impl Lineup {
    /// The providers of a bot's call.
    ///
    /// # Errors
    ///
    /// The first setting that is missing or wrong.
    pub(crate) fn of(env: &Env, bot: &Bot) -> Result<Self, Misconfigured> {
        lineup(&Variables::of(env), bot)
    }

    /// Nobody, for a call whose providers cannot be had any more.
    pub(crate) fn nobody() -> Self {
        Self {
            listen: Vec::new(),
            think: Vec::new(),
            speak: Vec::new(),
            manner: None,
        }
    }

    /// A stage's list.
    pub(crate) fn posts(&self, stage: Stage) -> Vec<Post> {
        fn posts<Doer>(places: &[Place<Doer>]) -> Vec<Post> {
            places.iter().map(|place| place.post.clone()).collect()
        }
        match stage {
            Stage::Listen => posts(&self.listen),
            Stage::Think => posts(&self.think),
            Stage::Speak => posts(&self.speak),
            Stage::Do => Vec::new(),
        }
    }
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

    /// Where the OpenAI-shaped provider of a stage is, and whether that is OpenAI itself, who insists on key, model and voice.
    fn openai(&self, stage: &str) -> Result<(Endpoint, bool), Misconfigured> {
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

    /// Where any other provider is.
    fn endpoint(&self, known: &Known) -> Result<Endpoint, Misconfigured> {
        const SECRET: &str =
            "is not set, and a bot names this provider: add it with `wrangler secret put`";
        let own = self.get(known.url_variable);
        let is_own = own.is_some();
        let mut url = own.unwrap_or_else(|| known.url.to_owned());
        if url.is_empty() {
            let advice = "is not set, and a bot names this provider: say where it is";
            return Err(Misconfigured::new(known.url_variable, advice));
        }
        if url.contains(ACCOUNT) {
            let name = "CLOUDFLARE_ACCOUNT_ID";
            let account = self.get(name).ok_or_else(|| {
                Misconfigured::new(name, "is not set, and a bot names a provider that needs it")
            })?;
            url = url.replace(ACCOUNT, &account);
        }
        let wrong = |wrong| Misconfigured::new(known.url_variable, wrong);
        let base_url = BaseUrl::new(&url).map_err(wrong)?;
        let key = self.get(known.key_variable).unwrap_or_default();
        let wrong = |wrong| Misconfigured::new(known.key_variable, wrong);
        let api_key = ApiKey::new(&key).map_err(wrong)?;
        if api_key.is_none() && !is_own {
            return Err(Misconfigured::new(known.key_variable, SECRET));
        }
        Ok(Endpoint { base_url, api_key })
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

/// One entry of a bot's list.
struct Named<'a> {
    provider: &'a str,
    model: &'a str,
    voice: &'a str,
    options: &'a Options,
}

/// What a provider is made of.
struct Ready {
    post: Post,
    endpoint: Endpoint,
    voice: String,
    options: Options,
}

/// A stage's list as the bot has it.
fn named<'a>(first: &'a contract::Stage, voice: &'a str) -> impl Iterator<Item = Named<'a>> {
    let provider = match first.provider.as_str() {
        "" => OPENAI,
        named => named,
    };
    let first_one = Named {
        provider,
        model: &first.model,
        voice,
        options: &first.options,
    };
    let others = first.fallbacks.iter().map(|fallback: &Fallback| Named {
        provider: &fallback.provider,
        model: &fallback.model,
        voice: &fallback.voice,
        options: &fallback.options,
    });
    std::iter::once(first_one).chain(others)
}

/// Where, with which key, and by which model and voice.
fn ready(
    variables: &Variables<'_>,
    stage: Stage,
    named: &Named<'_>,
    language: &str,
) -> Result<Ready, Misconfigured> {
    let known = Known::find(stage, named.provider).ok_or_else(|| unknown(stage, named.provider))?;
    let prefix = prefix(stage);
    let model_variable = format!("{prefix}_MODEL");
    let (endpoint, model, voice) = if known.name == OPENAI {
        let (endpoint, is_openai) = variables.openai(prefix)?;
        let model = variables.choice(named.model, &model_variable, is_openai)?;
        let needs_voice = is_openai && stage == Stage::Speak;
        let voice = if stage == Stage::Speak {
            variables.choice(named.voice, "SPEAK_VOICE", needs_voice)?
        } else {
            String::new()
        };
        (endpoint, model, voice)
    } else {
        // The deployment's own models and voices are those of its OpenAI-shaped server, whose names mean nothing here.
        if named.model.is_empty() && stage == Stage::Think {
            let advice = format!(
                "does not count for {}: the bot must name its model",
                known.name
            );
            return Err(Misconfigured::new(&model_variable, advice));
        }
        if stage == Stage::Speak {
            can_speak(known.name, named)?;
        }
        let endpoint = variables.endpoint(known)?;
        let model = if stage == Stage::Listen && named.model.is_empty() {
            // As it is asked for, so that the bill can tell it from others.
            listen::own_model(known.name, language)
        } else {
            named.model
        };
        (endpoint, model.to_owned(), named.voice.to_owned())
    };
    let who = Who {
        stage,
        provider: known.name.to_owned(),
        model,
    };
    Ok(Ready {
        post: Post {
            who,
            budget: known.budget,
        },
        endpoint,
        voice,
        options: named.options.clone(),
    })
}

/// Whether a voice is told enough to say anything at all; what is missing would be met with every sentence of every call.
fn can_speak(provider: &str, named: &Named<'_>) -> Result<(), Misconfigured> {
    let is_told = |option: &str| named.options.get(option).is_some_and(|it| !it.is_null());
    let is_of = |family: &str| provider.starts_with(family);
    let model = named.model.trim();
    let needs_model = is_of("deepgram") || is_of("cartesia") || provider == "workers-ai";
    if needs_model && model.is_empty() && !is_told("model") && !is_told("model_id") {
        let advice =
            format!("is empty, and {provider} has no model of its own: the bot must name one");
        return Err(Misconfigured::new("speak.model", advice));
    }
    // Of Deepgram's a model that is named whole has its voice in its name.
    let is_family = is_of("deepgram") && matches!(model, "aura" | "aura-2" | "flux");
    let needs_voice = is_of("elevenlabs") || (is_of("cartesia") && !is_told("voice")) || is_family;
    if needs_voice && named.voice.trim().is_empty() {
        let advice = format!(
            "is empty, and {provider} has no voice of its own: the bot must name one, and a fallback its own"
        );
        return Err(Misconfigured::new("voice.id", advice));
    }
    Ok(())
}

/// What the names of a stage's variables begin with.
const fn prefix(stage: Stage) -> &'static str {
    match stage {
        Stage::Listen => "LISTEN",
        Stage::Think => "THINK",
        Stage::Speak => "SPEAK",
        Stage::Do => "DO",
    }
}

fn unknown(stage: Stage, name: &str) -> Misconfigured {
    let known = catalog::KNOWN.iter().filter(|known| known.stage == stage);
    let names: Vec<&str> = known.map(|known| known.name).collect();
    let advice = format!("cannot be {name:?}: it is one of {}", names.join(", "));
    let field = format!("{}.provider", prefix(stage).to_ascii_lowercase());
    Misconfigured::new(&field, advice)
}

fn lineup(variables: &Variables<'_>, bot: &Bot) -> Result<Lineup, Misconfigured> {
    let listen = named(&bot.listen, "").map(|named| {
        let ready = ready(variables, Stage::Listen, &named, &bot.language)?;
        let settings = listen::Settings {
            endpoint: ready.endpoint,
            model: ready.post.who.model.clone(),
            language: bot.language.clone(),
            options: ready.options,
        };
        let doer = catalog::listener(named.provider, settings);
        place(ready.post, doer)
    });
    let think = named(&bot.think, "").map(|named| {
        let ready = ready(variables, Stage::Think, &named, &bot.language)?;
        let settings = think::Settings {
            endpoint: ready.endpoint,
            model: ready.post.who.model.clone(),
            instructions: think::in_language(&bot.instructions, &bot.language),
            tools: bot.tools.iter().map(tool).collect(),
            options: ready.options,
        };
        let doer = catalog::thinker(named.provider, settings);
        place(ready.post, doer)
    });
    let mut manner = None;
    let speak = named(&bot.speak, &bot.voice.id).map(|named| {
        let ready = ready(variables, Stage::Speak, &named, &bot.language)?;
        let settings = speak::Settings {
            endpoint: ready.endpoint,
            model: ready.post.who.model.clone(),
            voice: ready.voice,
            language: bot.language.clone(),
            options: ready.options,
        };
        let directions = &bot.voice.directions;
        manner.get_or_insert_with(|| Manner::of(named.provider, &settings, directions));
        let doer = catalog::speaker(named.provider, settings, directions);
        place(ready.post, doer)
    });
    Ok(Lineup {
        listen: listen.collect::<Result<_, _>>()?,
        think: think.collect::<Result<_, _>>()?,
        speak: speak.collect::<Result<_, _>>()?,
        manner: manner.filter(|_| variables.get("SPEECH_CACHE").as_deref() != Some("off")),
    })
}

fn place<Doer>(post: Post, doer: Option<Doer>) -> Result<Place<Doer>, Misconfigured> {
    match doer {
        Some(doer) => Ok(Place { post, doer }),
        None => Err(unknown(post.who.stage, &post.who.provider)),
    }
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

#[cfg(test)]
mod tests;
