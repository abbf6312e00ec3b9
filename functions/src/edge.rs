//! The edge, as the functions see it: who opens a call there.

use std::time::Duration;

use async_trait::async_trait;
use contract::{Opening, OpeningReply, SEAL_HEADER, Seal, Secret};
use reqwest::{Client, StatusCode};

use crate::clock::Clock;
use crate::config::BaseUrl;

/// Whole time for opening a call, all attempts together. The caller hears nothing meanwhile, and hears our words within
/// five seconds. An edge that starts again is back within that time, and its call goes on.
const TOTAL: Duration = Duration::from_millis(4_500);

/// Time of one attempt; a cold object answers within a few hundred milliseconds.
const ATTEMPT: Duration = Duration::from_millis(1_800);

/// First and longest pause between two attempts. One that is refused at once must not use all of them up at once.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(400));

/// Time for the edge to say how it is.
const HEALTH: Duration = Duration::from_secs(3);

/// Why the edge did not open a call.
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
    /// Tells it about a call, before each of its streams.
    ///
    /// # Errors
    /// If it does not take the call within four and a half seconds.
    async fn open(&self, opening: &Opening, secret: &Secret) -> Result<OpeningReply, EdgeError>;

    /// What its `/health` says.
    ///
    /// # Errors
    /// If it does not answer 200 within three seconds.
    async fn health(&self) -> Result<serde_json::Value, EdgeError>;
}

/// The edge by HTTP.
pub struct HttpEdge {
    client: Client,
    base: BaseUrl,
    clock: Clock,
}

impl HttpEdge {
    /// The edge at that URL.
    #[must_use]
    pub fn new(client: Client, base: BaseUrl, clock: Clock) -> Self {
        Self {
            client,
            base,
            clock,
        }
    }

    async fn put(
        &self,
        path: &str,
        body: &[u8],
        secret: &Secret,
    ) -> Result<OpeningReply, EdgeError> {
        let seal = Seal::new(secret, (self.clock)() / 1_000, "PUT", path, body);
        let request = self
            .client
            .put(self.base.at(path))
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
        serde_json::from_slice(&bytes)
            .map_err(|error| EdgeError::Silent(format!("its answer cannot be read: {error}")))
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
        let body =
            serde_json::to_vec(opening).map_err(|error| EdgeError::Silent(error.to_string()))?;
        let mut last = None;
        let attempts = async {
            let mut pause = PAUSE.0;
            loop {
                match self.put(&path, &body, secret).await {
                    Err(error) if error.may_pass() => {
                        tracing::warn!(%error, "opening the call once more");
                        last = Some(error);
                    }
                    answered => return answered,
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        };
        let answered = tokio::time::timeout(TOTAL, attempts).await;
        let late = || EdgeError::Silent("there was no answer in time".to_owned());
        answered.unwrap_or_else(|_| Err(last.unwrap_or_else(late)))
    }

    async fn health(&self) -> Result<serde_json::Value, EdgeError> {
        let request = self.client.get(self.base.at("/health")).timeout(HEALTH);
        let response = request.send().await.map_err(silent)?;
        let status = response.status();
        let body = response.bytes().await.map_err(silent)?;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}
