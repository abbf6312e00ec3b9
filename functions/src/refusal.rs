//! The one shape of an answer that is not what was asked for.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::ErrorBody;

use crate::store::StoreError;

/// An answer that says no, with a status, a stable code, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status, 4xx or 5xx.
    pub status: StatusCode,
    /// The body.
    pub body: ErrorBody,
    /// After how many seconds to try again; none: at once, where trying again makes sense at all.
    pub retry_after_s: Option<u64>,
}

impl Refusal {
    /// Refuses the request as a whole.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            body: ErrorBody::new(code, message),
            retry_after_s: None,
        }
    }

    /// Refuses one field of the request: 400.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: ErrorBody::at(field, code, message),
            retry_after_s: None,
        }
    }

    /// There is no such thing: 404.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no such {what}"),
        )
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(code = "store_unavailable", %error, "the store failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "the store cannot be reached: try again in a moment",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // Their fault is worth a line, ours was logged with its cause where it happened.
        tracing::info!(code = %self.body.error.code, field = self.body.error.field, status = self.status.as_u16(), "refused");
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/json")],
            self.body.to_json(),
        )
            .into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE
            || self.status == StatusCode::TOO_MANY_REQUESTS
        {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(self.retry_after_s.unwrap_or(1)),
            );
        }
        response
    }
}
