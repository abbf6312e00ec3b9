use std::collections::BTreeMap;

use async_trait::async_trait;
use contract::{BotId, CallId, TenantId};

use super::Memory;
use crate::clock::Month;
use crate::store::{Meter, Money, Seat, Sitter, Spent, Stored};

const DAY_MS: u64 = 86_400_000;

#[async_trait]
impl Money for Memory {
    async fn month(&self, tenant: &TenantId, month: Month) -> Stored<BTreeMap<BotId, Meter>> {
        let state = self.state("month")?;
        let those = state
            .meters
            .iter()
            .filter(|((owner, of, _), _)| owner == tenant && *of == month);
        Ok(those
            .map(|((_, _, bot), counts)| (bot.clone(), Meter::of(counts)))
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
        let mut state = self.state("spend")?;
        let entry = &mut state.kept(*call, now_ms).entry;
        let more = so_far.saturating_sub(entry.spent_micro_dollars);
        entry.spent_micro_dollars += more;
        let day = state
            .days
            .entry((tenant.clone(), now_ms / DAY_MS))
            .or_default();
        day.total += more;
        *day.bots.entry(bot.clone()).or_default() += more;
        Ok(more)
    }

    async fn spent(&self, tenant: &TenantId, now_ms: u64) -> Stored<Spent> {
        let state = self.state("spent")?;
        let day = state.days.get(&(tenant.clone(), now_ms / DAY_MS));
        Ok(day.cloned().unwrap_or_default())
    }

    async fn sit(&self, seat: &Seat) -> Stored<Result<(), Vec<Sitter>>> {
        let mut state = self.state("sit")?;
        let rows = [
            (Some(seat.bot.clone()), seat.bot_max),
            (None, seat.tenant_max),
        ];
        for (row, places) in rows.clone() {
            let taken = state.seats.entry((seat.tenant.clone(), row)).or_default();
            let full = places > 0 && taken.len() >= usize::try_from(places).unwrap_or(usize::MAX);
            if full && !taken.contains_key(&seat.who) {
                let mut sitters: Vec<Sitter> = taken.iter().map(sitter).collect();
                sitters.sort();
                return Ok(Err(sitters));
            }
        }
        for (row, places) in rows {
            if places > 0 {
                let key = (seat.tenant.clone(), row);
                let taken = state.seats.entry(key).or_default();
                taken.insert(seat.who.clone(), seat.now_ms);
            }
        }
        Ok(Ok(()))
    }

    async fn rise(&self, tenant: &TenantId, bot: &BotId, who: &str) -> Stored<()> {
        let mut state = self.state("rise")?;
        for row in [Some(bot.clone()), None] {
            if let Some(taken) = state.seats.get_mut(&(tenant.clone(), row)) {
                taken.remove(who);
            }
        }
        Ok(())
    }

    async fn evict(&self, tenant: &TenantId, bot: &BotId, seen: &Sitter) -> Stored<()> {
        let mut state = self.state("evict")?;
        for row in [Some(bot.clone()), None] {
            if let Some(taken) = state.seats.get_mut(&(tenant.clone(), row)) {
                taken.retain(|who, since_ms| *who != seen.who || *since_ms > seen.since_ms);
            }
        }
        Ok(())
    }
}

fn sitter((who, since_ms): (&String, &u64)) -> Sitter {
    Sitter {
        since_ms: *since_ms,
        who: who.clone(),
    }
}
