//! Text-to-speech: `POST /audio/speech`.

use serde_json::{Value, json};

use crate::sound::{Coding, Sound};
use crate::speaking::Speaking;
use crate::{Endpoint, Exchange, Fetch, Options, body};

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
        let mut asked = Options::new();
        for (name, value) in [
            ("model", &self.model),
            ("voice", &self.voice),
            ("instructions", &self.directions),
        ] {
            if !value.is_empty() {
                asked.insert(name.to_owned(), json!(value));
            }
        }
        asked.insert("input".to_owned(), json!(text));
        asked.insert("response_format".to_owned(), json!("pcm"));
        body::overlay(&mut asked, &self.options);
        let rate = asked.get("sample_rate").and_then(Value::as_u64);
        let format = asked
            .get("response_format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let coding = Coding::asked(format, rate.and_then(|rate| u32::try_from(rate).ok()));
        // With `stream_format` `sse`: `{"type":"speech.audio.delta","audio"}`, `{"type":"speech.audio.done","usage"}`.
        let speaking = Speaking::new(text, Sound::new(coding)).within("/audio");
        Fetch {
            request: self.endpoint.post(
                "audio/speech",
                "application/json".to_owned(),
                body::json(asked),
            ),
            exchange: Exchange::new(speaking),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use call::{Reply, Spent};

    use super::*;
    use crate::{BaseUrl, End, Head};

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
            ..Head::default()
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
