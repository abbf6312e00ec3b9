//! The deployment's secrets: one JSON object in Secrets Manager, read at start, and again when something does not fit it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use contract::Secret;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use twilio::AccountSid;
use twilio::signature::AuthToken;

use crate::account::TokenKey;
use crate::clock::Clock;
use crate::config::BadSetting;

/// Shortest operator key, in bytes.
const OPERATOR_KEY_BYTES_MIN: usize = 16;

/// How long a copy is used before a request that does not fit it may ask for a new one, in milliseconds.
const FRESH_MS: u64 = 60_000;

/// What must stay between us, Twilio and the edge. `Debug` does not show any of it.
pub struct Secrets {
    /// The Twilio account.
    pub account: AccountSid,
    /// Its auth token and, while tokens are being changed, the next one.
    pub tokens: Vec<AuthToken>,
    /// Shared with the edge.
    pub edge: Secret,
    /// Makes and reads the tokens of browsers and sockets.
    pub jwt_key: TokenKey,
    operator_key: [u8; 32],
}

#[derive(Deserialize)]
struct Wire {
    twilio_account_sid: Option<String>,
    twilio_auth_token: Option<String>,
    #[serde(default)]
    twilio_auth_token_next: Option<String>,
    edge_secret: Option<String>,
    operator_key: Option<String>,
    jwt_key: Option<String>,
}

impl Secrets {
    /// Reads the secret's JSON.
    ///
    /// # Errors
    /// Names `SECRET_ARN` and the member that is missing or too weak. Never shows a value.
    pub fn parse(json: &str) -> Result<Self, BadSetting> {
        let bad = |problem: &str| BadSetting {
            name: "SECRET_ARN",
            problem: problem.to_owned(),
        };
        // The parser's own words may quote the value.
        let wire: Wire =
            serde_json::from_str(json).map_err(|_| bad("does not hold a JSON object of texts"))?;
        let account = wire.twilio_account_sid.and_then(|sid| sid.parse().ok());
        let account = account.ok_or_else(|| {
            bad("needs the member twilio_account_sid: AC and 32 hexadecimal digits")
        })?;
        let token = |text: Option<String>| text.and_then(|text| AuthToken::new(text).ok());
        let first = token(wire.twilio_auth_token)
            .ok_or_else(|| bad("needs the member twilio_auth_token"))?;
        let tokens = std::iter::once(first)
            .chain(token(wire.twilio_auth_token_next))
            .collect();
        let edge = Secret::new(&wire.edge_secret.unwrap_or_default());
        if !edge.is_strong() {
            return Err(bad("needs the member edge_secret of 32 bytes or more"));
        }
        let key = wire.operator_key.unwrap_or_default();
        if key.len() < OPERATOR_KEY_BYTES_MIN {
            return Err(bad("needs the member operator_key of 16 bytes or more"));
        }
        let jwt_key = TokenKey::new(&wire.jwt_key.unwrap_or_default())
            .ok_or_else(|| bad("needs the member jwt_key of 32 bytes or more"))?;
        Ok(Self {
            account,
            tokens,
            edge,
            jwt_key,
            operator_key: Sha256::digest(key).into(),
        })
    }

    /// Whether this is the operator's key. Takes as long for any answer.
    #[must_use]
    pub fn is_operator(&self, key: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(key).into();
        bool::from(given.ct_eq(&self.operator_key))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// Where secrets are kept.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Fetches them.
    ///
    /// # Errors
    /// If they cannot be had, or are not complete.
    async fn fetch(&self) -> Result<Secrets, BadSetting>;
}

/// The secrets at hand, and the vault for newer ones.
pub struct Keyring {
    vault: Arc<dyn Vault>,
    clock: Clock,
    held: Mutex<Held>,
    /// Whoever asks the vault, one at a time: who waits finds what the other was given.
    asking: tokio::sync::Mutex<()>,
}

struct Held {
    secrets: Arc<Secrets>,
    fetched_ms: u64,
}

impl Keyring {
    /// Fetches the secrets for the first time.
    ///
    /// # Errors
    /// If they cannot be had, or are not complete.
    pub async fn open(vault: Arc<dyn Vault>, clock: Clock) -> Result<Self, BadSetting> {
        let secrets = Arc::new(vault.fetch().await?);
        Ok(Self {
            vault,
            clock,
            held: Mutex::new(Held {
                secrets,
                fetched_ms: clock(),
            }),
            asking: tokio::sync::Mutex::default(),
        })
    }

    /// The secrets at hand.
    #[must_use]
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.held().secrets)
    }

    /// Newer secrets, for a request that did not fit those at hand; `None` if these are fresh enough, so that forged
    /// requests do not become requests to the vault.
    pub async fn newer(&self) -> Option<Arc<Secrets>> {
        self.instead_of(&self.secrets()).await
    }

    /// Newer secrets than those, which somebody has refused; `None` if there are none, as far as is known.
    pub async fn instead_of(&self, refused: &Arc<Secrets>) -> Option<Arc<Secrets>> {
        let _turn = self.asking.lock().await;
        let now_ms = (self.clock)();
        {
            let mut held = self.held();
            if !Arc::ptr_eq(&held.secrets, refused) {
                return Some(Arc::clone(&held.secrets));
            }
            if now_ms.saturating_sub(held.fetched_ms) < FRESH_MS {
                return None;
            }
            held.fetched_ms = now_ms;
        }
        match self.vault.fetch().await {
            Ok(secrets) => {
                let secrets = Arc::new(secrets);
                self.held().secrets = Arc::clone(&secrets);
                Some(secrets)
            }
            Err(error) => {
                tracing::warn!(%error, "the secrets could not be fetched again");
                None
            }
        }
    }

    /// Secrets a minute old at most, for what is handed out and nobody tells us whether it fitted.
    pub async fn recent(&self) -> Arc<Secrets> {
        self.newer().await.unwrap_or_else(|| self.secrets())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole() -> serde_json::Value {
        json!({
            "twilio_account_sid": format!("AC{}", "0".repeat(32)),
            "twilio_auth_token": "0".repeat(32),
            "edge_secret": "not a secret, but thirty-two bytes long",
            "operator_key": "not-an-operator-key",
            "jwt_key": "not a secret either, but long enough",
        })
    }

    #[test]
    fn whatever_is_missing_is_named_and_no_value_is_shown() {
        assert!(Secrets::parse(&whole().to_string()).is_ok());
        for member in [
            "twilio_account_sid",
            "twilio_auth_token",
            "edge_secret",
            "operator_key",
            "jwt_key",
        ] {
            let mut json = whole();
            json.as_object_mut().unwrap().remove(member);
            let problem = Secrets::parse(&json.to_string()).unwrap_err().to_string();
            assert!(
                problem.contains("SECRET_ARN") && problem.contains(member),
                "{problem}"
            );
        }
        let mut weak = whole();
        weak["edge_secret"] = "short-edge-word".into();
        let problem = Secrets::parse(&weak.to_string()).unwrap_err().to_string();
        assert!(
            problem.contains("edge_secret") && !problem.contains("short-edge-word"),
            "{problem}"
        );
        assert!(
            !Secrets::parse("\"hush\"")
                .unwrap_err()
                .to_string()
                .contains("hush")
        );
    }

    #[test]
    fn a_next_token_counts_and_an_empty_one_does_not() {
        let mut json = whole();
        json["twilio_auth_token_next"] = "1".repeat(32).into();
        assert_eq!(Secrets::parse(&json.to_string()).unwrap().tokens.len(), 2);
        json["twilio_auth_token_next"] = "".into();
        assert_eq!(Secrets::parse(&json.to_string()).unwrap().tokens.len(), 1);
    }

    #[test]
    fn only_the_whole_operator_key_opens() {
        let secrets = Secrets::parse(&whole().to_string()).unwrap();
        assert!(secrets.is_operator("not-an-operator-key"));
        for wrong in ["", "not-an-operator-ke", "not-an-operator-key "] {
            assert!(!secrets.is_operator(wrong));
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(…)");
    }
}
