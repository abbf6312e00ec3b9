//! Numbers: who answers each, found by the number alone, and which a tenant has. Both change together or not at all.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use contract::{BotId, TenantId};
use twilio::PhoneNumber;

use super::bots::{ASSIGNED, bot_key};
use super::item::{Item, number as numeral, text};
use super::{Dynamo, Range, TRIES, Update, failed, is_conflict, pause, tenant_key};
use crate::store::{Assigned, Claim, StoreError, Stored};

fn map_key(number: &PhoneNumber) -> String {
    format!("NUM#{number}")
}

fn listed_key(bot: &BotId, number: &PhoneNumber) -> String {
    format!("NUM#{bot}#{number}")
}

fn read_listed(item: &Item) -> Option<(BotId, PhoneNumber)> {
    let (bot, number) = item.text("sk")?.strip_prefix("NUM#")?.split_once('#')?;
    Some((BotId::new(bot)?, number.parse().ok()?))
}

fn malformed(error: impl std::error::Error) -> StoreError {
    StoreError::new("assign", error.to_string())
}

/// What a transaction came to.
enum Written {
    Yes,
    /// The condition of this item did not hold.
    Refused(usize),
}

impl Dynamo {
    pub(super) async fn whose(&self, number: &PhoneNumber) -> Stored<Option<(TenantId, BotId)>> {
        let item = self.get(&self.config, &map_key(number), "MAP").await?;
        Ok(item.as_ref().and_then(|item| {
            let tenant = TenantId::new(item.text("tenant")?)?;
            Some((tenant, BotId::new(item.text("bot")?)?))
        }))
    }

    /// The numbers of a bot, each with when it was given.
    pub(super) async fn numbers_of(
        &self,
        tenant: &TenantId,
        bot: &BotId,
        limit: usize,
    ) -> Stored<Vec<(PhoneNumber, u64)>> {
        let range = Range {
            pk: &tenant_key(tenant),
            prefix: &format!("NUM#{bot}#"),
            after: None,
            limit,
        };
        let items = self.range(range).await?;
        let since = |item: &Item| item.number("since_ms").unwrap_or_default();
        Ok(items
            .iter()
            .filter_map(|item| Some((read_listed(item)?.1, since(item))))
            .collect())
    }

    pub(super) async fn list_numbers(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<(&BotId, &PhoneNumber)>,
    ) -> Stored<Vec<(BotId, PhoneNumber)>> {
        let range = Range {
            pk: &tenant_key(tenant),
            prefix: "NUM#",
            after: after.map(|(bot, number)| listed_key(bot, number)),
            limit,
        };
        let items = self.range(range).await?;
        Ok(items.iter().filter_map(read_listed).collect())
    }

    pub(super) async fn give(
        &self,
        number: &PhoneNumber,
        tenant: &TenantId,
        bot: &BotId,
        claim: Claim,
        now_ms: u64,
    ) -> Stored<Assigned> {
        for attempt in 0..TRIES {
            let known = self.whose(number).await?;
            if known.as_ref().is_some_and(|(owner, _)| owner != tenant) {
                return Ok(Assigned::Taken);
            }
            if known.is_none() && claim == Claim::Own {
                return Ok(Assigned::Unclaimed);
            }
            let before = known.as_ref().map(|(_, bot)| bot);
            let map = Item::at(map_key(number), "MAP")
                .with("tenant", text(tenant.as_str()))
                .with("bot", text(bot.as_str()));
            let map = self.as_known(map, before.map(|bot| (tenant, bot)))?;
            let listed = Item::at(tenant_key(tenant), listed_key(bot, number))
                .with("since_ms", numeral(now_ms));
            let listed = Put::builder()
                .table_name(&self.config)
                .set_item(Some(listed.into_map()))
                .build()
                .map_err(malformed)?;
            let noticed = Update::of(tenant_key(tenant), bot_key(bot))
                .add(ASSIGNED, numeral(1))
                .only_if("attribute_exists(pk)")
                .in_transaction(&self.config)?;
            let mut writes = vec![
                TransactWriteItem::builder().put(map).build(),
                TransactWriteItem::builder().update(noticed).build(),
                TransactWriteItem::builder().put(listed).build(),
            ];
            if let Some(before) = before.filter(|before| *before != bot) {
                writes.push(self.unlisting(tenant, before, number)?);
            }
            match self.write(writes).await? {
                Written::Yes => return Ok(Assigned::Done),
                Written::Refused(1) => return Ok(Assigned::NoBot),
                Written::Refused(_) => pause(attempt).await,
            }
        }
        Err(StoreError::new("assign", "others kept changing the number"))
    }

    pub(super) async fn take(&self, number: &PhoneNumber, tenant: &TenantId) -> Stored<bool> {
        for attempt in 0..TRIES {
            let known = self.whose(number).await?;
            let Some((_, bot)) = known.filter(|(owner, _)| owner == tenant) else {
                return Ok(false);
            };
            let map = Delete::builder()
                .table_name(&self.config)
                .key("pk", text(map_key(number)))
                .key("sk", text("MAP"))
                .condition_expression("#tenant = :tenant AND #bot = :bot")
                .expression_attribute_names("#tenant", "tenant")
                .expression_attribute_names("#bot", "bot")
                .expression_attribute_values(":tenant", text(tenant.as_str()))
                .expression_attribute_values(":bot", text(bot.as_str()))
                .build()
                .map_err(malformed)?;
            let writes = vec![
                TransactWriteItem::builder().delete(map).build(),
                self.unlisting(tenant, &bot, number)?,
            ];
            match self.write(writes).await? {
                Written::Yes => return Ok(true),
                Written::Refused(_) => pause(attempt).await,
            }
        }
        Err(StoreError::new(
            "release",
            "others kept changing the number",
        ))
    }

    /// Puts the item only where all is still as it was read.
    fn as_known(&self, item: Item, known: Option<(&TenantId, &BotId)>) -> Stored<Put> {
        let put = Put::builder()
            .table_name(&self.config)
            .set_item(Some(item.into_map()));
        let put = match known {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some((tenant, bot)) => put
                .condition_expression("#tenant = :owner AND #bot = :before")
                .expression_attribute_names("#tenant", "tenant")
                .expression_attribute_names("#bot", "bot")
                .expression_attribute_values(":owner", text(tenant.as_str()))
                .expression_attribute_values(":before", text(bot.as_str())),
        };
        put.build().map_err(malformed)
    }

    fn unlisting(
        &self,
        tenant: &TenantId,
        bot: &BotId,
        number: &PhoneNumber,
    ) -> Stored<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&self.config)
            .key("pk", text(tenant_key(tenant)))
            .key("sk", text(listed_key(bot, number)))
            .build()
            .map_err(malformed)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn write(&self, writes: Vec<TransactWriteItem>) -> Stored<Written> {
        for attempt in 0.. {
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()));
            let Err(error) = request.send().await else {
                break;
            };
            let mut passing = is_conflict(&error);
            if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                error.as_service_error()
            {
                let codes: Vec<_> = canceled
                    .cancellation_reasons()
                    .iter()
                    .map(|reason| reason.code().unwrap_or_default())
                    .collect();
                let refused = codes
                    .iter()
                    .position(|code| *code == "ConditionalCheckFailed");
                if let Some(refused) = refused {
                    return Ok(Written::Refused(refused));
                }
                passing = codes.contains(&"TransactionConflict");
            }
            if !passing || attempt >= TRIES {
                return Err(failed("assign", &error));
            }
            pause(attempt).await;
        }
        Ok(Written::Yes)
    }
}
