//! The edge, as the functions see it: calls are opened there and given orders, and it is the functions' clock.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{
    CallId, Errand, Opening, OpeningReply, Order, OrderReply, Played, PlayedReply, SEAL_HEADER,
    Seal, Secret,
};
use reqwest::{Client, Method, StatusCode};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::clock::Clock;
use crate::config::BaseUrl;
use crate::secrets::Keyring;

/// Whole time for opening a call, all attempts together. The caller hears nothing meanwhile, and hears our words within
/// five seconds. An edge that starts again is back within that time, and its call goes on.
const TOTAL: Duration = Duration::from_millis(4_500);

/// Time of one attempt; a cold object answers within a few hundred milliseconds.
const ATTEMPT: Duration = Duration::from_millis(1_800);

/// First and longest pause between two attempts. One that is refused at once must not use all of them up at once.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(400));

/// Whole time for anything else that is asked of it. Whoever gave an order waits for it, and what has no answer is
/// asked again by whoever caused it.
const SOON: Duration = Duration::from_secs(3);

/// Why the edge did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// No answer in time, or none that could be read.
    #[error("the edge did not answer: {0}")]
    Silent(String),
    /// It said no.
    #[error("the edge refused with {status}, {code}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The code of its error body, or nothing.
        code: String,
    },
}

impl EdgeError {
    /// Whether it does not know the secret that the request was sealed with, and so has done nothing.
    #[must_use]
    pub fn is_seal_refused(&self) -> bool {
        let status = match self {
            Self::Silent(_) => return false,
            Self::Refused { status, .. } => *status,
        };
        matches!(status, 401 | 403)
    }

    /// For programs: the code of its refusal, or `edge_silent`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Silent(_) => "edge_silent",
            Self::Refused { code, .. } => code,
        }
    }

    /// A refusal of ours is final, a failure of its own may pass; but not one that somebody has to configure away.
    fn may_pass(&self) -> bool {
        match self {
            Self::Silent(_) => true,
            Self::Refused { status, code } => *status >= 500 && code != "misconfigured",
        }
    }
}

/// The edge.
#[async_trait]
pub trait Edge: Send + Sync {
    /// Tells it about a call, before each of its streams. With which secret is for the caller to say: the stream's ticket is
    /// sealed with the same one.
    ///
    /// # Errors
    /// If it does not take the call within four and a half seconds.
    async fn open(&self, opening: &Opening, secret: &Secret) -> Result<OpeningReply, EdgeError>;

    /// Gives a call in progress an order. The same order again is obeyed once.
    ///
    /// # Errors
    /// 404 if it has no such call, 409 if the call is over; or if it does not answer within three seconds.
    async fn order(&self, call: &CallId, order: &Order) -> Result<OrderReply, EdgeError>;

    /// Tells it that the carrier has played something to its end; it answers what comes next. The same again is answered the
    /// same.
    ///
    /// # Errors
    /// If it has no such call, or does not answer within three seconds.
    async fn played(&self, call: &CallId, played: Played) -> Result<PlayedReply, EdgeError>;

    /// Asks to be reminded of something. The same errand again changes nothing.
    ///
    /// # Errors
    /// If it does not take it within three seconds.
    async fn remind(&self, errand: &Errand) -> Result<(), EdgeError>;

    /// What its `/health` says to whoever holds the secret that it shares with the functions.
    ///
    /// # Errors
    /// If it does not know the secret, lacks a setting, or does not answer within three seconds.
    async fn health(&self) -> Result<serde_json::Value, EdgeError>;
}

/// The edge by HTTP.
pub struct HttpEdge {
    client: Client,
    base: BaseUrl,
    clock: Clock,
    keyring: Arc<Keyring>,
}

impl HttpEdge {
    /// The edge at that URL.
    #[must_use]
    pub fn new(client: Client, base: BaseUrl, clock: Clock, keyring: Arc<Keyring>) -> Self {
        Self {
            client,
            base,
            clock,
            keyring,
        }
    }

    /// Sends a request sealed with the secret at hand, and with a newer one if the edge does not know that.
    async fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, EdgeError> {
        let secrets = self.keyring.secrets();
        let told = self.insist(&method, path, body, &secrets.edge, SOON).await;
        if told.as_ref().is_err_and(EdgeError::is_seal_refused)
            && let Some(newer) = self.keyring.instead_of(&secrets).await
        {
            return self.insist(&method, path, body, &newer.edge, SOON).await;
        }
        told
    }

    async fn once<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: &[u8],
        secret: &Secret,
    ) -> Result<T, EdgeError> {
        let seal = Seal::new(secret, (self.clock)() / 1_000, method.as_str(), path, body);
        let request = self
            .client
            .request(method.clone(), self.base.at(path))
            .header("content-type", "application/json")
            .header(SEAL_HEADER, seal.as_str())
            .timeout(ATTEMPT)
            .body(body.to_vec());
        let response = request.send().await.map_err(silent)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(silent)?;
        if !status.is_success() {
            return Err(refused(status, &bytes));
        }
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(bytes)
            .map_err(|error| EdgeError::Silent(format!("its answer cannot be read: {error}")))
    }

    /// Sends a request, which must be one that may be repeated, until there is an answer or `total` is over.
    async fn insist<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: &(impl Serialize + Sync),
        secret: &Secret,
        total: Duration,
    ) -> Result<T, EdgeError> {
        let body =
            serde_json::to_vec(body).map_err(|error| EdgeError::Silent(error.to_string()))?;
        let mut last = None;
        let attempts = async {
            let mut pause = PAUSE.0;
            loop {
                match self.once(method, path, &body, secret).await {
                    Err(error) if error.may_pass() => {
                        tracing::warn!(%error, "asking the edge once more");
                        last = Some(error);
                    }
                    answered => return answered,
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        };
        let answered = tokio::time::timeout(total, attempts).await;
        let late = || EdgeError::Silent("there was no answer in time".to_owned());
        answered.unwrap_or_else(|_| Err(last.unwrap_or_else(late)))
    }
}

// Takes the error whole: its text names the URL, which has a call's id in it, and its cause.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function of map_err"
)]
fn silent(error: reqwest::Error) -> EdgeError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    EdgeError::Silent(text)
}

fn refused(status: StatusCode, body: &[u8]) -> EdgeError {
    let body: Option<contract::ErrorBody> = serde_json::from_slice(body).ok();
    EdgeError::Refused {
        status: status.as_u16(),
        code: body.map(|body| body.error.code).unwrap_or_default(),
    }
}

#[async_trait]
impl Edge for HttpEdge {
    async fn open(&self, opening: &Opening, secret: &Secret) -> Result<OpeningReply, EdgeError> {
        let path = format!("/calls/{}", opening.call);
        self.insist(&Method::PUT, &path, opening, secret, TOTAL)
            .await
    }

    async fn order(&self, call: &CallId, order: &Order) -> Result<OrderReply, EdgeError> {
        let path = format!("/calls/{call}/orders");
        self.tell(Method::POST, &path, order).await
    }

    async fn played(&self, call: &CallId, played: Played) -> Result<PlayedReply, EdgeError> {
        let path = format!("/calls/{call}/played");
        self.tell(Method::POST, &path, &played).await
    }

    async fn remind(&self, errand: &Errand) -> Result<(), EdgeError> {
        let path = format!("/errands/{}", errand.id);
        let taken = self.tell::<IgnoredAny>(Method::PUT, &path, errand);
        taken.await.map(drop)
    }

    async fn health(&self) -> Result<serde_json::Value, EdgeError> {
        // Sealed: an edge with another secret is well, and refuses every call.
        self.tell(Method::POST, "/health", &()).await
    }
}
