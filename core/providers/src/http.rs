//! HTTP as values: what is sent, and the head of what comes back.

mod retry;

use std::fmt;

use thiserror::Error;

/// A request, ready to be sent.
///
/// `Debug` shows neither the values of headers, nor the query, nor the body: they hold credentials and what people
/// said.
#[derive(Clone, Eq, PartialEq)]
pub struct HttpRequest {
    /// `POST`.
    pub method: &'static str,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// Names are lower case, none occurs twice.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &url)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// What comes before the body of a response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// Status code.
    pub status: u16,
    /// The `content-type` header, empty if there is none.
    pub content_type: String,
    /// The `retry-after` header, empty if there is none.
    pub retry_after: String,
    /// The `retry-after-ms` header, empty if there is none.
    pub retry_after_ms: String,
    /// The `date` header, empty if there is none.
    pub date: String,
}

impl Head {
    /// What is to be known, by the names of headers.
    pub fn new(status: u16, header: impl Fn(&str) -> Option<String>) -> Self {
        let header = |name| header(name).unwrap_or_default();
        Self {
            status,
            content_type: header("content-type"),
            retry_after: header("retry-after"),
            retry_after_ms: header("retry-after-ms"),
            date: header("date"),
        }
    }

    /// The seconds that whoever asks should wait, rounded up.
    pub(crate) fn retry_after_s(&self) -> Option<u32> {
        retry::seconds(self)
    }

    /// The media type, in lower case and without its parameters.
    pub(crate) fn media_type(&self) -> String {
        let kind = self.content_type.split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    }

    /// A parameter of the content type, such as `rate`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.content_type.split(';').skip(1).find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().trim_matches('"'))
        })
    }
}

/// A setting that can never work.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidSetting {
    /// A base URL is an absolute address.
    #[error("must be an http:// or https:// address, such as https://api.openai.com/v1")]
    BaseUrl,
    /// A key goes into a header.
    #[error("must be visible ASCII characters without spaces")]
    ApiKey,
}

/// Where a provider's API is, for example `https://api.openai.com/v1`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl {
    /// Up to the path, without a slash at its end.
    address: String,
    /// From the question mark on; Azure keeps its `api-version` there.
    query: String,
    /// The slashes that stood between both.
    slashes: String,
}

impl BaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting::BaseUrl`] unless it is `http://` or `https://` with a host and without spaces.
    pub fn new(text: &str) -> Result<Self, InvalidSetting> {
        let text = text.trim();
        let (address, query) = match text.find('?') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let trimmed = address.trim_end_matches('/');
        let base = Self {
            address: trimmed.to_owned(),
            query: query.to_owned(),
            slashes: address.strip_prefix(trimmed).unwrap_or_default().to_owned(),
        };
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if plain && !base.host().is_empty() {
            Ok(base)
        } else {
            Err(InvalidSetting::BaseUrl)
        }
    }

    /// The host's name, without port; empty if there is none.
    pub(crate) fn host(&self) -> &str {
        let address = self.address.as_str();
        let Some(rest) = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"))
        else {
            return "";
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        // What stands in brackets is an IPv6 address, with colons of its own.
        match host.find(']') {
            Some(end) => host.get(..=end).unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        }
    }

    /// The address itself, as it was written.
    pub(crate) fn exact(&self) -> String {
        format!("{}{}{}", self.address, self.slashes, self.query)
    }

    /// The address of a path below it.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}/{path}{}", self.address, self.query)
    }
}

/// A provider's credential. Never shows itself.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Reads a key; spaces and line ends around it, as files and consoles leave them, are cut off. Empty is no key.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting::ApiKey`] if it holds what cannot stand in a header.
    pub fn new(text: &str) -> Result<Option<Self>, InvalidSetting> {
        let key = text.trim();
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidSetting::ApiKey);
        }
        Ok((!key.is_empty()).then(|| Self(key.to_owned())))
    }

    /// The key in a header, where alone it is revealed: after `scheme` and a space, or by itself if the scheme is empty.
    pub(crate) fn header(&self, name: &'static str, scheme: &str) -> (&'static str, String) {
        let value = format!("{scheme} {}", self.0);
        (name, value.trim_start().to_owned())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// Where a provider is, and the key to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Where.
    pub base_url: BaseUrl,
    /// Servers of one's own often need none.
    pub api_key: Option<ApiKey>,
}

impl Endpoint {
    /// A request to a path below the base.
    pub(crate) fn post(&self, path: &str, content_type: String, body: Vec<u8>) -> HttpRequest {
        let mut headers = vec![("content-type", content_type)];
        // Azure's keys are no bearer tokens.
        let (name, scheme) = if self.base_url.host().ends_with(".azure.com") {
            ("api-key", "")
        } else {
            ("authorization", "Bearer")
        };
        headers.extend(self.api_key.as_ref().map(|key| key.header(name, scheme)));
        HttpRequest {
            method: "POST",
            url: self.base_url.join(path),
            headers,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base_url: &str) -> Endpoint {
        Endpoint {
            base_url: BaseUrl::new(base_url).unwrap(),
            api_key: ApiKey::new(" sk-not-a-real-key\n").unwrap(),
        }
    }

    #[test]
    fn paths_are_joined_below_the_base_and_before_its_query() {
        for (base, joined) in [
            (
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/chat",
            ),
            (
                "http://127.0.0.1:11434/v1/",
                "http://127.0.0.1:11434/v1/chat",
            ),
            ("https://x.test", "https://x.test/chat"),
            (
                "https://x.test/a?api-version=1",
                "https://x.test/a/chat?api-version=1",
            ),
        ] {
            assert_eq!(BaseUrl::new(base).unwrap().join("chat"), joined);
        }
    }

    #[test]
    fn an_address_that_cannot_be_one_is_refused_at_the_door() {
        for base in [
            "",
            "api.openai.com",
            "ftp://x.test",
            "https://",
            "https:///v1",
            "https://a b",
            "https://a\n.b",
        ] {
            assert_eq!(BaseUrl::new(base), Err(InvalidSetting::BaseUrl), "{base:?}");
        }
        assert_eq!(ApiKey::new("two words"), Err(InvalidSetting::ApiKey));
        assert_eq!(ApiKey::new(" \n"), Ok(None));
    }

    #[test]
    fn a_host_is_found_between_all_that_may_surround_it() {
        for (base, host) in [
            ("https://user:word@x.test:8443/v1", "x.test"),
            ("http://[::1]:8080/v1", "[::1]"),
            ("http://localhost", "localhost"),
        ] {
            assert_eq!(BaseUrl::new(base).unwrap().host(), host);
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let endpoint = endpoint("https://x.test/v1?token=hidden");
        let request = endpoint.post("speech", "text/plain".to_owned(), b"words spoken".to_vec());
        assert!(
            request
                .headers
                .contains(&("authorization", "Bearer sk-not-a-real-key".to_owned()))
        );
        let shown = format!("{request:?} {:?}", endpoint.api_key);
        for secret in ["not-a-real", "hidden", "words"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn azure_gets_its_key_in_a_header_of_its_own() {
        let request = endpoint("https://desk.openai.azure.com/openai/v1").post(
            "x",
            String::new(),
            Vec::new(),
        );
        assert!(
            request
                .headers
                .contains(&("api-key", "sk-not-a-real-key".to_owned()))
        );
        assert_eq!(request.headers.len(), 2);
    }

    #[test]
    fn a_content_type_is_taken_apart() {
        let head = Head {
            status: 200,
            content_type: "Audio/PCM; rate=\"16000\"; channels=1".to_owned(),
            ..Head::default()
        };
        assert_eq!(head.media_type(), "audio/pcm");
        assert_eq!(head.parameter("rate"), Some("16000"));
        assert_eq!(head.parameter("bits"), None);
    }
}
