//! Scribe by `ElevenLabs`, realtime: `/v1/speech-to-text/realtime`.
//!
//! μ-law goes out as it came in, in base64. A flush is a commit, answered by a committed transcript. With
//! `commit_strategy` `vad` or `turn_prediction` in the options Scribe commits by itself too, and that is told as the end
//! of a turn. Shapes: the API reference for "Realtime" speech-to-text and its event reference.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Ending, Failure, Instant};
use serde_json::{Value, json};

use super::Settings;
use super::script::Script;
use super::streaming::{Protocol, conversation};
use crate::dial::Dial;
use crate::error;
use crate::exchange::{Complaint, Whose};
use crate::socket::{Desk, Link};
use crate::stage::Dialled;

/// So long the words of an earlier utterance may still come.
const STALE_MAX: Duration = Duration::from_secs(2);

/// Scribe by `ElevenLabs`. Its own model is `scribe_v2_realtime`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scribe(pub Settings);

impl Scribe {
    pub(crate) const OWN_MODEL: &'static str = "scribe_v2_realtime";
}

impl Dialled for Scribe {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let query = settings.query(&[
            ("model_id", &settings.model(Scribe::OWN_MODEL)),
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
            conversation: conversation(Listening {
                commits_itself: settings.commits_itself(),
                asked: false,
                uncommitted: false,
                stale: None,
            }),
        }
    }
}

impl Settings {
    /// Whether Scribe commits where it thinks that a turn is over, and not only where we do.
    fn commits_itself(&self) -> bool {
        let strategy = self.options.get("commit_strategy").and_then(Value::as_str);
        strategy.is_some_and(|strategy| strategy != "manual")
    }
}

struct Listening {
    commits_itself: bool,
    /// Whether a commit of ours was not answered yet: the next answer is no opinion of Scribe's.
    asked: bool,
    /// Whether sound was sent that no commit covers.
    uncommitted: bool,
    /// Until when the next committed transcript belongs to an utterance that is over.
    stale: Option<Instant>,
}

impl Listening {
    fn is_stale(&mut self, now: Instant) -> bool {
        self.stale.take_if(|until| *until <= now);
        self.stale.is_some()
    }

    fn committed(&mut self, text: &str, script: &mut Script, desk: &mut Desk) {
        let was_asked = std::mem::take(&mut self.asked);
        if self.is_stale(desk.now) {
            self.stale = None;
            return;
        }
        script.settle(text);
        let ending = if self.commits_itself && !was_asked {
            Ending::Ended
        } else {
            Ending::Going
        };
        script.hint(ending, desk);
        script.answer(desk);
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
    let whose = match kind {
        "invalid_request" | "input_error" | "chunk_size_exceeded" => Whose::Request,
        _ => Whose::Provider,
    };
    let message = value.get("error").and_then(Value::as_str);
    Some(Complaint {
        failure,
        whose,
        ..error::told(kind, message.unwrap_or_default())
    })
}

impl Protocol for Listening {
    const MESSAGE: Duration = Duration::from_millis(100);
    const PATIENCE: Duration = Duration::from_millis(900);
    const QUIET_MAX: Duration = Duration::from_secs(10);
    const SILENCE: Option<Duration> = Some(Duration::from_millis(100));

    fn sound(&mut self, piece: Vec<u8>, desk: &mut Desk) {
        self.uncommitted = true;
        desk.send(chunk(&piece, false));
    }

    fn flush(&mut self, desk: &mut Desk) {
        desk.send(chunk(&[], true));
        self.asked = true;
        self.uncommitted = false;
    }

    fn cut(&mut self, unanswered: bool, desk: &mut Desk) {
        if self.uncommitted {
            self.flush(desk);
            self.stale = Some(desk.now + STALE_MAX);
        } else if unanswered {
            self.stale = Some(desk.now + STALE_MAX);
        }
    }

    fn message(
        &mut self,
        value: &Value,
        _: u64,
        script: &mut Script,
        desk: &mut Desk,
    ) -> Result<(), Complaint> {
        let said = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        match said("message_type") {
            "partial_transcript" => {
                if !self.is_stale(desk.now) {
                    script.going(said("text"));
                    script.hint(Ending::Going, desk);
                }
            }
            "committed_transcript" => self.committed(said("text"), script, desk),
            // Nothing to commit: then what is known is all there is.
            "commit_throttled" | "insufficient_audio_activity" => {
                self.asked = false;
                self.stale = None;
                script.settle_going();
                script.answer(desk);
            }
            kind => {
                if let Some(complaint) = complaint(kind, value) {
                    return Err(complaint);
                }
            }
        }
        Ok(())
    }
}
