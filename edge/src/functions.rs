//! Asks the functions for something, sealed.

use std::time::Duration;

use contract::{SEAL_HEADER, Seal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Env, Error, Response, Result, Url};

use crate::clock::epoch_s;
use crate::settings;
use crate::web::{Sent, bytes, send, timeout};

/// How long the functions may take.
const FUNCTIONS_MAX: Duration = Duration::from_secs(15);

/// Posts a body; answers with the status and what came.
///
/// # Errors
///
/// There was no answer, or the deployment has no secret.
pub(crate) async fn post(env: &Env, url: &str, body: &impl Serialize) -> Result<(u16, String)> {
    end(begin(env, url, body)?).await
}

/// Posts a body at once: before whatever is written to the store afterwards.
///
/// # Errors
///
/// The deployment has no secret, or the URL is none.
pub(crate) fn begin(env: &Env, url: &str, body: &impl Serialize) -> Result<Sent> {
    let secret = settings::secret(env).map_err(|wrong| Error::RustError(wrong.message))?;
    let body = serde_json::to_vec(body)?;
    let path = Url::parse(url)?.path().to_owned();
    let seal = Seal::new(&secret, epoch_s(), "POST", &path, &body);
    let headers = [
        ("content-type", "application/json"),
        (SEAL_HEADER, seal.as_str()),
    ];
    send("POST", url, headers, &bytes(&body))
}

/// Waits for the answer to what was posted: the status and what came.
///
/// # Errors
///
/// There was none in time.
pub(crate) async fn end(sent: Sent) -> Result<(u16, String)> {
    timeout(FUNCTIONS_MAX, async {
        let (mut response, guard) = sent.response().await?;
        let text = response.text().await?;
        drop(guard);
        Ok((response.status_code(), text))
    })
    .await
}

/// Posts a body and reads the answer.
///
/// # Errors
///
/// As [`post`], or another status than a 2xx, or an answer that makes no sense.
pub(crate) async fn ask<T: DeserializeOwned>(
    env: &Env,
    url: &str,
    body: &impl Serialize,
) -> Result<T> {
    let (status, text) = post(env, url, body).await?;
    if !(200..300).contains(&status) {
        return Err(refused(url, status));
    }
    Ok(serde_json::from_str(&text)?)
}

/// # Errors
///
/// Any other status than a 2xx.
pub(crate) fn succeeded(response: &Response, what: &str) -> Result<()> {
    match response.status_code() {
        200..300 => Ok(()),
        status => Err(refused(what, status)),
    }
}

fn refused(what: &str, status: u16) -> Error {
    Error::RustError(format!("{what}: status {status}"))
}
