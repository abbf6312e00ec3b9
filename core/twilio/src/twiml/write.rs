use std::fmt;

use super::{DOCUMENT_BYTES_MAX, PARAMETER_CHARS_LIMIT, Play, Response, Stream, Verb};
use crate::ids::PhoneNumber;

/// Why a document would not work, found before a caller finds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Twilio would refuse it (error 11750).
    #[error("the document has {bytes} bytes, but Twilio takes {DOCUMENT_BYTES_MAX} at most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A query string on the URL of a stream is dropped, or fails the handshake (error 31920).
    #[error(
        "the URL of a stream must have no query string: put the value into the path or a parameter"
    )]
    StreamQuery,
    /// Twilio takes no longer one.
    #[error(
        "the parameter {name:?} of a stream has, with its name, {chars} characters: {PARAMETER_CHARS_LIMIT} is too many"
    )]
    ParameterTooLong {
        /// Its name.
        name: String,
        /// Characters of name and value.
        chars: usize,
    },
}

impl Response {
    /// Writes the document, in UTF-8. Characters that XML cannot hold (most control characters) are left out.
    ///
    /// # Errors
    /// A document that Twilio would refuse.
    pub fn to_xml(&self) -> Result<String, WriteError> {
        let mut xml = Xml(String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#));
        xml.0.push_str("\n<Response>");
        for verb in &self.0 {
            xml.verb(verb)?;
        }
        xml.0.push_str("</Response>");
        let bytes = xml.0.len();
        if bytes > DOCUMENT_BYTES_MAX {
            Err(WriteError::TooLong { bytes })
        } else {
            Ok(xml.0)
        }
    }
}

struct Xml(String);

impl Xml {
    fn verb(&mut self, verb: &Verb) -> Result<(), WriteError> {
        match verb {
            Verb::Connect { action, stream } => {
                self.open("Connect");
                self.optional("action", action.as_ref());
                self.0.push('>');
                self.stream(stream)?;
                self.close("Connect");
            }
            Verb::Start { stream } => {
                self.0.push_str("<Start>");
                self.stream(stream)?;
                self.close("Start");
            }
            Verb::Say {
                text,
                voice,
                language,
            } => {
                self.open("Say");
                self.optional("voice", voice.as_ref());
                self.optional("language", language.as_ref());
                self.content("Say", text);
            }
            Verb::Play(Play::Url(url)) => {
                self.open("Play");
                self.content("Play", url);
            }
            Verb::Play(Play::Digits(digits)) => {
                self.open("Play");
                self.attribute("digits", digits);
                self.0.push_str("/>");
            }
            Verb::Pause { length_s } => {
                self.open("Pause");
                self.optional("length", length_s.as_ref());
                self.0.push_str("/>");
            }
            Verb::Gather { action, timeout_s } => {
                self.open("Gather");
                self.attribute("input", "dtmf");
                self.attribute("action", action);
                self.optional("timeout", timeout_s.as_ref());
                self.0.push_str("/>");
            }
            Verb::Redirect { url } => {
                self.open("Redirect");
                self.content("Redirect", url);
            }
            Verb::Hangup => self.0.push_str("<Hangup/>"),
            Verb::Reject { reason } => {
                self.open("Reject");
                self.attribute("reason", reason.as_str());
                self.0.push_str("/>");
            }
            Verb::Dial {
                number,
                caller_id,
                action,
                timeout_s,
                time_limit_s,
            } => {
                self.open("Dial");
                self.optional("callerId", caller_id.as_ref());
                self.optional("action", action.as_ref());
                self.optional("timeout", timeout_s.as_ref());
                self.optional("timeLimit", time_limit_s.as_ref());
                self.number(number);
            }
        }
        Ok(())
    }

    fn number(&mut self, number: &PhoneNumber) {
        self.0.push_str("><Number");
        self.content("Number", number.as_str());
        self.close("Dial");
    }

    fn stream(&mut self, stream: &Stream) -> Result<(), WriteError> {
        if stream.url.contains('?') {
            return Err(WriteError::StreamQuery);
        }
        self.open("Stream");
        self.attribute("url", &stream.url);
        self.optional("name", stream.name.as_ref());
        self.optional("statusCallback", stream.status_callback.as_ref());
        if stream.parameters.is_empty() {
            self.0.push_str("/>");
            return Ok(());
        }
        self.0.push('>');
        for (name, value) in &stream.parameters {
            let chars = name.chars().count() + value.chars().count();
            if chars >= PARAMETER_CHARS_LIMIT {
                return Err(WriteError::ParameterTooLong {
                    name: name.clone(),
                    chars,
                });
            }
            self.open("Parameter");
            self.attribute("name", name);
            self.attribute("value", value);
            self.0.push_str("/>");
        }
        self.close("Stream");
        Ok(())
    }

    /// Begins a tag, for attributes to follow.
    fn open(&mut self, element: &str) {
        self.0.push('<');
        self.0.push_str(element);
    }

    fn close(&mut self, element: &str) {
        self.0.push_str("</");
        self.0.push_str(element);
        self.0.push('>');
    }

    /// Ends the open tag, and puts text into the element.
    fn content(&mut self, element: &str, text: &str) {
        self.0.push('>');
        self.escaped(text, false);
        self.close(element);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        self.escaped(value, true);
        self.0.push('"');
    }

    fn optional(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.attribute(name, &value.to_string());
        }
    }

    fn escaped(&mut self, text: &str, in_attribute: bool) {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                // Only `]]>` must not stand in text, but then no one has to look for it.
                '>' => self.0.push_str("&gt;"),
                '"' if in_attribute => self.0.push_str("&quot;"),
                // A reader turns a bare one into a space (attributes) or a line feed (text).
                '\t' if in_attribute => self.0.push_str("&#9;"),
                '\n' if in_attribute => self.0.push_str("&#10;"),
                '\r' => self.0.push_str("&#13;"),
                _ if is_xml(letter) => self.0.push(letter),
                _ => {}
            }
        }
    }
}

/// Whether XML 1.0 can hold that character, escaped or not (its production `Char`).
const fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
