//! Scribe by `ElevenLabs`, realtime: `/v1/speech-to-text/realtime`.
//!
//! μ-law goes out as it came in, in base64. A flush is a commit, answered by a committed transcript. With
//! `commit_strategy` `vad` or `turn_prediction` in the options Scribe commits by itself too, and that is told as the end
//! of a turn. Shapes: the API reference for "Realtime" speech-to-text and its event reference.

use std::time::Duration;

use audio::{Clip, frame::samples_in};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Ending, Failure, Instant, RequestId};
use serde_json::{Value, json};

use super::Settings;
use super::pieces::Pieces;
use super::script::Script;
use crate::dial::Dial;
use crate::error;
use crate::exchange::Complaint;
use crate::socket::{Ask, BROKEN, Conversation, Desk, Dialogue, Link};
use crate::stage::Dialled;

const MESSAGE: Duration = Duration::from_millis(100);
const MESSAGE_MAX: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(900);
/// So long the words of an earlier utterance may still come.
const STALE_MAX: Duration = Duration::from_secs(2);
const QUIET_MAX: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_millis(100);

/// Scribe by `ElevenLabs`. Its own model is `scribe_v2_realtime`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scribe(pub Settings);

impl Dialled for Scribe {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let query = settings.query(&[
            ("model_id", &settings.model("scribe_v2_realtime")),
            ("audio_format", "ulaw_8000"),
            ("commit_strategy", "manual"),
            ("language_code", &settings.language_only()),
        ]);
        let endpoint = &settings.endpoint;
        Link {
            dial: Dial::new(&endpoint.base_url, "v1/speech-to-text/realtime", query).with_key(
                "xi-api-key",
                "",
                endpoint.api_key.as_ref(),
            ),
            conversation: Conversation::new(Listening {
                script: Script::default(),
                pieces: Pieces::new(samples_in(MESSAGE), samples_in(MESSAGE_MAX)),
                uncommitted: false,
                stale: None,
            }),
        }
    }
}

struct Listening {
    script: Script,
    pieces: Pieces,
    /// Whether sound was sent that no commit covers.
    uncommitted: bool,
    /// Until when the next committed transcript belongs to an utterance that is over.
    stale: Option<Instant>,
}

impl Listening {
    fn send(&mut self, pieces: Vec<Vec<u8>>, desk: &mut Desk) {
        for piece in pieces {
            self.uncommitted = true;
            desk.send(chunk(&piece, false));
        }
    }

    fn commit(&mut self, desk: &mut Desk) {
        let rest = self.pieces.rest(0);
        self.send(rest, desk);
        desk.send(chunk(&[], true));
        self.uncommitted = false;
    }

    fn is_stale(&mut self, now: Instant) -> bool {
        self.stale.take_if(|until| *until <= now);
        self.stale.is_some()
    }

    fn committed(&mut self, text: &str, desk: &mut Desk) {
        if self.is_stale(desk.now) {
            self.stale = None;
            return;
        }
        let was_asked = self.script.wanted().is_some();
        self.script.settle(text);
        if !was_asked {
            self.script.hint(Ending::Ended, desk);
        }
        self.script.answer(desk);
    }
}

fn chunk(sound: &[u8], commit: bool) -> String {
    json!({
        "message_type": "input_audio_chunk",
        "audio_base_64": BASE64_STANDARD.encode(sound),
        "commit": commit,
        "sample_rate": 8000,
    })
    .to_string()
}

/// What an error means, by its `message_type`; none if the session goes on.
fn complaint(kind: &str, value: &Value) -> Option<Complaint> {
    let failure = match kind {
        "auth_error" | "quota_exceeded" | "unaccepted_terms" | "invalid_request"
        | "input_error" => Failure::Refused,
        "rate_limited" | "queue_overflow" | "resource_exhausted" => Failure::Busy,
        "session_time_limit_exceeded" | "chunk_size_exceeded" | "transcriber_error" | "error" => {
            Failure::Broken
        }
        _ => return None,
    };
    let message = value.get("error").and_then(Value::as_str);
    Some(Complaint {
        message: message.unwrap_or_default().chars().take(300).collect(),
        ..Complaint::ours(failure, kind)
    })
}

impl Dialogue for Listening {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Listen => self.script.begin(id, desk),
            Ask::Speak(_) => desk.reply(id, call::Reply::Failed(Failure::Refused)),
        }
    }

    fn feed(&mut self, _: RequestId, clip: &Clip, desk: &mut Desk) {
        let pieces = self.pieces.push(clip.bytes());
        self.send(pieces, desk);
    }

    fn flush(&mut self, _: RequestId, flush: u32, desk: &mut Desk) {
        self.commit(desk);
        self.script.flush(flush, self.pieces.fed(), PATIENCE, desk);
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        let unanswered = self.script.wanted().is_some();
        self.script.end(id);
        let rest = self.pieces.rest(0);
        self.send(rest, desk);
        if self.uncommitted {
            self.commit(desk);
            self.stale = Some(desk.now + STALE_MAX);
        } else if unanswered {
            self.stale = Some(desk.now + STALE_MAX);
        }
    }

    fn text(&mut self, text: &str, desk: &mut Desk) -> Result<(), Complaint> {
        let value = serde_json::from_str::<Value>(text)
            .map_err(|_| Complaint::broken("a message that is no JSON"))?;
        self.script.noted();
        let said = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        match said("message_type") {
            "partial_transcript" => {
                if !self.is_stale(desk.now) {
                    self.script.going(said("text"));
                    self.script.hint(Ending::Going, desk);
                }
            }
            "committed_transcript" => self.committed(said("text"), desk),
            // Nothing to commit: then what is known is all there is.
            "commit_throttled" | "insufficient_audio_activity" => {
                self.stale = None;
                self.script.settle_going();
                self.script.answer(desk);
            }
            kind => {
                if let Some(complaint) = complaint(kind, &value) {
                    return Err(complaint);
                }
            }
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.script.deadline()
    }

    fn tick(&mut self, desk: &mut Desk) {
        self.script.tick(desk);
    }

    fn quiet_max(&self) -> Option<Duration> {
        Some(QUIET_MAX)
    }

    fn keep_alive(&mut self, desk: &mut Desk) {
        self.pieces.silence(samples_in(SILENCE));
        let rest = self.pieces.rest(0);
        self.send(rest, desk);
    }

    fn judge(&self, status: u16, body: &[u8]) -> Complaint {
        error::judge(status, body)
    }

    fn closed(&self, code: u16, reason: &str) -> Complaint {
        let failure = if code == 1008 {
            Failure::Refused
        } else {
            Failure::Broken
        };
        let what = if code == BROKEN {
            "the socket broke"
        } else {
            "the socket was closed"
        };
        Complaint {
            status: code,
            message: reason.chars().take(300).collect(),
            ..Complaint::ours(failure, what)
        }
    }
}
