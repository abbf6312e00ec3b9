use contract::{BotId, TenantId};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::Scopes;

/// Shortest key, in bytes: that of the hash.
pub(crate) const TOKEN_KEY_BYTES_MIN: usize = 32;

/// What a token says. `exp` and `iat` are seconds since the Unix epoch.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Claims {
    /// Who: the key that had it made, or the operator.
    pub sub: String,
    /// Whose things it opens.
    pub tenant: TenantId,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The only bot it opens; none: all of the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<BotId>,
    /// Until when it is good.
    pub exp: u64,
    /// Since when.
    pub iat: u64,
    /// Names the token.
    pub jti: String,
}

/// Why a token does not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadToken {
    /// It was not made here, or was changed since.
    #[error("this token was not made by this deployment")]
    Forged,
    /// Its time is over.
    #[error("this token has expired: ask for a new one at POST /tokens")]
    Expired,
}

/// Makes and reads tokens: JWT with HS256. `Debug` does not show it.
#[derive(Clone)]
pub struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TokenKey {
    /// The key of this text; `None` if it has less than 32 bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        // That it is there already can only mean by us.
        let _ = RING.install_default();
        (text.len() >= TOKEN_KEY_BYTES_MIN).then(|| Self {
            encoding: EncodingKey::from_secret(text.as_bytes()),
            decoding: DecodingKey::from_secret(text.as_bytes()),
        })
    }

    /// The text of a token that says this.
    #[must_use]
    pub fn seal(&self, claims: &Claims) -> String {
        // Neither the algorithm nor the claims can fail: both are ours.
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .unwrap_or_default()
    }

    /// What a token says, if it is good at this second.
    ///
    /// # Errors
    /// It is not, or no longer.
    pub fn open(&self, text: &str, now_s: u64) -> Result<Claims, BadToken> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Against our own clock, below.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(text, &self.decoding, &validation)
            .map_err(|_| BadToken::Forged)?
            .claims;
        if now_s < claims.exp {
            Ok(claims)
        } else {
            Err(BadToken::Expired)
        }
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// HS256 by ring, which TLS has brought along, and nothing else: the library's own backends bring a second cryptography.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        only_hs256(*algorithm)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        Ok(Box::new(Hs256(key)))
    },
    verifier_factory: |algorithm, key| {
        only_hs256(*algorithm)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?);
        Ok(Box::new(Hs256(key)))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn only_hs256(algorithm: Algorithm) -> jsonwebtoken::errors::Result<()> {
    if algorithm == Algorithm::HS256 {
        return Ok(());
    }
    Err(ErrorKind::InvalidAlgorithm.into())
}

struct Hs256(hmac::Key);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Scope;

    fn claims() -> Claims {
        Claims {
            sub: "key:0123456789abcdef".to_owned(),
            tenant: TenantId::default(),
            scopes: [Scope::Talk].into(),
            bot: BotId::new("mesa"),
            exp: 2_000,
            iat: 1_000,
            jti: "1".to_owned(),
        }
    }

    #[test]
    fn a_token_is_good_until_its_time_is_over_and_for_its_own_key() {
        let key = TokenKey::new("not a secret, but thirty-two bytes long").unwrap();
        let text = key.seal(&claims());
        assert_eq!(key.open(&text, 1_999), Ok(claims()));
        assert_eq!(key.open(&text, 2_000), Err(BadToken::Expired));
        let other = TokenKey::new("another secret of thirty-two bytes").unwrap();
        assert_eq!(other.open(&text, 1_999), Err(BadToken::Forged));
        assert_eq!(key.open("", 0), Err(BadToken::Forged));
        assert!(TokenKey::new("short").is_none());
    }

    #[test]
    fn a_token_without_or_with_another_algorithm_is_forged() {
        let key = TokenKey::new("not a secret, but thirty-two bytes long").unwrap();
        let text = key.seal(&claims());
        let (_, rest) = text.split_once('.').unwrap();
        let (payload, _) = rest.split_once('.').unwrap();
        // {"alg":"none"} and {"alg":"HS512"}
        for (header, tag) in [
            ("eyJhbGciOiJub25lIn0", ""),
            ("eyJhbGciOiJub25lIn0", "AAAA"),
            ("eyJhbGciOiJIUzUxMiJ9", "AAAA"),
        ] {
            let forged = format!("{header}.{payload}.{tag}");
            assert_eq!(key.open(&forged, 1_000), Err(BadToken::Forged), "{header}");
        }
    }

    #[test]
    fn the_tag_is_hmac_with_sha_256() {
        // A known HMAC-SHA-256.
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let tag = hmac::sign(&key, b"The quick brown fox jumps over the lazy dog");
        let hex = tag
            .as_ref()
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(
            hex,
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }
}
