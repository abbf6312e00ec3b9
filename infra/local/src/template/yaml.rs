//! YAML with CloudFormation's short tags to JSON with their long forms: `!Ref X` becomes `{"Ref": "X"}`.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

pub(super) fn to_json(text: &str) -> Result<Value, String> {
    let yaml: Yaml = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    Ok(convert(yaml))
}

fn convert(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or(Value::Null),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(convert).collect(),
        Yaml::Mapping(entries) => entries
            .into_iter()
            .map(|(key, value)| (key_text(key), convert(value)))
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let value = convert(tagged.value);
            match name {
                "Ref" | "Condition" => json!({ name: value }),
                "GetAtt" => json!({ "Fn::GetAtt": attribute_path(value) }),
                _ => json!({ format!("Fn::{name}"): value }),
            }
        }
    }
}

/// `!GetAtt Table.Arn` and `!GetAtt [Table, Arn]` are one thing.
fn attribute_path(value: Value) -> Value {
    match value {
        Value::String(path) => match path.split_once('.') {
            Some((resource, attribute)) => json!([resource, attribute]),
            None => json!([path, ""]),
        },
        other => other,
    }
}

fn key_text(key: Yaml) -> String {
    match convert(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
