use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use contract::{Bot, BotId, TenantId};
use twilio::PhoneNumber;

use super::item::{Item, json, number, text};
use super::{Dynamo, TRIES, failed, pause, tenant_key};
use crate::store::memory::next_version;
use crate::store::{Bots, StoreError, Stored};

impl Dynamo {
    /// Puts a bot in place of the known one; false if another came between.
    async fn replace_bot(&self, known: Option<&Bot>, bot: &Bot) -> Stored<bool> {
        let item = Item::at(tenant_key(&bot.tenant), format!("BOT#{}", bot.id))
            .with("version", number(bot.version))
            .with("json", json(bot)?);
        let request = self
            .client
            .put_item()
            .table_name(&self.config)
            .set_item(Some(item.into_map()));
        let request = match known {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(known) => request
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(known.version)),
        };
        put_if(request.send().await.map(drop))
    }
}

/// Whether a conditional put was done.
fn put_if<R>(
    outcome: Result<(), aws_sdk_dynamodb::error::SdkError<PutItemError, R>>,
) -> Stored<bool>
where
    R: std::fmt::Debug + 'static,
{
    match outcome {
        Ok(()) => Ok(true),
        Err(error)
            if matches!(
                error.as_service_error(),
                Some(PutItemError::ConditionalCheckFailedException(_))
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed("put", &error)),
    }
}

#[async_trait]
impl Bots for Dynamo {
    async fn bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Option<Bot>> {
        let item = self
            .get(&self.config, &tenant_key(tenant), &format!("BOT#{id}"))
            .await?;
        item.map_or(Ok(None), |item| item.json("json"))
    }

    async fn put_bot(&self, bot: &Bot) -> Stored<Bot> {
        for attempt in 0..TRIES {
            let known = self.bot(&bot.tenant, &bot.id).await?;
            let next = next_version(known.as_ref(), bot);
            if known.as_ref() == Some(&next) || self.replace_bot(known.as_ref(), &next).await? {
                return Ok(next);
            }
            pause(attempt).await;
        }
        Err(StoreError::new("put_bot", "others kept changing it"))
    }

    async fn bot_of(&self, number: &PhoneNumber) -> Stored<Option<(TenantId, BotId)>> {
        let item = self
            .get(&self.config, &format!("NUM#{number}"), "MAP")
            .await?;
        Ok(item.as_ref().and_then(|item| {
            Some((
                TenantId::new(item.text("tenant")?)?,
                BotId::new(item.text("bot")?)?,
            ))
        }))
    }

    async fn number_of(&self, tenant: &TenantId, bot: &BotId) -> Stored<Option<PhoneNumber>> {
        let item = self
            .get(&self.config, &tenant_key(tenant), &format!("FROM#{bot}"))
            .await?;
        item.map_or(Ok(None), |item| item.word("number"))
    }

    async fn assign(&self, number: &PhoneNumber, tenant: &TenantId, bot: &BotId) -> Stored<bool> {
        let map = Item::at(format!("NUM#{number}"), "MAP")
            .with("tenant", text(tenant.as_str()))
            .with("bot", text(bot.as_str()));
        let request = self
            .client
            .put_item()
            .table_name(&self.config)
            .set_item(Some(map.into_map()))
            .condition_expression("attribute_not_exists(pk) OR #tenant = :tenant")
            .expression_attribute_names("#tenant", "tenant")
            .expression_attribute_values(":tenant", text(tenant.as_str()));
        if !put_if(request.send().await.map(drop))? {
            return Ok(false);
        }
        let from = Item::at(tenant_key(tenant), format!("FROM#{bot}"))
            .with("number", text(number.as_str()));
        let request = self
            .client
            .put_item()
            .table_name(&self.config)
            .set_item(Some(from.into_map()));
        put_if(request.send().await.map(drop))
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
