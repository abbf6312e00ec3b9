//! `callbox providers test`: whether the configured keys open anything, and how soon.

mod probe;

use std::env;

use call::Stage;
use clap::{Args, Subcommand, ValueEnum};
use providers::catalog::{KNOWN, Known};
use providers::probe::Probe;
use providers::{ApiKey, BaseUrl, Endpoint, Options, catalog, listen, speak, think};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::client;
use crate::out::{Out, Paint};
use probe::{Timing, run};

/// Who also stands for any server of its shape.
const OPENAI: &str = "openai";

/// The commands of `providers`.
#[derive(Debug, Subcommand)]
pub(crate) enum Providers {
    /// Ask each provider that a key is there for a few words, and measure how soon it answers. Costs a fraction of a cent.
    #[command(after_help = TEST)]
    Test(TestArgs),
}

const TEST: &str = "\
Who is asked: whoever has a key or an address in the environment, by the names that the edge uses:
  OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY, DEEPGRAM_API_KEY, ELEVENLABS_API_KEY, …
and, as at the edge, LISTEN_, THINK_ and SPEAK_BASE_URL with LISTEN_, THINK_ and SPEAK_API_KEY for a server of
OpenAI's shape. Models: LISTEN_MODEL, THINK_MODEL, SPEAK_MODEL, and SPEAK_VOICE; or flags, for one provider.

Examples:
  callbox providers test                                        all, at a glance
  callbox providers test --stage think --provider anthropic --model claude-haiku-5
  callbox providers test --json";

/// The options of `providers test`.
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// This stage only.
    #[arg(long, value_enum)]
    stage: Option<StageName>,
    /// This provider only.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The model.
    #[arg(long, value_name = "ID", requires = "provider")]
    model: Option<String>,
    /// The voice.
    #[arg(long, value_name = "ID", requires = "provider")]
    voice: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum StageName {
    /// Speech-to-text.
    Listen,
    /// Language models.
    Think,
    /// Text-to-speech.
    Speak,
}

impl StageName {
    const ALL: [Self; 3] = [Self::Listen, Self::Think, Self::Speak];

    const fn stage(self) -> Stage {
        match self {
            Self::Listen => Stage::Listen,
            Self::Think => Stage::Think,
            Self::Speak => Stage::Speak,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Think => "think",
            Self::Speak => "speak",
        }
    }

    fn variable(self, name: &str) -> Option<String> {
        set(&format!("{}_{name}", self.word().to_uppercase()))
    }
}

fn set(name: &str) -> Option<String> {
    let value = env::var(name).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Somebody to be asked.
struct Candidate {
    stage: StageName,
    known: &'static Known,
    endpoint: Endpoint,
    model: String,
    voice: String,
}

impl Candidate {
    /// Other language models than the deployment's own have no model of their own choice.
    fn lacks_model(&self) -> bool {
        self.stage == StageName::Think && self.model.is_empty() && self.known.name != OPENAI
    }
}

/// Runs a command of `providers`.
pub(crate) async fn providers(command: Providers, out: Out) -> Result<(), Failure> {
    let Providers::Test(arguments) = command;
    let candidates = candidates(&arguments)?;
    if candidates.is_empty() {
        return Err(Failure::usage("no_keys", "no provider is configured here, so nobody was asked")
            .next("set a key in the environment, such as OPENAI_API_KEY or DEEPGRAM_API_KEY: callbox providers test --help"));
    }
    let client = client()?;
    let mut results = Vec::new();
    let mut rows = Vec::new();
    let mut failed = 0;
    for candidate in candidates {
        let name = candidate.known.name;
        out.progress(&format!("{} {name} …", candidate.stage.word()));
        let timing = match made(&candidate) {
            Some(_) if candidate.lacks_model() => {
                Timing::failed("say which model: --provider and --model")
            }
            Some(probe) => run(&client, probe).await,
            None => Timing::failed("this version of callbox cannot ask it"),
        };
        failed += u32::from(timing.problem.is_some());
        rows.push(row(&candidate, &timing, out));
        results.push(told(&candidate, &timing));
    }
    out.table(
        &[
            "stage",
            "provider",
            "model",
            "first useful",
            "total",
            "budget",
            "",
        ],
        rows,
    );
    out.json(&json!({ "ok": failed == 0, "providers": results }));
    if failed == 0 {
        return Ok(());
    }
    let message = format!(
        "{failed} of {} did not answer as they should",
        results.len()
    );
    Err(Failure::new("provider_failed", message).next(
        "a wrong key is told by its provider as 401 or 403; a model that is gone as 400 or 404",
    ))
}

fn row(candidate: &Candidate, timing: &Timing, out: Out) -> Vec<String> {
    let ms = |ms: Option<u64>| ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    let budget_ms = budget_ms(candidate);
    let note = match (&timing.problem, timing.first_ms) {
        (Some(problem), _) => out.paint(Paint::Bad, problem),
        (None, Some(first)) if first > budget_ms => {
            out.paint(Paint::Warn, "slow: calls would ask the next one too")
        }
        (None, _) => out.paint(Paint::Good, "ok"),
    };
    vec![
        candidate.stage.word().to_owned(),
        out.paint(Paint::Strong, candidate.known.name),
        candidate.model.clone(),
        ms(timing.first_ms),
        ms(Some(timing.total_ms)),
        ms(Some(budget_ms)),
        note,
    ]
}

fn budget_ms(candidate: &Candidate) -> u64 {
    u64::try_from(candidate.known.budget.as_millis()).unwrap_or(u64::MAX)
}

fn told(candidate: &Candidate, timing: &Timing) -> Value {
    json!({
        "stage": candidate.stage.word(), "provider": candidate.known.name, "model": candidate.model,
        "ok": timing.problem.is_none(), "first_ms": timing.first_ms, "total_ms": timing.total_ms,
        "budget_ms": budget_ms(candidate), "problem": timing.problem,
    })
}

/// Everybody who is configured and meant.
fn candidates(arguments: &TestArgs) -> Result<Vec<Candidate>, Failure> {
    let mut found = Vec::new();
    for stage in StageName::ALL {
        if arguments.stage.is_some_and(|only| only != stage) {
            continue;
        }
        let known = KNOWN.iter().filter(|known| known.stage == stage.stage());
        for known in known.filter(|known| {
            arguments
                .provider
                .as_deref()
                .is_none_or(|only| only == known.name)
        }) {
            if let Some(endpoint) = endpoint(stage, known)? {
                found.push(Candidate {
                    stage,
                    known,
                    endpoint,
                    model: chosen(arguments.model.as_ref(), stage, known, "MODEL"),
                    voice: chosen(arguments.voice.as_ref(), stage, known, "VOICE"),
                });
            }
        }
    }
    if let Some(name) = &arguments.provider
        && !KNOWN.iter().any(|known| known.name == name)
    {
        let mut names: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
        names.sort_unstable();
        names.dedup();
        return Err(
            Failure::usage("provider_unknown", format!("there is no provider {name}"))
                .next(format!("one of {}", names.join(", "))),
        );
    }
    Ok(found)
}

/// A flag, or the deployment's variable: that is meant for a server of OpenAI's shape, and others have other models.
fn chosen(flag: Option<&String>, stage: StageName, known: &Known, name: &str) -> String {
    let shared = || stage.variable(name).filter(|_| known.name == OPENAI);
    flag.cloned().or_else(shared).unwrap_or_default()
}

/// Where a provider is, with its key; none if nothing about it is configured. As at the edge, a key goes only where its own
/// base URL leads.
fn endpoint(stage: StageName, known: &Known) -> Result<Option<Endpoint>, Failure> {
    let is_openai = known.name == OPENAI;
    let own = |name: &str| format!("{}_{name}", stage.word().to_uppercase());
    let (mut url_name, mut key_name) =
        (known.url_variable.to_owned(), known.key_variable.to_owned());
    if is_openai && set(&own("BASE_URL")).is_some() {
        (url_name, key_name) = (own("BASE_URL"), own("API_KEY"));
    } else if is_openai && set(&own("API_KEY")).is_some() {
        key_name = own("API_KEY");
    }
    let (key, url) = (set(&key_name), set(&url_name));
    if key.is_none() && url.is_none() {
        return Ok(None);
    }
    let url = url.unwrap_or_else(|| known.url.to_owned());
    let account = set("CLOUDFLARE_ACCOUNT_ID");
    let url = match account {
        Some(account) => url.replace("{account}", &account),
        None if url.contains("{account}") => {
            let message =
                format!("{key_name} is set, but not CLOUDFLARE_ACCOUNT_ID, which belongs to it");
            return Err(Failure::usage("setting_missing", message)
                .next("dash.cloudflare.com shows the account's id"));
        }
        None => url,
    };
    let wrong = |name: &str, problem: providers::InvalidSetting| {
        Failure::usage("setting_invalid", format!("{name} {problem}"))
    };
    let base_url = BaseUrl::new(&url).map_err(|problem| wrong(&url_name, problem))?;
    let api_key =
        ApiKey::new(&key.unwrap_or_default()).map_err(|problem| wrong(&key_name, problem))?;
    Ok(Some(Endpoint { base_url, api_key }))
}

/// The shortest sensible request.
fn made(candidate: &Candidate) -> Option<Probe> {
    let (name, endpoint, model) = (
        candidate.known.name,
        candidate.endpoint.clone(),
        candidate.model.clone(),
    );
    let options = Options::new();
    match candidate.stage {
        StageName::Listen => {
            let settings = listen::Settings {
                endpoint,
                model,
                language: "en-US".to_owned(),
                options,
            };
            providers::probe::listener(&catalog::listener(name, settings)?)
        }
        StageName::Think => {
            let settings = think::Settings {
                endpoint,
                model,
                instructions: String::new(),
                tools: Vec::new(),
                options,
            };
            Some(providers::probe::thinker(&catalog::thinker(
                name, settings,
            )?))
        }
        StageName::Speak => {
            let settings = speak::Settings {
                endpoint,
                model,
                voice: candidate.voice.clone(),
                language: "en-US".to_owned(),
                options,
            };
            Some(providers::probe::speaker(&catalog::speaker(
                name, settings, "",
            )?))
        }
    }
}
