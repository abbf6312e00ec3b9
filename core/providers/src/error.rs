//! What went wrong, in the many ways servers say it.

use call::Failure;
use serde_json::Value;

use crate::Head;
use crate::exchange::{Complaint, Whose};
use crate::socket::BROKEN;

const MESSAGE_CHARS_MAX: usize = 300;
const CODE_CHARS_MAX: usize = 80;

/// Words of those who are not paid. OpenAI says so with status 429 too, but waiting does not help then.
const MONEY: [&str; 6] = [
    "insufficient_quota",
    "quota_exceeded",
    "billing",
    "credit",
    "spend",
    "payment",
];
/// Words of those who have too much to do.
const BUSY: [&str; 5] = [
    "rate_limit",
    "resource_exhausted",
    "overloaded",
    "too_many",
    "system_busy",
];
/// Words of those who do not know us.
const UNKNOWN: [&str; 5] = [
    "authentication",
    "permission",
    "unauthorized",
    "api_key",
    "invalid_auth",
];
/// Words of those who are at fault themselves.
const THEIRS: [&str; 5] = [
    "server_error",
    "api_error",
    "internal",
    "unavailable",
    "timeout",
];

/// What a response that is no success means; `status` is its status code.
pub(crate) fn judge(status: u16, body: &[u8]) -> Complaint {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Complaint {
            failure: by_status(status),
            whose: whose_by_status(status),
            status,
            code: String::new(),
            message: shortened(&String::from_utf8_lossy(body), MESSAGE_CHARS_MAX),
            retry_after_s: None,
        };
    };
    Complaint {
        status,
        ..Told::read(&value).complaint(Some(status))
    }
}

/// What it means that a handshake was refused.
pub(crate) fn refused(head: &Head, body: &[u8]) -> Complaint {
    Complaint {
        retry_after_s: head.retry_after_s(),
        ..judge(head.status, body)
    }
}

/// The error that a value holds which came with status 200, if it holds one.
pub(crate) fn within(value: &Value) -> Option<Complaint> {
    let object = first(value);
    let says = |name: &str| object.get(name).and_then(Value::as_str) == Some("error");
    let holds = ["error", "err_code", "detail"]
        .iter()
        .any(|name| present(object, name))
        || object.get("success") == Some(&Value::Bool(false))
        || says("object")
        || says("type");
    holds.then(|| Told::read(value).complaint(None))
}

/// A body that should have been something else altogether: an error if it says so, else garbage. What is asked for may
/// be to blame.
pub(crate) fn instead(body: &[u8], expected: &str) -> Complaint {
    let value = serde_json::from_slice::<Value>(body).unwrap_or_default();
    within(&value).unwrap_or_else(|| Complaint {
        message: shortened(&String::from_utf8_lossy(body), MESSAGE_CHARS_MAX),
        ..Complaint::unfit(expected)
    })
}

/// What it means that a socket was closed: 1008 is a policy's (RFC 6455, 7.4.1), which the same request will meet again.
pub(crate) fn closed(code: u16, reason: &str) -> Complaint {
    let (failure, what) = match code {
        1008 => (Failure::Refused, "the socket was closed for a policy"),
        1013 => (Failure::Busy, "the socket was closed: try again later"),
        BROKEN => (Failure::Broken, "the socket broke"),
        _ => (Failure::Broken, "the socket was closed"),
    };
    // What we said was wrong, or the code is a provider's own, of which nothing is known here; unless the reason says more.
    let is_ours = matches!(code, 1002 | 1003 | 1007..=1010 | 3000..);
    let whose = if is_ours && !blames_provider(&reason.to_ascii_lowercase()) {
        Whose::Request
    } else {
        Whose::Provider
    };
    Complaint {
        whose,
        status: code,
        message: shortened(reason, MESSAGE_CHARS_MAX),
        ..Complaint::ours(failure, what)
    }
}

/// What a provider says went wrong, by its own name for it.
pub(crate) fn told(code: &str, message: &str) -> Complaint {
    let whose = if blames_provider(&code.to_ascii_lowercase()) {
        Whose::Provider
    } else {
        Whose::Request
    };
    Complaint {
        whose,
        message: shortened(message, MESSAGE_CHARS_MAX),
        ..Complaint::broken(&shortened(code, CODE_CHARS_MAX))
    }
}

/// `{"type":"Error","description"}` with a `code` or a `variant`, as Deepgram's sockets say it.
pub(crate) fn deepgram(value: &Value) -> Complaint {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = [text("code"), text("variant"), "error"];
    let code = code.into_iter().find(|code| !code.is_empty());
    told(code.unwrap_or_default(), text("description"))
}

/// What an error says of itself.
struct Told {
    /// `code` and `type`, in lower case, whatever there is of them.
    words: String,
    /// A code that is a status code.
    status: Option<u16>,
    message: String,
}

impl Told {
    /// `{"error":{"message","type","code"}}`, `{"error":"…"}`, `[{"error":{…}}]` (Gemini), `{"object":"error",
    /// "message","code"}` (vLLM), `{"detail":"…"}` and `{"detail":[{"msg","type"}]}` (`FastAPI`), `{"detail":{"status",
    /// "message"}}` and `{"error","message"}` (`ElevenLabs`), `{"err_code","err_msg"}` and `{"category","message"}`
    /// (Deepgram), `{"title","message","status_code","error_code"}` (Cartesia), `{"success":false,"errors":[{"code",
    /// "message"}]}` (Cloudflare).
    fn read(value: &Value) -> Self {
        let outer = first(value);
        let inner = ["error", "detail", "errors"].into_iter();
        let error = inner
            .filter_map(|name| outer.get(name).map(first))
            .find(|inner| inner.is_object())
            .unwrap_or(outer);
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let words = [
            "code",
            "type",
            "status",
            "err_code",
            "error_code",
            "category",
            "title",
        ];
        // Beside a message, an error that is a text is a code (`ElevenLabs`' sockets).
        let error_code = match text("message") {
            "" => "",
            _ => text("error"),
        };
        let words = words.map(text).into_iter().chain([error_code]);
        let words = words.filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        let number = error.get("code").or_else(|| error.get("status_code"));
        let status = number.and_then(|number| match number {
            Value::Number(number) => number.as_u64(),
            Value::String(digits) => digits.parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        });
        let message = [
            error.as_str().unwrap_or_default(),
            text("message"),
            text("detail"),
            text("err_msg"),
            text("msg"),
            text("error"),
        ]
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or_else(|| error.to_string(), str::to_owned);
        Self {
            words: words.join(" ").trim().to_ascii_lowercase(),
            status: status
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (400..600).contains(status)),
            message,
        }
    }

    /// What it means for the call; `status` is the response's, if that was no success.
    fn failure(&self, status: Option<u16>) -> Failure {
        if says(&self.words, &MONEY) {
            return Failure::Refused;
        }
        if let Some(status) = status.or(self.status) {
            return by_status(status);
        }
        if says(&self.words, &BUSY) {
            Failure::Busy
        } else if says(&self.words, &UNKNOWN)
            || says(&self.words, &["invalid_request", "not_found"])
        {
            Failure::Refused
        } else {
            Failure::Broken
        }
    }

    fn whose(&self, status: Option<u16>) -> Whose {
        match status.or(self.status) {
            _ if blames_provider(&self.words) => Whose::Provider,
            Some(status) => whose_by_status(status),
            None => Whose::Request,
        }
    }

    fn complaint(&self, status: Option<u16>) -> Complaint {
        Complaint {
            failure: self.failure(status),
            whose: self.whose(status),
            status: 0,
            code: shortened(&self.words, CODE_CHARS_MAX),
            message: shortened(&self.message, MESSAGE_CHARS_MAX),
            retry_after_s: None,
        }
    }
}

fn says(words: &str, one_of: &[&str]) -> bool {
    one_of.iter().any(|word| words.contains(word))
}

/// Whether these words, in lower case, tell of something that another call would meet too.
fn blames_provider(words: &str) -> bool {
    [&MONEY[..], &BUSY, &UNKNOWN, &THEIRS]
        .iter()
        .any(|list| says(words, list))
}

/// What a status code means for the call.
fn by_status(status: u16) -> Failure {
    match status {
        // 529 is Anthropic's "overloaded".
        429 | 529 => Failure::Busy,
        // Timeout, conflict and "too early" pass; so does whatever is wrong at their side.
        408 | 409 | 425 | 500.. => Failure::Broken,
        // The same request will never do better. Redirections are followed by whoever sends, so one that arrives here
        // leads nowhere.
        _ => Failure::Refused,
    }
}

/// Whom a status code blames: only what every request would meet is the provider's, or our account's with it.
fn whose_by_status(status: u16) -> Whose {
    match status {
        401..=403 | 407 | 408 | 425 | 429 | 500.. => Whose::Provider,
        _ => Whose::Request,
    }
}

/// Gemini puts its errors into a list.
fn first(value: &Value) -> &Value {
    value
        .as_array()
        .and_then(|list| list.first())
        .unwrap_or(value)
}

fn present(object: &Value, name: &str) -> bool {
    object.get(name).is_some_and(|value| !value.is_null())
}

fn shortened(text: &str, chars: usize) -> String {
    text.trim().chars().take(chars).collect()
}

#[cfg(test)]
mod tests;
