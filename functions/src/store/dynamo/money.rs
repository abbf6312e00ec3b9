use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use contract::{BotId, CallId, TenantId};

use super::call_item::{call_key, expiry};
use super::item::{number, text};
use super::records::part;
use super::transact::updating;
use super::update::refused;
use super::{Dynamo, TRIES, Update, failed, is_conflict, pause, tenant_key};
use crate::clock::{Month, date};
use crate::store::{Counts, Meter, Money, Seat, Spent, StoreError, Stored};

/// In a day's items: what all calls together cost, and before a bot's name what its calls cost.
const TOTAL: &str = "total";
const OF_BOT: &str = "bot|";

impl Dynamo {
    /// Takes a place in one row; or who sits there, if it is full.
    async fn sit_in(
        &self,
        tenant: &TenantId,
        row: &str,
        who: &str,
        places: u32,
    ) -> Stored<Result<(), Vec<String>>> {
        for attempt in 0.. {
            let request = self
                .client
                .update_item()
                .table_name(&self.calls)
                .key("pk", text(tenant_key(tenant)))
                .key("sk", text(row))
                .update_expression("ADD #taken :one")
                .condition_expression(
                    "attribute_not_exists(#taken) OR size(#taken) < :places OR contains(#taken, :who)",
                )
                .expression_attribute_names("#taken", "taken")
                .expression_attribute_values(":one", AttributeValue::Ss(vec![who.to_owned()]))
                .expression_attribute_values(":who", text(who))
                .expression_attribute_values(":places", number(places))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            match request.send().await {
                Ok(_) => return Ok(Ok(())),
                Err(error) => match error.as_service_error().and_then(refused) {
                    Some(known) => return Ok(Err(known.texts("taken"))),
                    None if attempt < TRIES && is_conflict(&error) => pause(attempt).await,
                    None => return Err(failed("sit", &error)),
                },
            }
        }
        Ok(Ok(()))
    }

    async fn rise_from(&self, tenant: &TenantId, row: &str, who: &str) -> Stored<()> {
        let request = self
            .client
            .update_item()
            .table_name(&self.calls)
            .key("pk", text(tenant_key(tenant)))
            .key("sk", text(row))
            .update_expression("DELETE #taken :one")
            .expression_attribute_names("#taken", "taken")
            .expression_attribute_values(":one", AttributeValue::Ss(vec![who.to_owned()]));
        let risen = request.send().await;
        risen.map(drop).map_err(|error| failed("rise", &error))
    }
}

fn row_of(bot: &BotId) -> String {
    format!("SEATS#{bot}")
}

#[async_trait]
impl Money for Dynamo {
    async fn month(&self, tenant: &TenantId, month: Month) -> Stored<BTreeMap<BotId, Meter>> {
        let prefix = format!("MONTH#{month}#");
        let mut bots: BTreeMap<BotId, Counts> = BTreeMap::new();
        for item in self.all(&tenant_key(tenant), &prefix).await? {
            let sk = item.text("sk").unwrap_or_default();
            let bot = sk
                .strip_prefix(&prefix)
                .and_then(|rest| rest.rsplit_once('#'));
            let Some(bot) = bot.and_then(|(bot, _)| BotId::new(bot)) else {
                continue;
            };
            let counts = bots.entry(bot).or_default();
            for (name, amount) in item.numbers() {
                *counts.entry(name.to_owned()).or_default() += amount;
            }
        }
        let meters = bots.into_iter();
        Ok(meters
            .map(|(bot, counts)| (bot, Meter::of(&counts)))
            .collect())
    }

    async fn spend(
        &self,
        tenant: &TenantId,
        bot: &BotId,
        call: &CallId,
        so_far: u64,
        now_ms: u64,
    ) -> Stored<u64> {
        for attempt in 0..TRIES {
            let known = self.get(&self.calls, &call_key(call), "META").await?;
            let known: Option<u64> = known.and_then(|known| known.number("spent_micro_dollars"));
            let more = so_far.saturating_sub(known.unwrap_or_default());
            if more == 0 {
                return Ok(0);
            }
            // Only on top of what was read, so that each micro-dollar is added to a day once.
            let call_update =
                Update::of(call_key(call), "META").set("spent_micro_dollars", number(so_far));
            let call_update = match known {
                Some(known) => call_update
                    .giving("known", number(known))
                    .only_if("#spent_micro_dollars = :known"),
                None => call_update.only_if("attribute_not_exists(#spent_micro_dollars)"),
            };
            let counts = Counts::from([(TOTAL.to_owned(), more), (format!("{OF_BOT}{bot}"), more)]);
            let day = Update::of(
                tenant_key(tenant),
                format!("DAY#{}#{}", date(now_ms), part(call)),
            )
            .once("ttl", expiry(now_ms))
            .add_all(&counts);
            let writes = [
                updating(call_update.in_transaction(&self.calls)?),
                updating(day.in_transaction(&self.calls)?),
            ];
            if self.all_or_none("spend", &writes).await? {
                return Ok(more);
            }
            pause(attempt).await;
        }
        Err(StoreError::new("spend", "others kept changing the call"))
    }

    async fn spent(&self, tenant: &TenantId, now_ms: u64) -> Stored<Spent> {
        let prefix = format!("DAY#{}#", date(now_ms));
        let mut spent = Spent::default();
        for item in self.all(&tenant_key(tenant), &prefix).await? {
            for (name, amount) in item.numbers() {
                if name == TOTAL {
                    spent.total += amount;
                } else if let Some(bot) = name.strip_prefix(OF_BOT).and_then(BotId::new) {
                    *spent.bots.entry(bot).or_default() += amount;
                }
            }
        }
        Ok(spent)
    }

    async fn sit(&self, seat: &Seat) -> Stored<Result<(), Vec<String>>> {
        let row = row_of(&seat.bot);
        if seat.bot_max > 0 {
            let taken = self
                .sit_in(&seat.tenant, &row, &seat.who, seat.bot_max)
                .await?;
            if taken.is_err() {
                return Ok(taken);
            }
        }
        if seat.tenant_max > 0 {
            let taken = self
                .sit_in(&seat.tenant, "SEATS", &seat.who, seat.tenant_max)
                .await?;
            if taken.is_err() {
                self.rise_from(&seat.tenant, &row, &seat.who).await?;
                return Ok(taken);
            }
        }
        Ok(Ok(()))
    }

    async fn rise(&self, tenant: &TenantId, bot: &BotId, who: &str) -> Stored<()> {
        futures_util::future::try_join(
            self.rise_from(tenant, &row_of(bot), who),
            self.rise_from(tenant, "SEATS", who),
        )
        .await
        .map(drop)
    }
}
