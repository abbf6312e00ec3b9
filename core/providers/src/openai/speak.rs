//! Text-to-speech: `POST /audio/speech`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Reply, Spent};
use serde_json::{Value, json};

use super::sound::{Coding, Sound};
use super::{error, overlay};
use crate::exchange::{Complaint, Decode, Step};
use crate::sse::{Event, Events};
use crate::{End, Endpoint, Exchange, Fetch, Head, Options};

/// A voice.
#[derive(Clone, Debug, PartialEq)]
pub struct Speak {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The model's id; empty: not sent.
    pub model: String,
    /// The voice's id; empty: not sent.
    pub voice: String,
    /// How to speak, for models that take directions; empty: not sent.
    pub directions: String,
    /// Further members of the body. `response_format` is `pcm` unless it says `wav` or `mulaw` here; of compressed
    /// sound nothing is heard. A `sample_rate` is also taken for the rate of `pcm`, in place of 24 000 Hz.
    pub options: Options,
}

impl Speak {
    /// Asks for speech: [`Reply::Audio`] in whole frames of 20 ms, from the first 20 ms on, then [`Reply::Done`].
    #[must_use]
    pub fn ask(&self, text: &str) -> Fetch {
        let mut body = Options::new();
        for (name, value) in [
            ("model", &self.model),
            ("voice", &self.voice),
            ("instructions", &self.directions),
        ] {
            if !value.is_empty() {
                body.insert(name.to_owned(), json!(value));
            }
        }
        body.insert("input".to_owned(), json!(text));
        body.insert("response_format".to_owned(), json!("pcm"));
        overlay(&mut body, &self.options);
        let rate = body.get("sample_rate").and_then(Value::as_u64);
        let format = body
            .get("response_format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let asked = Coding::asked(format, rate.and_then(|rate| u32::try_from(rate).ok()));
        let speaking = Speaking {
            sound: Sound::new(asked),
            events: None,
            spent: Spent::default(),
            speakable: text.chars().any(char::is_alphanumeric),
        };
        Fetch {
            request: self.endpoint.post(
                "audio/speech",
                "application/json".to_owned(),
                super::json(body),
            ),
            exchange: Exchange::new(speaking),
        }
    }
}

/// Understands the response.
struct Speaking {
    sound: Sound,
    /// With `stream_format` `sse` the sound comes in pieces within events.
    events: Option<Events>,
    spent: Spent,
    /// Whether silence would be wrong.
    speakable: bool,
}

impl Decode for Speaking {
    fn head(&mut self, head: &Head) -> Result<(), Complaint> {
        if head.media_type() == "text/event-stream" {
            self.events = Some(Events::default());
        } else {
            self.sound.head(head);
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        let Some(stream) = &mut self.events else {
            replies.extend(self.sound.push(bytes)?.map(Reply::Audio));
            return Ok(Step::More);
        };
        let mut events = Vec::new();
        let outcome = stream.push(bytes, &mut events);
        for event in &events {
            self.event(event, replies)?;
        }
        outcome.map_err(|_| Complaint::broken("an event without end"))?;
        Ok(Step::More)
    }

    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        if let Some(event) = self.events.as_mut().and_then(Events::finish) {
            self.event(&event, replies)?;
        }
        // What arrived before a cut is worth hearing: the engine knows how much of the text it was.
        replies.extend(self.sound.finish()?.map(Reply::Audio));
        if end == End::Cut {
            return Err(Complaint::broken("a response cut short"));
        }
        if self.speakable && !self.sound.was_heard() {
            return Err(Complaint::broken("a response without sound"));
        }
        Ok(self.spent)
    }

    fn judge(&self, status: u16, body: &[u8]) -> Complaint {
        error::judge(status, body)
    }
}

impl Speaking {
    /// `{"type":"speech.audio.delta","audio"}` with base64, `{"type":"speech.audio.done","usage"}`.
    fn event(&mut self, event: &Event, replies: &mut Vec<Reply>) -> Result<(), Complaint> {
        let Ok(value) = serde_json::from_str::<Value>(&event.data) else {
            return Ok(());
        };
        if let Some(complaint) = error::within(&value) {
            return Err(complaint);
        }
        if let Some(audio) = value.get("audio").and_then(Value::as_str) {
            let bytes = BASE64_STANDARD
                .decode(audio)
                .map_err(|_| Complaint::broken("sound that is no base64"))?;
            replies.extend(self.sound.push(&bytes)?.map(Reply::Audio));
        }
        let count = |path: &str| value.pointer(path).and_then(Value::as_u64);
        if let Some(input_tokens) = count("/usage/input_tokens") {
            self.spent = Spent {
                input_tokens,
                cached_tokens: 0,
                output_tokens: count("/usage/output_tokens").unwrap_or(0),
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BaseUrl;

    fn speak() -> Speak {
        Speak {
            endpoint: Endpoint {
                base_url: BaseUrl::new("http://127.0.0.1:1/v1").unwrap(),
                api_key: None,
            },
            model: "speaker".to_owned(),
            voice: "mara".to_owned(),
            directions: String::new(),
            options: Options::new(),
        }
    }

    fn body(speak: &Speak) -> Value {
        serde_json::from_slice(&speak.ask("Hi.").request.body).unwrap()
    }

    /// All replies, with all sound as one length in bytes.
    fn replies(
        speak: &Speak,
        text: &str,
        content_type: &str,
        body: &[u8],
        end: End,
    ) -> (usize, Vec<Reply>) {
        let mut exchange = speak.ask(text).exchange;
        let mut replies = Vec::new();
        let head = Head {
            status: 200,
            content_type: content_type.to_owned(),
        };
        exchange.head(&head, &mut replies);
        for chunk in body.chunks(111) {
            exchange.push(chunk, &mut replies);
        }
        exchange.finish(end, &mut replies);
        let mut samples = 0;
        replies.retain(|reply| {
            let Reply::Audio(clip) = reply else {
                return true;
            };
            samples += clip.len();
            false
        });
        (samples, replies)
    }

    #[test]
    fn nothing_is_sent_that_was_not_configured() {
        let expected =
            json!({"model": "speaker", "input": "Hi.", "voice": "mara", "response_format": "pcm"});
        assert_eq!(body(&speak()), expected);
        let mut directed = speak();
        directed.directions = "Warmly.".to_owned();
        directed.model.clear();
        directed.voice.clear();
        directed
            .options
            .insert("response_format".to_owned(), json!("wav"));
        let expected = json!({"input": "Hi.", "instructions": "Warmly.", "response_format": "wav"});
        assert_eq!(body(&directed), expected);
    }

    #[test]
    fn speech_ends_with_done_and_a_cut_with_failed() {
        let bytes = vec![0; 48_000];
        let done = vec![Reply::Done(Spent::default())];
        assert_eq!(
            replies(&speak(), "Hi.", "audio/pcm", &bytes, End::Complete),
            (8_000, done)
        );
        let (heard, failed) = replies(&speak(), "Hi.", "audio/pcm", &bytes, End::Cut);
        assert_eq!(
            (heard, failed),
            (8_000, vec![Reply::Failed(call::Failure::Broken)])
        );
    }

    #[test]
    fn silence_is_only_right_if_there_was_nothing_to_say() {
        let done = vec![Reply::Done(Spent::default())];
        let broken = vec![Reply::Failed(call::Failure::Broken)];
        assert_eq!(
            replies(&speak(), "…", "audio/pcm", &[], End::Complete),
            (0, done)
        );
        assert_eq!(
            replies(&speak(), "Hi.", "audio/pcm", &[], End::Complete),
            (0, broken)
        );
    }

    #[test]
    fn an_error_with_status_200_says_what_it_is() {
        let body = br#"{"error":{"message":"no such model","type":"invalid_request_error"}}"#;
        let refused = vec![Reply::Failed(call::Failure::Refused)];
        for kind in ["application/json", "audio/pcm", ""] {
            assert_eq!(
                replies(&speak(), "Hi.", kind, body, End::Complete),
                (0, refused.clone()),
                "{kind}"
            );
        }
    }

    #[test]
    fn sound_within_events_is_heard_too() {
        let delta = format!(
            "data: {}\n\n",
            json!({"type": "speech.audio.delta", "audio": BASE64_STANDARD.encode([0; 481])})
        );
        let end = "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":9,\"output_tokens\":40}}\n\n";
        let spent = Spent {
            input_tokens: 9,
            cached_tokens: 0,
            output_tokens: 40,
        };
        let stream = [&delta, &delta, end].concat();
        let (heard, done) = replies(
            &speak(),
            "Hi.",
            "text/event-stream; charset=utf-8",
            stream.as_bytes(),
            End::Complete,
        );
        assert_eq!((heard, done), (320, vec![Reply::Done(spent)]));
        let error = "data: {\"type\":\"error\",\"error\":{\"code\":429}}\n\n";
        let (_, failed) = replies(
            &speak(),
            "Hi.",
            "text/event-stream",
            error.as_bytes(),
            End::Complete,
        );
        assert_eq!(failed, [Reply::Failed(call::Failure::Busy)]);
    }
}
