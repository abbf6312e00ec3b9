//! `ElevenLabs` over a socket: `/v1/text-to-speech/{voice}/multi-stream-input`.
//!
//! Shapes: `ElevenLabs`' API reference, "Multi-context WebSocket". Each piece of speech is a context, which is flushed at
//! once, so that the voice waits for nothing more, and closed when it begins to sound: closed earlier it may be over before
//! its text was taken up, without a sound and without an error (pipecat's issues 4681 and 5271). One that is not wanted any
//! more is closed early, and what still comes of it is dropped. A socket has room for five, and is closed over a sixth: so
//! one more waits until one of them is told to be over, which takes a moment also after it was closed early.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use call::{Failure, Instant, Reply, RequestId};
use serde_json::{Value, json};

use super::streams::{Streams, context, is_speakable, request};
use super::{Settings, elevenlabs};
use crate::dial::Dial;
use crate::exchange::Complaint;
use crate::post::segment;
use crate::socket::{Ask, Conversation, Desk, Dialogue, Link};
use crate::{Dialled, Options, error};

/// Contexts of a socket.
const CONTEXTS_MAX: usize = 5;
/// A context that was closed early and is not told to be over counts no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// A context that is silent for so long is closed, and has failed. The engine gives up far earlier.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Members of the query; all others go with a context's first message.
const IN_QUERY: [&str; 6] = [
    "apply_text_normalization",
    "auto_mode",
    "enable_logging",
    "inactivity_timeout",
    "seed",
    "sync_alignment",
];

/// A voice of `ElevenLabs`' that is spoken to over a socket. Where: as [`ElevenLabs`](super::ElevenLabs). The socket stays
/// open for three minutes without a word.
#[derive(Clone, Debug, PartialEq)]
pub struct ElevenLabsSocket(pub Settings);

impl Dialled for ElevenLabsSocket {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let (chosen, first) = settings.split(&IN_QUERY);
        let language = elevenlabs::language(settings);
        let ours = [
            ("model_id", settings.model.as_str()),
            ("output_format", "ulaw_8000"),
            ("language_code", &language),
            // Sentences come whole: none is held back until there are more.
            ("auto_mode", "true"),
            ("inactivity_timeout", "180"),
        ];
        let kept = ours
            .into_iter()
            .filter(|(name, value)| !value.is_empty() && !settings.options.contains_key(*name))
            .map(|(name, value)| (name, value.to_owned()));
        let endpoint = &settings.endpoint;
        let path = format!(
            "v1/text-to-speech/{}/multi-stream-input",
            segment(&settings.voice)
        );
        Link {
            dial: Dial::new(&endpoint.base_url, &path, kept.chain(chosen)).with_key(
                "xi-api-key",
                "",
                endpoint.api_key.as_ref(),
            ),
            conversation: Conversation::new(Speaking {
                first,
                streams: Streams::default(),
                silent: BTreeMap::new(),
                closing: BTreeMap::new(),
                waiting: VecDeque::new(),
            }),
        }
    }
}

struct Speaking {
    /// What else a context's first message says.
    first: Options,
    streams: Streams,
    /// Contexts that have not begun to sound and were not closed, and until when they may be so.
    silent: BTreeMap<RequestId, Instant>,
    /// Contexts that were closed early, and until when they count.
    closing: BTreeMap<RequestId, Instant>,
    waiting: VecDeque<(RequestId, String)>,
}

impl Speaking {
    fn begin(&mut self, id: RequestId, text: &str, desk: &mut Desk) {
        let name = context(id);
        self.streams.begin(id, text);
        let mut first = self.first.clone();
        first.insert("text".to_owned(), json!(" "));
        first.insert("context_id".to_owned(), json!(name));
        desk.send(Value::Object(first).to_string());
        // A text ends in a space; without one its last word may not be over.
        let text = format!("{} ", text.trim_end());
        desk.send(json!({"text": text, "context_id": name}).to_string());
        desk.send(json!({"context_id": name, "flush": true}).to_string());
        desk.begin(id, text.trim_end());
        if is_speakable(&text) {
            self.silent.insert(id, desk.now + SILENCE_MAX);
        } else {
            // No sound is to come.
            close(id, desk);
        }
    }

    /// Begins what waited, as far as there is room.
    fn go_on(&mut self, desk: &mut Desk) {
        while self.streams.len() + self.closing.len() < CONTEXTS_MAX
            && let Some((id, text)) = self.waiting.pop_front()
        {
            self.begin(id, &text, desk);
        }
    }

    /// Closes early.
    fn drop(&mut self, id: RequestId, desk: &mut Desk) {
        self.silent.remove(&id);
        self.closing.insert(id, desk.now + PATIENCE);
        close(id, desk);
    }
}

fn close(id: RequestId, desk: &mut Desk) {
    desk.send(json!({"context_id": context(id), "close_context": true}).to_string());
}

impl Dialogue for Speaking {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Speak(text) => {
                self.waiting.push_back((id, text.to_owned()));
                self.go_on(desk);
                if !self.closing.is_empty() {
                    // What it may wait for is not what we asked for.
                    desk.turn(id);
                }
            }
            Ask::Listen => desk.reply(id, Reply::Failed(Failure::Refused)),
        }
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        self.waiting.retain(|(waiting, _)| *waiting != id);
        if self.streams.drop(id) {
            self.drop(id, desk);
        }
        self.go_on(desk);
    }

    fn deadline(&self) -> Option<Instant> {
        let due = self.closing.values().min().copied();
        let due = due.filter(|_| !self.waiting.is_empty());
        due.into_iter().chain(self.silent.values().copied()).min()
    }

    fn tick(&mut self, desk: &mut Desk) {
        let now = desk.now;
        self.closing.retain(|_, due| *due > now);
        for id in self.silent.clone().into_keys() {
            if self.silent.get(&id).is_some_and(|due| *due <= now) {
                self.streams.fail(id, Failure::Late, desk);
                self.drop(id, desk);
            }
        }
        self.go_on(desk);
    }

    fn message(&mut self, value: &Value, desk: &mut Desk) -> Result<(), Complaint> {
        let name = value.get("contextId").or_else(|| value.get("context_id"));
        let id = name.and_then(Value::as_str).and_then(request);
        if let Some(complaint) = error::within(value) {
            // What is wrong with one context is not wrong with the others.
            let Some(id) = id else {
                return Err(complaint);
            };
            self.closing.remove(&id);
            if self.silent.remove(&id).is_some() {
                close(id, desk);
            }
            self.streams.fail(id, complaint.failure, desk);
            desk.complain(complaint);
            self.go_on(desk);
            return Ok(());
        }
        let Some(id) = id else {
            return Ok(());
        };
        if let Some(audio) = value.get("audio").and_then(Value::as_str) {
            if self.silent.remove(&id).is_some() {
                close(id, desk);
            }
            self.streams.push_base64(id, audio, desk);
        }
        let ends = ["isFinal", "is_final"]
            .iter()
            .any(|name| value.get(name) == Some(&Value::Bool(true)));
        if ends {
            self.closing.remove(&id);
            self.silent.remove(&id);
            self.streams.finish(id, desk);
        }
        self.go_on(desk);
        Ok(())
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"close_socket":true}"#);
    }
}
