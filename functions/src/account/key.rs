use std::fmt;

use contract::TenantId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Scopes;

/// Names a key: 16 lower-case hexadecimal digits. No secret.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct KeyId(String);

impl KeyId {
    /// Reads an id; `None` unless it is 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_hex(text, 16).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A key as its holder shows it: `cbx_{id}_{64 hexadecimal digits}`. Kept nowhere; `Debug` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct KeyText {
    id: KeyId,
    text: String,
}

impl KeyText {
    /// A key of these random bytes: the first eight name it.
    #[must_use]
    pub fn new(random: [u8; 40]) -> Self {
        use fmt::Write as _;
        let hex = random.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let (id, secret) = hex.split_at(16);
        Self {
            id: KeyId(id.to_owned()),
            text: format!("cbx_{id}_{secret}"),
        }
    }

    /// Reads a key; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("cbx_")?.split_once('_')?;
        let id = KeyId::parse(id).filter(|_| is_hex(secret, 64))?;
        Some(Self {
            id,
            text: text.to_owned(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// What its holder has to show. To be told once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is kept of it: SHA-256. It has 256 random bits, so a slow hash would add nothing.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:x}", Sha256::digest(&self.text))
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({}, …)", self.id)
    }
}

/// What is kept of a key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Key {
    /// Its name.
    #[serde(skip)]
    pub id: KeyId,
    /// Whose it is.
    pub tenant: TenantId,
    /// For people.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// SHA-256 of its text, in hexadecimal digits.
    pub hash: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it was last used, to the hour.
    #[serde(skip)]
    pub used_ms: Option<u64>,
    /// When it was revoked.
    #[serde(skip)]
    pub revoked_ms: Option<u64>,
}

impl Default for KeyId {
    fn default() -> Self {
        Self("0".repeat(16))
    }
}

impl Key {
    /// The same key with another name or other scopes.
    #[must_use]
    pub fn changed(mut self, name: Option<&str>, scopes: Option<&Scopes>) -> Self {
        if let Some(name) = name {
            name.clone_into(&mut self.name);
        }
        if let Some(scopes) = scopes {
            self.scopes.clone_from(scopes);
        }
        self
    }

    /// Whether this is the key's text. Takes as long for any answer.
    #[must_use]
    pub fn fits(&self, text: &KeyText) -> bool {
        bool::from(text.hash().as_bytes().ct_eq(self.hash.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_and_shows_only_its_name() {
        let key = KeyText::new([0xab; 40]);
        assert_eq!(key.reveal().len(), 4 + 16 + 1 + 64);
        assert_eq!(KeyText::parse(key.reveal()), Some(key.clone()));
        assert_eq!(format!("{key:?}"), "KeyText(abababababababab, …)");
        assert!(!key.hash().contains("abababab"));
        let short = key.reveal().strip_suffix('b').unwrap_or_default();
        for wrong in ["", "cbx_", short, &key.reveal().to_uppercase()] {
            assert_eq!(KeyText::parse(wrong), None, "{wrong}");
        }
    }
}
