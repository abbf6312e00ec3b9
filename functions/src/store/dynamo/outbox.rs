use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use contract::TenantId;

use super::call_item::expiry;
use super::item::{Item, json, number, text};
use super::{Dynamo, Update, failed, tenant_key};
use crate::hook::HookId;
use crate::store::{Deliveries, Delivery, DeliveryState, Outbox, StoreError, Stored};

fn key(id: &HookId) -> String {
    format!("HOOK#{id}")
}

fn at(id: &HookId) -> Update {
    Update::of(key(id), "META")
}

fn list_key(tenant: &TenantId) -> String {
    format!("{}#HOOKS", tenant_key(tenant))
}

fn write(delivery: &Delivery) -> Stored<Item> {
    Ok(Item::at(key(&delivery.id), "META")
        .with("id", text(delivery.id.to_string()))
        .with("tenant", text(delivery.tenant.as_str()))
        .with("g1pk", text(list_key(&delivery.tenant)))
        .with("g1sk", text(delivery.sort_key()))
        .with("at_ms", number(delivery.at_ms))
        .with("state", json(&delivery.state)?)
        .with("attempts", number(delivery.attempts))
        .with("round", number(delivery.round))
        .with("round_ms", number(delivery.round_ms))
        .with("busy_until_ms", number(delivery.busy_until_ms))
        .with("ttl", expiry(delivery.at_ms)))
}

fn read(item: &Item) -> Stored<Delivery> {
    let missing = |name: &str| StoreError::new("read", format!("a delivery without its {name}"));
    let id = item.text("id").and_then(HookId::parse);
    let tenant = item.text("tenant").and_then(TenantId::new);
    Ok(Delivery {
        id: id.ok_or_else(|| missing("id"))?,
        tenant: tenant.ok_or_else(|| missing("tenant"))?,
        at_ms: item.number("at_ms").unwrap_or_default(),
        state: item.json("state")?.ok_or_else(|| missing("state"))?,
        attempts: item.number("attempts").unwrap_or_default(),
        round: item.number("round").unwrap_or(1),
        round_ms: item.number("round_ms").unwrap_or_default(),
        last: item.text("last").map(str::to_owned),
        last_ms: item.number("last_ms"),
        reminded: item.flag("reminded"),
        busy_until_ms: item.number("busy_until_ms").unwrap_or_default(),
    })
}

#[async_trait]
impl Outbox for Dynamo {
    async fn tell(&self, delivery: &Delivery) -> Stored<Delivery> {
        match self.put_new(&self.calls, write(delivery)?).await? {
            Some(known) => read(&known),
            None => Ok(delivery.clone()),
        }
    }

    async fn delivery(&self, id: &HookId) -> Stored<Option<Delivery>> {
        let item = self.get(&self.calls, &key(id), "META").await?;
        item.map(|item| read(&item)).transpose()
    }

    async fn reminded(&self, id: &HookId, round: u32) -> Stored<()> {
        let update = at(id)
            .set("reminded", AttributeValue::Bool(true))
            .naming("round")
            .giving("round", number(round))
            .only_if("#round = :round");
        self.update(&update).await.map(drop)
    }

    async fn attempt(
        &self,
        id: &HookId,
        round: u32,
        now_ms: u64,
        until_ms: u64,
    ) -> Stored<Option<Delivery>> {
        let update = at(id)
            .add("attempts", number(1))
            .set("busy_until_ms", number(until_ms))
            .naming("round")
            .giving("round", number(round))
            .naming("state")
            .giving("pending", json(&DeliveryState::Pending)?)
            .giving("now", number(now_ms))
            .only_if("#round = :round AND #state = :pending AND #busy_until_ms <= :now");
        match self.update(&update).await? {
            Ok(item) => read(&item).map(Some),
            Err(_) => Ok(None),
        }
    }

    async fn attempted(
        &self,
        id: &HookId,
        round: u32,
        state: DeliveryState,
        last: &str,
        now_ms: u64,
    ) -> Stored<()> {
        let update = at(id)
            .set("state", json(&state)?)
            .set("last", text(last))
            .set("last_ms", number(now_ms))
            .set("busy_until_ms", number(0))
            .naming("round")
            .giving("round", number(round))
            .giving("pending", json(&DeliveryState::Pending)?)
            .only_if("#round = :round AND #state = :pending");
        self.update(&update).await.map(drop)
    }

    async fn again(&self, tenant: &TenantId, id: &HookId, now_ms: u64) -> Stored<Option<Delivery>> {
        let update = at(id)
            .add("round", number(1))
            .set("round_ms", number(now_ms))
            .set("state", json(&DeliveryState::Pending)?)
            .set("reminded", AttributeValue::Bool(false))
            .set("busy_until_ms", number(0))
            .naming("tenant")
            .giving("tenant", text(tenant.as_str()))
            .only_if("#tenant = :tenant");
        match self.update(&update).await? {
            Ok(item) => read(&item).map(Some),
            Err(_) => Ok(None),
        }
    }

    async fn deliveries(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&str>,
    ) -> Stored<Deliveries> {
        let most = limit + 1;
        let output = self
            .client
            .query()
            .table_name(&self.calls)
            .index_name("gs1")
            .key_condition_expression("g1pk = :pk AND g1sk < :after")
            .expression_attribute_values(":pk", text(list_key(tenant)))
            .expression_attribute_values(":after", text(after.unwrap_or("~")))
            .scan_index_forward(false)
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| failed("deliveries", &error))?;
        let items = output.items.unwrap_or_default().into_iter().map(Item::from);
        let hooks: Stored<Vec<Delivery>> = items.map(|item| read(&item)).collect();
        let mut hooks = hooks?;
        let more = hooks.len() > limit;
        hooks.truncate(limit);
        let next = hooks.last().filter(|_| more).map(Delivery::sort_key);
        Ok(Deliveries { hooks, next })
    }
}
