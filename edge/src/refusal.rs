//! Why a request is not answered as asked, so that `?` can be written at the doors.

use contract::ErrorBody;
use worker::{Error, Response, Result};

use crate::settings::Misconfigured;
use crate::web::refuse;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// They erred, or the deployment is not ready: status and body.
    Said(u16, ErrorBody),
    /// The platform failed.
    Broke(Error),
}

impl Refusal {
    /// A refusal of the request as a whole.
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self::Said(status, ErrorBody::new(code, message))
    }

    /// A refusal of one field.
    pub(crate) fn at(status: u16, field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Said(status, ErrorBody::at(field, code, message))
    }

    /// No such call was ever opened here, or it is forgotten.
    pub(crate) fn call_unknown() -> Self {
        Self::new(404, "call_unknown", "no such call: is its id right?")
    }

    /// The answer, with a line in the log: `what` says what was asked, `whose` of which call or errand.
    pub(crate) fn into_response(self, what: &str, whose: &str) -> Result<Response> {
        match self {
            Self::Said(status, body) => {
                // Whoever asks may have written anything there.
                let call = whose.get(..whose.len().min(34)).unwrap_or_default();
                tracing::warn!(call, status, code = body.error.code, "{what} is refused");
                // It may quote what it could not read.
                tracing::debug!(call, reason = body.error.message, "why {what} is refused");
                refuse(status, &body)
            }
            Self::Broke(error) => Err(error),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Broke(error)
    }
}

impl From<Misconfigured> for Refusal {
    fn from(Misconfigured { variable, message }: Misconfigured) -> Self {
        tracing::error!(
            variable,
            reason = message,
            "the deployment is not configured"
        );
        Self::Said(503, ErrorBody::at(&variable, "misconfigured", message))
    }
}
