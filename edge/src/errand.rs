//! `PUT /errands/{id}`: the functions want to be called back. A Durable Object for each errand rings at its time, and again
//! with growing pauses until the functions say that it is done; then nothing of it is left.

#![allow(
    missing_docs,
    reason = "what the macro exports to JavaScript cannot be documented"
)]

use std::panic::AssertUnwindSafe;

use contract::{ERRAND_S_MAX, ErrandCall, ErrandReply};
use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Method, Request, Response, Result, State, Storage, durable_object,
};

use crate::clock::epoch_ms;
use crate::door::{self, Answer, unseal};
use crate::functions;
use crate::log;
use crate::refusal::Refusal;
use crate::web::env_opt;

/// The longest errand.
const ERRAND_BYTES_MAX: usize = 4 * 1024;
/// First and longest pause between two attempts, in milliseconds.
const PAUSE_MS: (u64, u64) = (5_000, 3_600_000);
/// Nobody plans further ahead: a year, in milliseconds.
const AHEAD_MS_MAX: u64 = 366 * 86_400_000;
/// Where it is kept.
const KEY: &str = "errand";

/// An errand, and how often it was tried.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Kept {
    errand: contract::Errand,
    /// When it came, in milliseconds since the Unix epoch.
    taken_ms: u64,
    attempts: u32,
    /// It was wanted anew while, as far as anybody knew, it was being done: whatever is done by then may not be what is
    /// wanted now.
    #[serde(default)]
    again: Option<contract::Errand>,
}

impl Kept {
    fn new(errand: contract::Errand) -> Self {
        Self {
            errand,
            taken_ms: epoch_ms(),
            attempts: 0,
            again: None,
        }
    }
}

/// Checks an errand at the Worker.
pub(crate) async fn take(mut request: Request, env: &Env, id: &str) -> Answer {
    let path = request.path();
    let body = unseal(&mut request, env, ERRAND_BYTES_MAX).await?;
    let errand: contract::Errand = door::read(&body, "not_an_errand")?;
    if errand.id != id {
        let message = "the path names another errand than the body";
        return Err(Refusal::at(422, "id", "id_differs", message));
    }
    check(&errand, epoch_ms())?;
    let stub = env.durable_object("ERRANDS")?.get_by_name(id)?;
    door::forward(stub, Method::Put, &path, body).await
}

/// # Errors
///
/// Which field is out of range.
fn check(errand: &contract::Errand, now_ms: u64) -> std::result::Result<(), Refusal> {
    let is_id = (1..=80).contains(&errand.id.len())
        && errand
            .id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let wrong = |field: &str, message: &str| {
        let message = format!("{field} must be {message}");
        Err(Refusal::at(422, field, "out_of_range", message))
    };
    if !is_id {
        return wrong("id", "1 to 80 characters of a-z, A-Z, 0-9, - and _");
    }
    if !errand.url.starts_with("https://") && !errand.url.starts_with("http://") {
        return wrong("url", "an absolute URL of the functions");
    }
    if errand.due_ms > now_ms.saturating_add(AHEAD_MS_MAX) {
        return wrong("due_ms", "within a year");
    }
    Ok(())
}

/// The pause after this many attempts, in milliseconds; `chance` is from 0 to 1. Errands of one outage do not all come
/// back at the same moment.
fn pause_ms(attempts: u32, after_s: u32, chance: f64) -> u64 {
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = PAUSE_MS.0.saturating_mul(1 << doublings).min(PAUSE_MS.1);
    let pause = pause.max(u64::from(after_s).saturating_mul(1_000));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a quarter of a pause, far below 2^53"
    )]
    let jitter = (pause as f64 / 4.0 * chance.clamp(0.0, 1.0)) as u64;
    pause + jitter
}

/// The Durable Object of one errand, named by its id.
#[durable_object(alarm)]
pub struct Errand {
    // A panic is caught at the boundary of the event; all there is lies in the store.
    inner: AssertUnwindSafe<(Storage, Env)>,
}

impl DurableObject for Errand {
    fn new(state: State, env: Env) -> Self {
        log::install(env_opt(&env, "LOG_LEVEL").as_deref());
        Self {
            inner: AssertUnwindSafe((state.storage(), env)),
        }
    }

    /// Takes the errand. It was checked at the Worker, which alone can reach this.
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let (storage, _) = &*self.inner;
        let errand: contract::Errand = serde_json::from_str(&request.text().await?)?;
        match storage.get::<Kept>(KEY).await? {
            None => keep(storage, errand).await?,
            Some(mut kept) => {
                kept.again = Some(errand);
                storage.put(KEY, &kept).await?;
            }
        }
        Ok(Response::empty()?.with_status(204))
    }

    async fn alarm(&self) -> Result<Response> {
        let (storage, env) = &*self.inner;
        if let Some(kept) = storage.get::<Kept>(KEY).await? {
            ring(storage, env, kept).await?;
        }
        Response::empty()
    }
}

/// Calls the functions once.
async fn ring(storage: &Storage, env: &Env, mut kept: Kept) -> Result<()> {
    kept.attempts += 1;
    kept.again = None;
    // Counted before the call: whoever is called twice after a crash is told so.
    storage.put(KEY, &kept).await?;
    let body = ErrandCall {
        id: kept.errand.id.clone(),
        attempt: kept.attempts,
    };
    let reply = functions::ask::<ErrandReply>(env, &kept.errand.url, &body).await;
    let after_s = match reply {
        Ok(ErrandReply::Done) => return done(storage).await,
        Ok(ErrandReply::Again { after_s }) => after_s,
        Err(error) => {
            tracing::warn!(errand = body.id, attempt = body.attempt, %error, "an errand failed and will be tried again");
            0
        }
    };
    let wait_ms = pause_ms(kept.attempts, after_s, js_sys::Math::random());
    let since_ms = kept.errand.due_ms.max(kept.taken_ms);
    if epoch_ms().saturating_add(wait_ms) > since_ms.saturating_add(ERRAND_S_MAX * 1_000) {
        tracing::error!(
            errand = body.id,
            attempts = body.attempt,
            "an errand is given up"
        );
        return forget(storage).await;
    }
    ring_after(storage, wait_ms).await
}

async fn keep(storage: &Storage, errand: contract::Errand) -> Result<()> {
    let kept = Kept::new(errand);
    let wait_ms = kept.errand.due_ms.saturating_sub(kept.taken_ms);
    storage.put(KEY, &kept).await?;
    ring_after(storage, wait_ms).await
}

/// It is done, unless it was wanted anew meanwhile.
async fn done(storage: &Storage) -> Result<()> {
    let kept = storage.get::<Kept>(KEY).await?;
    match kept.and_then(|kept| kept.again) {
        Some(errand) => keep(storage, errand).await,
        None => forget(storage).await,
    }
}

async fn ring_after(storage: &Storage, ms: u64) -> Result<()> {
    storage
        .set_alarm(i64::try_from(ms).unwrap_or(i64::MAX))
        .await
}

async fn forget(storage: &Storage) -> Result<()> {
    storage.delete_alarm().await?;
    storage.delete_all().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_five_seconds_to_an_hour_and_are_never_shorter_than_asked() {
        let pauses: Vec<u64> = (1..=12)
            .map(|attempts| pause_ms(attempts, 0, 0.0) / 1_000)
            .collect();
        assert_eq!(
            pauses,
            [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]
        );
        assert_eq!(pause_ms(1, 60, 0.0), 60_000);
        assert_eq!(pause_ms(1, 0, 1.0), 6_250);
        assert_eq!(pause_ms(u32::MAX, 0, 1.0), 4_500_000);
    }

    #[test]
    fn an_errand_out_of_range_is_refused_by_its_field() {
        let errand = |id: &str, url: &str, due_ms| contract::Errand {
            id: id.to_owned(),
            url: url.to_owned(),
            due_ms,
        };
        let field = |errand: &contract::Errand| match check(errand, 1_000) {
            Err(Refusal::Said(_, body)) => body.error.field,
            _ => None,
        };
        let url = "https://x.example/errands";
        assert_eq!(field(&errand("call-ended_7", url, 0)), None);
        assert_eq!(field(&errand("a/b", url, 0)).as_deref(), Some("id"));
        assert_eq!(field(&errand("a", "/errands", 0)).as_deref(), Some("url"));
        let far = errand("a", url, u64::MAX);
        assert_eq!(field(&far).as_deref(), Some("due_ms"));
    }
}
