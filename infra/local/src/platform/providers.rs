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

/// Providers with a name of their own: their key, their base URL, and whether this machine has a stand-in for those of them
/// that listen over a socket.
const NAMED: [(&str, &str, bool); 8] = [
    ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL", true),
    ("ELEVENLABS_API_KEY", "ELEVENLABS_BASE_URL", true),
    ("ASSEMBLYAI_API_KEY", "ASSEMBLYAI_BASE_URL", true),
    ("GOOGLE_API_KEY", "GOOGLE_BASE_URL", false),
    ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", false),
    ("CARTESIA_API_KEY", "CARTESIA_BASE_URL", false),
    ("WORKERS_AI_API_KEY", "WORKERS_AI_BASE_URL", false),
    ("SPEECH_HTTP_KEY", "SPEECH_HTTP_URL", false),
];

/// The edge's variables about providers with a name of their own. Of those that listen over a socket, whoever has neither
/// key nor base URL in the environment gets `stand_in`, the root of this machine's server.
#[must_use]
pub fn named_providers(
    variable: impl Fn(&str) -> Option<String>,
    stand_in: &str,
) -> BTreeMap<String, String> {
    let mut chosen = BTreeMap::new();
    let mut take = |name: &str| {
        let value = variable(name).map(|value| value.trim().to_owned());
        let value = value.filter(|value| !value.is_empty());
        let is_set = value.is_some();
        chosen.extend(value.map(|value| (name.to_owned(), value)));
        is_set
    };
    let mut stand_ins = Vec::new();
    for (key, url, has_stand_in) in NAMED {
        let (has_key, has_url) = (take(key), take(url));
        if has_stand_in && !has_key && !has_url {
            stand_ins.push((url.to_owned(), stand_in.to_owned()));
        }
    }
    for name in ["OLLAMA_BASE_URL", "OLLAMA_API_KEY", "CLOUDFLARE_ACCOUNT_ID"] {
        take(name);
    }
    chosen.extend(stand_ins);
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
    fn who_listens_over_a_socket_has_a_stand_in_unless_there_is_a_key() {
        let find = |name: &str| (name == "DEEPGRAM_API_KEY").then(|| " dg ".to_owned());
        let found: Vec<_> = named_providers(find, "http://stand-in")
            .into_iter()
            .collect();
        let expected = [
            ("ASSEMBLYAI_BASE_URL", "http://stand-in"),
            ("DEEPGRAM_API_KEY", "dg"),
            ("ELEVENLABS_BASE_URL", "http://stand-in"),
        ];
        assert_eq!(found, pairs(&expected));
    }
}
