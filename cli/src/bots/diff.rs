//! What applying a file would change, field by field.

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::out::{Out, Paint};

/// One field that changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Change {
    /// `turns.end.silence_ms`.
    pub(super) field: String,
    /// Before; none: it was not there.
    pub(super) from: Option<Value>,
    /// After; none: it will not be there.
    pub(super) to: Option<Value>,
}

impl Change {
    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        json!({ "field": self.field, "from": self.from, "to": self.to })
    }

    /// For people: the old in red, the new in green; long texts line by line.
    pub(super) fn show(&self, out: Out) {
        let field = &self.field;
        if let (Some(Value::String(from)), Some(Value::String(to))) = (&self.from, &self.to)
            && (from.contains('\n') || to.contains('\n'))
        {
            out.line(&format!("  {field}:"));
            for change in TextDiff::from_lines(from, to).iter_all_changes() {
                let line = change.value().trim_end_matches('\n');
                match change.tag() {
                    ChangeTag::Delete => out.line(&out.paint(Paint::Bad, &format!("    - {line}"))),
                    ChangeTag::Insert => {
                        out.line(&out.paint(Paint::Good, &format!("    + {line}")));
                    }
                    ChangeTag::Equal => {
                        out.line(&out.paint(Paint::Faint, &format!("      {line}")));
                    }
                }
            }
            return;
        }
        if let Some(from) = &self.from {
            out.line(&out.paint(Paint::Bad, &format!("  - {field} = {from}")));
        }
        if let Some(to) = &self.to {
            out.line(&out.paint(Paint::Good, &format!("  + {field} = {to}")));
        }
    }
}

/// The fields that differ, in order.
pub(super) fn changes(from: &Value, to: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    walk("", Some(from), Some(to), &mut found);
    found
}

fn walk(at: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Change>) {
    let from = from.filter(|value| !value.is_null());
    let to = to.filter(|value| !value.is_null());
    if from == to {
        return;
    }
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        }
    };
    match (from, to) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (name, value) in old {
                walk(&below(name), Some(value), new.get(name), found);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                walk(&below(name), None, Some(value), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                walk(
                    &below(&index.to_string()),
                    old.get(index),
                    new.get(index),
                    found,
                );
            }
        }
        (from, to) => found.push(Change {
            field: at.to_owned(),
            from: from.cloned(),
            to: to.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_and_by_its_name() {
        let from = json!({ "a": 1, "b": { "c": "x", "d": [1, 2] }, "e": null });
        let to = json!({ "a": 1, "b": { "c": "y", "d": [1] }, "f": true });
        let change = |field: &str, from: Option<Value>, to: Option<Value>| Change {
            field: field.to_owned(),
            from,
            to,
        };
        assert_eq!(
            changes(&from, &to),
            [
                change("b.c", Some(json!("x")), Some(json!("y"))),
                change("b.d.1", Some(json!(2)), None),
                change("f", None, Some(json!(true))),
            ]
        );
        assert_eq!(changes(&from, &from), []);
    }
}
