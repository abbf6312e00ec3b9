//! Cloudflare's Workers AI over REST: `POST …/ai/run/{model}`.
//!
//! Shapes: Cloudflare's documentation of Workers AI, "Text-to-Speech". Aura answers with the sound that was asked for,
//! and declares it MP3 all the same; `MeloTTS` with a file in base64, of which only WAV can be decoded here.
//!
//! Language: Aura has a model for each, `@cf/deepgram/aura-2-en` and `-es`, so it is chosen with the model; `MeloTTS` is
//! told the first part of the BCP 47 tag as `lang`.

use serde_json::json;

use super::{Settings, members};
use crate::http::HttpRequest;
use crate::post::segments;
use crate::sound::{Coding, Sound};
use crate::speaking::Speaking;
use crate::{Exchange, Fetch, Speak, body};

/// A voice at Workers AI. Where: `https://api.cloudflare.com/client/v4/accounts/{account}`, or an AI Gateway's address
/// in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkersAi(pub Settings);

impl Speak for WorkersAi {
    fn ask(&self, text: &str) -> Fetch {
        let Self(settings) = self;
        let is_aura = settings.model.contains("aura");
        let (mut asked, pointer) = if is_aura {
            let mut asked = members([
                ("text", text),
                ("speaker", &settings.voice),
                ("encoding", "mulaw"),
                ("container", "none"),
            ]);
            asked.insert("sample_rate".to_owned(), json!(8000));
            (asked, "")
        } else {
            let language = settings.language_only();
            (
                members([("prompt", text), ("lang", &language)]),
                "/result/audio",
            )
        };
        body::overlay(&mut asked, &settings.options);
        let sound = if is_aura {
            Sound::certain(Coding::Mulaw)
        } else {
            Sound::new(Some(Coding::Wav))
        };
        let endpoint = &settings.endpoint;
        let path = format!("ai/run/{}", segments(&settings.model));
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, &path, [], asked).with_key(
                "authorization",
                "Bearer",
                endpoint.api_key.as_ref(),
            ),
            exchange: Exchange::new(Speaking::new(text, sound).within(pointer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speak::tests::{body, settings};

    #[test]
    fn each_model_is_asked_in_its_own_words() {
        let mut settings = settings("https://x.test");
        settings.model = "@cf/deepgram/aura-2-es".to_owned();
        let request = WorkersAi(settings.clone()).ask("Hola.").request;
        assert_eq!(request.url, "https://x.test/ai/run/@cf/deepgram/aura-2-es");
        let expected = json!({
            "text": "Hola.", "speaker": "mara", "encoding": "mulaw", "container": "none", "sample_rate": 8000,
        });
        assert_eq!(body(&request), expected);
        settings.model = "@cf/myshell-ai/melotts".to_owned();
        let request = WorkersAi(settings).ask("Hallo.").request;
        assert_eq!(body(&request), json!({"prompt": "Hallo.", "lang": "de"}));
    }
}
