//! Deepgram Nova: streaming speech-to-text, `/v1/listen`.
//!
//! μ-law goes out as it came in. A flush is a `Finalize`, answered by `from_finalize`; since Deepgram need not answer
//! it when there was next to nothing left to write down, patience ends it too. Shapes: Deepgram's reference for "Live
//! audio".

use std::time::Duration;

use audio::{Clip, RATE_HZ, frame::samples_in};
use call::{Ending, Failure, Instant, RequestId};
use serde_json::Value;

use super::Settings;
use super::pieces::Pieces;
use super::script::Script;
use crate::dial::Dial;
use crate::error;
use crate::exchange::Complaint;
use crate::socket::{Ask, BROKEN, Conversation, Desk, Dialogue, Link};
use crate::stage::Dialled;

const MESSAGE: Duration = Duration::from_millis(80);
const MESSAGE_MAX: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(500);
/// After ten seconds without sound Deepgram closes with `NET-0001`; it advises a message every three to five.
const QUIET_MAX: Duration = Duration::from_secs(4);
/// A word that begins so long before an utterance still belongs to it.
const SLACK_S: f64 = 0.1;

/// Deepgram Nova. Its own model is `nova-3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Nova(pub Settings);

impl Dialled for Nova {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let query = settings.query(&[
            ("model", &settings.model("nova-3")),
            ("language", &settings.language),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
            ("channels", "1"),
            ("interim_results", "true"),
            ("smart_format", "true"),
            ("endpointing", "300"),
            ("utterance_end_ms", "1000"),
        ]);
        let endpoint = &settings.endpoint;
        Link {
            dial: Dial::new(&endpoint.base_url, "v1/listen", query).with_key(
                "authorization",
                "Token",
                endpoint.api_key.as_ref(),
            ),
            conversation: Conversation::new(Listening {
                script: Script::default(),
                pieces: Pieces::new(samples_in(MESSAGE), samples_in(MESSAGE_MAX)),
                began_s: 0.0,
            }),
        }
    }
}

struct Listening {
    script: Script,
    pieces: Pieces,
    /// Where the sound of this utterance begins, in seconds. What was said before belongs to another.
    began_s: f64,
}

impl Listening {
    fn send_rest(&mut self, desk: &mut Desk) {
        for piece in self.pieces.rest(0) {
            desk.send_bytes(piece);
        }
    }

    fn results(&mut self, value: &Value, desk: &mut Desk) {
        let is = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
        let number = |name: &str| value.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let (start, length) = (number("start"), number("duration"));
        let text = self.words(value, start);
        if start + length <= self.began_s {
            return;
        }
        if is("is_final") {
            self.script.settle(&text);
        } else {
            self.script.going(&text);
        }
        let ending = if is("speech_final") && !is("from_finalize") {
            Ending::Ended
        } else {
            Ending::Going
        };
        if !text.is_empty() {
            self.script.hint(ending, desk);
        }
        let fed_s = self.script.wanted().map(seconds);
        let covers = fed_s.is_some_and(|until| start + length + SLACK_S >= until);
        if is("from_finalize") || (is("is_final") && covers) {
            self.script.answer(desk);
        }
    }

    /// The words of a result, without those of an earlier utterance.
    fn words(&self, value: &Value, start: f64) -> String {
        let best = value.pointer("/channel/alternatives/0");
        let transcript = best.and_then(|best| best.get("transcript")?.as_str());
        let words = best.and_then(|best| best.get("words")?.as_array());
        match words {
            Some(words) if start < self.began_s => {
                let ours = words.iter().filter(|word| {
                    let begins = word.get("start").and_then(Value::as_f64);
                    begins.is_some_and(|begins| begins + SLACK_S >= self.began_s)
                });
                let text = |word: &Value| {
                    let text = word.get("punctuated_word").or_else(|| word.get("word"))?;
                    Some(text.as_str()?.to_owned())
                };
                let texts: Vec<String> = ours.filter_map(text).collect();
                texts.join(" ")
            }
            Some(_) | None => transcript.unwrap_or_default().to_owned(),
        }
    }
}

/// A place in the sound, in seconds.
fn seconds(samples: u64) -> f64 {
    let samples = u32::try_from(samples).unwrap_or(u32::MAX);
    f64::from(samples) / f64::from(RATE_HZ)
}

/// `{"type":"Error","description"}` with a `code` or a `variant`.
pub(super) fn error(value: &Value) -> Complaint {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = [text("code"), text("variant"), "error"];
    let code = code.into_iter().find(|code| !code.is_empty());
    let mut complaint = Complaint::broken(code.unwrap_or_default());
    complaint.code.truncate(80);
    complaint.message = text("description").chars().take(300).collect();
    complaint
}

/// Deepgram closes with 1008 what it does not accept (`DATA-…`: sound it cannot read), with 1011 what timed out or broke
/// (`NET-…`).
pub(super) fn closed(code: u16, reason: &str) -> Complaint {
    let failure = match code {
        1008 => Failure::Refused,
        _ => Failure::Broken,
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

impl Dialogue for Listening {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Listen => {
                self.began_s = seconds(self.pieces.fed());
                self.script.begin(id, desk);
            }
            Ask::Speak(_) => desk.reply(id, call::Reply::Failed(Failure::Refused)),
        }
    }

    fn feed(&mut self, _: RequestId, clip: &Clip, desk: &mut Desk) {
        for piece in self.pieces.push(clip.bytes()) {
            desk.send_bytes(piece);
        }
    }

    fn flush(&mut self, _: RequestId, flush: u32, desk: &mut Desk) {
        self.send_rest(desk);
        desk.send(r#"{"type":"Finalize"}"#);
        self.script.flush(flush, self.pieces.fed(), PATIENCE, desk);
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        self.script.end(id);
        self.send_rest(desk);
        // What is still being written down ends here, so that the next utterance begins with its own words.
        desk.send(r#"{"type":"Finalize"}"#);
    }

    fn text(&mut self, text: &str, desk: &mut Desk) -> Result<(), Complaint> {
        let value = serde_json::from_str::<Value>(text)
            .map_err(|_| Complaint::broken("a message that is no JSON"))?;
        self.script.noted();
        match value.get("type").and_then(Value::as_str) {
            Some("Results") => self.results(&value, desk),
            // The end that noise did not let the results see.
            Some("UtteranceEnd") => {
                let end = value.get("last_word_end").and_then(Value::as_f64);
                if end.is_some_and(|end| end >= self.began_s) {
                    self.script.hint(Ending::Ended, desk);
                }
            }
            Some("Error") => return Err(error(&value)),
            _ => (),
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
        desk.send(r#"{"type":"KeepAlive"}"#);
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"CloseStream"}"#);
    }

    fn judge(&self, status: u16, body: &[u8]) -> Complaint {
        error::judge(status, body)
    }

    fn closed(&self, code: u16, reason: &str) -> Complaint {
        closed(code, reason)
    }
}
