//! `AssemblyAI` streaming: `/v3/ws`.
//!
//! μ-law goes out as it came in. A flush is a `ForceEndpoint`, answered by a `Turn` that has ended: because we said so,
//! which is no opinion of where the caller's turn is. With formatting a turn may end twice, the second time with capitals
//! and punctuation; the first is acted upon, the second replaces its words. Billed by how long the socket is open. Shapes:
//! the streaming API's reference and its message sequences.

use std::collections::BTreeMap;
use std::time::Duration;

use audio::RATE_HZ;
use call::{Ending, Failure};
use serde_json::Value;

use super::Settings;
use super::script::{Script, join};
use super::streaming::{Protocol, conversation};
use crate::dial::Dial;
use crate::error;
use crate::exchange::{Complaint, Whose};
use crate::socket::{Desk, Link};
use crate::stage::Dialled;

/// What the messages here look like, as the provider's own library says it.
const VERSION: &str = "2025-05-12";
/// No utterance has more.
const TURNS_MAX: usize = 1000;
/// A word that begins so long before an utterance still belongs to it.
const SLACK_MS: u64 = 100;

/// `AssemblyAI`. Its own model is `universal-streaming-english`, or `-multilingual` for other languages.
#[derive(Clone, Debug, PartialEq)]
pub struct AssemblyAi(pub Settings);

impl AssemblyAi {
    pub(crate) const fn own_model(is_english: bool) -> &'static str {
        if is_english {
            "universal-streaming-english"
        } else {
            "universal-streaming-multilingual"
        }
    }
}

impl Dialled for AssemblyAi {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let own = Self::own_model(settings.is_english());
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
            conversation: conversation(Listening {
                began_ms: 0,
                turns: BTreeMap::new(),
                ended: None,
                forced: false,
                cut: false,
            }),
        }
    }

    fn is_billed_by_time(&self) -> bool {
        true
    }
}

struct Listening {
    /// Where the sound of this utterance begins. What was said before belongs to another.
    began_ms: u64,
    /// The words of its turns, by their order.
    turns: BTreeMap<u64, String>,
    /// The latest turn that has ended.
    ended: Option<u64>,
    /// Whether we asked for an end that was not told yet, for its words, or because its utterance was over: then the next one
    /// is ours, and says nothing of the caller.
    forced: bool,
    cut: bool,
}

impl Listening {
    fn turn(&mut self, value: &Value, script: &mut Script, desk: &mut Desk) {
        let is = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
        let order = value.get("turn_order").and_then(Value::as_u64).unwrap_or(0);
        let ends = is("end_of_turn");
        let again = self.ended.is_some_and(|ended| order <= ended);
        let text = self.words(value, ends);
        let mut was_forced = false;
        if ends && !again {
            self.ended = Some(order);
            match &text {
                None => self.cut = false,
                // It may be the answer to either.
                Some(text) if text.is_empty() => (),
                Some(_) => {
                    was_forced = self.forced || self.cut;
                    (self.forced, self.cut) = (false, false);
                }
            }
        }
        let Some(text) = text else {
            return;
        };
        if self.turns.len() < TURNS_MAX {
            self.turns.insert(order, text);
        }
        let mut whole = String::new();
        for text in self.turns.values() {
            join(&mut whole, text);
        }
        script.going(&whole);
        if again {
            return;
        }
        let ending = if ends && !was_forced {
            Ending::Ended
        } else {
            Ending::Going
        };
        script.hint(ending, desk);
        if ends {
            script.answer(desk);
        }
    }

    /// The words of a turn, without those of an earlier utterance; none if it is all of an earlier one.
    fn words(&self, value: &Value, ended: bool) -> Option<String> {
        let number = |word: &Value, name: &str| word.get(name).and_then(Value::as_u64);
        let transcript = value.get("transcript").and_then(Value::as_str);
        let words = value.get("words").and_then(Value::as_array);
        let words: &[Value] = words.map_or(&[], Vec::as_slice);
        let is_ours = |word: &&Value| {
            number(word, "start")
                .is_none_or(|start| start.saturating_add(SLACK_MS) >= self.began_ms)
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
fn complaint(code: u16, reason: &str) -> Complaint {
    let failure = match code {
        1008 | 4001..=4003 | 3006 => Failure::Refused,
        3009 | 4029 | 4102 => Failure::Busy,
        _ => Failure::Broken,
    };
    let closed = error::closed(code, reason);
    let whose = match code {
        // Credentials, money, their server, and how many sessions an account may have.
        1008 | 3005 | 3009 | 4001..=4003 | 4102 => Whose::Provider,
        _ => closed.whose,
    };
    Complaint {
        failure,
        whose,
        ..closed
    }
}

impl Protocol for Listening {
    const MESSAGE: Duration = Duration::from_millis(80);
    /// Messages hold 50 to 1000 ms; others are refused with code 3007.
    const MESSAGE_MIN: Duration = Duration::from_millis(50);
    const PATIENCE: Duration = Duration::from_millis(700);
    const QUIET_MAX: Duration = Duration::from_secs(4);

    fn begin(&mut self, fed: u64) {
        self.began_ms = fed * 1000 / u64::from(RATE_HZ);
        self.turns.clear();
    }

    fn flush(&mut self, desk: &mut Desk) {
        self.forced = true;
        desk.send(r#"{"type":"ForceEndpoint"}"#);
    }

    fn cut(&mut self, _: bool, desk: &mut Desk) {
        // Where no turn is under way there is no end to be told, and the next one is the caller's own.
        let latest = self.turns.last_key_value().map(|(order, _)| *order);
        self.cut = latest > self.ended;
        self.forced = false;
        self.turns.clear();
        // What follows must not go on with this turn's words.
        desk.send(r#"{"type":"ForceEndpoint"}"#);
    }

    fn message(
        &mut self,
        value: &Value,
        _: u64,
        script: &mut Script,
        desk: &mut Desk,
    ) -> Result<(), Complaint> {
        match value.get("type").and_then(Value::as_str) {
            Some("Turn") => self.turn(value, script, desk),
            Some("Error") => {
                let code = value.get("error_code").and_then(Value::as_u64);
                let code = code.and_then(|code| u16::try_from(code).ok());
                let reason = value.get("error").and_then(Value::as_str);
                return Err(complaint(code.unwrap_or(0), reason.unwrap_or_default()));
            }
            Some("Termination") => return Err(Complaint::broken("the session was ended")),
            // Begin, SpeechStarted, warnings, and whatever will be added.
            _ => (),
        }
        Ok(())
    }

    fn keep_alive(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"KeepAlive"}"#);
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"Terminate"}"#);
    }

    fn closed(&self, code: u16, reason: &str) -> Complaint {
        complaint(code, reason)
    }
}
