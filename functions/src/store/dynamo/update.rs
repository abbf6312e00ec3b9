//! An update of one item, put together attribute by attribute. Every name goes by an alias, since any may be a reserved word.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    self, AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use super::item::{Item, number, text};
use crate::store::{Counts, StoreError, Stored};

/// An update.
#[derive(Clone, Default)]
pub(super) struct Update {
    key: HashMap<String, AttributeValue>,
    sets: Vec<String>,
    adds: Vec<String>,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Update {
    /// An update of the item with that key, which is created if it is not there.
    pub(super) fn of(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        let key = [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))].into();
        Self {
            key,
            ..Self::default()
        }
    }

    /// Sets an attribute.
    pub(super) fn set(mut self, name: &str, value: AttributeValue) -> Self {
        self.sets.push(format!("#{name} = :{name}"));
        self.alias(name, value)
    }

    /// Sets an attribute if there is a value.
    pub(super) fn set_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Sets an attribute that is not there yet.
    pub(super) fn once(mut self, name: &str, value: AttributeValue) -> Self {
        self.sets
            .push(format!("#{name} = if_not_exists(#{name}, :{name})"));
        self.alias(name, value)
    }

    /// Sets an attribute that is not there yet, if there is a value.
    pub(super) fn once_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.once(name, value),
            None => self,
        }
    }

    /// Adds to a number, which begins at zero.
    pub(super) fn add(mut self, name: &str, value: AttributeValue) -> Self {
        self.adds.push(format!("#{name} :{name}"));
        self.alias(name, value)
    }

    /// Adds to numbers whose names may be of any characters.
    pub(super) fn add_all(mut self, counts: &Counts) -> Self {
        for (index, (name, amount)) in counts.iter().enumerate() {
            let alias = format!("n{index}");
            self.adds.push(format!("#{alias} :{alias}"));
            self.names.insert(format!("#{alias}"), name.clone());
            self.values.insert(format!(":{alias}"), number(amount));
        }
        self
    }

    /// Only if this holds; names and values as set, `#name` and `:name`.
    pub(super) fn only_if(mut self, condition: &str) -> Self {
        self.condition = Some(condition.to_owned());
        self
    }

    /// Lets the condition speak of a value that is not set: `:name`.
    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{name}"), value);
        self
    }

    /// Lets the condition speak of an attribute that is not set: `#name`.
    pub(super) fn naming(mut self, name: &str) -> Self {
        self.names.insert(format!("#{name}"), name.to_owned());
        self
    }

    /// Lets the condition speak of a value that is not set: `:name`.
    pub(super) fn giving(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{name}"), value);
        self
    }

    fn alias(mut self, name: &str, value: AttributeValue) -> Self {
        self.names.insert(format!("#{name}"), name.to_owned());
        self.values.insert(format!(":{name}"), value);
        self
    }

    fn expression(&self) -> String {
        let mut expression = String::new();
        for (verb, parts) in [("SET", &self.sets), (" ADD", &self.adds)] {
            if !parts.is_empty() {
                expression.push_str(verb);
                expression.push(' ');
                expression.push_str(&parts.join(", "));
            }
        }
        expression
    }

    /// The request of its own.
    pub(super) fn request(&self, client: &Client, table: &str) -> UpdateItemFluentBuilder {
        client
            .update_item()
            .table_name(table)
            .set_key(Some(self.key.clone()))
            .update_expression(self.expression())
            .set_condition_expression(self.condition.clone())
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(Some(self.values.clone()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// The same as part of a transaction.
    pub(super) fn in_transaction(self, table: &str) -> Stored<types::Update> {
        types::Update::builder()
            .table_name(table)
            .update_expression(self.expression())
            .set_key(Some(self.key))
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .build()
            .map_err(|error| StoreError::new("transaction", error.to_string()))
    }
}

/// The item of which the condition did not hold.
pub(super) fn refused(error: &UpdateItemError) -> Option<Item> {
    let UpdateItemError::ConditionalCheckFailedException(known) = error else {
        return None;
    };
    Some(known.item().cloned().map(Item::from).unwrap_or_default())
}
