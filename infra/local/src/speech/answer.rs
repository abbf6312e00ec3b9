//! Answers: whole or in pieces, in time, and broken where a fault says so.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use super::faults::{Ending, Kind, Open};

/// A connection that is cut at once takes what was to go out before with it, and is then no answer that broke off.
const CUT_AFTER: Duration = Duration::from_millis(50);

/// A piece of a body, and how long after the one before it comes.
pub(super) type Piece = (Duration, Bytes);

/// Status, type and body, all at once.
pub(super) fn whole(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON document.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    whole(status, "application/json", value.to_string())
}

/// An error as OpenAI writes it.
pub(super) fn error(status: StatusCode, kind: &str, code: &str, message: &str) -> Response {
    let body = json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    json(status, &body)
}

/// A request that cannot be understood.
pub(super) fn refusal(message: &str) -> Response {
    error(
        StatusCode::BAD_REQUEST,
        "invalid_request_error",
        "stand_in_refused",
        message,
    )
}

/// A failure of the stand-in itself.
pub(super) fn failure(problem: &io::Error) -> Response {
    tracing::warn!(target: "stand-in", %problem, "failed");
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "server_error",
        "stand_in_failed",
        &problem.to_string(),
    )
}

/// The answer to a request that a fault strikes before there is any; none if it may be answered.
pub(super) fn struck(kind: Option<&Kind>) -> Option<Response> {
    match kind? {
        Kind::Status {
            status,
            retry_after_s,
        } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::IM_A_TEAPOT);
            let code = if status == StatusCode::TOO_MANY_REQUESTS {
                "rate_limit_exceeded"
            } else {
                "stand_in_fault"
            };
            let mut response = error(status, "stand_in_fault", code, "a fault was asked for");
            let retry = retry_after_s.and_then(|seconds| seconds.to_string().parse().ok());
            if let Some(retry) = retry {
                response.headers_mut().insert(RETRY_AFTER, retry);
            }
            Some(response)
        }
        Kind::Garbage => {
            let garbage: Vec<u8> = (0..2000_u32).map(|n| (n * 73 % 251) as u8).collect();
            Some(whole(StatusCode::OK, "application/octet-stream", garbage))
        }
        Kind::Stall | Kind::Cut | Kind::Freeze | Kind::Empty | Kind::Slow { .. } => None,
    }
}

/// How a body ends under a fault.
pub(super) const fn ending(kind: Option<&Kind>) -> Ending {
    match kind {
        Some(Kind::Cut) => Ending::Cut,
        Some(Kind::Freeze) => Ending::Frozen,
        _ => Ending::Whole,
    }
}

/// A body in pieces. The request counts as done with the last one, and as cancelled if nobody takes them.
pub(super) fn stream(
    content_type: &'static str,
    pieces: Vec<Piece>,
    ending: Ending,
    open: Open,
) -> Response {
    let kept = match ending {
        Ending::Whole => pieces.len(),
        Ending::Cut | Ending::Frozen => pieces.len().div_ceil(2),
    };
    let state = (pieces.into_iter().take(kept), Some(open));
    let body = futures_util::stream::unfold(state, move |(mut pieces, mut open)| async move {
        match (pieces.next(), ending) {
            (Some((after, piece)), _) => {
                if !after.is_zero() {
                    tokio::time::sleep(after).await;
                }
                Some((Ok(piece), (pieces, open)))
            }
            (None, Ending::Whole) => {
                open.take()?.done();
                None
            }
            (None, Ending::Cut) => {
                tokio::time::sleep(CUT_AFTER).await;
                open.take()?.done();
                let cut = io::Error::new(io::ErrorKind::ConnectionAborted, "a fault was asked for");
                Some((Err(cut), (pieces, open)))
            }
            (None, Ending::Frozen) => std::future::pending::<Option<(_, _)>>().await,
        }
    });
    whole(StatusCode::OK, content_type, Body::from_stream(body))
}

/// Marks every response as what it is.
pub(super) async fn sign(mut response: Response) -> Result<Response, Infallible> {
    response.headers_mut().insert(
        HeaderName::from_static("server"),
        HeaderValue::from_static("callbox-stand-in"),
    );
    response.headers_mut().insert(
        HeaderName::from_static("x-stand-in"),
        HeaderValue::from_static("true"),
    );
    Ok(response)
}
