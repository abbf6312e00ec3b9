//! A voice's response, whoever it is of: sound as it is, in events, or within JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Reply, Spent};
use serde_json::Value;

use crate::exchange::{Complaint, Decode, Step};
use crate::sound::Sound;
use crate::sse::{Event, Events};
use crate::{End, Head, error};

/// The longest response that is one JSON value: ten minutes of 16-bit sound at 8 kHz, in base64.
const BODY_BYTES_MAX: usize = 13 * 1024 * 1024;

/// Understands the response.
pub(crate) struct Speaking {
    sound: Sound,
    carried: Carried,
    /// Where in a JSON value the sound is, as a JSON pointer; empty: nowhere.
    pointer: String,
    spent: Spent,
    /// Whether silence would be wrong.
    speakable: bool,
}

/// How the sound comes.
enum Carried {
    /// As it is.
    Bare,
    /// In base64, within events.
    Events(Events),
    /// In base64, within one JSON value.
    Json(Vec<u8>),
}

impl Speaking {
    /// The response to a request for the speech of a text.
    pub(crate) fn new(text: &str, sound: Sound) -> Self {
        Self {
            sound,
            carried: Carried::Bare,
            pointer: String::new(),
            spent: Spent::default(),
            speakable: text.chars().any(char::is_alphanumeric),
        }
    }

    /// Sound may also come in base64, within events or one JSON value, at this JSON pointer.
    pub(crate) fn within(self, pointer: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            ..self
        }
    }

    fn event(&mut self, event: &Event, replies: &mut Vec<Reply>) -> Result<(), Complaint> {
        // What is no JSON is a remark.
        match serde_json::from_str(&event.data) {
            Ok(value) => self.value(&value, replies).map(drop),
            Err(_) => Ok(()),
        }
    }

    /// The sound within a value; false if there is no place for any.
    fn value(&mut self, value: &Value, replies: &mut Vec<Reply>) -> Result<bool, Complaint> {
        if let Some(complaint) = error::within(value) {
            return Err(complaint);
        }
        let count = |path: &str| value.pointer(path).and_then(Value::as_u64);
        if let Some(input_tokens) = count("/usage/input_tokens") {
            self.spent = Spent {
                input_tokens,
                cached_tokens: 0,
                output_tokens: count("/usage/output_tokens").unwrap_or(0),
            };
        }
        // An empty pointer would be the value itself, which is no text.
        let Some(coded) = value.pointer(&self.pointer).and_then(Value::as_str) else {
            return Ok(false);
        };
        let bytes = BASE64_STANDARD
            .decode(coded)
            .map_err(|_| Complaint::unfit("sound that is no base64"))?;
        replies.extend(self.sound.push(&bytes)?.map(Reply::Audio));
        Ok(true)
    }
}

impl Decode for Speaking {
    fn head(&mut self, head: &Head) -> Result<(), Complaint> {
        let kind = head.media_type();
        if kind == "text/event-stream" {
            self.carried = Carried::Events(Events::default());
        } else if kind.ends_with("json") && !self.pointer.is_empty() {
            self.carried = Carried::Json(Vec::new());
        } else {
            self.sound.head(head);
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        match &mut self.carried {
            Carried::Bare => replies.extend(self.sound.push(bytes)?.map(Reply::Audio)),
            Carried::Json(body) if body.len() + bytes.len() > BODY_BYTES_MAX => {
                return Err(Complaint::broken("a body without end"));
            }
            Carried::Json(body) => body.extend_from_slice(bytes),
            Carried::Events(stream) => {
                let mut events = Vec::new();
                let outcome = stream.push(bytes, &mut events);
                for event in &events {
                    self.event(event, replies)?;
                }
                outcome.map_err(|_| Complaint::broken("an event without end"))?;
            }
        }
        Ok(Step::More)
    }

    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        match &mut self.carried {
            Carried::Bare => (),
            Carried::Events(stream) => {
                if let Some(event) = stream.finish() {
                    self.event(&event, replies)?;
                }
            }
            Carried::Json(body) => {
                let body = std::mem::take(body);
                let value = serde_json::from_slice::<Value>(&body).unwrap_or_default();
                if !self.value(&value, replies)? && end == End::Complete {
                    return Err(error::instead(&body, "text instead of sound"));
                }
            }
        }
        // What arrived before a cut is worth hearing: the engine knows how much of the text it was.
        replies.extend(self.sound.finish()?.map(Reply::Audio));
        if end == End::Cut {
            return Err(Complaint::broken("a response cut short"));
        }
        if self.speakable && !self.sound.was_heard() {
            return Err(Complaint::unfit("a response without sound"));
        }
        Ok(self.spent)
    }
}
