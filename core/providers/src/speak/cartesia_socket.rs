//! Cartesia over a socket: `/tts/websocket`.
//!
//! Shapes: Cartesia's API reference, "Text to Speech (WebSocket)". Each piece of speech is a context with one text;
//! nothing is buffered then. What was made before a context was cancelled still comes, and is dropped.

use call::{Failure, Reply, RequestId};
use serde_json::{Value, json};

use super::Settings;
use super::cartesia::{VERSION, asked};
use super::streams::{Streams, context, request};
use crate::dial::Dial;
use crate::exchange::Complaint;
use crate::socket::{Ask, Conversation, Desk, Dialogue, Link};
use crate::{Dialled, error};

/// A voice of Cartesia's that is spoken to over a socket. Where and options: as [`Cartesia`](super::Cartesia).
#[derive(Clone, Debug, PartialEq)]
pub struct CartesiaSocket(pub Settings);

impl Dialled for CartesiaSocket {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let endpoint = &settings.endpoint;
        let query = [("cartesia_version", VERSION.to_owned())];
        Link {
            dial: Dial::new(&endpoint.base_url, "tts/websocket", query)
                .with_key("authorization", "Bearer", endpoint.api_key.as_ref())
                .with_header("cartesia-version", VERSION),
            conversation: Conversation::new(Speaking {
                settings: settings.clone(),
                streams: Streams::default(),
            }),
        }
    }
}

struct Speaking {
    settings: Settings,
    streams: Streams,
}

impl Dialogue for Speaking {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Speak(text) => {
                self.streams.begin(id, text);
                let mut asked = asked(&self.settings, text);
                asked.insert("context_id".to_owned(), json!(context(id)));
                asked.insert("continue".to_owned(), json!(false));
                desk.send(Value::Object(asked).to_string());
                desk.begin(id, text);
            }
            Ask::Listen => desk.reply(id, Reply::Failed(Failure::Refused)),
        }
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        if self.streams.drop(id) {
            desk.send(json!({"context_id": context(id), "cancel": true}).to_string());
        }
    }

    fn message(&mut self, value: &Value, desk: &mut Desk) -> Result<(), Complaint> {
        let id = value.get("context_id").and_then(Value::as_str);
        let id = id.and_then(request);
        if let Some(complaint) = error::within(value) {
            return match id {
                // What is wrong with one context is not wrong with the others.
                Some(id) => {
                    self.streams.fail(id, complaint.failure, desk);
                    desk.complain(complaint);
                    Ok(())
                }
                None => Err(complaint),
            };
        }
        let Some(id) = id else {
            return Ok(());
        };
        if let Some(data) = value.get("data").and_then(Value::as_str) {
            self.streams.push_base64(id, data, desk);
        }
        let kind = value.get("type").and_then(Value::as_str);
        if kind == Some("done") || value.get("done") == Some(&Value::Bool(true)) {
            self.streams.finish(id, desk);
        }
        Ok(())
    }
}
