//! Bodies of requests: what is wrong is named, and so is what nobody knows.

use axum::body::Body;
use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Refusal;
use crate::door::body_json;

/// Reads a body; a member that is not `T`'s is refused by its name, at any depth.
pub(super) async fn read<T: DeserializeOwned + Serialize>(body: Body) -> Result<T, Refusal> {
    understand(&body_json(body).await?)
}

/// Reads a value; a member that is not `T`'s is refused by its name, at any depth.
pub(super) fn understand<T: DeserializeOwned + Serialize>(given: &Value) -> Result<T, Refusal> {
    if !given.is_object() {
        // A list would be read as the members in their order.
        let message = "the body is a JSON object";
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "body_malformed",
            message,
        ));
    }
    let mut unknown = None;
    let mut track = serde_path_to_error::Track::new();
    let path = serde_path_to_error::Deserializer::new(given, &mut track);
    let read: Result<T, _> = serde_ignored::deserialize(path, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    let read = read.map_err(|error| misread(&track.path().to_string(), &error.to_string()))?;
    // What stands in a tagged value is not seen by the reader above: there, what was given must come out again.
    let unknown = unknown.or_else(|| {
        let known = serde_json::to_value(&read).unwrap_or_default();
        lost(given, &known)
    });
    match unknown {
        None => Ok(read),
        Some(field) => Err(Refusal::field(
            &field.replace(".?", ""),
            "field_unknown",
            "there is no such field, or it is no list",
        )),
    }
}

/// What is wrong, where it stands: `tools.1.url`.
fn misread(path: &str, error: &str) -> Refusal {
    let within = path.replace('[', ".").replace(']', "");
    let within = if within == "." { "" } else { within.as_str() };
    // The reader has no other way to tell of a member that is not there than in its words.
    let named = |what: &str| error.strip_prefix(what)?.split('`').next();
    if let Some(name) = named("missing field `") {
        let message = "this is missing, and has no default";
        return Refusal::field(&joined(within, name), "field_missing", message);
    }
    if let Some(name) = named("unknown field `") {
        // The path ends in the member itself.
        let field = if within.is_empty() { name } else { within };
        return Refusal::field(field, "field_unknown", "there is no such field");
    }
    let message = format!("the body is not the expected JSON: {error}");
    if within.is_empty() {
        return Refusal::new(StatusCode::BAD_REQUEST, "body_malformed", message);
    }
    Refusal::field(within, "body_malformed", message)
}

/// The path of a member that says something and is not in `known`.
fn lost(given: &Value, known: &Value) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(name, value)| {
            let within = match known.get(name) {
                Some(known) => lost(value, known)?,
                None if is_empty(value) => return None,
                None => String::new(),
            };
            Some(joined(name, &within))
        }),
        (Value::Array(given), Value::Array(known)) => {
            let pairs = given.iter().zip(known).enumerate();
            pairs
                .filter_map(|(index, (given, known))| Some((index, lost(given, known)?)))
                .map(|(index, within)| joined(&index.to_string(), &within))
                .next()
        }
        // A list would be read as the members in their order.
        (Value::Array(_), Value::Object(_)) => Some(String::new()),
        _ => None,
    }
}

fn joined(name: &str, within: &str) -> String {
    match (name, within) {
        (name, "") => name.to_owned(),
        ("", within) => within.to_owned(),
        (name, within) => format!("{name}.{within}"),
    }
}

/// Empty members need not come out again.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Changes `target` as a JSON merge patch says (RFC 7396): members that are given replace, those that are null go.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Bot;
    use serde_json::json;

    fn field(given: &Value) -> Option<String> {
        understand::<Bot>(given).err()?.body.error.field
    }

    #[test]
    fn what_nobody_knows_is_named_at_any_depth() {
        for (given, wrong) in [
            (json!({ "greating": "Hi." }), "greating"),
            (json!({ "voice": { "idd": "x" } }), "voice.idd"),
            (
                json!({ "turns": { "end": { "by": "adaptive", "pause": 3 } } }),
                "turns.end.pause",
            ),
            (
                json!({ "tools": [{ "kind": "send_keys" }, { "kind": "end_call", "when": "x" }] }),
                "tools.1.when",
            ),
            (json!({ "voice": ["x", "y"] }), "voice"),
        ] {
            assert_eq!(field(&given).as_deref(), Some(wrong), "{given}");
        }
        let options = json!({ "think": { "provider": "openai", "options": { "anything": 1 } } });
        assert_eq!(understand::<Bot>(&options).map(drop), Ok(()));
    }

    #[test]
    fn what_cannot_be_is_named_where_it_stands() {
        assert_eq!(
            field(&json!({ "idle": { "after_ms": "x" } })).as_deref(),
            Some("idle.after_ms")
        );
        for (given, wrong) in [
            (json!({ "greeting": 7 }), "greeting"),
            (
                json!({ "tools": [{ "kind": "webhook", "name": 1 }] }),
                "tools.0",
            ),
            (
                json!({ "tools": [{ "kind": "transfer" }] }),
                "tools.0.number",
            ),
            (
                json!({ "machine": { "do": "leave_message" } }),
                "machine.text",
            ),
        ] {
            assert_eq!(field(&given).as_deref(), Some(wrong), "{given}");
        }
        assert_eq!(field(&json!([])), None);
    }

    #[test]
    fn a_merge_patch_does_as_its_specification_says() {
        // Appendix A of RFC 7396, in part.
        for (mut target, patch, merged) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            merge(&mut target, &patch);
            assert_eq!(target, merged, "{patch}");
        }
    }
}
