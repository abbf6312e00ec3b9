//! Deepgram Flux: speech-to-text that knows turns, `/v2/listen`.
//!
//! μ-law goes out as it came in. A turn of Flux's is not a turn of ours: an utterance may hold several, whose words are
//! joined. There is nothing like a request to be written down so far, but every quarter of a second of sound is answered
//! by a `TurnInfo` that says up to where it goes, and that is awaited. Shapes: Deepgram's reference for "Turn-based
//! audio (Flux)" and "Understanding the Flux State Machine".

use std::time::Duration;

use audio::frame::samples_in;
use call::Ending;
use serde_json::Value;

use super::Settings;
use super::script::Script;
use super::streaming::{Protocol, conversation};
use crate::dial::Dial;
use crate::error;
use crate::exchange::Complaint;
use crate::socket::{Desk, Link};
use crate::stage::Dialled;

/// A flush follows some silence, so an answer that goes up to shortly before it has all the words.
const SLACK: Duration = Duration::from_millis(100);

/// Deepgram Flux. Its own model is `flux-general-en`, or `flux-general-multi` for other languages.
#[derive(Clone, Debug, PartialEq)]
pub struct Flux(pub Settings);

impl Flux {
    pub(crate) const fn own_model(is_english: bool) -> &'static str {
        if is_english {
            "flux-general-en"
        } else {
            "flux-general-multi"
        }
    }
}

impl Dialled for Flux {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let language = settings.language_only();
        let is_english = settings.is_english();
        let model = settings.model(Self::own_model(is_english));
        let hint = if is_english { "" } else { &language };
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
            conversation: conversation(Listening {
                turn: Turn::default(),
                passed: None,
            }),
        }
    }
}

struct Listening {
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
    fn turn_info(&mut self, value: &Value, fed: u64, script: &mut Script, desk: &mut Desk) {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let index = value.get("turn_index").and_then(Value::as_u64).unwrap_or(0);
        let event = text("event");
        let transcript = text("transcript");
        let ended = event == "EndOfTurn";
        self.turn = Turn {
            index,
            has_words: !ended && !transcript.is_empty(),
            heard: samples(value.get("audio_window_end")).unwrap_or(fed),
        };
        if self.passed.is_some_and(|passed| index <= passed) {
            return;
        }
        if ended {
            script.settle(transcript);
        } else {
            script.going(transcript);
        }
        match event {
            "EndOfTurn" => script.hint(Ending::Ended, desk),
            "EagerEndOfTurn" => script.hint(Ending::Eager, desk),
            "TurnResumed" => script.hint(Ending::Resumed, desk),
            _ => script.hint(Ending::Going, desk),
        }
        if script.wanted().is_some_and(|until| self.covers(until)) {
            script.answer(desk);
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

impl Protocol for Listening {
    /// Deepgram recommends 80 ms to a message.
    const MESSAGE: Duration = Duration::from_millis(80);
    /// An answer is due after a quarter of a second of sound; but the caller's line may have fallen silent altogether.
    const PATIENCE: Duration = Duration::from_millis(700);
    const QUIET_MAX: Duration = Duration::from_secs(4);
    /// Flux knows no message that keeps a socket open; it must hear something.
    const SILENCE: Option<Duration> = Some(Duration::from_millis(80));

    fn covers(&self, until: u64) -> bool {
        self.turn.heard.saturating_add(slack()) >= until
    }

    fn cut(&mut self, _: bool, desk: &mut Desk) {
        // What follows must not go on with this turn's words.
        if self.turn.has_words {
            desk.send(r#"{"type":"ForceEndTurn"}"#);
            self.passed = Some(self.turn.index);
            self.turn.has_words = false;
        }
    }

    fn message(
        &mut self,
        value: &Value,
        fed: u64,
        script: &mut Script,
        desk: &mut Desk,
    ) -> Result<(), Complaint> {
        match value.get("type").and_then(Value::as_str) {
            Some("TurnInfo") => self.turn_info(value, fed, script, desk),
            Some("Error") => return Err(error::deepgram(value)),
            // Connected, warnings, and whatever will be added.
            _ => (),
        }
        Ok(())
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"CloseStream"}"#);
    }
}
