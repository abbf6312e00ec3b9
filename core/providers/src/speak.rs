//! Text-to-speech, one file for each who does it but for that of [`crate::openai`].
//!
//! What they share: what they are told ([`Settings`]), and how sound is had from a response (`speaking`) or a socket
//! (`streams`). Whoever can is asked for μ-law at 8 kHz, which reaches the caller as it came.

mod cartesia;
mod cartesia_socket;
mod deepgram;
mod deepgram_socket;
mod elevenlabs;
mod elevenlabs_socket;
mod http;
mod streams;
mod workers_ai;

pub use cartesia::Cartesia;
pub use cartesia_socket::CartesiaSocket;
pub use deepgram::Deepgram;
pub use deepgram_socket::DeepgramSocket;
pub use elevenlabs::ElevenLabs;
pub use elevenlabs_socket::ElevenLabsSocket;
pub use http::Http;
pub use workers_ai::WorkersAi;

use serde_json::{Value, json};

use crate::{Endpoint, Options};

/// What a voice is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The model's id. There is none to fall back on: models go.
    pub model: String,
    /// The voice's id.
    pub voice: String,
    /// BCP 47, such as `en-US`. How each provider wants it is said in its file; empty: it is not told.
    pub language: String,
    /// Further members of the body, or parameters of the query, as the provider's documentation names them; a `null` takes
    /// one away.
    pub options: Options,
}

impl Settings {
    /// The language without its region, in lower case: ISO 639. Empty if there is none.
    fn language_only(&self) -> String {
        let first = self.language.split(['-', '_']).next();
        first.unwrap_or_default().to_ascii_lowercase()
    }

    /// The options that stand in the query, and those that stand in the body.
    fn split(&self, in_query: &[&str]) -> (Vec<(&str, String)>, Options) {
        let mut query = Vec::new();
        let mut body = Options::new();
        for (name, value) in &self.options {
            if in_query.contains(&name.as_str()) {
                query.extend(parameter(name, value));
            } else {
                body.insert(name.clone(), value.clone());
            }
        }
        (query, body)
    }

    /// Parameters of a query: ours, with the options laid over them.
    fn query<'a>(&'a self, ours: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
        let kept = ours
            .iter()
            .filter(|(name, value)| !value.is_empty() && !self.options.contains_key(*name))
            .map(|(name, value)| (*name, (*value).to_owned()));
        let chosen = self
            .options
            .iter()
            .filter_map(|(name, value)| parameter(name, value));
        kept.chain(chosen).collect()
    }
}

/// An option as a parameter; none if it is null.
fn parameter<'a>(name: &'a str, value: &Value) -> Option<(&'a str, String)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some((name, text.clone())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some((name, value.to_string()))
        }
    }
}

/// A body of these members, without those that are empty.
fn members<const N: usize>(all: [(&str, &str); N]) -> Options {
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{ApiKey, BaseUrl};

    pub(crate) fn settings(base_url: &str) -> Settings {
        Settings {
            endpoint: Endpoint {
                base_url: BaseUrl::new(base_url).unwrap(),
                api_key: ApiKey::new("not-a-real-key").unwrap(),
            },
            model: "speaker".to_owned(),
            voice: "mara".to_owned(),
            language: "de-AT".to_owned(),
            options: Options::new(),
        }
    }

    /// With these options.
    pub(crate) fn with(mut settings: Settings, options: &Value) -> Settings {
        settings.options = options.as_object().unwrap().clone();
        settings
    }

    /// A request's body.
    pub(crate) fn body(request: &crate::HttpRequest) -> Value {
        serde_json::from_slice(&request.body).unwrap()
    }

    #[test]
    fn options_are_laid_over_parameters_and_null_takes_away() {
        let options = json!({"encoding": "alaw", "container": null, "speed": 1.25});
        let settings = with(settings("http://x.test"), &options);
        let query = settings.query(&[("encoding", "mulaw"), ("container", "none"), ("model", "m")]);
        let expected = [("model", "m"), ("encoding", "alaw"), ("speed", "1.25")];
        assert_eq!(query, expected.map(|(name, text)| (name, text.to_owned())));
    }
}
