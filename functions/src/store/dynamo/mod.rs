//! The store on DynamoDB. The keys are in the table of [`crate::store`].

mod accounts;
mod bots;
mod call_item;
mod calls;
mod dials;
mod item;
mod money;
mod numbers;
mod outbox;
mod records;
mod seats;
mod transact;
mod update;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use contract::TenantId;

use super::{StoreError, Stored};
use item::Item;
use update::Update;

/// The two tables.
#[derive(Clone)]
pub struct Dynamo {
    client: Client,
    config: String,
    calls: String,
}

/// How often a write that met another is tried again.
const TRIES: u32 = 12;

impl Dynamo {
    /// The tables of those names. A function that never reads `config` may pass an empty name.
    #[must_use]
    pub fn new(client: Client, config: impl Into<String>, calls: impl Into<String>) -> Self {
        Self {
            client,
            config: config.into(),
            calls: calls.into(),
        }
    }

    /// Opens the connection, so that no caller waits for it.
    ///
    /// # Errors
    /// If there is none to be had.
    pub async fn warm(&self) -> Stored<()> {
        self.get(&self.calls, "WARM", "WARM").await.map(drop)
    }

    async fn get(&self, table: &str, pk: &str, sk: &str) -> Stored<Option<Item>> {
        let request = self
            .client
            .get_item()
            .table_name(table)
            .key("pk", text(pk))
            .key("sk", text(sk));
        let output = request
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed("get", &error))?;
        Ok(output.item.map(Item::from))
    }

    /// Puts an item unless there is one, and returns the one that is there already.
    async fn put_new(&self, table: &str, item: Item) -> Stored<Option<Item>> {
        for attempt in 0.. {
            let request = self
                .client
                .put_item()
                .table_name(table)
                .set_item(Some(item.clone().into_map()))
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            match request.send().await {
                Ok(_) => return Ok(None),
                Err(error) => match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(known)) => {
                        return Ok(Some(
                            known.item().cloned().map(Item::from).unwrap_or_default(),
                        ));
                    }
                    _ if attempt < TRIES && is_conflict(&error) => pause(attempt).await,
                    _ => return Err(failed("put", &error)),
                },
            }
        }
        Ok(None)
    }

    /// Updates an item. `Ok(Err(item))` if the update's condition does not hold of it.
    async fn update(&self, update: &Update) -> Stored<Result<Item, Item>> {
        self.update_in(&self.calls, update).await
    }

    async fn update_in(&self, table: &str, update: &Update) -> Stored<Result<Item, Item>> {
        for attempt in 0.. {
            match update.request(&self.client, table).send().await {
                Ok(output) => return Ok(Ok(output.attributes.map(Item::from).unwrap_or_default())),
                Err(error) => {
                    let service = error.as_service_error();
                    if let Some(known) = service.and_then(update::refused) {
                        return Ok(Err(known));
                    }
                    if attempt >= TRIES || !is_conflict(&error) {
                        return Err(failed("update", &error));
                    }
                    pause(attempt).await;
                }
            }
        }
        Ok(Ok(Item::default()))
    }
}

/// Items of one partition of `config` whose sort keys begin so, at most `limit`, those after the sort key `after`.
struct Range<'a> {
    pk: &'a str,
    prefix: &'a str,
    after: Option<String>,
    limit: usize,
}

impl Dynamo {
    async fn range(&self, range: Range<'_>) -> Stored<Vec<Item>> {
        // A sort key may have one condition only. What follows the prefix is ASCII, so this ends the range.
        let first = range
            .after
            .map_or_else(|| range.prefix.to_owned(), |after| format!("{after}\u{0}"));
        let request = self
            .client
            .query()
            .table_name(&self.config)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(range.pk))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(format!("{}~", range.prefix)))
            .consistent_read(true);
        let mut found = request
            .into_paginator()
            .page_size(i32::try_from(range.limit).unwrap_or(i32::MAX))
            .items()
            .send();
        let mut items = Vec::new();
        while items.len() < range.limit
            && let Some(item) = found.next().await
        {
            items.push(Item::from(item.map_err(|error| failed("query", &error))?));
        }
        Ok(items)
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn tenant_key(tenant: &TenantId) -> String {
    format!("TEN#{tenant}")
}

/// A write met a transaction on the same item; nothing was written.
fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    matches!(
        error.code(),
        Some("TransactionConflictException" | "TransactionInProgressException")
    )
}

/// Waits longer each time, and not as long as the others do.
async fn pause(attempt: u32) {
    let span_ms = 8_u64 << attempt.min(5);
    let jitter_ms = getrandom::u64().unwrap_or_default() % span_ms;
    tokio::time::sleep(std::time::Duration::from_millis(span_ms / 2 + jitter_ms)).await;
}

fn failed<E, R>(operation: &'static str, error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    if let Some(code) = error.code() {
        return StoreError::new(
            operation,
            format!("{code}: {}", error.message().unwrap_or_default()),
        );
    }
    let mut cause = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        cause.push_str(": ");
        cause.push_str(&inner.to_string());
        source = inner.source();
    }
    StoreError::new(operation, cause)
}
