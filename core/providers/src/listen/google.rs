//! Google Speech-to-Text v1 over HTTP: `POST /v1/speech:recognize`, once per flush.
//!
//! μ-law goes out as it came in, in base64. Streaming is gRPC only, which a Worker cannot speak. Shapes: the REST
//! reference for `speech.recognize`.

use std::time::Duration;

use audio::Clip;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Settings;
use super::whole::Whole;
use crate::body::overlay;
use crate::heard::Heard;
use crate::stage::{Dictation, Flushed, Upload};
use crate::{Exchange, Fetch, HttpRequest, Options};

/// A minute is the most that is taken inline; a little less, so that rounding does not matter.
const LENGTH_MAX: Duration = Duration::from_secs(59);

/// Google Speech v1. Its own model is `phone_call`. Options are members of `config`.
#[derive(Clone, Debug, PartialEq)]
pub struct Google(pub Settings);

impl Google {
    pub(crate) const OWN_MODEL: &'static str = "phone_call";
}

#[derive(Clone, Debug)]
struct Listening {
    settings: Settings,
    heard: Heard,
}

impl Upload for Google {
    fn ask(&self) -> Box<dyn Dictation> {
        Box::new(Listening {
            settings: self.0.clone(),
            heard: Heard::new(LENGTH_MAX),
        })
    }
}

impl Dictation for Listening {
    fn feed(&mut self, clip: &Clip) {
        self.heard.feed(clip);
    }

    fn duration(&self) -> Duration {
        self.heard.duration()
    }

    fn flush(&self, flush: u32) -> Flushed {
        if let Some(reply) = self.heard.nothing(flush) {
            return Flushed::Answer(reply);
        }
        let Settings {
            endpoint,
            language,
            options,
            ..
        } = &self.settings;
        let language = if language.is_empty() {
            "en-US"
        } else {
            language
        };
        let mut config = Options::new();
        for (name, value) in [
            ("encoding", json!("MULAW")),
            ("sampleRateHertz", json!(8000)),
            ("languageCode", json!(language)),
            ("model", json!(self.settings.model(Google::OWN_MODEL))),
            ("enableAutomaticPunctuation", json!(true)),
        ] {
            config.insert(name.to_owned(), value);
        }
        overlay(&mut config, options);
        let body = json!({
            "config": config,
            "audio": {"content": BASE64_STANDARD.encode(self.heard.mulaw())},
        });
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if let Some(key) = &endpoint.api_key {
            // In a header and not in the query, which ends up in logs.
            headers.push(key.header("x-goog-api-key", ""));
        }
        Flushed::Fetch(Fetch {
            request: HttpRequest {
                method: "POST",
                url: endpoint.base_url.join("v1/speech:recognize"),
                headers,
                body: body.to_string().into_bytes(),
            },
            exchange: Exchange::new(Whole::new(flush, self.heard.evidence(), transcript)),
        })
    }
}

/// `{"results":[{"alternatives":[{"transcript"}]}]}`; without results nothing was said.
fn transcript(value: &Value) -> Option<String> {
    let body = value.as_object()?;
    if body.contains_key("error") {
        return None;
    }
    let results = match body.get("results") {
        Some(results) => results.as_array()?.as_slice(),
        None => &[],
    };
    let mut text = String::new();
    for result in results {
        let best = result.pointer("/alternatives/0/transcript");
        super::script::join(&mut text, best.and_then(Value::as_str).unwrap_or_default());
    }
    Some(text)
}
