//! `ElevenLabs`: `POST /v1/text-to-speech/{voice}/stream`.
//!
//! Shapes: `ElevenLabs`' API reference, "Stream speech". μ-law is asked for and comes without a header.
//!
//! Language: the first part of the BCP 47 tag as `language_code`, which keeps a model that speaks many from guessing.
//! Models that were made for one language, or before that, answer it with an error, so only newer ones are told:
//! those of version 2.5 and from 3 on.

use super::{Settings, members};
use crate::http::HttpRequest;
use crate::post::segment;
use crate::sound::{Coding, Sound};
use crate::speaking::Speaking;
use crate::{Exchange, Fetch, Speak, body};

/// Members of the query; all others are the body's.
const IN_QUERY: [&str; 2] = ["enable_logging", "optimize_streaming_latency"];

/// A voice of `ElevenLabs`'. Where: `https://api.elevenlabs.io`, or the host of the key's region. Options:
/// `voice_settings`, `seed`, `apply_text_normalization`, `pronunciation_dictionary_locators`; and for the query
/// `enable_logging` and `optimize_streaming_latency`.
#[derive(Clone, Debug, PartialEq)]
pub struct ElevenLabs(pub Settings);

impl Speak for ElevenLabs {
    fn ask(&self, text: &str) -> Fetch {
        let Self(settings) = self;
        let mut asked = members([
            ("text", text),
            ("model_id", &settings.model),
            ("language_code", &language(settings)),
        ]);
        let (mut query, options) = settings.split(&IN_QUERY);
        query.insert(0, ("output_format", "ulaw_8000".to_owned()));
        body::overlay(&mut asked, &options);
        let endpoint = &settings.endpoint;
        let path = format!("v1/text-to-speech/{}/stream", segment(&settings.voice));
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, &path, query, asked).with_key(
                "xi-api-key",
                "",
                endpoint.api_key.as_ref(),
            ),
            exchange: Exchange::new(Speaking::new(text, Sound::certain(Coding::Mulaw))),
        }
    }
}

/// What goes as `language_code`; empty if the model would not have it.
pub(super) fn language(settings: &Settings) -> String {
    let is_told = ["v2_5", "v3", "v4"]
        .iter()
        .any(|version| settings.model.contains(version));
    if is_told {
        settings.language_only()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::speak::tests::{body, settings, with};

    #[test]
    fn the_voice_is_in_the_path_and_mulaw_in_the_query() {
        let options = json!({"enable_logging": false, "voice_settings": {"speed": 1.1}});
        let mut settings = with(settings("https://api.elevenlabs.io"), &options);
        settings.model = "eleven_flash_v2_5".to_owned();
        let request = ElevenLabs(settings).ask("Hallo.").request;
        assert_eq!(
            request.url,
            "https://api.elevenlabs.io/v1/text-to-speech/mara/stream?output_format=ulaw_8000&enable_logging=false"
        );
        assert_eq!(
            request.headers[1],
            ("xi-api-key", "not-a-real-key".to_owned())
        );
        let expected = json!({
            "text": "Hallo.",
            "model_id": "eleven_flash_v2_5",
            "language_code": "de",
            "voice_settings": {"speed": 1.1},
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn a_model_that_would_refuse_a_language_is_told_none() {
        let mut settings = settings("https://x.test");
        for (model, code) in [
            ("eleven_multilingual_v2", ""),
            ("eleven_flash_v2", ""),
            ("eleven_turbo_v2_5", "de"),
            ("eleven_v3_conversational", "de"),
            ("eleven_v4_turbo", "de"),
        ] {
            settings.model = model.to_owned();
            assert_eq!(language(&settings), code, "{model}");
        }
    }
}
