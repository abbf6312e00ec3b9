//! `AssemblyAI` streaming: `/v3/ws`.
//!
//! μ-law goes out as it came in. A flush is a `ForceEndpoint`, answered by a `Turn` that has ended. With formatting a
//! turn may end twice, the second time with capitals and punctuation; the first is acted upon, the second replaces its
//! words. Billed by how long the socket is open. Shapes: the streaming API's reference and its message sequences.

use std::collections::BTreeMap;
use std::time::Duration;

use audio::{Clip, RATE_HZ, frame::samples_in};
use call::{Ending, Failure, Instant, RequestId};
use serde_json::Value;

use super::Settings;
use super::pieces::Pieces;
use super::script::{Script, join};
use crate::dial::Dial;
use crate::error;
use crate::exchange::Complaint;
use crate::socket::{Ask, BROKEN, Conversation, Desk, Dialogue, Link};
use crate::stage::Dialled;

/// What the messages here look like, as the provider's own library says it.
const VERSION: &str = "2025-05-12";
/// Messages hold 50 to 1000 ms; others are refused with code 3007.
const MESSAGE: Duration = Duration::from_millis(80);
const MESSAGE_MIN: Duration = Duration::from_millis(50);
const MESSAGE_MAX: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(700);
const QUIET_MAX: Duration = Duration::from_secs(4);
/// No utterance has more.
const TURNS_MAX: usize = 1000;
/// A word that begins so long before an utterance still belongs to it.
const SLACK_MS: u64 = 100;

/// `AssemblyAI`. Its own model is `universal-streaming-english`, or `-multilingual` for other languages.
#[derive(Clone, Debug, PartialEq)]
pub struct AssemblyAi(pub Settings);

impl Dialled for AssemblyAi {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let own = match settings.language_only().as_str() {
            "" | "en" => "universal-streaming-english",
            _ => "universal-streaming-multilingual",
        };
        // Lists are JSON here (`keyterms_prompt`), not parameters that are repeated.
        let mut settings = settings.clone();
        for value in settings
            .options
            .values_mut()
            .filter(|value| value.is_array())
        {
            *value = Value::String(value.to_string());
        }
        let query = settings.query(&[
            ("speech_model", &settings.model(own)),
            ("encoding", "pcm_mulaw"),
            ("sample_rate", "8000"),
            ("format_turns", "true"),
        ]);
        let endpoint = &settings.endpoint;
        Link {
            dial: Dial::new(&endpoint.base_url, "v3/ws", query)
                .with_key("authorization", "", endpoint.api_key.as_ref())
                .with_header("assemblyai-version", VERSION),
            conversation: Conversation::new(Listening {
                script: Script::default(),
                pieces: Pieces::new(samples_in(MESSAGE), samples_in(MESSAGE_MAX)),
                began_ms: 0,
                turns: BTreeMap::new(),
            }),
        }
    }
}

struct Listening {
    script: Script,
    pieces: Pieces,
    /// Where the sound of this utterance begins. What was said before belongs to another.
    began_ms: u64,
    /// The words of its turns, by their order, and whether they have ended.
    turns: BTreeMap<u64, (String, bool)>,
}

impl Listening {
    fn send_rest(&mut self, desk: &mut Desk) {
        for piece in self.pieces.rest(samples_in(MESSAGE_MIN)) {
            desk.send_bytes(piece);
        }
    }

    fn fed_ms(&self) -> u64 {
        self.pieces.fed() * 1000 / u64::from(RATE_HZ)
    }

    fn turn(&mut self, value: &Value, desk: &mut Desk) {
        let is = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
        let order = value.get("turn_order").and_then(Value::as_u64).unwrap_or(0);
        let Some(text) = self.words(value, is("end_of_turn")) else {
            return;
        };
        let ends = is("end_of_turn");
        let again = self.turns.get(&order).is_some_and(|(_, ended)| *ended);
        if self.turns.len() < TURNS_MAX {
            self.turns.insert(order, (text, ends || again));
        }
        let mut whole = String::new();
        for (text, _) in self.turns.values() {
            join(&mut whole, text);
        }
        self.script.going(&whole);
        if again {
            return;
        }
        if ends {
            self.script.hint(Ending::Ended, desk);
            self.script.answer(desk);
        } else {
            self.script.hint(Ending::Going, desk);
        }
    }

    /// The words of a turn, without those of an earlier utterance; none if it is all of an earlier one.
    fn words(&self, value: &Value, ended: bool) -> Option<String> {
        let number = |word: &Value, name: &str| word.get(name).and_then(Value::as_u64);
        let transcript = value.get("transcript").and_then(Value::as_str);
        let words = value.get("words").and_then(Value::as_array);
        let words: &[Value] = words.map_or(&[], Vec::as_slice);
        let is_ours = |word: &&Value| {
            number(word, "start").is_none_or(|start| start + SLACK_MS >= self.began_ms)
        };
        let all_ours = words.iter().all(|word| is_ours(&word));
        // Of a turn that goes on, the transcript lacks the words that may still change.
        let transcript = transcript.filter(|text| all_ours && (ended || !text.is_empty()));
        let texts = words.iter().filter(is_ours);
        let texts: Vec<&str> = texts
            .filter_map(|word| word.get("text")?.as_str())
            .collect();
        if !words.is_empty() && texts.is_empty() {
            return None;
        }
        match transcript {
            Some(text) if ended || words.is_empty() => Some(text.to_owned()),
            Some(_) | None => Some(texts.join(" ")),
        }
    }
}

/// What a code means (the reference's list of close codes; errors carry the same).
fn complaint(code: u64, reason: &str) -> Complaint {
    let failure = match code {
        1008 | 4001..=4003 | 3006 => Failure::Refused,
        3009 | 4029 | 4102 => Failure::Busy,
        _ => Failure::Broken,
    };
    let what = if code == u64::from(BROKEN) {
        "the socket broke"
    } else {
        "the socket was closed"
    };
    Complaint {
        status: u16::try_from(code).unwrap_or(0),
        message: reason.chars().take(300).collect(),
        ..Complaint::ours(failure, what)
    }
}

impl Dialogue for Listening {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Listen => {
                self.began_ms = self.fed_ms();
                self.turns.clear();
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
        desk.send(r#"{"type":"ForceEndpoint"}"#);
        self.script.flush(flush, self.pieces.fed(), PATIENCE, desk);
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        self.script.end(id);
        self.turns.clear();
        self.send_rest(desk);
        // What follows must not go on with this turn's words.
        desk.send(r#"{"type":"ForceEndpoint"}"#);
    }

    fn text(&mut self, text: &str, desk: &mut Desk) -> Result<(), Complaint> {
        let value = serde_json::from_str::<Value>(text)
            .map_err(|_| Complaint::broken("a message that is no JSON"))?;
        self.script.noted();
        match value.get("type").and_then(Value::as_str) {
            Some("Turn") => self.turn(&value, desk),
            Some("Error") => {
                let code = value.get("error_code").and_then(Value::as_u64);
                let reason = value.get("error").and_then(Value::as_str);
                return Err(complaint(code.unwrap_or(0), reason.unwrap_or_default()));
            }
            Some("Termination") => return Err(Complaint::broken("the session was ended")),
            // Begin, SpeechStarted, warnings, and whatever will be added.
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
        desk.send(r#"{"type":"Terminate"}"#);
    }

    fn judge(&self, status: u16, body: &[u8]) -> Complaint {
        error::judge(status, body)
    }

    fn closed(&self, code: u16, reason: &str) -> Complaint {
        complaint(code.into(), reason)
    }
}
