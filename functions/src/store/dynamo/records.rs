use contract::{Batch, Bot, CallId, Leg, Numbered, PriceTable, Record};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::call_item::{answered_by_bot, call_key, expiry, heard_of, read};
use super::item::{Item, json, number};
use super::transact::{putting, updating};
use super::{Dynamo, Update, tenant_key};
use crate::clock::Month;
use crate::store::count::{Counted, What, Whose, counted, line_of};
use crate::store::{CallEntry, Meter, Receipt, Stored};
use aws_sdk_dynamodb::types::AttributeValue;

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
        if batch.records.iter().any(|numbered| {
            matches!(
                numbered.record,
                Record::Ended { .. } | Record::Summary { .. }
            )
        }) {
            // At the price of the bot that the call began with, and of the line by which it came.
            let pk = call_key(&batch.call);
            let (bot, meta) = futures_util::future::try_join(
                self.get(&self.calls, &pk, "BOT"),
                self.get(&self.calls, &pk, "META"),
            )
            .await?;
            let bot: Option<Bot> = bot.map_or(Ok(None), |bot| bot.json("json"))?;
            let pricing = bot.map(|bot| bot.price).unwrap_or_default();
            let entry = meta.map(|meta| read(&meta)).transpose()?;
            let leg = entry.map_or_else(Leg::default, |entry| entry.leg());
            let whose = Whose {
                call: &batch.call,
                tenant: &batch.tenant,
                bot: &batch.bot,
            };
            for counted in counted(&batch.records, &pricing, prices, &leg) {
                self.count(&whose, &counted, now_ms).await?;
            }
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
        .set("turns", number(batch.turns));
        let filed = batch
            .records
            .iter()
            .any(|numbered| matches!(numbered.record, Record::Filed));
        let update = update
            .set_some("filed", filed.then(|| AttributeValue::Bool(true)))
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

    /// Counts the minutes of a caller who was put through, if they are known by now.
    pub(super) async fn line_counted(
        &self,
        entry: &CallEntry,
        prices: &PriceTable,
        now_ms: u64,
    ) -> Stored<bool> {
        let (true, Some(tenant), Some(bot)) =
            (entry.has_line_to_count(), &entry.tenant, &entry.bot)
        else {
            return Ok(false);
        };
        let used = self.get(&self.calls, &call_key(&entry.call), "USE").await?;
        let ended: Option<Receipt> = used.map_or(Ok(None), |used| used.json("receipt"))?;
        let Some(counted) = line_of(entry, ended.as_ref(), prices, now_ms) else {
            return Ok(false);
        };
        let whose = Whose {
            call: &entry.call,
            tenant,
            bot,
        };
        self.count(&whose, &counted, now_ms).await
    }

    /// Counts on the call and in its month, both or neither, once; whether it was not counted before.
    async fn count(&self, whose: &Whose<'_>, counted: &Counted, now_ms: u64) -> Stored<bool> {
        let call = whose.call;
        let counts = Meter::counts(&counted.receipt, counted.calls());
        let cost = number(counted.receipt.cost.total_micro_dollars);
        let (sk, told) = match &counted.what {
            What::End(ended) => ("USE", ("ended", json(ended)?)),
            What::Summary => ("USE#SUMMARY", ("summary_micro_dollars", cost)),
            What::Line => ("USE#LINE", ("line_micro_dollars", cost)),
        };
        let used = Item::at(call_key(call), sk)
            .with("receipt", json(&counted.receipt)?)
            .with("ttl", expiry(now_ms));
        let update = heard_of(call, now_ms).set(told.0, told.1);
        // Sixteen parts, so that calls that end together seldom meet on one item.
        let (month, bot, part) = (Month::of(counted.at_ms), whose.bot, part(call));
        let meter = Update::of(
            tenant_key(whose.tenant),
            format!("MONTH#{month}#{bot}#{part}"),
        );
        let mut writes = vec![
            putting(&self.calls, used)?,
            updating(update.in_transaction(&self.calls)?),
        ];
        if !counts.is_empty() {
            writes.push(updating(
                meter.add_all(&counts).in_transaction(&self.calls)?,
            ));
        }
        self.all_or_none("count", &writes).await
    }
}

/// One of sixteen parts of what many calls write, by the call.
pub(super) fn part(call: &CallId) -> char {
    call.as_str()
        .chars()
        .next_back()
        .unwrap_or('0')
        .to_ascii_lowercase()
}
