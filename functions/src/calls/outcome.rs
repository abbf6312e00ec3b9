//! What became of an order to dial that did not become a call.

use axum::http::StatusCode;

use crate::Refusal;
use crate::carrier::DialError;
use crate::store::DialState;

pub(super) fn unknown(status: StatusCode) -> Refusal {
    let message = "Twilio did not say whether it dialled: if it did, the call shows up under GET /calls. Dial again with a new Idempotency-Key";
    Refusal::new(status, "outcome_unknown", message)
}

pub(super) fn refusal(error: &DialError) -> Refusal {
    match error {
        DialError::Impossible(error) => Refusal::new(
            StatusCode::BAD_REQUEST,
            "call_impossible",
            error.to_string(),
        ),
        DialError::Unreachable(_) => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "carrier_unreachable",
            "Twilio cannot be reached: nothing was dialled, try again",
        ),
        DialError::Refused(error) if error.retry => Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "carrier_busy",
            "Twilio takes no more requests at the moment: try again",
        ),
        DialError::Refused(error) if matches!(error.status, 401 | 403) => {
            let message = "Twilio does not accept this deployment's credentials: check twilio_account_sid and twilio_auth_token in its secret";
            Refusal::new(StatusCode::BAD_GATEWAY, "carrier_credentials", message)
        }
        DialError::Refused(error) => Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "carrier_refused",
            error.to_string(),
        ),
        DialError::Unknown(_) => unknown(StatusCode::GATEWAY_TIMEOUT),
    }
}

/// Whether the same order may be given again: yes if nothing was dialled for a reason that passes, no if the answer will
/// stay the same, and not blindly if nobody knows.
pub(super) fn settled(error: &DialError, refusal: &Refusal) -> DialState {
    match error {
        DialError::Unknown(_) => DialState::Unknown,
        DialError::Unreachable(_) => DialState::Free,
        DialError::Refused(error) if error.retry || matches!(error.status, 401 | 403) => {
            DialState::Free
        }
        DialError::Impossible(_) | DialError::Refused(_) => DialState::Answered {
            status: refusal.status.as_u16(),
            body: refusal.body.to_json(),
        },
    }
}
