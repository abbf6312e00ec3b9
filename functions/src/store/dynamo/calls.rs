use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use contract::{Batch, Bot, CallId, Numbered, PriceTable, TenantId};
use twilio::PhoneNumber;
use twilio::webhook::CallStatus;

use super::call_item::{
    answered_by_bot, bot_key, call_key, expiry, heard_of, read, status_key, tenant_of, word,
};
use super::item::{Item, json, number, text};
use super::{Dynamo, TRIES, Update, failed, tenant_key};
use crate::store::count::together;
use crate::store::{
    CallEntry, Calls, Detail, Filter, News, Note, Opened, Page, Progress, Receipt, StoreError,
    Stored, Unanswered,
};

/// How many calls are looked at for one page, if few pass the filter. The page is then short, and says where to go on.
const LOOKED_AT_MAX: usize = 1_000;

impl Dynamo {
    async fn put_news(&self, note: &Note) -> Stored<()> {
        let item = Item::at(call_key(&note.call), format!("EV#{}", note.key))
            .with("news", json(&note.news)?)
            .with("ttl", expiry(note.now_ms));
        self.put_new(&self.calls, item).await.map(drop)
    }

    /// Says whose a call is that the carrier has told of before, and puts it into the indexes where it stands now.
    pub(super) async fn claim(&self, call: &CallId, tenant: &TenantId) -> Stored<()> {
        for _ in 0..TRIES {
            let known = self.get(&self.calls, &call_key(call), "META").await?;
            let known = known.unwrap_or_default();
            if tenant_of(&known).is_some() {
                return Ok(());
            }
            let status: Option<CallStatus> = known.word("status")?;
            let update = Update::of(call_key(call), "META")
                .set("tenant", text(tenant.as_str()))
                .set("g1pk", text(tenant_key(tenant)));
            let update = match status {
                None => update
                    .only_if("attribute_not_exists(#tenant) AND attribute_not_exists(#status)")
                    .naming("status"),
                Some(status) => update
                    .set("g3pk", status_key(tenant, status))
                    .set("status", text(status.as_str()))
                    .only_if("attribute_not_exists(#tenant) AND #status = :status"),
            };
            if self.update(&update).await?.is_ok() {
                return Ok(());
            }
        }
        Err(StoreError::new("claim", "others kept changing the call"))
    }

    /// All items with that partition key whose sort key begins so.
    pub(super) async fn all(&self, pk: &str, sk_prefix: &str) -> Stored<Vec<Item>> {
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
        let tenant = &opened.bot.tenant;
        let seen = answered_by_bot(
            heard_of(&opened.call, opened.now_ms),
            tenant,
            &opened.bot.id,
            opened.bot.version,
        )
        .once("account", text(opened.account.as_str()))
        .once("direction", word(&opened.direction))
        .once("from", text(opened.from.to_string()))
        .once("to", text(opened.to.to_string()))
        .once_some("seat", opened.seat.as_ref().map(text));
        let metadata = Some(&opened.metadata).filter(|metadata| !metadata.is_empty());
        let seen = seen.once_some("metadata", metadata.map(json).transpose()?);
        // If a callback has told a status already, that one counts, and the index needs to be told whose it is.
        let first = seen
            .clone()
            .once("tenant", text(tenant.as_str()))
            .once("g1pk", text(tenant_key(tenant)))
            .once("status", text(opened.status.as_str()))
            .once("rank", number(opened.status.rank()))
            .once("sequence", number(-1))
            .once("g3pk", status_key(tenant, opened.status))
            .only_if("attribute_exists(#tenant) OR attribute_not_exists(#status)");
        let meta = async {
            if self.update(&first).await?.is_err() {
                let _ = self.update(&seen).await?;
                self.claim(&opened.call, tenant).await?;
            }
            Ok(())
        };
        let bot = Item::at(call_key(&opened.call), "BOT")
            .with("json", json(&opened.bot)?)
            .with("ttl", expiry(opened.now_ms));
        let news = async {
            match opened.note() {
                Some(note) => self.put_news(&note).await,
                None => Ok(()),
            }
        };
        let put = self.put_new(&self.calls, bot);
        let all = Box::pin(futures_util::future::try_join3(put, meta, news));
        let (known, (), ()) = all.await?;
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

    async fn unanswered(&self, call: &CallId, why: Unanswered, now_ms: u64) -> Stored<()> {
        let update = heard_of(call, now_ms)
            .once("unanswered", word(&why))
            .naming("records")
            .only_if("attribute_not_exists(#records)");
        self.update(&update).await.map(drop)
    }

    async fn put_through(&self, call: &CallId, to: &PhoneNumber, now_ms: u64) -> Stored<()> {
        let update = heard_of(call, now_ms).once("put_through_to", text(to.as_str()));
        self.update(&update).await.map(drop)
    }

    async fn count_line(
        &self,
        entry: &CallEntry,
        prices: &PriceTable,
        now_ms: u64,
    ) -> Stored<bool> {
        self.line_counted(entry, prices, now_ms).await
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
        let news = known
            .clone()
            .set("status", text(progress.status.as_str()))
            .set("rank", number(progress.status.rank()))
            .set("sequence", number(progress.number()))
            .set("inferred", AttributeValue::Bool(progress.inferred))
            .set_some("carrier_duration_s", progress.duration_s.map(number))
            .set_some("sip_response_code", progress.sip_response_code.map(number));
        let later = "(attribute_not_exists(#rank) OR #rank < :rank OR (#rank = :rank AND #sequence < :sequence))";
        let mut tenant = match self
            .get(&self.calls, &call_key(&progress.call), "META")
            .await?
        {
            Some(item) => tenant_of(&item),
            None => None,
        };
        // Whose it is may become known at the same moment; then once more, so that the index is not left behind.
        for _ in 0..2 {
            let news = match &tenant {
                None => news
                    .clone()
                    .naming("tenant")
                    .only_if(&format!("{later} AND attribute_not_exists(#tenant)")),
                Some(tenant) => news
                    .clone()
                    .set("g3pk", status_key(tenant, progress.status))
                    .only_if(later),
            };
            let Err(found) = self.update(&news).await? else {
                return Ok(());
            };
            if tenant.is_some() || tenant_of(&found).is_none() {
                break;
            }
            tenant = tenant_of(&found);
        }
        // Never stop after news that were known: that heals a crash between the two writes.
        self.update(&known).await.map(drop)
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

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        limit: usize,
        after: Option<&str>,
    ) -> Stored<Page> {
        // The narrowest index; what it cannot tell is looked at call by call.
        let (index, pk, sk, value) = match (&filter.bot, filter.status) {
            (Some(bot), _) => ("gs2", "g2pk", "g2sk", bot_key(tenant, bot)),
            (None, Some(status)) => ("gs3", "g3pk", "g3sk", status_key(tenant, status)),
            (None, None) => ("gs1", "g1pk", "g1sk", text(tenant_key(tenant))),
        };
        // The client's cursor is a sort key only, taken as a bound: it cannot reach into another partition.
        let low = format!("{:014}", filter.from_ms.unwrap_or_default());
        let end = filter.to_ms.map(|to_ms| format!("{to_ms:014}"));
        let high = [after.map(str::to_owned), end].into_iter().flatten().min();
        let high = high.unwrap_or_else(|| "~".to_owned());
        if low >= high {
            return Ok(Page {
                calls: Vec::new(),
                next: None,
            });
        }
        let request = self
            .client
            .query()
            .table_name(&self.calls)
            .index_name(index)
            .key_condition_expression(format!("{pk} = :pk AND {sk} BETWEEN :low AND :high"))
            .expression_attribute_values(":pk", value)
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(false);
        let mut items = request
            .into_paginator()
            .page_size(i32::try_from(limit + 2).unwrap_or(i32::MAX))
            .items()
            .send();
        let mut calls: Vec<CallEntry> = Vec::new();
        let mut seen = 0;
        while let Some(item) = items.next().await {
            let entry = read(&Item::from(item.map_err(|error| failed("list", &error))?))?;
            let place = entry.sort_key();
            if after == Some(place.as_str()) {
                continue;
            }
            if calls.len() == limit {
                let next = calls.last().map(CallEntry::sort_key);
                return Ok(Page { calls, next });
            }
            if filter.passes(&entry) {
                calls.push(entry);
            }
            seen += 1;
            if seen >= LOOKED_AT_MAX {
                let next = Some(place);
                return Ok(Page { calls, next });
            }
        }
        Ok(Page { calls, next: None })
    }

    async fn detail(&self, tenant: &TenantId, call: &CallId) -> Stored<Option<Detail>> {
        let items = self.all(&call_key(call), "").await?;
        let mut entry = None;
        let (mut receipt, mut summary, mut line) = (None, None, None);
        let (mut news, mut records): (Vec<News>, Vec<Numbered>) = (Vec::new(), Vec::new());
        for item in &items {
            match item.text("sk").unwrap_or_default() {
                "META" => entry = Some(read(item)?),
                "USE" => receipt = item.json::<Receipt>("receipt")?,
                "USE#SUMMARY" => summary = item.json::<Receipt>("receipt")?,
                "USE#LINE" => line = item.json::<Receipt>("receipt")?,
                sk if sk.starts_with("EV#") => news.extend(item.json("news")?),
                sk if sk.starts_with("REC#") => records.extend(item.json("record")?),
                _ => {}
            }
        }
        // Their keys do not tell in which order they came.
        news.sort_by_key(|news| news.at_ms);
        let entry = entry.filter(|entry: &CallEntry| entry.tenant.as_ref() == Some(tenant));
        Ok(entry.map(|entry| Detail {
            entry,
            news,
            records,
            receipt: together([receipt, summary, line]),
        }))
    }

    async fn annotate(&self, tenant: &TenantId, call: &CallId, note: &str) -> Stored<bool> {
        let update = Update::of(call_key(call), "META")
            .set("note", text(note))
            .set("tenant", text(tenant.as_str()))
            .only_if("#tenant = :tenant");
        Ok(self.update(&update).await?.is_ok())
    }
}
