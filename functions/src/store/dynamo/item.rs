//! An item's attributes, read and written by their types. What is nested is JSON in one attribute: nothing looks inside.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{StoreError, Stored};

/// The attributes of one item.
#[derive(Clone, Debug, Default)]
pub(super) struct Item(HashMap<String, AttributeValue>);

impl From<HashMap<String, AttributeValue>> for Item {
    fn from(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }
}

impl Item {
    /// An item with nothing but its key.
    pub(super) fn at(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self::default().with("pk", text(pk)).with("sk", text(sk))
    }

    /// The attributes.
    pub(super) fn into_map(self) -> HashMap<String, AttributeValue> {
        self.0
    }

    /// The item with one more attribute.
    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A text that means something; `None` if it is not there.
    pub(super) fn word<T: FromStr>(&self, name: &'static str) -> Stored<Option<T>> {
        let parse = |text: &str| text.parse().map_err(|_| unreadable(name));
        self.text(name).map(parse).transpose()
    }

    /// A number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// Whether something is so; not if nothing is said of it.
    pub(super) fn flag(&self, name: &str) -> bool {
        let value = self.0.get(name).and_then(|value| value.as_bool().ok());
        value.copied().unwrap_or_default()
    }

    /// Texts without order.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.0.get(name).and_then(|value| value.as_ss().ok());
        texts.cloned().unwrap_or_default()
    }

    /// All numbers by their names.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter_map(|(name, value)| {
            let number = value.as_n().ok()?.parse().ok()?;
            Some((name.as_str(), number))
        })
    }

    /// What is kept as JSON; `None` if it is not there.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &'static str) -> Stored<Option<T>> {
        let parse = |text: &str| serde_json::from_str(text).map_err(|_| unreadable(name));
        self.text(name).map(parse).transpose()
    }
}

fn unreadable(name: &str) -> StoreError {
    StoreError::new("read", format!("the attribute {name} cannot be read"))
}

/// A text attribute.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(super) fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A JSON attribute.
pub(super) fn json<T: Serialize>(value: &T) -> Stored<AttributeValue> {
    serde_json::to_string(value)
        .map(AttributeValue::S)
        .map_err(|error| StoreError::new("write", error.to_string()))
}
