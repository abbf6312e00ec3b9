//! Cartesia: `POST /tts/bytes`, or `/tts/sse`.
//!
//! Shapes: Cartesia's API reference, "Text to Speech (Bytes)" and "(SSE)". μ-law is asked for, without a container.
//!
//! Language: the first part of the BCP 47 tag as `language`.

use serde_json::{Value, json};

use super::{Settings, members};
use crate::http::HttpRequest;
use crate::sound::{Coding, Sound};
use crate::speaking::Speaking;
use crate::{Exchange, Fetch, Options, Speak, body};

pub(super) const VERSION: &str = "2026-08-14";

/// A voice of Cartesia's. Where: `https://api.cartesia.ai`. Options: `generation_config`, `pronunciation_dict_id`. The
/// sound comes in events if options hold any of `add_timestamps` and `add_phoneme_timestamps`, which bare bytes have no
/// place for; else as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Cartesia(pub Settings);

impl Speak for Cartesia {
    fn ask(&self, text: &str) -> Fetch {
        let Self(settings) = self;
        let is_timed = ["add_timestamps", "add_phoneme_timestamps"]
            .iter()
            .any(|name| settings.options.contains_key(*name));
        let path = if is_timed { "tts/sse" } else { "tts/bytes" };
        let endpoint = &settings.endpoint;
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, path, [], asked(settings, text))
                .with_key("authorization", "Bearer", endpoint.api_key.as_ref())
                .with_header("cartesia-version", VERSION),
            // `{"type":"chunk","data","done"}`, `{"type":"timestamps"}`, `{"type":"done"}`
            exchange: Exchange::new(
                Speaking::new(text, Sound::certain(Coding::Mulaw)).within("/data"),
            ),
        }
    }
}

/// What is asked, on every road.
pub(super) fn asked(settings: &Settings, text: &str) -> Options {
    let mut asked = members([
        ("model_id", &settings.model),
        ("transcript", text),
        ("language", &settings.language_only()),
    ]);
    let format = json!({"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000});
    asked.insert("output_format".to_owned(), format);
    let voice: Value = json!({"mode": "id", "id": settings.voice});
    asked.insert("voice".to_owned(), voice);
    body::overlay(&mut asked, &settings.options);
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speak::tests::{body, settings, with};

    #[test]
    fn everything_is_in_the_body_and_the_version_in_a_header() {
        let request = Cartesia(settings("https://api.cartesia.ai"))
            .ask("Hallo.")
            .request;
        assert_eq!(request.url, "https://api.cartesia.ai/tts/bytes");
        assert_eq!(request.headers[2], ("cartesia-version", VERSION.to_owned()));
        let expected = json!({
            "model_id": "speaker",
            "transcript": "Hallo.",
            "voice": {"mode": "id", "id": "mara"},
            "language": "de",
            "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000},
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn who_wants_times_gets_events() {
        let timed = with(settings("https://x.test"), &json!({"add_timestamps": true}));
        let request = Cartesia(timed).ask("Hallo.").request;
        assert_eq!(request.url, "https://x.test/tts/sse");
        assert_eq!(body(&request)["add_timestamps"], true);
    }
}
