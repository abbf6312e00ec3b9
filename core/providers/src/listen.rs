//! Speech-to-text, one file for each who does it but for [`crate::openai`].
//!
//! What they share: what they are told ([`Settings`]), how an utterance is put together from what streams in
//! (`script`), and how sound is cut into messages (`pieces`).

mod assemblyai;
mod flux;
mod google;
mod nova;
mod pieces;
mod scribe;
mod script;
mod streaming;
mod whole;
mod workers_ai;

use serde_json::Value;

pub use assemblyai::AssemblyAi;
pub use flux::Flux;
pub use google::Google;
pub use nova::Nova;
pub use scribe::Scribe;
pub use workers_ai::WorkersAi;

use crate::{Endpoint, Options};

/// What a speech-to-text service is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The model's id; empty: the one that its file names.
    pub model: String,
    /// BCP 47, such as `en-US`; empty: the provider's own choice.
    pub language: String,
    /// Further parameters, as the provider's documentation names them; a `null` takes one away. Where they go into a
    /// query, a list becomes one parameter for each of its items.
    pub options: Options,
}

impl Settings {
    /// The model that was chosen, or else this one.
    fn model(&self, own: &str) -> String {
        let chosen = self.model.trim();
        if chosen.is_empty() { own } else { chosen }.to_owned()
    }

    /// The language without its region, in lower case; empty if there is none.
    fn language_only(&self) -> String {
        language_only(&self.language)
    }

    fn is_english(&self) -> bool {
        is_english(&self.language)
    }

    /// Parameters of a query: ours, with the options laid over them.
    fn query<'a>(&'a self, ours: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
        let kept = ours
            .iter()
            .filter(|(name, value)| !value.is_empty() && !self.options.contains_key(*name))
            .map(|(name, value)| (*name, (*value).to_owned()));
        let chosen = self.options.iter().flat_map(|(name, value)| {
            let items = match value {
                Value::Array(items) => items.as_slice(),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_) => std::slice::from_ref(value),
            };
            let items = items.iter().filter(|item| !item.is_null());
            items.map(|item| (name.as_str(), plain(item)))
        });
        kept.chain(chosen).collect()
    }
}

/// The model that a provider is asked for unless a bot names one; empty: only the deployment knows.
#[must_use]
pub fn own_model(provider: &str, language: &str) -> &'static str {
    match provider {
        "deepgram-flux" => Flux::own_model(is_english(language)),
        "deepgram-nova" => Nova::OWN_MODEL,
        "elevenlabs" => Scribe::OWN_MODEL,
        "assemblyai" => AssemblyAi::own_model(is_english(language)),
        "google" => Google::OWN_MODEL,
        "workers-ai" => WorkersAi::OWN_MODEL,
        _ => "",
    }
}

fn language_only(language: &str) -> String {
    let first = language.split(['-', '_']).next();
    first.unwrap_or_default().to_ascii_lowercase()
}

/// Whether it is English, which is also what is spoken where nobody says what.
fn is_english(language: &str) -> bool {
    matches!(language_only(language).as_str(), "" | "en")
}

/// A value as it stands in a query.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BaseUrl;

    #[test]
    fn options_are_laid_over_what_would_be_sent_anyway() {
        let options = serde_json::json!({
            "endpointing": 100,
            "keyterm": ["Lina", "Mesa"],
            "punctuate": null,
            "replace": {"a": 1},
        });
        let settings = Settings {
            endpoint: Endpoint {
                base_url: BaseUrl::new("https://x.test").unwrap(),
                api_key: None,
            },
            model: " ".to_owned(),
            language: "de-AT".to_owned(),
            options: options.as_object().unwrap().clone(),
        };
        let query = settings.query(&[
            ("endpointing", "300"),
            ("punctuate", "true"),
            ("empty", ""),
            ("encoding", "mulaw"),
        ]);
        let expected = [
            ("encoding", "mulaw"),
            ("endpointing", "100"),
            ("keyterm", "Lina"),
            ("keyterm", "Mesa"),
            ("replace", "{\"a\":1}"),
        ];
        assert_eq!(query, expected.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(settings.model("own"), "own");
        assert_eq!(settings.language_only(), "de");
    }
}
