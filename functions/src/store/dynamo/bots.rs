use async_trait::async_trait;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use contract::{Bot, BotId, TenantId};
use twilio::PhoneNumber;

use super::item::{Item, json, number};
use super::{Dynamo, Range, TRIES, Update, failed, pause, tenant_key};
use crate::store::memory::next_version;
use crate::store::{Assigned, Bots, Claim, Deleted, StoreError, Stored};

pub(super) fn bot_key(id: &BotId) -> String {
    format!("BOT#{id}")
}

/// Counts how often a number was given to a bot, so that it cannot be deleted at the same moment.
pub(super) const ASSIGNED: &str = "assigned";

impl Dynamo {
    async fn bot_item(&self, tenant: &TenantId, id: &BotId) -> Stored<Option<Item>> {
        self.get(&self.config, &tenant_key(tenant), &bot_key(id))
            .await
    }

    /// Puts a bot in place of the known one; false if another came between.
    async fn swap_bot(&self, known: Option<&Bot>, bot: &Bot) -> Stored<bool> {
        let update = Update::of(tenant_key(&bot.tenant), bot_key(&bot.id))
            .set("version", number(bot.version))
            .set("json", json(bot)?);
        let update = match known {
            None => update.only_if("attribute_not_exists(pk)"),
            Some(known) => update
                .value("known", number(known.version))
                .only_if("#version = :known"),
        };
        Ok(self.update_in(&self.config, &update).await?.is_ok())
    }

    /// Deletes the item of a bot as it was read; false if it is another by now.
    async fn drop_bot(&self, tenant: &TenantId, id: &BotId, known: &Item) -> Stored<bool> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.config)
            .key("pk", super::text(tenant_key(tenant)))
            .key("sk", super::text(bot_key(id)))
            .expression_attribute_names("#assigned", ASSIGNED);
        let request = match known.number::<u64>(ASSIGNED) {
            None => request.condition_expression("attribute_not_exists(#assigned)"),
            Some(times) => request
                .condition_expression("#assigned = :times")
                .expression_attribute_values(":times", number(times)),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(failed("delete", &error)),
        }
    }
}

#[async_trait]
impl Bots for Dynamo {
    async fn bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Option<Bot>> {
        let item = self.bot_item(tenant, id).await?;
        item.map_or(Ok(None), |item| item.json("json"))
    }

    async fn bots(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&BotId>,
    ) -> Stored<Vec<Bot>> {
        let range = Range {
            pk: &tenant_key(tenant),
            prefix: "BOT#",
            after: after.map(bot_key),
            limit,
        };
        let items = self.range(range).await?;
        let bots: Stored<Vec<Option<Bot>>> = items.iter().map(|item| item.json("json")).collect();
        Ok(bots?.into_iter().flatten().collect())
    }

    async fn delete_bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Deleted> {
        for attempt in 0..TRIES {
            let Some(known) = self.bot_item(tenant, id).await? else {
                return Ok(Deleted::Missing);
            };
            if !self.numbers_of(tenant, id, 1).await?.is_empty() {
                return Ok(Deleted::InUse);
            }
            if self.drop_bot(tenant, id, &known).await? {
                return Ok(Deleted::Done);
            }
            pause(attempt).await;
        }
        Err(StoreError::new("delete_bot", "others kept using it"))
    }

    async fn replace_bot(&self, known: Option<&Bot>, bot: &Bot) -> Stored<Option<Bot>> {
        let next = next_version(known, bot);
        let kept = known == Some(&next) || self.swap_bot(known, &next).await?;
        Ok(kept.then_some(next))
    }

    async fn put_bot(&self, bot: &Bot) -> Stored<Bot> {
        for attempt in 0..TRIES {
            let known = self.bot(&bot.tenant, &bot.id).await?;
            if let Some(kept) = self.replace_bot(known.as_ref(), bot).await? {
                return Ok(kept);
            }
            pause(attempt).await;
        }
        Err(StoreError::new("put_bot", "others kept changing it"))
    }

    async fn bot_of(&self, number: &PhoneNumber) -> Stored<Option<(TenantId, BotId)>> {
        self.whose(number).await
    }

    async fn number_of(&self, tenant: &TenantId, bot: &BotId) -> Stored<Option<PhoneNumber>> {
        let numbers = self.numbers_of(tenant, bot, usize::MAX).await?;
        let last = numbers.into_iter().max_by_key(|(_, since_ms)| *since_ms);
        Ok(last.map(|(number, _)| number))
    }

    async fn assign(
        &self,
        number: &PhoneNumber,
        tenant: &TenantId,
        bot: &BotId,
        claim: Claim,
        now_ms: u64,
    ) -> Stored<Assigned> {
        self.give(number, tenant, bot, claim, now_ms).await
    }

    async fn release(&self, number: &PhoneNumber, tenant: &TenantId) -> Stored<bool> {
        self.take(number, tenant).await
    }

    async fn numbers(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<(&BotId, &PhoneNumber)>,
    ) -> Stored<Vec<(BotId, PhoneNumber)>> {
        self.list_numbers(tenant, limit, after).await
    }

    async fn reachable(&self) -> Stored<()> {
        futures_util::future::try_join(
            self.get(&self.config, "HEALTH", "HEALTH"),
            self.get(&self.calls, "HEALTH", "HEALTH"),
        )
        .await
        .map(drop)
    }
}
