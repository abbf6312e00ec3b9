//! What went wrong, in the many ways servers say it.

use call::Failure;
use serde_json::Value;

use crate::exchange::Complaint;
use crate::socket::BROKEN;

const MESSAGE_CHARS_MAX: usize = 300;
const CODE_CHARS_MAX: usize = 80;

/// What a response that is no success means; `status` is its status code.
pub(crate) fn judge(status: u16, body: &[u8]) -> Complaint {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Complaint {
            failure: by_status(status),
            status,
            code: String::new(),
            message: shortened(&String::from_utf8_lossy(body), MESSAGE_CHARS_MAX),
            retry_after_s: None,
        };
    };
    let told = Told::read(&value);
    Complaint {
        failure: told.failure(Some(status)),
        ..told.complaint(status)
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
    holds.then(|| {
        let told = Told::read(value);
        Complaint {
            failure: told.failure(None),
            ..told.complaint(0)
        }
    })
}

/// A body that should have been something else altogether: an error if it says so, else garbage.
pub(crate) fn instead(body: &[u8], expected: &str) -> Complaint {
    let value = serde_json::from_slice::<Value>(body).unwrap_or_default();
    within(&value).unwrap_or_else(|| Complaint {
        message: shortened(&String::from_utf8_lossy(body), MESSAGE_CHARS_MAX),
        ..Complaint::broken(expected)
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
    Complaint {
        status: code,
        message: shortened(reason, MESSAGE_CHARS_MAX),
        ..Complaint::ours(failure, what)
    }
}

/// What a provider says went wrong, by its own name for it.
pub(crate) fn told(code: &str, message: &str) -> Complaint {
    Complaint {
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
    /// "message"}}` (`ElevenLabs`), `{"err_code","err_msg"}` and `{"category","message"}` (Deepgram), `{"title",
    /// "message","status_code","error_code"}` (Cartesia), `{"success":false,"errors":[{"code","message"}]}` (Cloudflare).
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
        let words = words.map(text).into_iter().filter(|word| !word.is_empty());
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

    fn failure(&self, status: Option<u16>) -> Failure {
        let says = |words: &[&str]| words.iter().any(|word| self.words.contains(word));
        // OpenAI tells with status 429 also that the money is gone. Waiting does not help then.
        if says(&[
            "insufficient_quota",
            "quota_exceeded",
            "billing",
            "credit",
            "spend",
            "payment",
        ]) {
            return Failure::Refused;
        }
        if let Some(status) = status.or(self.status) {
            return by_status(status);
        }
        if says(&[
            "rate_limit",
            "resource_exhausted",
            "overloaded",
            "too_many",
            "system_busy",
        ]) {
            Failure::Busy
        } else if says(&[
            "authentication",
            "permission",
            "invalid_request",
            "invalid_api_key",
            "invalid_auth",
            "not_found",
        ]) {
            Failure::Refused
        } else {
            Failure::Broken
        }
    }

    fn complaint(&self, status: u16) -> Complaint {
        Complaint {
            failure: Failure::Broken,
            status,
            code: shortened(&self.words, CODE_CHARS_MAX),
            message: shortened(&self.message, MESSAGE_CHARS_MAX),
            retry_after_s: None,
        }
    }
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
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_trying_again_may_help() {
        for (status, failure) in [
            (302, Failure::Refused),
            (400, Failure::Refused),
            (401, Failure::Refused),
            (402, Failure::Refused),
            (403, Failure::Refused),
            (404, Failure::Refused),
            (408, Failure::Broken),
            (409, Failure::Broken),
            (422, Failure::Refused),
            (429, Failure::Busy),
            (500, Failure::Broken),
            (503, Failure::Broken),
            (529, Failure::Busy),
        ] {
            assert_eq!(judge(status, b"<html>").failure, failure, "{status}");
            assert_eq!(
                judge(status, br#"{"error":{"message":"m","code":null}}"#).failure,
                failure,
                "{status}"
            );
        }
    }

    #[test]
    fn no_money_is_not_too_many_requests() {
        for code in [
            "insufficient_quota",
            "credit_balance_exhausted",
            "billing_hard_limit_reached",
            "spend_limit",
        ] {
            let body = format!(r#"{{"error":{{"message":"m","type":"x","code":"{code}"}}}}"#);
            assert_eq!(
                judge(429, body.as_bytes()).failure,
                Failure::Refused,
                "{code}"
            );
        }
        let typed = br#"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#;
        assert_eq!(judge(429, typed).failure, Failure::Refused);
        let limit = br#"{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}"#;
        assert_eq!(judge(429, limit).failure, Failure::Busy);
    }

    #[test]
    fn every_server_is_understood_in_its_own_way_of_complaining() {
        for (body, message, failure) in [
            (
                r#"{"error":{"message":"gone","type":"invalid_request_error"}}"#,
                "gone",
                Failure::Refused,
            ),
            (
                r#"{"error":"model not loaded"}"#,
                "model not loaded",
                Failure::Broken,
            ),
            (
                r#"[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]"#,
                "quota",
                Failure::Busy,
            ),
            (
                r#"{"object":"error","message":"too long","code":400}"#,
                "too long",
                Failure::Refused,
            ),
            (
                r#"{"error":{"code":"502","message":"upstream"},"choices":[]}"#,
                "upstream",
                Failure::Broken,
            ),
            (
                r#"{"error":{"type":"rate_limit_error"}}"#,
                r#"{"type":"rate_limit_error"}"#,
                Failure::Busy,
            ),
        ] {
            let complaint = within(&serde_json::from_str(body).unwrap()).unwrap();
            assert_eq!(
                (complaint.message.as_str(), complaint.failure),
                (message, failure),
                "{body}"
            );
        }
        assert_eq!(
            judge(422, br#"{"detail":"no such voice"}"#).message,
            "no such voice"
        );
    }

    #[test]
    fn so_is_everyone_who_is_not_openai_shaped() {
        for (body, message, failure) in [
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"later"}}"#,
                "later",
                Failure::Busy,
            ),
            (
                r#"{"detail":{"status":"quota_exceeded","message":"no credits"}}"#,
                "no credits",
                Failure::Refused,
            ),
            (
                r#"{"detail":[{"loc":["body"],"msg":"too long","type":"value_error"}]}"#,
                "too long",
                Failure::Broken,
            ),
            (
                r#"{"err_code":"TOO_MANY_REQUESTS","err_msg":"slower","request_id":"r"}"#,
                "slower",
                Failure::Busy,
            ),
            (
                r#"{"type":"error","status_code":429,"error":"slower","done":true}"#,
                "slower",
                Failure::Busy,
            ),
            (
                r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}"#,
                "Authentication error",
                Failure::Broken,
            ),
        ] {
            let complaint = within(&serde_json::from_str(body).unwrap()).unwrap();
            assert_eq!(
                (complaint.message.as_str(), complaint.failure),
                (message, failure),
                "{body}"
            );
        }
    }

    #[test]
    fn what_says_no_error_holds_none() {
        for body in [
            r#"{"choices":[],"error":null}"#,
            r#"{"text":"error"}"#,
            "[]",
            "[1]",
            "7",
            "null",
        ] {
            assert_eq!(within(&serde_json::from_str(body).unwrap()), None, "{body}");
        }
        assert_eq!(
            instead(b"<html>busy</html>", "no sound").message,
            "<html>busy</html>"
        );
        assert_eq!(instead(b"", "no sound"), Complaint::broken("no sound"));
    }
}
