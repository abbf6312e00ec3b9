//! `template.yaml` as far as one machine needs it: which functions there are, with which environment, and which tables,
//! buckets and secrets they ask for. Reading the deployed template itself means that a variable forgotten there is
//! missing here too.

mod resolve;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

pub use resolve::{ACCOUNT, REGION, Scope};

/// What is wrong with the template, in words that name the place.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be opened.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not YAML.
    #[error("{path} is not valid YAML: {message}")]
    NotYaml {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// Something in it has no meaning on one machine.
    #[error("template.yaml, {place}: {message}")]
    Unresolved {
        /// The resource and property.
        place: String,
        /// What could not be resolved.
        message: String,
    },
}

/// A parsed template; intrinsic functions are still in it, in their long form.
#[derive(Debug, Clone)]
pub struct Template {
    root: Value,
}

/// A Lambda function with everything resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    /// The key under `Resources`.
    pub logical_id: String,
    /// `Metadata.BuildProperties.Binary`, or else the logical id.
    pub binary: String,
    /// `Environment.Variables`, those of `Globals` included.
    pub environment: BTreeMap<String, String>,
    /// `MemorySize`, in MB.
    pub memory_mb: u32,
    /// `Timeout`; whole seconds in the template.
    pub timeout: Duration,
    /// `ReservedConcurrentExecutions`.
    pub concurrency_max: Option<usize>,
}

/// A function that exists, before its environment can be resolved (which needs the URLs of all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionName {
    /// The key under `Resources`.
    pub logical_id: String,
    /// The name of the binary.
    pub binary: String,
    /// Whether it has a function URL.
    pub has_url: bool,
}

/// A DynamoDB table as the API would create it.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// The body of `CreateTable`.
    pub create: Value,
    /// The attribute that says when an item expires.
    pub ttl_attribute: Option<String>,
}

impl Template {
    /// Reads and parses a template.
    ///
    /// # Errors
    /// When the file cannot be read or is not YAML.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path).map_err(|source| TemplateError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|message| TemplateError::NotYaml {
            path: path.to_owned(),
            message,
        })
    }

    /// Parses a template.
    ///
    /// # Errors
    /// A description when the text is not YAML.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self {
            root: yaml::to_json(text)?,
        })
    }

    /// The functions, in the order of their logical ids.
    #[must_use]
    pub fn functions(&self) -> Vec<FunctionName> {
        self.of_type("AWS::Serverless::Function")
            .map(|(id, resource)| FunctionName {
                logical_id: id.clone(),
                binary: binary_of(id, resource),
                has_url: resource.pointer("/Properties/FunctionUrlConfig").is_some()
                    || self
                        .root
                        .pointer("/Globals/Function/FunctionUrlConfig")
                        .is_some(),
            })
            .collect()
    }

    /// A function with its environment resolved in `scope`.
    ///
    /// # Errors
    /// When a variable refers to something that `scope` and the template do not know.
    pub fn function(&self, logical_id: &str, scope: &Scope) -> Result<FunctionSpec, TemplateError> {
        let resource = self
            .resource(logical_id)
            .ok_or_else(|| unresolved(logical_id, "there is no such function"))?;
        let globals = self.root.pointer("/Globals/Function");
        let mut environment = BTreeMap::new();
        for source in [globals, resource.get("Properties")].into_iter().flatten() {
            let Some(variables) = source
                .pointer("/Environment/Variables")
                .and_then(Value::as_object)
            else {
                continue;
            };
            for (name, value) in variables {
                let place = format!("{logical_id} environment variable {name}");
                let resolved = self.resolve(value, scope, &place)?;
                match resolved {
                    Value::Null => environment.remove(name),
                    other => environment.insert(name.clone(), resolve::text(&other)),
                };
            }
        }
        let property = |name: &str| {
            let found = resource
                .get("Properties")
                .and_then(|own| own.get(name))
                .or_else(|| globals.and_then(|all| all.get(name)))?;
            let place = format!("{logical_id} {name}");
            resolve::number(&self.resolve(found, scope, &place).ok()?)
        };
        // What LoggingConfig becomes in a function's environment.
        let logging = resource
            .pointer("/Properties/LoggingConfig")
            .or_else(|| globals?.get("LoggingConfig"));
        for (property, variable) in [
            ("LogFormat", "AWS_LAMBDA_LOG_FORMAT"),
            ("ApplicationLogLevel", "AWS_LAMBDA_LOG_LEVEL"),
        ] {
            if let Some(value) = logging.and_then(|logging| logging.get(property)) {
                let value = self.resolve(value, scope, logical_id)?;
                environment.insert(variable.to_owned(), resolve::text(&value));
            }
        }
        Ok(FunctionSpec {
            logical_id: logical_id.to_owned(),
            binary: binary_of(logical_id, resource),
            environment,
            memory_mb: property("MemorySize")
                .and_then(|mb| u32::try_from(mb).ok())
                .unwrap_or(128),
            timeout: Duration::from_secs(property("Timeout").unwrap_or(3)),
            concurrency_max: property("ReservedConcurrentExecutions")
                .and_then(|max| usize::try_from(max).ok()),
        })
    }

    /// The tables.
    ///
    /// # Errors
    /// When a name or key cannot be resolved.
    pub fn tables(&self, scope: &Scope) -> Result<Vec<TableSpec>, TemplateError> {
        self.of_type("AWS::DynamoDB::Table")
            .map(|(id, resource)| {
                let properties = self.resolve(
                    resource.get("Properties").unwrap_or(&Value::Null),
                    scope,
                    id,
                )?;
                let name = self.physical_name(id, scope)?;
                let mut create = Map::new();
                create.insert("TableName".into(), name.clone().into());
                for key in [
                    "KeySchema",
                    "AttributeDefinitions",
                    "GlobalSecondaryIndexes",
                    "LocalSecondaryIndexes",
                    "BillingMode",
                    "ProvisionedThroughput",
                ] {
                    if let Some(value) = properties.get(key) {
                        create.insert(key.into(), value.clone());
                    }
                }
                let ttl_attribute = properties
                    .pointer("/TimeToLiveSpecification/AttributeName")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                Ok(TableSpec {
                    name,
                    create: Value::Object(create),
                    ttl_attribute,
                })
            })
            .collect()
    }

    /// The names of the buckets.
    ///
    /// # Errors
    /// When a name cannot be resolved.
    pub fn buckets(&self, scope: &Scope) -> Result<Vec<String>, TemplateError> {
        self.of_type("AWS::S3::Bucket")
            .map(|(id, _)| self.physical_name(id, scope))
            .collect()
    }

    /// The secrets: logical id and ARN.
    ///
    /// # Errors
    /// When a name cannot be resolved.
    pub fn secrets(&self, scope: &Scope) -> Result<Vec<(String, String)>, TemplateError> {
        self.of_type("AWS::SecretsManager::Secret")
            .map(|(id, _)| Ok((id.clone(), self.physical_name(id, scope)?)))
            .collect()
    }

    fn of_type(&self, kind: &'static str) -> impl Iterator<Item = (&String, &Value)> {
        self.root
            .get("Resources")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(move |(_, resource)| resource.get("Type").and_then(Value::as_str) == Some(kind))
    }

    fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.root.get("Resources")?.get(logical_id)
    }
}

fn binary_of(logical_id: &str, resource: &Value) -> String {
    resource
        .pointer("/Metadata/BuildProperties/Binary")
        .and_then(Value::as_str)
        .unwrap_or(logical_id)
        .to_owned()
}

fn unresolved(place: &str, message: impl Into<String>) -> TemplateError {
    TemplateError::Unresolved {
        place: place.to_owned(),
        message: message.into(),
    }
}

#[cfg(test)]
mod tests;
