use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use contract::{Batch, Bot, BotId, CallId, Direction, Numbered, PriceTable};
use twilio::Party;

use super::item::{Item, json, number, text};
use super::{Dynamo, Update, failed, tenant_key};
use crate::clock::Month;
use crate::store::{
    CALL_TTL_S, CallEntry, Calls, Detail, Filter, Meter, News, Note, Opened, Page, Progress,
    Receipt, StoreError, Stored, TENANT, sort_key,
};

pub(super) fn call_key(call: &CallId) -> String {
    format!("CALL#{call}")
}

pub(super) fn expiry(now_ms: u64) -> AttributeValue {
    number(now_ms / 1_000 + CALL_TTL_S)
}

fn status_key(status: twilio::webhook::CallStatus) -> AttributeValue {
    text(format!("TEN#{TENANT}#ST#{status}"))
}

/// What every first word of a call sets: whichever comes first decides when it began, and so its place in all indexes.
pub(super) fn heard_of(call: &CallId, now_ms: u64) -> Update {
    let place = sort_key(now_ms, call);
    Update::of(call_key(call), "META")
        .once("call", text(call.as_str()))
        .once("began_ms", number(now_ms))
        .once("ttl", expiry(now_ms))
        .once("g1pk", text(tenant_key()))
        .once("g1sk", text(&place))
        .once("g2sk", text(&place))
        .once("g3sk", text(place))
}

pub(super) fn answered_by_bot(update: Update, bot: &BotId, version: u32) -> Update {
    update
        .once("bot", text(bot.as_str()))
        .once("bot_version", number(version))
        .once("g2pk", text(format!("BOT#{bot}")))
}

fn word<T: serde::Serialize>(value: &T) -> AttributeValue {
    let word = serde_json::to_value(value)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned));
    text(word.unwrap_or_default())
}

fn read(item: &Item) -> Stored<CallEntry> {
    let call = item
        .word("call")?
        .ok_or_else(|| StoreError::new("read", "a call without its id"))?;
    let direction: Option<Direction> = match item.text("direction") {
        Some("inbound") => Some(Direction::Inbound),
        Some("outbound") => Some(Direction::Outbound),
        _ => None,
    };
    Ok(CallEntry {
        account: item.word("account")?,
        bot: item.text("bot").and_then(BotId::new),
        bot_version: item.number("bot_version"),
        direction,
        from: item.text("from").map(Party::parse),
        to: item.text("to").map(Party::parse),
        status: item.word("status")?,
        sequence: item.number("sequence").unwrap_or(-1),
        carrier_duration_s: item.number("carrier_duration_s"),
        sip_response_code: item.number("sip_response_code"),
        answered_by: item.word("answered_by")?,
        ended: item.json("ended")?,
        records: item.number("records").unwrap_or_default(),
        ..CallEntry::new(call, item.number("began_ms").unwrap_or_default())
    })
}

impl Dynamo {
    async fn put_news(&self, note: &Note) -> Stored<()> {
        let item = Item::at(call_key(&note.call), format!("EV#{}", note.key))
            .with("news", json(&note.news)?)
            .with("ttl", expiry(note.now_ms));
        self.put_new(&self.calls, item).await.map(drop)
    }

    /// All items with that partition key whose sort key begins so.
    async fn all(&self, pk: &str, sk_prefix: &str) -> Stored<Vec<Item>> {
        let request = self
            .client
            .query()
            .table_name(&self.calls)
            .expression_attribute_values(":pk", text(pk));
        let request = match sk_prefix {
            "" => request.key_condition_expression("pk = :pk"),
            _ => request
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", text(sk_prefix)),
        };
        let request = request.consistent_read(true);
        let mut pages = request.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(Item::from(item.map_err(|error| failed("query", &error))?));
        }
        Ok(items)
    }
}

#[async_trait]
impl Calls for Dynamo {
    async fn open(&self, opened: &Opened) -> Stored<Bot> {
        let meta = answered_by_bot(
            heard_of(&opened.call, opened.now_ms),
            &opened.bot.id,
            opened.bot.version,
        )
        .once("account", text(opened.account.as_str()))
        .once("direction", word(&opened.direction))
        .once("from", text(opened.from.to_string()))
        .once("to", text(opened.to.to_string()))
        .once("status", text(opened.status.as_str()))
        .once("rank", number(opened.status.rank()))
        .once("sequence", number(-1))
        .once("g3pk", status_key(opened.status));
        let bot = Item::at(call_key(&opened.call), "BOT")
            .with("json", json(&opened.bot)?)
            .with("ttl", expiry(opened.now_ms));
        let (known, _) =
            futures_util::future::try_join(self.put_new(&self.calls, bot), self.update(&meta))
                .await?;
        match known {
            Some(known) => Ok(known.json("json")?.unwrap_or_else(|| opened.bot.clone())),
            None => Ok(opened.bot.clone()),
        }
    }

    async fn call(&self, call: &CallId) -> Stored<Option<(CallEntry, Option<Bot>)>> {
        let pk = call_key(call);
        let both = futures_util::future::try_join(
            self.get(&self.calls, &pk, "META"),
            self.get(&self.calls, &pk, "BOT"),
        );
        let (Some(meta), bot) = both.await? else {
            return Ok(None);
        };
        Ok(Some((
            read(&meta)?,
            bot.map_or(Ok(None), |bot| bot.json("json"))?,
        )))
    }

    async fn resumed(&self, call: &CallId, minute: u64) -> Stored<u32> {
        let update = Update::of(call_key(call), format!("RESUME#{minute}"))
            .add("count", number(1))
            .once("ttl", number((minute + 60) * 60));
        let item = self.update(&update).await?.unwrap_or_else(|known| known);
        Ok(item.number("count").unwrap_or(1))
    }

    async fn progressed(&self, progress: &Progress) -> Stored<()> {
        self.put_news(&progress.note()).await?;
        let known = heard_of(&progress.call, progress.now_ms)
            .once("account", text(progress.account.as_str()))
            .once_some("direction", progress.dialled_by().as_ref().map(word))
            .once_some(
                "from",
                progress.from.as_ref().map(|party| text(party.to_string())),
            )
            .once_some(
                "to",
                progress.to.as_ref().map(|party| text(party.to_string())),
            )
            .once_some("answered_by", progress.answered_by.as_ref().map(word));
        // Never stop after news that were known: that heals a crash between the two writes.
        let news = known
            .clone()
            .set("status", text(progress.status.as_str()))
            .set("rank", number(progress.status.rank()))
            .set("sequence", number(progress.number()))
            .set("g3pk", status_key(progress.status))
            .set_some("carrier_duration_s", progress.duration_s.map(number))
            .set_some("sip_response_code", progress.sip_response_code.map(number))
            .only_if("attribute_not_exists(#rank) OR #rank < :rank OR (#rank = :rank AND #sequence < :sequence)");
        if self.update(&news).await?.is_err() {
            let _ = self.update(&known).await?;
        }
        Ok(())
    }

    async fn noted(&self, note: &Note) -> Stored<()> {
        self.put_news(note).await?;
        let update = heard_of(&note.call, note.now_ms)
            .once_some("answered_by", note.answered_by.as_ref().map(word));
        self.update(&update).await.map(drop)
    }

    async fn recorded(&self, batch: &Batch, prices: &PriceTable, now_ms: u64) -> Stored<u64> {
        self.record(batch, prices, now_ms).await
    }

    async fn list(&self, filter: &Filter, limit: usize, after: Option<&str>) -> Stored<Page> {
        let (index, pk, sk, value) = match filter {
            Filter::All => ("gs1", "g1pk", "g1sk", text(tenant_key())),
            Filter::Bot(bot) => ("gs2", "g2pk", "g2sk", text(format!("BOT#{bot}"))),
            Filter::Status(status) => ("gs3", "g3pk", "g3sk", status_key(*status)),
        };
        // The client's cursor is a sort key only, taken as a bound: it cannot reach into another partition.
        let (bound, bound_value) = match after {
            Some(after) => (format!("{pk} = :pk AND {sk} < :after"), Some(text(after))),
            None => (format!("{pk} = :pk"), None),
        };
        let mut request = self
            .client
            .query()
            .table_name(&self.calls)
            .index_name(index)
            .key_condition_expression(bound)
            .expression_attribute_values(":pk", value)
            .scan_index_forward(false);
        if let Some(value) = bound_value {
            request = request.expression_attribute_values(":after", value);
        }
        let mut items = request
            .into_paginator()
            .page_size(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .items()
            .send();
        let mut calls = Vec::new();
        while calls.len() <= limit
            && let Some(item) = items.next().await
        {
            calls.push(read(&Item::from(
                item.map_err(|error| failed("list", &error))?,
            ))?);
        }
        let more = calls.len() > limit;
        calls.truncate(limit);
        let next = calls.last().filter(|_| more).map(CallEntry::sort_key);
        Ok(Page { calls, next })
    }

    async fn detail(&self, call: &CallId) -> Stored<Option<Detail>> {
        let items = self.all(&call_key(call), "").await?;
        let (mut entry, mut receipt) = (None, None);
        let (mut news, mut records): (Vec<News>, Vec<Numbered>) = (Vec::new(), Vec::new());
        for item in &items {
            match item.text("sk").unwrap_or_default() {
                "META" => entry = Some(read(item)?),
                "USE" => receipt = item.json::<Receipt>("receipt")?,
                sk if sk.starts_with("EV#") => news.extend(item.json("news")?),
                sk if sk.starts_with("REC#") => records.extend(item.json("record")?),
                _ => {}
            }
        }
        Ok(entry.map(|entry| Detail {
            entry,
            news,
            records,
            receipt,
        }))
    }

    async fn meter(&self, month: Month) -> Stored<Meter> {
        let mut meter = Meter::default();
        for part in self.all(&tenant_key(), &format!("MONTH#{month}#")).await? {
            let count = |name: &str| part.number::<u64>(name).unwrap_or_default();
            meter.calls += count("calls");
            meter.line_ms += count("line_ms");
            meter.micro_dollars += count("micro_dollars");
        }
        Ok(meter)
    }
}
