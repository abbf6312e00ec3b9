//! Requests with JSON to those who want their key in a place of their own.

use crate::dial::{Dial, escaped};
use crate::http::{ApiKey, BaseUrl, HttpRequest};
use crate::{Options, body};

impl HttpRequest {
    /// To a path below the base, with these parameters added to its query. Values are escaped here, the path is not: see
    /// [`segment`].
    pub(crate) fn with_json<'a>(
        base_url: &BaseUrl,
        path: &str,
        parameters: impl IntoIterator<Item = (&'a str, String)>,
        asked: Options,
    ) -> Self {
        Self {
            method: "POST",
            url: Dial::new(base_url, path, parameters).url,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body::json(asked),
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
}

/// A piece of a path that somebody else chose, such as a voice's id. It leads nowhere else: dots alone, which would climb
/// up even when they are escaped, become underscores.
pub(crate) fn segment(text: &str) -> String {
    let text = text.trim();
    if text.bytes().all(|byte| byte == b'.') {
        return "_".repeat(text.len());
    }
    escaped(text)
}

/// Several such pieces, with slashes between them: a model's id at Cloudflare, `@cf/deepgram/aura-2-en`.
pub(crate) fn segments(text: &str) -> String {
    let pieces = text.split('/').filter(|piece| !piece.trim().is_empty());
    let pieces: Vec<String> = pieces
        .map(|piece| segment(piece).replacen("%40", "@", 1))
        .collect();
    pieces.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_chose_does_not_lead_elsewhere() {
        assert_eq!(segment(" mara "), "mara");
        assert_eq!(segment("a/b?c#d"), "a%2Fb%3Fc%23d");
        assert_eq!(segment(".."), "__");
        assert_eq!(segment("."), "_");
        assert_eq!(segment("a.b"), "a.b");
        assert_eq!(segments("@cf/deepgram/aura-2-en"), "@cf/deepgram/aura-2-en");
        assert_eq!(segments("/../../tokens//x?y"), "__/__/tokens/x%3Fy");
    }
}
