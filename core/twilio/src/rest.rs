//! The REST API, version 2010-04-01, as values: a request says what to send, and reads what came back.
//!
//! Nothing is sent here. Send an [`HttpRequest`] to [`API_BASE`] (or to a stand-in), with the header of [`basic_auth`].

mod call;
mod change;
mod number;
mod resource;

pub use call::{CallEvent, CreateCall, Instructions, MachineDetection};
pub use change::{CallChange, CallUpdate, FetchCall, UpdateCall};
pub use number::{
    Capabilities, ListNumbers, NumberPage, NumberResource, NumberSettings, RestoreNumber,
    UpdateNumber,
};
pub use resource::CallResource;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::form::Form;
use crate::ids::AccountSid;
use crate::signature::AuthToken;

/// Where the API lives, in its default region.
pub const API_BASE: &str = "https://api.twilio.com";

/// Most characters of `TwiML` that a request takes in place of a URL (error 32018).
pub const INLINE_TWIML_CHARS_MAX: usize = 4000;

/// The verb of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or updates.
    Post,
}

impl Method {
    /// In the letters of HTTP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What to send, but for host and credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// How.
    pub method: Method,
    /// Path and query, from the first `/`.
    pub target: String,
    /// Headers, with lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// A form, or nothing.
    pub body: Vec<u8>,
}

impl HttpRequest {
    fn get(target: String) -> Self {
        let headers = vec![("accept", "application/json".to_owned())];
        Self {
            method: Method::Get,
            target,
            headers,
            body: Vec::new(),
        }
    }

    fn post(target: String, form: &Form) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ];
        Self {
            method: Method::Post,
            target,
            headers,
            body: form.encode().into_bytes(),
        }
    }
}

fn account_path(account: &AccountSid, rest: &str) -> String {
    format!("/2010-04-01/Accounts/{account}/{rest}")
}

/// The value of the `authorization` header. `user` is the account, or the SID of an API key (`SK…`); a key's secret never signs
/// webhooks.
#[must_use]
pub fn basic_auth(user: &str, secret: &AuthToken) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{}", secret.expose()))
    )
}

/// A request that Twilio would refuse, found before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Only numbers, SIP addresses and clients can be called.
    #[error(
        "that party cannot be called: give a number in E.164, a sip: address or a client: name"
    )]
    NotCallable,
    /// Inline `TwiML` is short; give a URL instead (error 32018).
    #[error(
        "the TwiML has {chars} characters, but a request takes {INLINE_TWIML_CHARS_MAX} at most: give a URL"
    )]
    TwimlTooLong {
        /// Its length.
        chars: usize,
    },
    /// It rings for ten minutes at most.
    #[error("the timeout is {timeout_s} s, but Twilio lets it ring 600 s at most")]
    RingsTooLong {
        /// What was asked.
        timeout_s: u32,
    },
}

/// What went wrong with a request, in Twilio's words where it has any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Twilio answered {status}{}: {message}", code.map(|code| format!(", error {code}")).unwrap_or_default())]
pub struct RestError {
    /// The status of the HTTP response.
    pub status: u16,
    /// Twilio's code, explained at `https://www.twilio.com/docs/api/errors/{code}`.
    pub code: Option<u32>,
    /// Twilio's words, or what was wrong with the response.
    pub message: String,
    /// Whether the same request may be sent again. Only for 429, which promises that nothing was done (error 20429): there is no
    /// idempotency key for calls, and after any other failure the telephone may be ringing.
    pub retry: bool,
}

/// As Twilio writes an error. All fields may be missing, and a gateway may answer in HTML.
#[derive(Serialize, Deserialize)]
struct ErrorBody {
    code: Option<u32>,
    message: Option<String>,
    more_info: Option<String>,
    status: Option<u16>,
}

const MESSAGE_CHARS_MAX: usize = 300;

impl RestError {
    /// An error as a simulated Twilio raises it.
    #[must_use]
    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Some(code),
            message: message.into(),
            retry: status == 429,
        }
    }

    /// The JSON body of the response, for a simulated Twilio.
    #[must_use]
    pub fn to_body(&self) -> String {
        let body = ErrorBody {
            code: self.code,
            message: Some(self.message.clone()),
            more_info: self
                .code
                .map(|code| format!("https://www.twilio.com/docs/errors/{code}")),
            status: Some(self.status),
        };
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Whether the call that was to be changed is not in progress any more, or not yet: right after the answer Twilio may say so
    /// for a moment.
    #[must_use]
    pub fn is_not_in_progress(&self) -> bool {
        self.code == Some(21220)
    }

    fn read(status: u16, body: &[u8]) -> Self {
        let body: Option<ErrorBody> = serde_json::from_slice(body).ok();
        let code = body.as_ref().and_then(|body| body.code);
        let message = body
            .and_then(|body| body.message)
            .unwrap_or_else(|| "no explanation".to_owned());
        Self {
            status,
            code,
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
            retry: status == 429,
        }
    }
}

fn outcome<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, RestError> {
    if !(200..300).contains(&status) {
        return Err(RestError::read(status, body));
    }
    serde_json::from_slice(body).map_err(|error| RestError {
        status,
        code: None,
        // Where, but not what: the body has telephone numbers in it.
        message: format!(
            "the response is not the expected resource (line {}, column {})",
            error.line(),
            error.column()
        ),
        retry: false,
    })
}
