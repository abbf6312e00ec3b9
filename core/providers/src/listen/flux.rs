//! Deepgram Flux: speech-to-text that knows turns, `/v2/listen`.
//!
//! μ-law goes out as it came in. A turn of Flux's is not a turn of ours: an utterance may hold several, whose words are
//! joined. There is nothing like a request to be written down so far, but every quarter of a second of sound is answered
//! by a `TurnInfo` that says up to where it goes, and that is awaited. Shapes: Deepgram's reference for "Turn-based
//! audio (Flux)" and "Understanding the Flux State Machine".

use std::time::Duration;

use audio::{Clip, frame::samples_in};
use call::{Ending, Failure, Instant, RequestId};
use serde_json::Value;

use super::Settings;
use super::pieces::Pieces;
use super::script::Script;
use crate::dial::Dial;
use crate::error;
use crate::exchange::Complaint;
use crate::socket::{Ask, Conversation, Desk, Dialogue, Link};
use crate::stage::Dialled;

/// Deepgram recommends 80 ms to a message.
const MESSAGE: Duration = Duration::from_millis(80);
const MESSAGE_MAX: Duration = Duration::from_secs(1);
/// A flush follows some silence, so an answer that goes up to shortly before it has all the words.
const SLACK: Duration = Duration::from_millis(100);
/// An answer is due after a quarter of a second of sound; but the caller's line may have fallen silent altogether.
const PATIENCE: Duration = Duration::from_millis(700);
/// Flux knows no message that keeps a socket open; it must hear something.
const QUIET_MAX: Duration = Duration::from_secs(4);
const SILENCE: Duration = Duration::from_millis(80);

/// Deepgram Flux. Its own model is `flux-general-en`, or `flux-general-multi` for other languages.
#[derive(Clone, Debug, PartialEq)]
pub struct Flux(pub Settings);

impl Dialled for Flux {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let language = settings.language_only();
        let is_english = matches!(language.as_str(), "" | "en");
        let (model, hint) = if is_english {
            (settings.model("flux-general-en"), "")
        } else {
            (settings.model("flux-general-multi"), language.as_str())
        };
        let query = settings.query(&[
            ("model", &model),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
            // Without it there are no early endings, which a draft of the reply begins with.
            ("eager_eot_threshold", "0.5"),
            ("language_hint", hint),
        ]);
        let endpoint = &settings.endpoint;
        Link {
            dial: Dial::new(&endpoint.base_url, "v2/listen", query).with_key(
                "authorization",
                "Token",
                endpoint.api_key.as_ref(),
            ),
            conversation: Conversation::new(Listening {
                script: Script::default(),
                pieces: Pieces::new(samples_in(MESSAGE), samples_in(MESSAGE_MAX)),
                turn: Turn::default(),
                passed: None,
            }),
        }
    }
}

struct Listening {
    script: Script,
    pieces: Pieces,
    turn: Turn,
    /// Turns up to this one belong to an utterance that is over.
    passed: Option<u64>,
}

/// The turn that Flux is in.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    index: u64,
    /// Whether it has words, and no end yet.
    has_words: bool,
    /// Up to which sample Flux has heard.
    heard: u64,
}

impl Listening {
    fn send(pieces: Vec<Vec<u8>>, desk: &mut Desk) {
        for piece in pieces {
            desk.send_bytes(piece);
        }
    }

    fn turn_info(&mut self, value: &Value, desk: &mut Desk) {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let index = value.get("turn_index").and_then(Value::as_u64).unwrap_or(0);
        let event = text("event");
        let transcript = text("transcript");
        let ended = event == "EndOfTurn";
        self.turn = Turn {
            index,
            has_words: !ended && !transcript.is_empty(),
            heard: samples(value.get("audio_window_end")).unwrap_or_else(|| self.pieces.fed()),
        };
        if self.passed.is_some_and(|passed| index <= passed) {
            return;
        }
        if ended {
            self.script.settle(transcript);
        } else {
            self.script.going(transcript);
        }
        match event {
            "EndOfTurn" => self.script.hint(Ending::Ended, desk),
            "EagerEndOfTurn" => self.script.hint(Ending::Eager, desk),
            "TurnResumed" => self.script.hint(Ending::Resumed, desk),
            _ => self.script.hint(Ending::Going, desk),
        }
        let heard = self.turn.heard + slack();
        if self.script.wanted().is_some_and(|until| until <= heard) {
            self.script.answer(desk);
        }
    }
}

fn slack() -> u64 {
    u64::try_from(samples_in(SLACK)).unwrap_or(0)
}

/// Seconds, as a place in the sound.
fn samples(seconds: Option<&Value>) -> Option<u64> {
    let seconds = Duration::try_from_secs_f64(seconds?.as_f64()?).ok()?;
    u64::try_from(samples_in(seconds)).ok()
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
        Self::send(pieces, desk);
    }

    fn flush(&mut self, _: RequestId, flush: u32, desk: &mut Desk) {
        let rest = self.pieces.rest(0);
        Self::send(rest, desk);
        let until = self.pieces.fed();
        self.script.flush(flush, until, PATIENCE, desk);
        if self.turn.heard + slack() >= until {
            self.script.answer(desk);
        }
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        self.script.end(id);
        let rest = self.pieces.rest(0);
        Self::send(rest, desk);
        // What follows must not go on with this turn's words.
        if self.turn.has_words {
            desk.send(r#"{"type":"ForceEndTurn"}"#);
            self.passed = Some(self.turn.index);
            self.turn.has_words = false;
        }
    }

    fn text(&mut self, text: &str, desk: &mut Desk) -> Result<(), Complaint> {
        let value = serde_json::from_str::<Value>(text)
            .map_err(|_| Complaint::broken("a message that is no JSON"))?;
        self.script.noted();
        match value.get("type").and_then(Value::as_str) {
            Some("TurnInfo") => self.turn_info(&value, desk),
            Some("Error") => return Err(super::nova::error(&value)),
            // Connected, warnings, and whatever will be added.
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
        self.pieces.silence(samples_in(SILENCE));
        let rest = self.pieces.rest(0);
        Self::send(rest, desk);
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"CloseStream"}"#);
    }

    fn judge(&self, status: u16, body: &[u8]) -> Complaint {
        error::judge(status, body)
    }

    fn closed(&self, code: u16, reason: &str) -> Complaint {
        super::nova::closed(code, reason)
    }
}
