//! The signature on every request between functions and edge.

use std::fmt::{self, Write as _};

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Name of the header that carries a [`Seal`].
pub const SEAL_HEADER: &str = "callbox-seal";

/// How far the two clocks may be apart, in seconds; also how long a captured request stays usable.
const SKEW_S_MAX: u64 = 60;

/// The secret that functions and edge share (`EDGE_SECRET`). Does not show itself.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the secret's text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    /// Whether it is long enough to be one: 32 bytes or more.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.0.len() >= 32
    }

    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        // HMAC takes keys of any length; the error type exists for other MACs.
        Hmac::new_from_slice(&self.0)
            .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A signature over time, method, path and body. Text form: `t={seconds},v1={hex HMAC-SHA256}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seal(String);

/// Why a request between functions and edge is refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SealError {
    /// There is no seal, or none that can be read.
    #[error(
        "the request has no valid callbox-seal header: only functions and edge of one deployment may call this"
    )]
    Missing,
    /// It does not fit.
    #[error("the callbox-seal header does not fit: set the same EDGE_SECRET on functions and edge")]
    Forged,
    /// It is too old or from the future.
    #[error("the callbox-seal header is more than 60 s off: check the clocks")]
    Stale,
}

impl SealError {
    /// The stable code of the error answer.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "seal_missing",
            Self::Forged => "seal_forged",
            Self::Stale => "seal_stale",
        }
    }
}

impl Seal {
    /// Signs a request. `path` is without scheme, host and query.
    #[must_use]
    pub fn new(secret: &Secret, now_s: u64, method: &str, path: &str, body: &[u8]) -> Self {
        let tag = mac(secret, now_s, method, path, body)
            .finalize()
            .into_bytes();
        Self(format!("t={now_s},v1={}", hex(&tag)))
    }

    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks a request's header.
    ///
    /// # Errors
    ///
    /// Any [`SealError`].
    pub fn check(
        header: Option<&str>,
        secret: &Secret,
        now_s: u64,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<(), SealError> {
        let (time, tag) = header.and_then(parts).ok_or(SealError::Missing)?;
        mac(secret, time, method, path, body)
            .verify_slice(&tag)
            .map_err(|_| SealError::Forged)?;
        if time.abs_diff(now_s) > SKEW_S_MAX {
            Err(SealError::Stale)
        } else {
            Ok(())
        }
    }
}

fn mac(secret: &Secret, time_s: u64, method: &str, path: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = secret.mac();
    mac.update(format!("seal\n{time_s}\n{method}\n{path}\n").as_bytes());
    mac.update(&Sha256::digest(body));
    mac
}

fn parts(header: &str) -> Option<(u64, Vec<u8>)> {
    let (time, tag) = header.strip_prefix("t=")?.split_once(",v1=")?;
    Some((time.parse().ok()?, unhex(tag)?))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to memory cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &[u8] = b"{}";

    fn check(
        header: &str,
        now_s: u64,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<(), SealError> {
        Seal::check(Some(header), &Secret::new("s"), now_s, method, path, body)
    }

    #[test]
    fn a_seal_fits_its_own_request_and_no_other() {
        let seal = Seal::new(&Secret::new("s"), 1_000, "PUT", "/calls/CA1", BODY);
        assert_eq!(
            check(seal.as_str(), 1_059, "PUT", "/calls/CA1", BODY),
            Ok(())
        );
        assert_eq!(
            check(seal.as_str(), 1_000, "POST", "/calls/CA1", BODY),
            Err(SealError::Forged)
        );
        assert_eq!(
            check(seal.as_str(), 1_000, "PUT", "/calls/CA2", BODY),
            Err(SealError::Forged)
        );
        assert_eq!(
            check(seal.as_str(), 1_000, "PUT", "/calls/CA1", b"{ }"),
            Err(SealError::Forged)
        );
        assert_eq!(
            check(seal.as_str(), 1_061, "PUT", "/calls/CA1", BODY),
            Err(SealError::Stale)
        );
        assert_eq!(
            check(seal.as_str(), 939, "PUT", "/calls/CA1", BODY),
            Err(SealError::Stale)
        );
        assert_eq!(
            Seal::check(None, &Secret::new("s"), 1_000, "PUT", "/", BODY),
            Err(SealError::Missing)
        );
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "Secret(…)");
    }

    proptest! {
        #[test]
        fn no_header_is_accepted_or_panics(header in ".{0,100}") {
            prop_assert!(check(&header, 1_000, "PUT", "/", BODY).is_err());
        }
    }
}
