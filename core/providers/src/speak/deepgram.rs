//! Deepgram: Aura, `POST /v1/speak`, and Flux TTS, `POST /v2/speak`.
//!
//! Shapes: Deepgram's API reference, "Text to Speech". μ-law is asked for, without a container.
//!
//! Language: it is the last part of a model's id, and the voice the one before: `aura-2-thalia-en`. A model that is named
//! whole is asked for as it is; of `aura-2` or `flux` with a voice, the rest is put together from voice and language.

use super::{Settings, members};
use crate::http::HttpRequest;
use crate::sound::{Coding, Sound};
use crate::speaking::Speaking;
use crate::{Exchange, Fetch, Speak};

/// A voice of Deepgram's. Where: `https://api.deepgram.com`, or the host of a region. Options are the query's: `speed`,
/// `mip_opt_out`, `tag`, `priority`.
#[derive(Clone, Debug, PartialEq)]
pub struct Deepgram(pub Settings);

impl Speak for Deepgram {
    fn ask(&self, text: &str) -> Fetch {
        let Self(settings) = self;
        let model = model(settings);
        let query = settings.query(&[
            ("model", &model),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
            ("container", "none"),
        ]);
        let endpoint = &settings.endpoint;
        let asked = members([("text", text)]);
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, path(&model), query, asked)
                .with_key("authorization", "Token", endpoint.api_key.as_ref()),
            exchange: Exchange::new(Speaking::new(text, Sound::certain(Coding::Mulaw))),
        }
    }
}

/// Where a model speaks.
pub(super) fn path(model: &str) -> &'static str {
    if model.starts_with("flux") {
        "v2/speak"
    } else {
        "v1/speak"
    }
}

/// The model's whole id.
pub(super) fn model(settings: &Settings) -> String {
    let model = settings.model.trim();
    let is_family = matches!(model, "aura" | "aura-2" | "flux");
    if !is_family || settings.voice.is_empty() {
        return model.to_owned();
    }
    let language = settings.language_only();
    let language = if language.is_empty() { "en" } else { &language };
    format!("{model}-{}-{language}", settings.voice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::speak::tests::{body, settings, with};

    #[test]
    fn all_but_the_text_is_in_the_query() {
        let mut settings = with(settings("https://api.deepgram.com"), &json!({"speed": 1.2}));
        settings.model = "aura-2-thalia-en".to_owned();
        let request = Deepgram(settings).ask("Hallo.").request;
        assert_eq!(
            request.url,
            "https://api.deepgram.com/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000&container=none&speed=1.2"
        );
        assert_eq!(
            request.headers[1],
            ("authorization", "Token not-a-real-key".to_owned())
        );
        assert_eq!(body(&request), json!({"text": "Hallo."}));
    }

    #[test]
    fn a_family_of_models_becomes_one_by_voice_and_language() {
        let mut settings = settings("https://x.test");
        for (family, voice, whole) in [
            ("aura-2", "viktoria", "aura-2-viktoria-de"),
            ("flux", "mara", "flux-mara-de"),
            ("aura-2", "", "aura-2"),
            ("aura-asteria-en", "mara", "aura-asteria-en"),
        ] {
            settings.model = family.to_owned();
            settings.voice = voice.to_owned();
            assert_eq!(model(&settings), whole);
        }
        settings.language.clear();
        settings.model = "flux".to_owned();
        settings.voice = "mara".to_owned();
        assert_eq!(model(&settings), "flux-mara-en");
        assert_eq!(
            (path("flux-mara-en"), path("aura-2-thalia-en")),
            ("v2/speak", "v1/speak")
        );
    }
}
