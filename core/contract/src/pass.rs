//! A pass to watch a call live: proof that the functions have checked who asks.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use thiserror::Error;

use crate::{CallId, Secret};

/// Longest validity, in seconds: a redirect is followed within a moment.
const VALID_S_MAX: u64 = 60;

/// Lets its holder open `GET {edge}/calls/{CallId}/events?pass=…`. Text form: `{expiry}.{hmac}`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pass {
    /// The call.
    pub call: CallId,
    /// Seconds since the Unix epoch; at most 60 s ahead.
    pub expires_s: u64,
}

/// A pass that does not let in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "the pass is not, or no longer, good for this call: ask the API for the call's events again"
)]
pub struct BadPass;

impl Pass {
    /// Writes the pass's text.
    #[must_use]
    pub fn seal(&self, secret: &Secret) -> String {
        let tag = mac(secret, &self.call, self.expires_s)
            .finalize()
            .into_bytes();
        format!("{}.{}", self.expires_s, URL_SAFE_NO_PAD.encode(tag))
    }

    /// Checks a pass that came for `call`.
    ///
    /// # Errors
    ///
    /// It is none, is for another call, or has expired.
    pub fn open(text: &str, secret: &Secret, call: &CallId, now_s: u64) -> Result<(), BadPass> {
        let (expires, tag) = text.split_once('.').ok_or(BadPass)?;
        let expires_s: u64 = expires.parse().map_err(|_| BadPass)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| BadPass)?;
        mac(secret, call, expires_s)
            .verify_slice(&tag)
            .map_err(|_| BadPass)?;
        let fresh = now_s <= expires_s && expires_s <= now_s.saturating_add(VALID_S_MAX);
        if fresh { Ok(()) } else { Err(BadPass) }
    }
}

fn mac(secret: &Secret, call: &CallId, expires_s: u64) -> hmac::Hmac<sha2::Sha256> {
    secret
        .mac()
        .chain_update(format!("callbox-pass\n{call}\n{expires_s}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_good_for_its_call_and_a_minute() {
        let secret = Secret::new("not a secret, but thirty-two bytes long");
        let call = CallId::web(7);
        let text = Pass {
            call,
            expires_s: 1_060,
        }
        .seal(&secret);
        assert_eq!(Pass::open(&text, &secret, &call, 1_000), Ok(()));
        assert_eq!(Pass::open(&text, &secret, &call, 1_061), Err(BadPass));
        assert_eq!(Pass::open(&text, &secret, &call, 900), Err(BadPass));
        assert_eq!(
            Pass::open(&text, &secret, &CallId::web(8), 1_000),
            Err(BadPass)
        );
        assert_eq!(Pass::open("", &secret, &call, 1_000), Err(BadPass));
    }
}
