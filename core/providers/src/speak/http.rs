//! Any server that takes JSON and answers with sound.
//!
//! Its address is taken as it is. What it is asked is a template, in which `{text}`, `{voice}`, `{language}`, `{speed}` and
//! `{model}` are replaced within texts; so nothing that is said can break out of its place. A text that is nothing but one
//! of them is left out if there is nothing to put there; of `{speed}` alone becomes a number.
//!
//! # `MeloTTS`
//!
//! `MeloTTS` itself comes with no HTTP server. A common one is the container `timhagel/melotts-api-server`, which answers
//! `POST /convert/tts` with a WAV file at 44.1 kHz; the template of whoever names none is its. With
//! `SPEECH_HTTP_URL=http://melo:8080/convert/tts`, voice `EN-US`, and a bot in `en-US`, it is asked
//!
//! ```json
//! {"text": "Hello.", "language": "EN", "speaker_id": "EN-US"}
//! ```
//!
//! For another server, the options of the bot's `speak` say what is different:
//!
//! ```json
//! {
//!   "body": {"input": "{text}", "voice": "{voice}", "lang": "{language}", "rate": "{speed}"},
//!   "speed": 1.1,
//!   "languages": {"en": "english", "pt-BR": "brazilian"},
//!   "format": "pcm",
//!   "rate_hz": 22050
//! }
//! ```
//!
//! Language: `{language}` is the name that `languages` has for the whole BCP 47 tag, or else for its first part; without
//! `languages`, the names of `MeloTTS` (`EN`, `ES`, `FR`, `ZH`, `JP`, `KR`) if the template is its, else the tag.

use serde_json::{Value, json};

use super::Settings;
use crate::http::HttpRequest;
use crate::sound::{Coding, Sound};
use crate::speaking::Speaking;
use crate::{Exchange, Fetch, Options, Speak};

/// A server of one's own. Its options are ours, not a provider's:
///
/// | option | what it is |
/// |---|---|
/// | `body` | the template: an object |
/// | `speed` | what `{speed}` is; times as fast as usual |
/// | `languages` | an object: the server's names of languages, by BCP 47 tag or its first part |
/// | `format` | `wav`, `pcm` (16 bit, little-endian, one channel) or `mulaw`, if the content type does not say |
/// | `rate_hz` | of `pcm`, if the content type does not say; 24 000 without |
/// | `audio` | a JSON pointer: where the sound is, in base64, if the answer is JSON |
#[derive(Clone, Debug, PartialEq)]
pub struct Http(pub Settings);

impl Speak for Http {
    fn ask(&self, text: &str) -> Fetch {
        let Self(settings) = self;
        let option = |name: &str| settings.options.get(name).and_then(Value::as_str);
        let language = self.language();
        let speed = settings
            .options
            .get("speed")
            .filter(|speed| !speed.is_null());
        let speed = speed.map(ToString::to_string).unwrap_or_default();
        let places = [
            ("{text}", text),
            ("{voice}", &settings.voice),
            ("{language}", &language),
            ("{speed}", &speed),
            ("{model}", &settings.model),
        ];
        let asked = match filled(&self.template(), &places) {
            Some(Value::Object(asked)) => asked,
            _ => Options::new(),
        };
        let rate = settings.options.get("rate_hz").and_then(Value::as_u64);
        let coding = Coding::asked(
            option("format").unwrap_or("wav"),
            rate.and_then(|rate| u32::try_from(rate).ok()),
        );
        let endpoint = &settings.endpoint;
        let mut request = HttpRequest::with_json(&endpoint.base_url, "", [], asked);
        request.url = endpoint.base_url.exact();
        Fetch {
            request: request.with_key("authorization", "Bearer", endpoint.api_key.as_ref()),
            exchange: Exchange::new(
                Speaking::new(text, Sound::new(coding)).within(option("audio").unwrap_or_default()),
            ),
        }
    }
}

impl Http {
    /// What is asked; without one, what the usual server of `MeloTTS` wants.
    fn template(&self) -> Value {
        let Self(settings) = self;
        settings.options.get("body").cloned().unwrap_or_else(|| {
            json!({
                "text": "{text}",
                "language": "{language}",
                "speaker_id": "{voice}",
                "speed": "{speed}",
            })
        })
    }

    /// What the server calls the bot's language.
    fn language(&self) -> String {
        let Self(settings) = self;
        let first = settings.language_only();
        if let Some(names) = settings.options.get("languages") {
            let name = |tag: &str| names.get(tag).and_then(Value::as_str);
            let named = name(&settings.language).or_else(|| name(&first));
            return named.unwrap_or(&settings.language).to_owned();
        }
        if settings.options.contains_key("body") {
            return settings.language.clone();
        }
        match first.as_str() {
            "ja" => "JP".to_owned(),
            "ko" => "KR".to_owned(),
            _ => first.to_ascii_uppercase(),
        }
    }
}

/// A template with its places filled; nothing if it is a place alone and there is nothing to put there.
fn filled(template: &Value, places: &[(&str, &str)]) -> Option<Value> {
    match template {
        Value::String(text) => {
            if let Some((place, content)) = places.iter().find(|(place, _)| text == place) {
                let number = (*place == "{speed}")
                    .then(|| content.parse::<serde_json::Number>().ok())
                    .flatten();
                let value = number.map_or_else(|| json!(content), Value::Number);
                return (!content.is_empty()).then_some(value);
            }
            Some(Value::String(replaced(text, places)))
        }
        Value::Array(items) => {
            let items = items.iter().filter_map(|item| filled(item, places));
            Some(Value::Array(items.collect()))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), filled(value, places)?)));
            Some(Value::Object(members.collect()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(template.clone()),
    }
}

/// A text with its places filled, once: what is put there holds no places.
fn replaced(text: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let found = places
            .iter()
            .find_map(|(place, content)| Some((from.strip_prefix(place)?, content)));
        if let Some((after, content)) = found {
            out.push_str(content);
            rest = after;
        } else {
            out.push('{');
            rest = from.strip_prefix('{').unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speak::tests::{body, settings, with};

    fn asked(settings: &Settings, text: &str) -> Value {
        body(&Http(settings.clone()).ask(text).request)
    }

    #[test]
    fn without_a_template_it_is_asked_as_melotts() {
        let mut melo = settings("http://melo:8080/convert/tts");
        melo.voice = "EN-US".to_owned();
        melo.language = "en-US".to_owned();
        let request = Http(melo.clone()).ask("Hello.").request;
        assert_eq!(request.url, "http://melo:8080/convert/tts");
        let expected = json!({"text": "Hello.", "language": "EN", "speaker_id": "EN-US"});
        assert_eq!(body(&request), expected);
        melo.options.insert("speed".to_owned(), json!(1.1));
        assert_eq!(asked(&melo, "Hello.")["speed"], json!(1.1));
        for (tag, name) in [("ja-JP", "JP"), ("ko", "KR"), ("zh-Hant", "ZH")] {
            melo.language = tag.to_owned();
            assert_eq!(asked(&melo, "")["language"], name);
        }
    }

    #[test]
    fn nothing_that_is_said_breaks_out_of_its_place() {
        let template = json!({"body": {
            "ssml": "<speak voice='{voice}'>{text}</speak> {x} {",
            "nested": [{"text": "{text}"}, "{model}", 7, null],
        }});
        let settings = with(settings("http://x.test/say"), &template);
        let text = "Say \"{voice}\", \\ and\n{text}";
        let expected = json!({
            "ssml": format!("<speak voice='mara'>{text}</speak> {{x}} {{"),
            "nested": [{"text": text}, "speaker", 7, null],
        });
        assert_eq!(asked(&settings, text), expected);
    }

    #[test]
    fn a_language_has_the_name_that_the_server_gave_it() {
        let options = json!({
            "body": {"lang": "{language}"},
            "languages": {"de": "german", "pt-BR": "brazilian"},
        });
        let mut settings = with(settings("http://x.test/say"), &options);
        for (tag, name) in [("de-AT", "german"), ("pt-BR", "brazilian"), ("fi", "fi")] {
            settings.language = tag.to_owned();
            assert_eq!(asked(&settings, "x"), json!({"lang": name}));
        }
    }

    #[test]
    fn the_address_is_taken_as_it_is() {
        for url in [
            "http://x.test/generate-audio/",
            "http://x.test/say?token=t",
            "http://x.test/a/?b=c",
            "http://x.test",
        ] {
            assert_eq!(Http(settings(url)).ask("x").request.url, url);
        }
    }
}
