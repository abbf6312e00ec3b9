//! The carrier's REST API, as the functions use it: to dial, to change a call, and to ask what became of one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Client;
use twilio::AccountSid;
use twilio::rest::{
    CallResource, CallUpdate, CreateCall, FetchCall, HttpRequest, Method, RequestError, RestError,
    UpdateCall, basic_auth,
};

use crate::config::BaseUrl;
use crate::secrets::{Keyring, Secrets};

/// Time for an answer. A request that is given up may have dialled all the same.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Why a call was not placed, or not changed; or perhaps was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DialError {
    /// Found before anything was sent.
    #[error(transparent)]
    Impossible(#[from] RequestError),
    /// Nothing was sent: there is no connection.
    #[error("Twilio cannot be reached: {0}")]
    Unreachable(String),
    /// Twilio said no.
    #[error(transparent)]
    Refused(#[from] RestError),
    /// The answer was lost; the telephone may be ringing.
    #[error("Twilio did not say whether it did so: {0}")]
    Unknown(String),
}

/// The carrier.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Dials.
    ///
    /// # Errors
    /// See [`DialError`]; only for some of them is it safe to dial again.
    async fn dial(&self, create: &CreateCall) -> Result<CallResource, DialError>;

    /// Has a call do something else.
    ///
    /// # Errors
    /// See [`DialError`].
    async fn update(&self, update: &UpdateCall) -> Result<CallUpdate, DialError>;

    /// Asks how a call stands; `None` if Twilio knows of none.
    ///
    /// # Errors
    /// If it cannot be told. It may be asked again.
    async fn fetch(&self, fetch: &FetchCall) -> Result<Option<CallResource>, DialError>;
}

/// Twilio by HTTP.
pub struct HttpCarrier {
    client: Client,
    base: BaseUrl,
    keyring: Arc<Keyring>,
}

/// A status, and a body.
type Answer = (u16, Vec<u8>);

/// Twilio does not know these credentials, and has done nothing: so the request may be sent again with others.
const UNAUTHORIZED: u16 = 401;

impl HttpCarrier {
    /// Twilio, or its stand-in, at that URL.
    #[must_use]
    pub fn new(client: Client, base: BaseUrl, keyring: Arc<Keyring>) -> Self {
        Self {
            client,
            base,
            keyring,
        }
    }

    /// Sends an account's request with the credentials at hand, and with newer ones if Twilio does not know those.
    async fn send<F>(&self, request: F) -> Result<Answer, DialError>
    where
        F: Fn(&AccountSid) -> Result<HttpRequest, RequestError> + Send + Sync,
    {
        let secrets = self.keyring.secrets();
        let answer = self.send_with(&secrets, &request).await?;
        if answer.0 == UNAUTHORIZED
            && let Some(newer) = self.keyring.instead_of(&secrets).await
        {
            return self.send_with(&newer, &request).await;
        }
        Ok(answer)
    }

    /// With the auth token or, if that was changed already, the next one.
    async fn send_with<F>(&self, secrets: &Secrets, request: &F) -> Result<Answer, DialError>
    where
        F: Fn(&AccountSid) -> Result<HttpRequest, RequestError> + Send + Sync,
    {
        let mut refused = None;
        for token in &secrets.tokens {
            let authorization = basic_auth(secrets.account.as_str(), token);
            let answer = self.once(authorization, request(&secrets.account)?).await?;
            if answer.0 != UNAUTHORIZED {
                return Ok(answer);
            }
            refused = Some(answer);
        }
        refused.ok_or_else(|| DialError::Unreachable("there is no auth token".to_owned()))
    }

    async fn once(&self, authorization: String, request: HttpRequest) -> Result<Answer, DialError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut sent = self
            .client
            .request(method, self.base.at(&request.target))
            .timeout(TIMEOUT)
            .header("authorization", authorization);
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        let lost = |error: reqwest::Error| {
            // The URL has the account in it, and the body telephone numbers.
            let error = error.without_url();
            if error.is_connect() {
                DialError::Unreachable(error.to_string())
            } else {
                DialError::Unknown(error.to_string())
            }
        };
        let response = sent.body(request.body).send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(lost)?;
        Ok((status, body.to_vec()))
    }
}

/// A gateway's 5xx, or a success that cannot be read, says nothing about the telephone.
fn certain<T>(status: u16, outcome: Result<T, RestError>) -> Result<T, DialError> {
    outcome.map_err(|error| {
        if status >= 500 || (200..300).contains(&status) {
            DialError::Unknown(error.to_string())
        } else {
            error.into()
        }
    })
}

#[async_trait]
impl Carrier for HttpCarrier {
    async fn dial(&self, create: &CreateCall) -> Result<CallResource, DialError> {
        let (status, body) = self.send(|account| create.request(account)).await?;
        certain(status, CreateCall::outcome(status, &body))
    }

    async fn update(&self, update: &UpdateCall) -> Result<CallUpdate, DialError> {
        let (status, body) = self.send(|account| update.request(account)).await?;
        certain(status, update.outcome(status, &body))
    }

    async fn fetch(&self, fetch: &FetchCall) -> Result<Option<CallResource>, DialError> {
        let (status, body) = self.send(|account| Ok(fetch.request(account))).await?;
        match FetchCall::outcome(status, &body) {
            Ok(call) => Ok(Some(call)),
            Err(error) if error.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
