use async_trait::async_trait;
use contract::TenantId;

use super::Memory;
use crate::hook::HookId;
use crate::store::{Deliveries, Delivery, DeliveryState, Outbox, Stored};

#[async_trait]
impl Outbox for Memory {
    async fn tell(&self, delivery: &Delivery) -> Stored<Delivery> {
        let mut state = self.state("tell")?;
        let known = state.outbox.entry(delivery.id.to_string());
        Ok(known.or_insert_with(|| delivery.clone()).clone())
    }

    async fn delivery(&self, id: &HookId) -> Stored<Option<Delivery>> {
        Ok(self.state("delivery")?.outbox.get(&id.to_string()).cloned())
    }

    async fn reminded(&self, id: &HookId, round: u32) -> Stored<()> {
        let mut state = self.state("reminded")?;
        let known = state.outbox.get_mut(&id.to_string());
        if let Some(known) = known.filter(|known| known.round == round) {
            known.reminded = true;
        }
        Ok(())
    }

    async fn attempt(
        &self,
        id: &HookId,
        round: u32,
        now_ms: u64,
        until_ms: u64,
    ) -> Stored<Option<Delivery>> {
        let mut state = self.state("attempt")?;
        let known = state.outbox.get_mut(&id.to_string());
        let free = known.filter(|known| {
            known.round == round
                && known.state == DeliveryState::Pending
                && known.busy_until_ms <= now_ms
        });
        Ok(free.map(|known| {
            known.attempts += 1;
            known.busy_until_ms = until_ms;
            known.clone()
        }))
    }

    async fn attempted(
        &self,
        id: &HookId,
        round: u32,
        settled: DeliveryState,
        last: &str,
        now_ms: u64,
    ) -> Stored<()> {
        let mut state = self.state("attempted")?;
        let known = state.outbox.get_mut(&id.to_string());
        let open =
            known.filter(|known| known.round == round && known.state == DeliveryState::Pending);
        if let Some(known) = open {
            known.state = settled;
            known.last = Some(last.to_owned());
            known.last_ms = Some(now_ms);
            known.busy_until_ms = 0;
        }
        Ok(())
    }

    async fn again(&self, tenant: &TenantId, id: &HookId, now_ms: u64) -> Stored<Option<Delivery>> {
        let mut state = self.state("again")?;
        let known = state.outbox.get_mut(&id.to_string());
        Ok(known.filter(|known| known.tenant == *tenant).map(|known| {
            known.state = DeliveryState::Pending;
            known.round += 1;
            known.round_ms = now_ms;
            known.reminded = false;
            known.busy_until_ms = 0;
            known.clone()
        }))
    }

    async fn deliveries(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&str>,
    ) -> Stored<Deliveries> {
        let state = self.state("deliveries")?;
        let mut hooks: Vec<Delivery> = state
            .outbox
            .values()
            .filter(|known| known.tenant == *tenant)
            .filter(|known| after.is_none_or(|after| known.sort_key().as_str() < after))
            .cloned()
            .collect();
        hooks.sort_by_key(|known| std::cmp::Reverse(known.sort_key()));
        let more = hooks.len() > limit;
        hooks.truncate(limit);
        let next = hooks.last().filter(|_| more).map(Delivery::sort_key);
        Ok(Deliveries { hooks, next })
    }
}
