//! Several writes, all or none.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

use super::item::Item;
use super::{Dynamo, TRIES, failed, is_conflict, pause};
use crate::store::{StoreError, Stored};

impl Dynamo {
    /// Does all of it, or nothing if the condition of the first does not hold; then false.
    pub(super) async fn all_or_none(
        &self,
        operation: &'static str,
        writes: &[TransactWriteItem],
    ) -> Stored<bool> {
        for attempt in 0.. {
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.to_vec()));
            let Err(error) = request.send().await else {
                return Ok(true);
            };
            let mut passing = is_conflict(&error) || error.code() == Some("ThrottlingException");
            if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                error.as_service_error()
            {
                let codes: Vec<_> = canceled
                    .cancellation_reasons()
                    .iter()
                    .filter_map(|reason| reason.code())
                    .collect();
                if codes.first() == Some(&"ConditionalCheckFailed") {
                    return Ok(false);
                }
                // The SDK does not try again what was cancelled.
                passing = codes.iter().all(|code| {
                    matches!(
                        *code,
                        "None"
                            | "TransactionConflict"
                            | "ThrottlingError"
                            | "ProvisionedThroughputExceeded"
                    )
                });
            }
            if !passing || attempt >= TRIES {
                return Err(failed(operation, &error));
            }
            pause(attempt).await;
        }
        Ok(false)
    }
}

/// Puts an item that is not there yet, as one of several writes.
pub(super) fn putting(table: &str, item: Item) -> Stored<TransactWriteItem> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item.into_map()))
        .condition_expression("attribute_not_exists(pk)")
        .build();
    put.map(|put| TransactWriteItem::builder().put(put).build())
        .map_err(|error| StoreError::new("put", error.to_string()))
}

/// An update as one of several writes.
pub(super) fn updating(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}
