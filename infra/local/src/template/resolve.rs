//! Intrinsic functions, resolved to what they stand for on one machine.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Template, TemplateError, unresolved};

/// The AWS region that everything local claims to be in.
pub const REGION: &str = "us-east-1";
/// The AWS account that everything local claims to belong to.
pub const ACCOUNT: &str = "000000000000";

/// What the template cannot know by itself.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Values of `Parameters`; those not named here take their `Default`.
    pub parameters: BTreeMap<String, String>,
    /// Function URLs by the function's logical id, each with its final slash.
    pub urls: BTreeMap<String, String>,
}

impl Template {
    /// `value` with every intrinsic function in it replaced. `AWS::NoValue` removes its key.
    pub(super) fn resolve(
        &self,
        value: &Value,
        scope: &Scope,
        place: &str,
    ) -> Result<Value, TemplateError> {
        match value {
            Value::Array(items) => items
                .iter()
                .map(|item| self.resolve(item, scope, place))
                .filter(|item| !matches!(item, Ok(Value::Null)))
                .collect(),
            Value::Object(object) => {
                if let Some((name, argument)) = intrinsic(object) {
                    return self.call(name, argument, scope, place);
                }
                let mut resolved = Map::new();
                for (key, item) in object {
                    match self.resolve(item, scope, place)? {
                        Value::Null => {}
                        item => drop(resolved.insert(key.clone(), item)),
                    }
                }
                Ok(resolved.into())
            }
            plain => Ok(plain.clone()),
        }
    }

    fn call(
        &self,
        name: &str,
        argument: &Value,
        scope: &Scope,
        place: &str,
    ) -> Result<Value, TemplateError> {
        let wrong = || {
            unresolved(
                place,
                format!("{name} has arguments that cannot be read: {argument}"),
            )
        };
        match name {
            "Ref" => self.reference(argument.as_str().ok_or_else(wrong)?, scope, place),
            "Fn::GetAtt" => {
                let path: Vec<_> = argument
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                match path.split_first() {
                    Some((resource, attribute)) => self
                        .attribute(resource, &attribute.join("."), scope, place)
                        .map(Value::from),
                    None => Err(wrong()),
                }
            }
            "Fn::Sub" => self.substitute(argument, scope, place).map(Value::from),
            "Fn::Join" => {
                let [Value::String(separator), parts] =
                    argument.as_array().map(Vec::as_slice).unwrap_or_default()
                else {
                    return Err(wrong());
                };
                let parts = self.resolve(parts, scope, place)?;
                let parts: Vec<_> = parts
                    .as_array()
                    .ok_or_else(wrong)?
                    .iter()
                    .map(text)
                    .collect();
                Ok(parts.join(separator).into())
            }
            "Fn::If" => {
                let [Value::String(condition), yes, no] =
                    argument.as_array().map(Vec::as_slice).unwrap_or_default()
                else {
                    return Err(wrong());
                };
                let chosen = if self.named_condition(condition, scope, place)? {
                    yes
                } else {
                    no
                };
                self.resolve(chosen, scope, place)
            }
            "Fn::FindInMap" => {
                let path = self.resolve(argument, scope, place)?;
                let path: Vec<_> = path
                    .as_array()
                    .ok_or_else(wrong)?
                    .iter()
                    .map(text)
                    .collect();
                let found = self
                    .root
                    .pointer(&format!("/Mappings/{}", path.join("/")))
                    .ok_or_else(wrong)?;
                self.resolve(found, scope, place)
            }
            _ => self
                .condition(name, argument, scope, place)
                .map(Value::from),
        }
    }

    fn reference(&self, id: &str, scope: &Scope, place: &str) -> Result<Value, TemplateError> {
        let pseudo = match id {
            "AWS::Region" => REGION,
            "AWS::AccountId" => ACCOUNT,
            "AWS::StackName" => "callbox-local",
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::NoValue" => return Ok(Value::Null),
            _ => "",
        };
        if !pseudo.is_empty() {
            return Ok(pseudo.into());
        }
        if let Some(given) = scope.parameters.get(id) {
            return Ok(given.clone().into());
        }
        if let Some(parameter) = self.root.pointer(&format!("/Parameters/{id}")) {
            let default = parameter.get("Default");
            return default.cloned().ok_or_else(|| {
                unresolved(
                    place,
                    format!("parameter {id} has no default and none was given"),
                )
            });
        }
        if self.resource(id).is_some() {
            return self.physical_name(id, scope).map(Value::from);
        }
        Err(unresolved(
            place,
            format!("!Ref {id} names neither a parameter nor a resource"),
        ))
    }

    fn attribute(
        &self,
        id: &str,
        attribute: &str,
        scope: &Scope,
        place: &str,
    ) -> Result<String, TemplateError> {
        if attribute == "FunctionUrl" {
            // SAM names the URL of `VoiceFunction` `VoiceFunctionUrl`.
            let function = id.strip_suffix("Url").unwrap_or(id);
            return scope.urls.get(function).cloned().ok_or_else(|| {
                unresolved(
                    place,
                    format!("!GetAtt {id}.FunctionUrl: {function} has no function URL"),
                )
            });
        }
        let name = self.physical_name(id, scope)?;
        match (attribute, self.kind(id)) {
            ("Arn", Some("AWS::DynamoDB::Table")) => {
                Ok(format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"))
            }
            ("Arn", Some("AWS::S3::Bucket")) => Ok(format!("arn:aws:s3:::{name}")),
            ("Arn", Some("AWS::Serverless::Function")) => {
                Ok(format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"))
            }
            ("Id", Some("AWS::SecretsManager::Secret")) => Ok(name),
            (_, Some(_)) => Ok(format!("local:{id}.{attribute}")),
            (_, None) => Err(unresolved(
                place,
                format!("!GetAtt {id}.{attribute} names no resource"),
            )),
        }
    }

    fn substitute(
        &self,
        argument: &Value,
        scope: &Scope,
        place: &str,
    ) -> Result<String, TemplateError> {
        let (pattern, own) = match argument {
            Value::String(pattern) => (pattern.as_str(), None),
            Value::Array(parts) => (
                parts.first().and_then(Value::as_str).unwrap_or_default(),
                parts.get(1),
            ),
            _ => return Err(unresolved(place, "Fn::Sub needs a text")),
        };
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| unresolved(place, format!("'{pattern}' has an open ${{")))?;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                out.push_str(&text(&self.resolve(value, scope, place)?));
            } else if let Some((resource, attribute)) = name.split_once('.') {
                out.push_str(&self.attribute(resource, attribute, scope, place)?);
            } else {
                out.push_str(&text(&self.reference(name, scope, place)?));
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn named_condition(
        &self,
        name: &str,
        scope: &Scope,
        place: &str,
    ) -> Result<bool, TemplateError> {
        let condition = self.root.pointer(&format!("/Conditions/{name}"));
        let condition =
            condition.ok_or_else(|| unresolved(place, format!("there is no condition {name}")))?;
        match condition.as_object().and_then(intrinsic) {
            Some((function, argument)) => self.condition(function, argument, scope, place),
            None => Err(unresolved(
                place,
                format!("condition {name} cannot be read"),
            )),
        }
    }

    fn condition(
        &self,
        function: &str,
        argument: &Value,
        scope: &Scope,
        place: &str,
    ) -> Result<bool, TemplateError> {
        let each = || {
            argument
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default()
                .iter()
                .map(|item| self.truth(item, scope, place))
        };
        match function {
            "Condition" => {
                self.named_condition(argument.as_str().unwrap_or_default(), scope, place)
            }
            "Fn::Equals" => {
                let both = self.resolve(argument, scope, place)?;
                Ok(
                    matches!(both.as_array().map(Vec::as_slice), Some([left, right]) if text(left) == text(right)),
                )
            }
            "Fn::Not" => each().next().unwrap_or(Ok(false)).map(|truth| !truth),
            "Fn::And" => each().try_fold(true, |all, item| item.map(|truth| all && truth)),
            "Fn::Or" => each().try_fold(false, |any, item| item.map(|truth| any || truth)),
            _ => Err(unresolved(
                place,
                format!("{function} means nothing on one machine"),
            )),
        }
    }

    fn truth(&self, item: &Value, scope: &Scope, place: &str) -> Result<bool, TemplateError> {
        match item.as_object().and_then(intrinsic) {
            Some((function, argument)) => self.condition(function, argument, scope, place),
            None => Err(unresolved(place, format!("{item} is not a condition"))),
        }
    }

    /// The name a resource has on this machine: the one the template gives it, or one made from its logical id.
    pub(super) fn physical_name(&self, id: &str, scope: &Scope) -> Result<String, TemplateError> {
        let property = match self.kind(id) {
            Some("AWS::DynamoDB::Table") => "TableName",
            Some("AWS::S3::Bucket") => "BucketName",
            Some("AWS::Serverless::Function") => "FunctionName",
            Some("AWS::SecretsManager::Secret") => "Name",
            Some(_) => return Ok(format!("local-{id}")),
            None => return Err(unresolved(id, "there is no such resource")),
        };
        let given = self
            .resource(id)
            .and_then(|resource| resource.get("Properties")?.get(property));
        let given = given
            .map(|name| self.resolve(name, scope, id))
            .transpose()?
            .filter(|name| !name.is_null());
        let name = given.map_or_else(
            || format!("callbox-local-{}", id.to_lowercase()),
            |name| text(&name),
        );
        Ok(match self.kind(id) {
            Some("AWS::SecretsManager::Secret") => {
                format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")
            }
            _ => name,
        })
    }

    fn kind(&self, id: &str) -> Option<&str> {
        self.resource(id)?.get("Type")?.as_str()
    }
}

/// The one entry of an object that is an intrinsic function.
fn intrinsic(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    let (name, argument) = entries.next()?;
    let known = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    // `Condition` is also a property of policy statements; as a function its argument is a name.
    let function =
        known && entries.next().is_none() && (name != "Condition" || argument.is_string());
    function.then_some((name.as_str(), argument))
}

/// A scalar as an environment variable shows it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A whole number, also where the template quotes it.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
