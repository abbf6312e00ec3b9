//! Signed requests to the customer's server, with Twilio's patience: 15 seconds, and one more try if there was no connection.

use std::time::Duration;

use ::twilio::Form;
use ::twilio::signature::{AuthToken, SIGNATURE_HEADER, request_signature};
use ::twilio::twiml::DOCUMENT_BYTES_MAX;
use reqwest::redirect::Policy;
use reqwest::{Method, Response};

/// Most hops of HTTP that are followed (error 11215).
const REDIRECTS_MAX: usize = 10;
/// Sound files are longer than documents.
const SOUND_BYTES_MAX: usize = 16_000_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    token: AuthToken,
    timeout: Duration,
}

/// A response of any status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// In lower case, without parameters.
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

/// Why something did not work, as Twilio's debugger shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: u32,
    pub(super) text: String,
}

impl Fault {
    pub(super) fn new(code: u32, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }
}

impl Client {
    pub(super) fn new(token: AuthToken, timeout: Duration) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection that the server is just closing would fail requests that nothing is wrong with.
            .pool_max_idle_per_host(0)
            .redirect(Policy::limited(REDIRECTS_MAX))
            .user_agent("TwilioProxy/1.1")
            .build()?;
        Ok(Self {
            http,
            token,
            timeout,
        })
    }

    /// Posts a form. Any status is an answer.
    pub(super) async fn post(
        &self,
        url: &str,
        form: &Form,
        idempotency: &str,
    ) -> Result<Answer, Fault> {
        let once = || self.once(Method::POST, url, form, idempotency, DOCUMENT_BYTES_MAX);
        self.patiently(once).await
    }

    /// Gets a sound file.
    pub(super) async fn get(&self, url: &str, idempotency: &str) -> Result<Answer, Fault> {
        let form = Form::new();
        let once = || self.once(Method::GET, url, &form, idempotency, SOUND_BYTES_MAX);
        self.patiently(once).await
    }

    async fn patiently<A: Future<Output = Result<Answer, reqwest::Error>>>(
        &self,
        once: impl Fn() -> A,
    ) -> Result<Answer, Fault> {
        let tries = async {
            match once().await {
                Err(error) if error.is_connect() => once().await,
                outcome => outcome,
            }
        };
        match tokio::time::timeout(self.timeout, tries).await {
            Ok(outcome) => outcome.map_err(|error| fault(&error)),
            Err(_) => Err(Fault::new(
                11200,
                "HTTP retrieval failure: no answer in time",
            )),
        }
    }

    async fn once(
        &self,
        method: Method,
        url: &str,
        form: &Form,
        idempotency: &str,
        bytes_max: usize,
    ) -> Result<Answer, reqwest::Error> {
        let signature = request_signature(&self.token, &signed_url(url), form);
        let mut request = self
            .http
            .request(method.clone(), url)
            .header(SIGNATURE_HEADER, signature)
            .header("i-twilio-idempotency-token", idempotency)
            .header("accept", "*/*");
        if method == Method::POST {
            request = request
                .header(
                    "content-type",
                    "application/x-www-form-urlencoded; charset=UTF-8",
                )
                .body(form.encode());
        }
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let content_type = content_type(&response);
        let mut body = Vec::new();
        // One piece more than is taken, so that its length tells.
        while body.len() <= bytes_max
            && let Some(piece) = response.chunk().await?
        {
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            status,
            content_type,
            body,
        })
    }
}

fn content_type(response: &Response) -> String {
    let header = response.headers().get("content-type");
    let header = header.and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = header.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

fn fault(error: &reqwest::Error) -> Fault {
    let code = if error.is_redirect() {
        11215
    } else if error.is_builder() {
        // Not a URL; TLS, which nothing here speaks, is also told so.
        11210
    } else if error.is_connect() {
        11205
    } else {
        11200
    };
    Fault::new(code, chain(error))
}

/// An error with its causes: the outermost alone says little.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

/// What Twilio signs: no user name, and over HTTPS no port (Security).
fn signed_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((bare, port)) if scheme == "https" && port.parse::<u16>().is_ok() => bare,
        _ => host,
    };
    format!("{scheme}://{host}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_url_has_no_user_and_over_https_no_port() {
        let cases = [
            ("http://127.0.0.1:80/a?b=1", "http://127.0.0.1:80/a?b=1"),
            ("https://u:p@h.example:8443/a", "https://h.example/a"),
            ("https://h.example?x=a@b:1", "https://h.example?x=a@b:1"),
            ("https://[::1]:8443/a", "https://[::1]/a"),
            ("https://[::1]/a", "https://[::1]/a"),
        ];
        for (url, signed) in cases {
            assert_eq!(signed_url(url), signed);
        }
    }
}
