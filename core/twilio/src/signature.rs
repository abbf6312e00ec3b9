//! Who sent a request, or opened a media stream: `X-Twilio-Signature` (Security; Webhooks security).
//!
//! A signature is `base64(HMAC-SHA1(auth token, URL + sorted form parameters))`. The URL is the public one, exactly as it was
//! configured; never rebuild it from what a proxy says in `Host` or `X-Forwarded-*`. The key is the primary token of the account
//! that owns the call; while tokens are being rotated, pass both.
//!
//! The handshake of a media stream is signed over its URL alone. For a fixed URL those are the same bytes on every call, so
//! they prove little: put something single-use into the path.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::form::Form;

/// The key of a signature: an account's auth token, or the secret of a shared key. `Debug` does not show it.
#[derive(Clone)]
pub struct AuthToken(String);

/// An empty token, with which anyone could sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the auth token is empty")]
pub struct EmptyToken;

impl AuthToken {
    /// Takes the token as the console shows it.
    ///
    /// # Errors
    /// An empty token: a forgotten setting must not become a key that everyone knows.
    pub fn new(token: impl Into<String>) -> Result<Self, EmptyToken> {
        let token = token.into();
        if token.trim().is_empty() {
            Err(EmptyToken)
        } else {
            Ok(Self(token))
        }
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AuthToken(hidden)")
    }
}

/// What a signature covers besides the URL.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// The parameters of a form, all of them. For a GET request an empty form, since the URL has its parameters.
    Form(&'a Form),
    /// The raw bytes of a JSON body, whose SHA-256 the URL carries as `bodySHA256`.
    Json(&'a [u8]),
}

/// How a signature is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// The default, and the only one for auth tokens.
    HmacSha1,
    /// For shared keys.
    HmacSha256,
}

/// A key that requests may be signed with instead of the auth token (Sign webhooks with shared keys). Only those that are
/// listed here are believed, each with its one algorithm: the request says which it used, and might say anything.
#[derive(Debug, Clone)]
pub struct SharedKey {
    /// As the header names it, `webhooks_sharedkey_…`.
    pub name: String,
    /// The key.
    pub secret: AuthToken,
    /// The only algorithm this key is used with.
    pub algorithm: Algorithm,
}

/// The request header that holds the signature.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";
/// The request header that names a shared key and its algorithm.
pub const SETTINGS_HEADER: &str = "x-twilio-webhooks-signature-settings";

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is missing or empty.
    #[error("the request is not signed: X-Twilio-Signature is missing or empty")]
    Missing,
    /// There is no key to check with: a fault of ours.
    #[error("no auth token is configured, so that no signature can be checked")]
    NoToken,
    /// The signature is none of those that the URL and the keys allow.
    #[error(
        "the signature does not fit {url}: is that the URL Twilio was given, and the token that of the account which owns the call?"
    )]
    Mismatch {
        /// The URL that was checked, less query and user name, so that it can be logged.
        url: String,
    },
    /// The URL carries no hash for the JSON body.
    #[error("the request has a JSON body, but its URL has no bodySHA256")]
    NoBodyHash,
    /// The JSON body is not the one that was signed.
    #[error("the body is not the one that was signed: its SHA-256 differs from bodySHA256")]
    BodyHash,
    /// The settings header cannot be read, or names an algorithm that the key is not used with.
    #[error(
        "the signature settings of the request cannot be read or name an algorithm that is not allowed"
    )]
    Settings,
    /// The settings header names a key that is not listed.
    #[error("the request is signed with a shared key that is not allowed here")]
    UnknownKey,
}

/// The signature Twilio sends for a form posted to `url`; with an empty form, for a GET request, a JSON body or a handshake. The
/// URL is taken as it is, but for the fragment, which Twilio keeps to itself (Webhooks: Connection Overrides).
#[must_use]
pub fn request_signature(token: &AuthToken, url: &str, form: &Form) -> String {
    sign(token, Algorithm::HmacSha1, without_fragment(url), form)
}

/// As [`request_signature`], with the algorithm of a shared key.
#[must_use]
pub fn shared_key_signature(key: &SharedKey, url: &str, form: &Form) -> String {
    sign(&key.secret, key.algorithm, without_fragment(url), form)
}

/// Checks a webhook request against every token, since two are good while one replaces the other. The URL is tried without and
/// with its port, explicit or the scheme's own, as Twilio's SDKs do: some products sign one, some the other.
///
/// # Errors
/// If the request must be refused; answer 403.
pub fn verify_request(
    tokens: &[AuthToken],
    url: &str,
    signed: Signed<'_>,
    given: &str,
) -> Result<(), SignatureError> {
    let keys: Vec<_> = tokens
        .iter()
        .map(|token| (token, Algorithm::HmacSha1))
        .collect();
    verify(&keys, url, signed, given)
}

/// Checks a webhook request that says, in [`SETTINGS_HEADER`], that it was signed with a shared key.
///
/// # Errors
/// If the request must be refused; answer 403.
pub fn verify_shared_key(
    allowed: &[SharedKey],
    settings: &str,
    url: &str,
    signed: Signed<'_>,
    given: &str,
) -> Result<(), SignatureError> {
    let setting = |name: &str| {
        let mut parts = settings
            .split(',')
            .filter_map(|part| part.trim().split_once('='));
        parts.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let algorithm = match setting("algorithm") {
        Some("HMAC_SHA1") => Algorithm::HmacSha1,
        Some("HMAC_SHA256") => Algorithm::HmacSha256,
        _ => return Err(SignatureError::Settings),
    };
    let name = setting("key").ok_or(SignatureError::Settings)?;
    let key = allowed
        .iter()
        .find(|key| key.name == name)
        .ok_or(SignatureError::UnknownKey)?;
    if key.algorithm != algorithm {
        return Err(SignatureError::Settings);
    }
    verify(&[(&key.secret, algorithm)], url, signed, given)
}

/// All signatures that are good for the handshake of a media stream at this `wss:` (or, locally, `ws:`) URL: with and without a
/// slash at the end, since Twilio may sign either (Security, "A few notes"), and with and without the port if there is one. Whoever
/// holds them can check a handshake with [`matches_any`] without holding the token.
#[must_use]
pub fn handshake_signatures(token: &AuthToken, url: &str) -> Vec<String> {
    let url = without_user(without_fragment(url));
    let mut urls = vec![url.clone().into_owned()];
    if let Some(shorter) = without_port(&url) {
        urls.push(shorter);
    }
    let form = Form::new();
    urls.iter()
        .flat_map(|url| match url.strip_suffix('/') {
            Some(bare) => [url.clone(), bare.to_owned()],
            None => [url.clone(), format!("{url}/")],
        })
        .map(|url| sign(token, Algorithm::HmacSha1, &url, &form))
        .collect()
}

/// Whether one of the expected signatures was given. Takes as long for any answer, and is never true of an empty one.
#[must_use]
pub fn matches_any<S: AsRef<str>>(expected: &[S], given: &str) -> bool {
    let mut found = Choice::from(0);
    for candidate in expected {
        found |= candidate.as_ref().as_bytes().ct_eq(given.as_bytes());
    }
    bool::from(found) && !given.is_empty()
}

fn verify(
    keys: &[(&AuthToken, Algorithm)],
    url: &str,
    signed: Signed<'_>,
    given: &str,
) -> Result<(), SignatureError> {
    if given.is_empty() {
        return Err(SignatureError::Missing);
    }
    if keys.is_empty() {
        return Err(SignatureError::NoToken);
    }
    let url = without_user(without_fragment(url));
    let empty = Form::new();
    let form = match signed {
        Signed::Form(form) => form,
        Signed::Json(body) => {
            check_body(&url, body)?;
            &empty
        }
    };
    let urls = port_variants(&url);
    let expected: Vec<String> = keys
        .iter()
        .flat_map(|(token, algorithm)| urls.iter().map(|url| sign(token, *algorithm, url, form)))
        .collect();
    if matches_any(&expected, given) {
        return Ok(());
    }
    let shown = url.split('?').next().unwrap_or_default().to_owned();
    Err(SignatureError::Mismatch { url: shown })
}

fn check_body(url: &str, body: &[u8]) -> Result<(), SignatureError> {
    let query = url
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default();
    let claimed = Form::parse(query.as_bytes());
    let claimed = claimed
        .get("bodySHA256")
        .ok_or(SignatureError::NoBodyHash)?;
    let actual = format!("{:x}", Sha256::digest(body));
    let same = actual
        .as_bytes()
        .ct_eq(claimed.to_ascii_lowercase().as_bytes());
    if bool::from(same) {
        Ok(())
    } else {
        Err(SignatureError::BodyHash)
    }
}

fn sign(token: &AuthToken, algorithm: Algorithm, url: &str, form: &Form) -> String {
    // Names sort by byte, upper case first; the same value twice counts once.
    let mut pairs: Vec<(&str, &str)> = form
        .pairs()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let parts =
        std::iter::once(url).chain(pairs.into_iter().flat_map(|(name, value)| [name, value]));
    let key = token.expose().as_bytes();
    match algorithm {
        Algorithm::HmacSha1 => mac::<Hmac<Sha1>>(key, parts),
        Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(key, parts),
    }
}

fn mac<'a, M: Mac + hmac::digest::KeyInit>(
    key: &[u8],
    parts: impl Iterator<Item = &'a str>,
) -> String {
    // HMAC takes keys of any length. Were that to change, the empty signature matches nothing.
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else {
        return String::new();
    };
    for part in parts {
        mac.update(part.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// Scheme with `://`, authority, and the rest from the first `/` or `?` on.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let after_scheme = url.find("://")? + 3;
    let (scheme, rest) = url.split_at_checked(after_scheme)?;
    let (authority, rest) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
    Some((scheme, authority, rest))
}

/// User name and password are dropped before signing (Security).
fn without_user(url: &str) -> Cow<'_, str> {
    if let Some((scheme, authority, rest)) = parts(url)
        && let Some((_, host)) = authority.rsplit_once('@')
    {
        return Cow::Owned(format!("{scheme}{host}{rest}"));
    }
    Cow::Borrowed(url)
}

/// Host and port, if a port is named. The colons of an IPv6 address are in brackets.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = authority.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_port.then_some((host, port))
}

fn without_port(url: &str) -> Option<String> {
    let (scheme, authority, rest) = parts(url)?;
    let (host, _) = split_port(authority)?;
    Some(format!("{scheme}{host}{rest}"))
}

fn port_variants(url: &str) -> Vec<String> {
    let other = without_port(url).or_else(|| {
        let (scheme, authority, rest) = parts(url)?;
        let port = match scheme {
            "https://" | "wss://" => 443,
            _ => 80,
        };
        Some(format!("{scheme}{authority}:{port}{rest}"))
    });
    std::iter::once(url.to_owned()).chain(other).collect()
}
