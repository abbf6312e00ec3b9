//! Deepgram Nova: streaming speech-to-text, `/v1/listen`.
//!
//! μ-law goes out as it came in. A flush is a `Finalize`, answered by `from_finalize`; since Deepgram need not answer
//! it when there was next to nothing left to write down, patience ends it too. `speech_final` says no more than that it
//! was silent for 300 ms, whatever the words: a turn that may be over, and only `UtteranceEnd` says that it is. Shapes:
//! Deepgram's reference for "Live audio".

use std::time::Duration;

use audio::RATE_HZ;
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

/// A word that begins so long before an utterance still belongs to it.
const SLACK_S: f64 = 0.1;

/// Deepgram Nova. Its own model is `nova-3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Nova(pub Settings);

impl Nova {
    pub(crate) const OWN_MODEL: &'static str = "nova-3";
}

impl Dialled for Nova {
    fn dial(&self) -> Link {
        let Self(settings) = self;
        let query = settings.query(&[
            ("model", &settings.model(Nova::OWN_MODEL)),
            ("language", &settings.language),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
            ("channels", "1"),
            ("interim_results", "true"),
            ("smart_format", "true"),
            ("endpointing", "300"),
            // Later than our own patience with anybody ends: it is for noise, in which neither of us hears a silence.
            ("utterance_end_ms", "2000"),
        ]);
        let endpoint = &settings.endpoint;
        Link {
            dial: Dial::new(&endpoint.base_url, "v1/listen", query).with_key(
                "authorization",
                "Token",
                endpoint.api_key.as_ref(),
            ),
            conversation: conversation(Listening { began_s: 0.0 }),
        }
    }
}

struct Listening {
    /// Where the sound of this utterance begins, in seconds. What was said before belongs to another.
    began_s: f64,
}

impl Listening {
    fn results(&self, value: &Value, script: &mut Script, desk: &mut Desk) {
        let is = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
        let number = |name: &str| value.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let (start, length) = (number("start"), number("duration"));
        let text = self.words(value, start);
        if start + length <= self.began_s {
            return;
        }
        if is("is_final") {
            script.settle(&text);
        } else {
            script.going(&text);
        }
        let ending = if is("speech_final") && !is("from_finalize") {
            Ending::Eager
        } else {
            Ending::Going
        };
        if !text.is_empty() {
            script.hint(ending, desk);
        }
        let fed_s = script.wanted().map(seconds);
        let covers = fed_s.is_some_and(|until| start + length + SLACK_S >= until);
        if is("from_finalize") || (is("is_final") && covers) {
            script.answer(desk);
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

impl Protocol for Listening {
    const MESSAGE: Duration = Duration::from_millis(80);
    const PATIENCE: Duration = Duration::from_millis(500);
    /// After ten seconds without sound Deepgram closes with `NET-0001`; it advises a message every three to five.
    const QUIET_MAX: Duration = Duration::from_secs(4);

    fn begin(&mut self, fed: u64) {
        self.began_s = seconds(fed);
    }

    fn flush(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"Finalize"}"#);
    }

    fn cut(&mut self, _: bool, desk: &mut Desk) {
        // What is still being written down ends here.
        desk.send(r#"{"type":"Finalize"}"#);
    }

    fn message(
        &mut self,
        value: &Value,
        _: u64,
        script: &mut Script,
        desk: &mut Desk,
    ) -> Result<(), Complaint> {
        match value.get("type").and_then(Value::as_str) {
            Some("Results") => self.results(value, script, desk),
            // The end that noise did not let the results see.
            Some("UtteranceEnd") => {
                let end = value.get("last_word_end").and_then(Value::as_f64);
                if end.is_some_and(|end| end >= self.began_s) {
                    script.hint(Ending::Ended, desk);
                }
            }
            Some("Error") => return Err(error::deepgram(value)),
            _ => (),
        }
        Ok(())
    }

    fn keep_alive(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"KeepAlive"}"#);
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send(r#"{"type":"CloseStream"}"#);
    }
}
