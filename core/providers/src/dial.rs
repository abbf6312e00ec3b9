//! A WebSocket as values: how it is opened, and what is sent on it.

use std::fmt;

use crate::http::{ApiKey, BaseUrl};

/// How a socket is opened.
///
/// `Debug` shows neither the values of headers, nor the query, nor the sub-protocols: they hold credentials.
#[derive(Clone, Eq, PartialEq)]
pub struct Dial {
    /// Absolute, `http` or `https`: a handshake is a request. Whoever needs `ws` or `wss` says so with [`Dial::ws_url`].
    pub url: String,
    /// Names are lower case, none occurs twice. Those of the handshake itself are the shell's business.
    pub headers: Vec<(&'static str, String)>,
    /// Sub-protocols to offer, in order; usually none.
    pub protocols: Vec<String>,
}

impl Dial {
    /// To a path below the base, with these parameters added to its query. Values are escaped here.
    pub(crate) fn new<'a>(
        base_url: &BaseUrl,
        path: &str,
        parameters: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        let mut url = base_url.join(path);
        for (name, value) in parameters {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&escaped(name));
            url.push('=');
            url.push_str(&escaped(&value));
        }
        Self {
            url,
            headers: Vec::new(),
            protocols: Vec::new(),
        }
    }

    /// With the key, if there is one: see [`ApiKey::header`].
    pub(crate) fn with_key(
        mut self,
        header: &'static str,
        scheme: &str,
        key: Option<&ApiKey>,
    ) -> Self {
        self.headers
            .extend(key.map(|key| key.header(header, scheme)));
        self
    }

    /// With a header that is no secret.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The address with the scheme `ws` or `wss`, for clients that insist on it.
    #[must_use]
    pub fn ws_url(&self) -> String {
        match self.url.strip_prefix("http") {
            Some(rest) => format!("ws{rest}"),
            None => self.url.clone(),
        }
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Dial")
            .field("url", &url)
            .field("headers", &names)
            .field("protocols", &self.protocols.len())
            .finish()
    }
}

/// What is sent on a socket. `Debug` shows only its size: it holds what people said.
#[derive(Clone, Eq, PartialEq)]
pub enum Message {
    /// UTF-8.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Message {
    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

/// Percent-encoded for a query: everything but the unreserved characters of RFC 3986.
pub(crate) fn escaped(text: &str) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial() -> Dial {
        let base = BaseUrl::new("https://x.test/?tenant=hidden").unwrap();
        let key = ApiKey::new("not-a-real-key").unwrap();
        Dial::new(&base, "v1/listen", [("keyterm", "Größe & Co".to_owned())]).with_key(
            "authorization",
            "Token",
            key.as_ref(),
        )
    }

    #[test]
    fn parameters_are_escaped_and_follow_those_of_the_base() {
        let dial = dial();
        assert_eq!(
            dial.url,
            "https://x.test/v1/listen?tenant=hidden&keyterm=Gr%C3%B6%C3%9Fe%20%26%20Co"
        );
        assert!(dial.ws_url().starts_with("wss://x.test/"));
    }

    #[test]
    fn a_key_without_a_scheme_stands_by_itself() {
        let key = ApiKey::new("not-a-real-key").unwrap();
        let base = BaseUrl::new("http://x.test").unwrap();
        let dial = Dial::new(&base, "v3/ws", []).with_key("authorization", "", key.as_ref());
        assert_eq!(
            dial.headers,
            [("authorization", "not-a-real-key".to_owned())]
        );
        assert_eq!(dial.ws_url(), "ws://x.test/v3/ws");
    }

    #[test]
    fn neither_credentials_nor_words_are_shown() {
        let message = Message::Text("words spoken".to_owned());
        let shown = format!("{:?} {message:?}", dial());
        for secret in ["not-a-real", "hidden", "words"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(dial().headers[0].1, "Token not-a-real-key");
    }
}
