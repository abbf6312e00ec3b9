//! Sending to a server of a tenant's: an address that we were told, and do not trust.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};

use super::address::is_public;

/// Whole time of one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there was no answer. The words are for the tenant, and name nothing of ours.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PostError {
    /// The URL is none, or its host is not on the public internet.
    #[error("the address is not one of the public internet")]
    Private,
    /// The host has no address, or does not answer there.
    #[error("the server cannot be reached")]
    Unreachable,
    /// It did not answer in time.
    #[error("the server did not answer within ten seconds")]
    Late,
    /// The answer was none.
    #[error("the answer could not be read")]
    Broken,
}

/// Who sends.
#[async_trait]
pub trait Post: Send + Sync {
    /// Posts JSON once, without following redirects. Returns the HTTP status; the answer's body is not read.
    ///
    /// # Errors
    /// If there is no answer.
    async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<u16, PostError>;
}

/// By HTTP.
pub struct HttpPost {
    client: Client,
    anywhere: bool,
}

impl HttpPost {
    /// Sends to the public internet only or, on a machine where tenants' servers are local ones, anywhere.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(anywhere: bool) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            // Functions freeze between requests; a connection from before is seldom still one.
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Resolver { anywhere }));
        Ok(Self {
            client: client.build()?,
            anywhere,
        })
    }
}

#[async_trait]
impl Post for HttpPost {
    async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<u16, PostError> {
        let url: Url = url.parse().map_err(|_| PostError::Private)?;
        // An address instead of a name never meets the resolver. `Url` has read its odd forms (octal, a single number).
        let literal = url.host_str().and_then(literal);
        if !self.anywhere && literal.is_some_and(|address| !is_public(address)) {
            return Err(PostError::Private);
        }
        let mut request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", "Callbox");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answered = request.body(body).send().await;
        answered
            .map(|response| response.status().as_u16())
            .map_err(|error| failed(&error))
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn failed(error: &reqwest::Error) -> PostError {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return PostError::Private;
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        PostError::Late
    } else if error.is_connect() {
        PostError::Unreachable
    } else {
        PostError::Broken
    }
}

/// Looks a name up, and hands on only the addresses that may be connected with: what was checked is what is used, so
/// that a name cannot mean something else a moment later.
struct Resolver {
    anywhere: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to no address of the public internet")]
struct NotPublic;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let anywhere = self.anywhere;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found
                .filter(|address| anywhere || is_public(address.ip()))
                .collect();
            if good.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}
