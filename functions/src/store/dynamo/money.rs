use std::collections::BTreeMap;

use async_trait::async_trait;
use contract::{BotId, CallId, TenantId};

use super::call_item::{call_key, expiry};
use super::item::number;
use super::records::part;
use super::transact::updating;
use super::{Dynamo, TRIES, Update, pause, tenant_key};
use crate::clock::{Month, date};
use crate::store::{Counts, Meter, Money, Seat, Sitter, Spent, StoreError, Stored};

/// In a day's items: what all calls together cost, and before a bot's name what its calls cost.
const TOTAL: &str = "total";
const OF_BOT: &str = "bot|";

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

    async fn sit(&self, seat: &Seat) -> Stored<Result<(), Vec<Sitter>>> {
        self.take_place(seat).await
    }

    async fn rise(&self, tenant: &TenantId, bot: &BotId, who: &str) -> Stored<()> {
        self.free_place(tenant, bot, who, None).await
    }

    async fn evict(&self, tenant: &TenantId, bot: &BotId, seen: &Sitter) -> Stored<()> {
        let until = Some(seen.since_ms);
        self.free_place(tenant, bot, &seen.who, until).await
    }
}
