//! Which speech providers the edge talks to: those that the environment names, and stand-ins of this machine for the
//! rest.

use std::collections::BTreeMap;

/// The stages of a turn, as the edge's variables name them.
const STAGES: [&str; 3] = ["LISTEN", "THINK", "SPEAK"];

/// The edge's variables about providers, as `variable` finds them in an environment. A stage for which nothing names a
/// server gets `stand_in`, the OpenAI-shaped server of this machine.
#[must_use]
pub fn providers(
    variable: impl Fn(&str) -> Option<String>,
    stand_in: &str,
) -> BTreeMap<String, String> {
    let set = |name: &str| {
        variable(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let mut chosen = BTreeMap::new();
    let mut take = |name: String| {
        if let Some(value) = set(&name) {
            chosen.insert(name, value);
        }
    };
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "SPEAK_VOICE"] {
        take(name.to_owned());
    }
    for stage in STAGES {
        for setting in ["BASE_URL", "API_KEY", "MODEL"] {
            take(format!("{stage}_{setting}"));
        }
    }
    let openai = chosen.contains_key("OPENAI_API_KEY") || chosen.contains_key("OPENAI_BASE_URL");
    for stage in STAGES {
        if !openai && !chosen.contains_key(&format!("{stage}_API_KEY")) {
            chosen
                .entry(format!("{stage}_BASE_URL"))
                .or_insert_with(|| stand_in.to_owned());
        }
    }
    chosen
}

/// A provider with a name of its own, by the variables of its key and its base URL.
struct Named {
    key: &'static str,
    url: &'static str,
    /// Where this machine stands in for it, below the root of its server.
    stand_in: Option<&'static str>,
}

const fn named(key: &'static str, url: &'static str, stand_in: Option<&'static str>) -> Named {
    Named { key, url, stand_in }
}

const NAMED: [Named; 9] = [
    named("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL", Some("deepgram")),
    named(
        "ELEVENLABS_API_KEY",
        "ELEVENLABS_BASE_URL",
        Some("elevenlabs"),
    ),
    named(
        "ASSEMBLYAI_API_KEY",
        "ASSEMBLYAI_BASE_URL",
        Some("assemblyai"),
    ),
    named("GOOGLE_API_KEY", "GOOGLE_BASE_URL", None),
    named("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", Some("anthropic")),
    named("CARTESIA_API_KEY", "CARTESIA_BASE_URL", Some("cartesia")),
    named(
        "WORKERS_AI_API_KEY",
        "WORKERS_AI_BASE_URL",
        Some("workers-ai"),
    ),
    named("OLLAMA_API_KEY", "OLLAMA_BASE_URL", Some("ollama")),
    named(
        "SPEECH_HTTP_KEY",
        "SPEECH_HTTP_URL",
        Some("melotts/convert/tts"),
    ),
];

/// What the stand-ins are shown as a key: they want one where their originals do, and any will do.
const STAND_IN_KEY: &str = "stand-in";

/// The edge's variables about providers with a name of their own. Whoever has neither key nor base URL in the environment gets
/// the stand-in below `root`, this machine's server, where there is one.
#[must_use]
pub fn named_providers(
    variable: impl Fn(&str) -> Option<String>,
    root: &str,
) -> BTreeMap<String, String> {
    let set = |name: &str| {
        let value = variable(name).map(|value| value.trim().to_owned());
        value.filter(|value| !value.is_empty())
    };
    let mut chosen = BTreeMap::new();
    for provider in NAMED {
        let (key, url) = match (set(provider.key), set(provider.url), provider.stand_in) {
            (None, None, Some(path)) => (
                Some(STAND_IN_KEY.to_owned()),
                Some(format!("{root}/{path}")),
            ),
            (key, url, _) => (key, url),
        };
        chosen.extend(key.map(|key| (provider.key.to_owned(), key)));
        chosen.extend(url.map(|url| (provider.url.to_owned(), url)));
    }
    let account = "CLOUDFLARE_ACCOUNT_ID";
    chosen.extend(set(account).map(|id| (account.to_owned(), id)));
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(environment: &[(&str, &str)]) -> Vec<(String, String)> {
        let find = |name: &str| {
            environment
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| (*value).to_owned())
        };
        providers(find, "http://stand-in/v1").into_iter().collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn without_a_key_every_stage_is_a_stand_in() {
        let here = "http://stand-in/v1";
        assert_eq!(
            chosen(&[("OPENAI_API_KEY", "  "), ("HOME", "/root")]),
            pairs(&[
                ("LISTEN_BASE_URL", here),
                ("SPEAK_BASE_URL", here),
                ("THINK_BASE_URL", here)
            ])
        );
    }

    #[test]
    fn with_a_key_no_stage_is() {
        let environment = [("OPENAI_API_KEY", "sk-0000"), ("THINK_MODEL", "a-model")];
        assert_eq!(chosen(&environment), pairs(&environment));
    }

    #[test]
    fn one_stage_may_be_real_by_itself() {
        let here = "http://stand-in/v1";
        assert_eq!(
            chosen(&[("THINK_BASE_URL", "http://127.0.0.1:11434/v1")]),
            pairs(&[
                ("LISTEN_BASE_URL", here),
                ("SPEAK_BASE_URL", here),
                ("THINK_BASE_URL", "http://127.0.0.1:11434/v1")
            ])
        );
    }

    #[test]
    fn who_has_neither_key_nor_base_url_is_stood_in_for() {
        let here = "http://stand-in";
        let environment = |name: &str| match name {
            "DEEPGRAM_API_KEY" => Some(" dg ".to_owned()),
            "OLLAMA_BASE_URL" => Some("http://127.0.0.1:11434".to_owned()),
            _ => None,
        };
        let found = named_providers(environment, here);
        let value = |name: &str| found.get(name).map(String::as_str);
        assert_eq!(value("DEEPGRAM_API_KEY"), Some("dg"));
        assert_eq!(value("DEEPGRAM_BASE_URL"), None);
        assert_eq!(value("OLLAMA_BASE_URL"), Some("http://127.0.0.1:11434"));
        assert_eq!(value("OLLAMA_API_KEY"), None);
        assert_eq!(
            value("ANTHROPIC_BASE_URL"),
            Some("http://stand-in/anthropic")
        );
        assert_eq!(value("ANTHROPIC_API_KEY"), Some(STAND_IN_KEY));
        let melo = "http://stand-in/melotts/convert/tts";
        assert_eq!(value("SPEECH_HTTP_URL"), Some(melo));
        assert_eq!(value("GOOGLE_BASE_URL"), None, "nobody stands in for it");
    }
}
