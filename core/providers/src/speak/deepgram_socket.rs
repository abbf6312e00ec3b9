//! Deepgram over a socket: Aura, `/v1/speak`, and Flux TTS, `/v2/speak`.
//!
//! Shapes: Deepgram's API reference, "Text to Speech WebSocket", and its pages on Flux TTS, "Server Messages". Sound has
//! no name there, so one piece is spoken after the other: a text, a flush, and all that comes until its end is its sound.
//! The end is `Flushed` with Aura, and `SpeechMetadata` with Flux, whose `Flushed` says no more than that it was heard. When
//! a piece is not wanted any more, Aura is told to clear, and drops it until `Cleared`; Flux would want to know what was
//! heard, which nobody here knows, so the rest of it is waited for and dropped. Where the end of what was dropped is not
//! told in time, there is no telling whose sound comes, and the socket is given up for another.
//!
//! Aura takes twenty flushes a minute on a socket, and warns of the next as of one that it has not heard. So a socket that
//! has used them up is given up as soon as nothing is spoken over it, and the next piece is said over another.

use std::collections::VecDeque;
use std::time::Duration;

use call::{Failure, Instant, Reply, RequestId};
use serde_json::{Value, json};

use super::Settings;
use super::deepgram::{model, path};
use super::streams::Streams;
use crate::dial::Dial;
use crate::exchange::{Complaint, Whose};
use crate::socket::{Ask, Conversation, Desk, Dialogue, Link};
use crate::{Dialled, error};

/// The end of what is not wanted any more is waited for so long, if something else is wanted.
const PATIENCE: Duration = Duration::from_secs(2);
/// Flushes that Aura takes,
const FLUSHES_MAX: usize = 20;
/// within this time.
const FLUSHES_WITHIN: Duration = Duration::from_mins(1);

/// A voice of Deepgram's that is spoken to over a socket. Where and options: as [`Deepgram`](super::Deepgram).
#[derive(Clone, Debug, PartialEq)]
pub struct DeepgramSocket(pub Settings);

impl Dialled for DeepgramSocket {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let model = model(settings);
        let query = settings.query(&[
            ("model", &model),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
        ]);
        let endpoint = &settings.endpoint;
        Link {
            dial: Dial::new(&endpoint.base_url, path(&model), query).with_key(
                "authorization",
                "Token",
                endpoint.api_key.as_ref(),
            ),
            conversation: Conversation::new(Speaking {
                is_aura: path(&model) == "v1/speak",
                streams: Streams::default(),
                now: Now::Idle,
                waiting: VecDeque::new(),
                flushes: VecDeque::new(),
            }),
        }
    }
}

struct Speaking {
    /// Rather than Flux.
    is_aura: bool,
    streams: Streams,
    now: Now,
    waiting: VecDeque<(RequestId, String)>,
    /// When the latest were sent.
    flushes: VecDeque<Instant>,
}

/// Whose sound comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Now {
    /// None.
    Idle,
    /// This one's, until its end.
    Spoken(RequestId),
    /// Of one that is not wanted any more, until `Cleared` or its end; which is waited for until then.
    Dropped(Instant),
}

impl Speaking {
    /// Whether a message ends a piece of speech.
    fn ends(&self, kind: &str, value: &Value) -> bool {
        match kind {
            "Flushed" => self.is_aura,
            "SpeechMetadata" => !self.is_aura,
            // Of a text without words there is no sound to come.
            "Warning" => matches!(
                value.get("code").and_then(Value::as_str),
                Some("NO_SYNTHESIZABLE_TEXT" | "NO_AUDIO_GENERATED" | "NO_ACTIVE_SPEECH")
            ),
            _ => false,
        }
    }

    fn go_on(&mut self, desk: &mut Desk) {
        if self.now != Now::Idle {
            return;
        }
        if self.is_used_up(desk.now) {
            // That one bot speaks in short pieces is nobody else's business.
            desk.give_up(Complaint {
                whose: Whose::Request,
                ..Complaint::ours(Failure::Busy, "no more flushes on this socket")
            });
            return;
        }
        if let Some((id, text)) = self.waiting.pop_front() {
            self.now = Now::Spoken(id);
            self.streams.begin(id, &text);
            self.flushes.push_back(desk.now);
            desk.send(json!({"type": "Speak", "text": text}).to_string());
            desk.send(r#"{"type":"Flush"}"#);
            desk.begin(id, &text);
        }
    }

    /// Whether one more flush would be too many.
    fn is_used_up(&mut self, now: Instant) -> bool {
        let is_old = |sent: &Instant| now.since(*sent) >= FLUSHES_WITHIN;
        while self.flushes.front().is_some_and(is_old) {
            self.flushes.pop_front();
        }
        self.is_aura && self.flushes.len() >= FLUSHES_MAX
    }

    /// Whoever is next waits for what was dropped, and so for Deepgram.
    fn turn(&self, desk: &mut Desk) {
        if let (Now::Dropped(_), Some((next, _))) = (self.now, self.waiting.front()) {
            desk.turn(*next);
        }
    }
}

impl Dialogue for Speaking {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Speak(text) => {
                self.waiting.push_back((id, text.to_owned()));
                self.turn(desk);
                self.go_on(desk);
            }
            Ask::Listen => desk.reply(id, Reply::Failed(Failure::Refused)),
        }
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        self.waiting.retain(|(waiting, _)| *waiting != id);
        self.streams.drop(id);
        if self.now == Now::Spoken(id) {
            self.now = Now::Dropped(desk.now + PATIENCE);
            if self.is_aura {
                desk.send(r#"{"type":"Clear"}"#);
            }
        }
        self.turn(desk);
    }

    fn deadline(&self) -> Option<Instant> {
        match self.now {
            Now::Dropped(due) if !self.waiting.is_empty() => Some(due),
            Now::Dropped(_) | Now::Idle | Now::Spoken(_) => None,
        }
    }

    fn tick(&mut self, desk: &mut Desk) {
        desk.give_up(Complaint::ours(Failure::Late, "not cleared"));
    }

    fn message(&mut self, value: &Value, desk: &mut Desk) -> Result<(), Complaint> {
        let kind = value.get("type").and_then(Value::as_str);
        match (kind, self.now) {
            (Some("Error"), _) => return Err(error::deepgram(value)),
            (Some(kind), Now::Spoken(id)) if self.ends(kind, value) => {
                self.streams.finish(id, desk);
                self.now = Now::Idle;
            }
            // Aura may say `Flushed` of what it is about to clear; its `Cleared` comes after that.
            (Some(kind), Now::Dropped(_)) if !self.is_aura && self.ends(kind, value) => {
                self.now = Now::Idle;
            }
            (Some("Cleared"), Now::Dropped(_)) => self.now = Now::Idle,
            // Greetings, counts and warnings.
            _ => (),
        }
        self.go_on(desk);
        Ok(())
    }

    fn binary(&mut self, bytes: &[u8], desk: &mut Desk) -> Result<(), Complaint> {
        if let Now::Spoken(id) = self.now {
            self.streams.push(id, bytes, desk);
        }
        Ok(())
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"Close"}"#);
    }
}
