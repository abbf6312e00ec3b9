//! Speech-to-text: `POST /audio/transcriptions`, once per flush.

use std::time::Duration;

use audio::Clip;
use call::{Reply, Spent};
use serde_json::Value;

use crate::error;
use crate::exchange::{Complaint, Decode, Step};
use crate::heard::{Heard, stock};
use crate::multipart::Form;
use crate::sse::Events;
use crate::{Dictation, End, Endpoint, Exchange, Fetch, Flushed, Head, Options, Upload};

/// OpenAI takes 25 MB; this is 10 of them.
const LENGTH_MAX: Duration = Duration::from_mins(5);
/// A transcript is no longer than this.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A speech-to-text service.
#[derive(Clone, Debug, PartialEq)]
pub struct Listen {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The model's id; empty: not sent.
    pub model: String,
    /// BCP 47, such as `en-US`, of which the first part is sent; empty: not sent.
    pub language: String,
    /// Further fields of the form. A list becomes one field `name[]` for each of its items (`keywords`, `languages`),
    /// an object becomes JSON.
    pub options: Options,
}

/// One utterance while it is heard.
#[derive(Clone, Debug)]
pub struct Listening {
    settings: Listen,
    heard: Heard,
}

impl Listen {
    /// Begins to listen.
    #[must_use]
    pub fn ask(&self) -> Listening {
        Listening {
            settings: self.clone(),
            heard: Heard::new(LENGTH_MAX),
        }
    }
}

impl Listening {
    /// Takes in sound that follows what was fed before. Of more than five minutes the beginning is forgotten.
    pub fn feed(&mut self, clip: &Clip) {
        self.heard.feed(clip);
    }

    /// As [`Dictation::duration`].
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.heard.duration()
    }

    /// Asks for a transcript of everything fed so far, to carry this number. More sound may follow.
    #[must_use]
    pub fn flush(&self, flush: u32) -> Flushed {
        if let Some(reply) = self.heard.nothing(flush) {
            return Flushed::Answer(reply);
        }
        let mut form = Form::default();
        if !self.settings.model.is_empty() {
            form.text("model", &self.settings.model);
        }
        let language = self
            .settings
            .language
            .split(['-', '_'])
            .next()
            .unwrap_or_default();
        if !language.is_empty() && !self.settings.options.contains_key("language") {
            form.text("language", &language.to_ascii_lowercase());
        }
        for (name, value) in &self.settings.options {
            field(&mut form, name, value);
        }
        form.file("file", "speech.wav", "audio/wav", self.heard.wav());
        let (content_type, body) = form.finish();
        let transcribing = Transcribing {
            flush,
            evidence: self.heard.evidence(),
            shape: Shape::Text(Vec::new()),
            plain: false,
            spent: Spent::default(),
        };
        Flushed::Fetch(Fetch {
            request: self
                .settings
                .endpoint
                .post("audio/transcriptions", content_type, body),
            exchange: Exchange::new(transcribing),
        })
    }
}

impl Upload for Listen {
    fn ask(&self) -> Box<dyn Dictation> {
        Box::new(Self::ask(self))
    }
}

impl Dictation for Listening {
    fn feed(&mut self, clip: &Clip) {
        Self::feed(self, clip);
    }

    fn duration(&self) -> Duration {
        Self::duration(self)
    }

    fn flush(&self, flush: u32) -> Flushed {
        Self::flush(self, flush)
    }
}

/// An option as fields of the form.
fn field(form: &mut Form, name: &str, value: &Value) {
    match value {
        Value::Null => (),
        Value::String(text) => form.text(name, text),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => form.text(name, &value.to_string()),
        Value::Array(items) => {
            let name = if name.ends_with("[]") {
                name.to_owned()
            } else {
                format!("{name}[]")
            };
            for item in items {
                field(form, &name, item);
            }
        }
    }
}

/// Understands the response.
struct Transcribing {
    flush: u32,
    evidence: stock::Evidence,
    shape: Shape,
    /// The body is declared to be the transcript itself (`response_format` `text`).
    plain: bool,
    spent: Spent,
}

enum Shape {
    /// JSON, or the transcript itself.
    Text(Vec<u8>),
    /// With `stream`: events, and the transcript so far.
    Events(Events, String),
    /// The whole transcript is known.
    Known(String),
}

impl Decode for Transcribing {
    fn head(&mut self, head: &Head) -> Result<(), Complaint> {
        match head.media_type().as_str() {
            "text/event-stream" => self.shape = Shape::Events(Events::default(), String::new()),
            "text/plain" => self.plain = true,
            _ => (),
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        match &mut self.shape {
            Shape::Text(body) if body.len() + bytes.len() > BODY_BYTES_MAX => {
                return Err(Complaint::broken("a body without end"));
            }
            Shape::Text(body) => body.extend_from_slice(bytes),
            Shape::Events(stream, _) => {
                let mut events = Vec::new();
                let outcome = stream.push(bytes, &mut events);
                for event in &events {
                    self.event(&event.data)?;
                }
                outcome.map_err(|_| Complaint::broken("an event without end"))?;
                if matches!(self.shape, Shape::Known(_)) {
                    return self.answer(replies).map(Step::Over);
                }
            }
            Shape::Known(_) => (),
        }
        Ok(Step::More)
    }

    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        match &mut self.shape {
            Shape::Text(_) if end == End::Cut => {
                return Err(Complaint::broken("a response cut short"));
            }
            Shape::Text(body) => {
                let body = std::mem::take(body);
                self.body(&body)?;
            }
            Shape::Events(stream, _) => {
                if let Some(event) = stream.finish() {
                    self.event(&event.data)?;
                }
            }
            Shape::Known(_) => (),
        }
        self.answer(replies)
    }
}

impl Transcribing {
    /// `{"text","usage"}`.
    fn body(&mut self, body: &[u8]) -> Result<(), Complaint> {
        let value = serde_json::from_slice::<Value>(body).unwrap_or_default();
        if let Some(text) = value.get("text").and_then(Value::as_str) {
            self.spend(&value);
            self.shape = Shape::Known(text.to_owned());
            Ok(())
        } else if self.plain && !value.is_object() && !value.is_array() {
            self.shape = Shape::Known(String::from_utf8_lossy(body).into_owned());
            Ok(())
        } else {
            Err(error::instead(body, "no transcript"))
        }
    }

    /// `{"type":"transcript.text.delta","delta"}`, at last `{"type":"transcript.text.done","text","usage"}`.
    fn event(&mut self, data: &str) -> Result<(), Complaint> {
        let value = serde_json::from_str::<Value>(data).unwrap_or_default();
        if let Some(complaint) = error::within(&value) {
            return Err(complaint);
        }
        let Shape::Events(_, so_far) = &mut self.shape else {
            return Ok(());
        };
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        so_far.push_str(text("delta").unwrap_or_default());
        if so_far.len() > BODY_BYTES_MAX {
            return Err(Complaint::broken("a transcript without end"));
        }
        // A compatible server may end without the whole text, or with a mark of its own.
        let done = text("type") == Some("transcript.text.done") || data.trim() == "[DONE]";
        if done {
            let whole = text("text").unwrap_or(so_far).to_owned();
            self.spend(&value);
            self.shape = Shape::Known(whole);
        }
        Ok(())
    }

    fn spend(&mut self, value: &Value) {
        let count = |path: &str| value.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        self.spent = Spent {
            input_tokens: count("/usage/input_tokens"),
            cached_tokens: 0,
            output_tokens: count("/usage/output_tokens"),
        };
    }

    fn answer(&mut self, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        let Shape::Known(text) = &self.shape else {
            return Err(Complaint::broken("a response cut short"));
        };
        replies.push(Reply::Transcript {
            flush: self.flush,
            text: stock::heard(text, &self.evidence).to_owned(),
        });
        Ok(self.spent)
    }
}

#[cfg(test)]
mod tests;
