use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use contract::CallId;
use contract::{Batch, Numbered, PriceTable};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::calls::{answered_by_bot, call_key, expiry, heard_of};
use super::item::{Item, json, number};
use super::{Dynamo, TRIES, Update, failed, pause, tenant_key};
use crate::clock::Month;
use crate::store::memory::receipt_of;
use crate::store::{Ended, Receipt, StoreError, Stored};

/// How many records are written at once.
const WRITES_AT_ONCE: usize = 16;

impl Dynamo {
    /// Stores what is new, counts what has to be counted, and only then says how far it has got: a crash on the way makes
    /// the edge send the batch again.
    pub(super) async fn record(
        &self,
        batch: &Batch,
        prices: &PriceTable,
        now_ms: u64,
    ) -> Stored<u64> {
        let writes: Vec<_> = batch
            .records
            .iter()
            .map(|numbered| self.put_record(&batch.call, numbered, now_ms))
            .collect();
        stream::iter(writes)
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect::<()>()
            .await?;
        let receipt = batch
            .records
            .iter()
            .find_map(|numbered| receipt_of(numbered, prices));
        if let Some((ended, receipt)) = receipt {
            self.count(batch, &ended, &receipt, now_ms).await?;
        }
        let highest = batch
            .records
            .iter()
            .map(|numbered| numbered.number)
            .max()
            .unwrap_or_default();
        let update = answered_by_bot(
            heard_of(&batch.call, now_ms),
            &batch.tenant,
            &batch.bot,
            batch.bot_version,
        )
        .once("account", super::text(batch.account.as_str()))
        .set("records", number(highest))
        .only_if("attribute_not_exists(#records) OR #records < :records");
        let (item, through) = match self.update(&update).await? {
            Ok(item) => (item, highest),
            Err(known) => {
                let through = known.number("records").unwrap_or(highest);
                (known, through)
            }
        };
        if item.text("tenant").is_none() {
            self.claim(&batch.call, &batch.tenant).await?;
        }
        Ok(through)
    }

    async fn put_record(&self, call: &CallId, numbered: &Numbered, now_ms: u64) -> Stored<()> {
        let item = Item::at(call_key(call), format!("REC#{:08}", numbered.number))
            .with("record", json(numbered)?)
            .with("ttl", expiry(now_ms));
        self.put_new(&self.calls, item).await.map(drop)
    }

    /// Counts a call's usage and cost on the call and in its month, both or neither, once.
    async fn count(
        &self,
        batch: &Batch,
        ended: &Ended,
        receipt: &Receipt,
        now_ms: u64,
    ) -> Stored<()> {
        let (used, update, meter) = self.counting(batch, ended, receipt, now_ms)?;
        for attempt in 0.. {
            let request = self
                .client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().put(used.clone()).build())
                .transact_items(TransactWriteItem::builder().update(update.clone()).build())
                .transact_items(TransactWriteItem::builder().update(meter.clone()).build());
            let Err(error) = request.send().await else {
                return Ok(());
            };
            let mut passing =
                super::is_conflict(&error) || error.code() == Some("ThrottlingException");
            if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                error.as_service_error()
            {
                let codes: Vec<_> = canceled
                    .cancellation_reasons()
                    .iter()
                    .filter_map(|reason| reason.code())
                    .collect();
                if codes.first() == Some(&"ConditionalCheckFailed") {
                    return Ok(());
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
                return Err(failed("count", &error));
            }
            pause(attempt).await;
        }
        Ok(())
    }

    fn counting(
        &self,
        batch: &Batch,
        ended: &Ended,
        receipt: &Receipt,
        now_ms: u64,
    ) -> Stored<(
        Put,
        aws_sdk_dynamodb::types::Update,
        aws_sdk_dynamodb::types::Update,
    )> {
        let call = &batch.call;
        let used = Item::at(call_key(call), "USE")
            .with("receipt", json(receipt)?)
            .with("ttl", expiry(now_ms));
        let used = Put::builder()
            .table_name(&self.calls)
            .set_item(Some(used.into_map()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| StoreError::new("count", error.to_string()))?;
        let update = heard_of(call, now_ms).set("ended", json(ended)?);
        // Sixteen parts, so that calls that end together seldom meet on one item.
        let part = call
            .as_str()
            .chars()
            .next_back()
            .unwrap_or('0')
            .to_ascii_lowercase();
        let meter = Update::of(
            tenant_key(&batch.tenant),
            format!("MONTH#{}#{part}", Month::of(ended.at_ms)),
        )
        .add("calls", number(1))
        .add("line_ms", number(receipt.usage.line_ms))
        .add("micro_dollars", number(receipt.cost.total_micro_dollars));
        Ok((
            used,
            update.in_transaction(&self.calls)?,
            meter.in_transaction(&self.calls)?,
        ))
    }
}
