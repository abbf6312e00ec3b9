//! `application/x-www-form-urlencoded` bodies: an ordered list of names and values, all of them kept.

use std::fmt;
use std::fmt::Write as _;

/// The parameters of a request, in the order they came, duplicates included: a signature covers every one of them, also
/// those this program has never heard of (Webhooks security).
///
/// `Debug` shows the names only, since values are telephone numbers and words that were said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A form without parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Decodes a body: `+` is a space, `%XX` a byte, the bytes UTF-8 (what is not becomes U+FFFD). Values are not trimmed
    /// and empty ones are kept. Any bytes are some form, so this never fails.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The body that [`Form::parse`] reads back.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }

    /// The first value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of that name, in order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Adds a parameter; a second of the same name stands beside the first.
    pub fn push(&mut self, name: impl Into<String>, value: impl fmt::Display) {
        let mut text = String::new();
        // Writing to a String fails only if the value's own Display does; then what it wrote so far stands.
        let _ = write!(text, "{value}");
        self.0.push((name.into(), text));
    }

    /// Adds a parameter if there is a value.
    pub fn push_some(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// All parameters, in order.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Form {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Form")?;
        out.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}
