//! Bodies of requests, as JSON.

use serde_json::Value;

use crate::Options;

/// Lays options over a body; a `null` takes a member away.
pub(crate) fn overlay(body: &mut Options, options: &Options) {
    for (name, value) in options {
        if value.is_null() {
            body.remove(name);
        } else {
            body.insert(name.clone(), value.clone());
        }
    }
}

/// A body as bytes.
pub(crate) fn json(body: Options) -> Vec<u8> {
    Value::Object(body).to_string().into_bytes()
}
