//! Words of the carrier's that the API's description tells: their types know nothing of descriptions.

use twilio::webhook::{AnsweredBy, CallStatus};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// How far a call is.
pub(crate) fn call_status() -> Object {
    one_of(CallStatus::ALL.iter().map(|status| status.as_str()))
}

/// Who or what answered.
pub(crate) fn answered_by() -> Object {
    one_of(AnsweredBy::ALL.iter().map(|answerer| answerer.as_str()))
}

fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}
