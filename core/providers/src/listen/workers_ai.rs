//! Cloudflare Workers AI over its REST endpoint: `POST /ai/run/{model}`, once per flush.
//!
//! Whisper takes a WAV in base64 within JSON; Deepgram's Nova takes it as the body, with μ-law in it as it came. Answers are
//! wrapped in `{"result","success","errors"}`. Shapes: the models' pages in Cloudflare's documentation.

use std::time::Duration;

use audio::Clip;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Settings;
use super::whole::{Read, Whole};
use crate::body::overlay;
use crate::dial::escaped;
use crate::heard::Heard;
use crate::post::segments;
use crate::stage::{Dictation, Flushed, Upload};
use crate::{Exchange, Fetch, Options};

const LENGTH_MAX: Duration = Duration::from_mins(2);

/// Workers AI. Its own model is `@cf/openai/whisper-large-v3-turbo`. Options are members of the body, or parameters of
/// the query for Nova.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkersAi(pub Settings);

impl WorkersAi {
    pub(crate) const OWN_MODEL: &'static str = "@cf/openai/whisper-large-v3-turbo";
}

#[derive(Clone, Debug)]
struct Listening {
    settings: Settings,
    heard: Heard,
}

impl Upload for WorkersAi {
    fn ask(&self) -> Box<dyn Dictation> {
        Box::new(Listening {
            settings: self.0.clone(),
            heard: Heard::new(LENGTH_MAX),
        })
    }
}

impl Listening {
    /// Path, content type and body; and how to read the answer.
    fn request(&self) -> (String, &'static str, Vec<u8>, Read) {
        let settings = &self.settings;
        let model = settings.model(WorkersAi::OWN_MODEL);
        let mut path = format!("ai/run/{}", segments(&model));
        if model.contains("/deepgram/") {
            let query =
                settings.query(&[("language", &settings.language), ("smart_format", "true")]);
            for (at, (name, value)) in query.iter().enumerate() {
                path.push(if at == 0 { '?' } else { '&' });
                path.extend([&escaped(name), "=", &escaped(value)]);
            }
            return (path, "audio/wav", self.heard.telephone_wav(), deepgram);
        }
        let mut body = Options::new();
        let sound = BASE64_STANDARD.encode(self.heard.wav());
        body.insert("audio".to_owned(), json!(sound));
        let language = settings.language_only();
        if !language.is_empty() {
            body.insert("language".to_owned(), json!(language));
        }
        overlay(&mut body, &settings.options);
        (path, "application/json", crate::body::json(body), whisper)
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
        let (path, content_type, body, read) = self.request();
        Flushed::Fetch(Fetch {
            request: self
                .settings
                .endpoint
                .post(&path, content_type.to_owned(), body),
            exchange: Exchange::new(Whole::new(flush, self.heard.evidence(), read)),
        })
    }
}

/// What is wrapped, if it is.
fn unwrapped(value: &Value) -> Option<&Value> {
    if value.get("success").and_then(Value::as_bool) == Some(false) {
        return None;
    }
    Some(value.get("result").unwrap_or(value))
}

fn whisper(value: &Value) -> Option<String> {
    Some(unwrapped(value)?.get("text")?.as_str()?.to_owned())
}

fn deepgram(value: &Value) -> Option<String> {
    let best = unwrapped(value)?.pointer("/results/channels/0/alternatives/0/transcript")?;
    Some(best.as_str()?.to_owned())
}
