//! The platform's API, with a key.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use contract::{ErrorBody, TenantId};

use crate::failure::Failure;
use crate::http::{client, why};
use crate::settings::{API_KEY, API_URL, Settings, TENANT};

/// With it the operator says whose things are meant.
const TENANT_HEADER: &str = "x-callbox-tenant";

/// The API.
pub(crate) struct Api {
    url: String,
    key: String,
    tenant: Option<TenantId>,
    client: Client,
}

/// An answer that says no, or none.
pub(crate) struct Refused {
    /// 0 if nobody answered.
    pub(crate) status: u16,
    /// What it said; null if that was no JSON.
    pub(crate) body: Value,
    pub(crate) failure: Failure,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

impl Api {
    /// The API of the settings.
    ///
    /// # Errors
    /// A setting is missing or cannot be.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Failure> {
        let key = settings.need(API_KEY)?;
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(settings.wrong(API_KEY, "must be visible ASCII characters without spaces"));
        }
        let tenant = settings.get(TENANT).map(|name| {
            TenantId::new(name).ok_or_else(|| {
                settings.wrong(TENANT, "must be 1 to 40 characters of a-z, 0-9 and -")
            })
        });
        Ok(Self {
            tenant: tenant.transpose()?,
            url: settings.need_url(API_URL)?,
            key: key.to_owned(),
            client: client()?,
        })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Reads what may not be there.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>, Failure> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(refused) if refused.status == 404 => Ok(None),
            Err(refused) => Err(refused.failure),
        }
    }

    /// All entries of a list, page by page.
    pub(crate) async fn list(&self, path: &str, name: &str) -> Result<Vec<Value>, Failure> {
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let page = match &after {
                Some(after) => {
                    self.get(&format!("{path}{sign}after={}", encoded(after)))
                        .await?
                }
                None => self.get(path).await?,
            };
            let some = page.get(name).and_then(Value::as_array);
            let some = some.ok_or_else(|| self.strange(path, name))?;
            entries.extend(some.iter().cloned());
            after = match page.get("next").and_then(Value::as_str) {
                Some(next) if !some.is_empty() && after.as_deref() != Some(next) => {
                    Some(next.to_owned())
                }
                _ => return Ok(entries),
            };
        }
    }

    fn strange(&self, path: &str, name: &str) -> Failure {
        let message = format!("{}{path} answered without {name}", self.url);
        Failure::new("answer_strange", message)
            .next("is api_url that of Callbox's API, and of this version?")
    }

    /// Any request.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Value, Refused> {
        let url = format!("{}{path}", self.url);
        let mut request = self.client.request(method, url).bearer_auth(&self.key);
        if let Some(tenant) = &self.tenant {
            request = request.header(TENANT_HEADER, tenant.as_str());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.silent(&why(error))),
        };
        let status = answer.status();
        let wait = answer.headers().get("retry-after");
        let wait = wait
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let text = answer
            .text()
            .await
            .map_err(|error| self.silent(&why(error)))?;
        if status.is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        Err(self.refused(status, &text, wait.as_deref()))
    }

    fn silent(&self, reason: &str) -> Refused {
        let message = format!("the API at {} does not answer: {reason}", self.url);
        Refused {
            status: 0,
            body: Value::Null,
            failure: Failure::new("api_unreachable", message).next(
                "check api_url (CALLBOX_API_URL); on one machine, `make dev` starts the platform",
            ),
        }
    }

    fn refused(&self, status: StatusCode, text: &str, wait: Option<&str>) -> Refused {
        let next = match status.as_u16() {
            401 | 403 => {
                Some("check api_key (CALLBOX_API_KEY) and its scopes: callbox keys list".to_owned())
            }
            404 | 405 => Some(
                "check the id; if it is right, the platform is older than this callbox".to_owned(),
            ),
            429 => Some(format!("wait {} s and try again", wait.unwrap_or("a few"))),
            500.. => Some("callbox doctor tells which part is not well".to_owned()),
            _ => None,
        };
        let mut failure = match serde_json::from_str::<ErrorBody>(text) {
            Ok(ErrorBody { error }) => {
                let at = error.field.as_ref().map(|field| format!("{field}: "));
                let message = format!("{}{}", at.unwrap_or_default(), error.message);
                Failure::new(&error.code, message)
                    .details(serde_json::json!({ "field": error.field, "status": status.as_u16() }))
            }
            Err(_) => Failure::new(
                "answer_strange",
                format!("{} answered {status}, and not as Callbox does", self.url),
            )
            .next("is api_url that of Callbox's API?"),
        };
        failure.next = next.or(failure.next);
        Refused {
            status: status.as_u16(),
            body: serde_json::from_str(text).unwrap_or_default(),
            failure,
        }
    }
}

/// A value inside a query or a path.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
