//! Requests to whoever.

use std::time::Duration;

use crate::failure::Failure;

/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A client. It follows no redirect: keys and signatures are for the host that they were made for.
///
/// # Errors
/// TLS cannot be set up.
pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    // A second set-up in the same process is refused, and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("callbox/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_MAX)
        .timeout(ANSWER_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::new("tls", format!("TLS cannot be set up: {error}")))
}

/// Why there was no answer, in words without the URL, which may hold what is nobody's business.
pub(crate) fn why(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER_MAX.as_secs());
    }
    // The chain's last link is what the system said.
    let mut deepest: &dyn std::error::Error = &error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if error.is_connect() {
        format!("no connection: {deepest}")
    } else {
        deepest.to_string()
    }
}
