use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use contract::{Bot, BotId};
use twilio::PhoneNumber;

use super::item::{Item, json, number, text};
use super::{Dynamo, TRIES, failed, pause, tenant_key};
use crate::store::memory::next_version;
use crate::store::{Bots, StoreError, Stored};

impl Dynamo {
    async fn put_config(&self, item: Item) -> Stored<()> {
        let request = self
            .client
            .put_item()
            .table_name(&self.config)
            .set_item(Some(item.into_map()));
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("put", &error))
    }

    /// Puts a bot in place of the known one; false if another came between.
    async fn replace_bot(&self, known: Option<&Bot>, bot: &Bot) -> Stored<bool> {
        let item = Item::at(tenant_key(), format!("BOT#{}", bot.id))
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
        match request.send().await {
            Ok(_) => Ok(true),
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
}

#[async_trait]
impl Bots for Dynamo {
    async fn bot(&self, id: &BotId) -> Stored<Option<Bot>> {
        let item = self
            .get(&self.config, &tenant_key(), &format!("BOT#{id}"))
            .await?;
        item.map_or(Ok(None), |item| item.json("json"))
    }

    async fn put_bot(&self, bot: &Bot) -> Stored<Bot> {
        for attempt in 0..TRIES {
            let known = self.bot(&bot.id).await?;
            let next = next_version(known.as_ref(), bot);
            if known.as_ref() == Some(&next) || self.replace_bot(known.as_ref(), &next).await? {
                return Ok(next);
            }
            pause(attempt).await;
        }
        Err(StoreError::new("put_bot", "others kept changing it"))
    }

    async fn bot_of(&self, number: &PhoneNumber) -> Stored<Option<BotId>> {
        let item = self
            .get(&self.config, &format!("NUM#{number}"), "MAP")
            .await?;
        Ok(item
            .as_ref()
            .and_then(|item| item.text("bot"))
            .and_then(BotId::new))
    }

    async fn number_of(&self, bot: &BotId) -> Stored<Option<PhoneNumber>> {
        let item = self
            .get(&self.config, &tenant_key(), &format!("FROM#{bot}"))
            .await?;
        item.map_or(Ok(None), |item| item.word("number"))
    }

    async fn assign(&self, number: &PhoneNumber, bot: &BotId) -> Stored<()> {
        let map = Item::at(format!("NUM#{number}"), "MAP")
            .with("tenant", text(super::TENANT))
            .with("bot", text(bot.as_str()));
        let from =
            Item::at(tenant_key(), format!("FROM#{bot}")).with("number", text(number.as_str()));
        self.put_config(map).await?;
        self.put_config(from).await
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
