//! Bots, numbers, tenants and keys in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use contract::{Bot, BotId, TenantId};
use twilio::PhoneNumber;

use super::{Memory, next_version};
use crate::account::{Key, KeyId, Scopes, Tenant};
use crate::store::{Accounts, Assigned, Bots, Claim, Deleted, Stored};

#[derive(Default)]
pub(super) struct Setup {
    bots: BTreeMap<(TenantId, BotId), Bot>,
    numbers: BTreeMap<PhoneNumber, Given>,
    tenants: BTreeMap<TenantId, Tenant>,
    /// Those that were deleted.
    gone: BTreeSet<TenantId>,
    keys: BTreeMap<KeyId, Key>,
    counts: BTreeMap<(String, String, u64), u32>,
}

/// Whose bot answers a number, and since when.
#[derive(Clone)]
struct Given {
    tenant: TenantId,
    bot: BotId,
    since_ms: u64,
}

#[async_trait]
impl Bots for Memory {
    async fn bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Option<Bot>> {
        let key = (tenant.clone(), id.clone());
        Ok(self.state("bot")?.setup.bots.get(&key).cloned())
    }

    async fn bots(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&BotId>,
    ) -> Stored<Vec<Bot>> {
        let state = self.state("bots")?;
        let theirs = state
            .setup
            .bots
            .values()
            .filter(|bot| bot.tenant == *tenant && after.is_none_or(|after| bot.id > *after));
        Ok(theirs.take(limit).cloned().collect())
    }

    async fn delete_bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Deleted> {
        let setup = &mut self.state("delete_bot")?.setup;
        let key = (tenant.clone(), id.clone());
        if !setup.bots.contains_key(&key) {
            return Ok(Deleted::Missing);
        }
        let answers = |given: &Given| given.tenant == *tenant && given.bot == *id;
        if setup.numbers.values().any(answers) {
            return Ok(Deleted::InUse);
        }
        setup.bots.remove(&key);
        Ok(Deleted::Done)
    }

    async fn replace_bot(&self, known: Option<&Bot>, bot: &Bot) -> Stored<Option<Bot>> {
        let bots = &mut self.state("replace_bot")?.setup.bots;
        let key = (bot.tenant.clone(), bot.id.clone());
        let version = |bot: &Bot| bot.version;
        if bots.get(&key).map(version) != known.map(version) {
            return Ok(None);
        }
        let kept = next_version(known, bot);
        bots.insert(key, kept.clone());
        Ok(Some(kept))
    }

    async fn put_bot(&self, bot: &Bot) -> Stored<Bot> {
        let bots = &mut self.state("put_bot")?.setup.bots;
        let key = (bot.tenant.clone(), bot.id.clone());
        let kept = next_version(bots.get(&key), bot);
        bots.insert(key, kept.clone());
        Ok(kept)
    }

    async fn bot_of(&self, number: &PhoneNumber) -> Stored<Option<(TenantId, BotId)>> {
        let state = self.state("bot_of")?;
        let given = state.setup.numbers.get(number).cloned();
        Ok(given.map(|given| (given.tenant, given.bot)))
    }

    async fn number_of(&self, tenant: &TenantId, bot: &BotId) -> Stored<Option<PhoneNumber>> {
        let state = self.state("number_of")?;
        let theirs = state.setup.numbers.iter();
        let theirs = theirs.filter(|(_, given)| given.tenant == *tenant && given.bot == *bot);
        let last = theirs.max_by_key(|(_, given)| given.since_ms);
        Ok(last.map(|(number, _)| number.clone()))
    }

    async fn assign(
        &self,
        number: &PhoneNumber,
        tenant: &TenantId,
        bot: &BotId,
        claim: Claim,
        now_ms: u64,
    ) -> Stored<Assigned> {
        let setup = &mut self.state("assign")?.setup;
        let known = setup.numbers.get(number);
        if known.is_some_and(|given| given.tenant != *tenant) {
            return Ok(Assigned::Taken);
        }
        if known.is_none() && claim == Claim::Own {
            return Ok(Assigned::Unclaimed);
        }
        if !setup.bots.contains_key(&(tenant.clone(), bot.clone())) {
            return Ok(Assigned::NoBot);
        }
        let given = Given {
            tenant: tenant.clone(),
            bot: bot.clone(),
            since_ms: now_ms,
        };
        setup.numbers.insert(number.clone(), given);
        Ok(Assigned::Done)
    }

    async fn release(&self, number: &PhoneNumber, tenant: &TenantId) -> Stored<bool> {
        let numbers = &mut self.state("release")?.setup.numbers;
        let known = numbers.get(number);
        if known.is_none_or(|given| given.tenant != *tenant) {
            return Ok(false);
        }
        numbers.remove(number);
        Ok(true)
    }

    async fn numbers(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<(&BotId, &PhoneNumber)>,
    ) -> Stored<Vec<(BotId, PhoneNumber)>> {
        let state = self.state("numbers")?;
        let theirs = state.setup.numbers.iter();
        let mut theirs: Vec<_> = theirs
            .filter(|(_, given)| given.tenant == *tenant)
            .map(|(number, given)| (given.bot.clone(), number.clone()))
            .filter(|(bot, number)| after.is_none_or(|after| (bot, number) > after))
            .collect();
        theirs.sort();
        theirs.truncate(limit);
        Ok(theirs)
    }

    async fn reachable(&self) -> Stored<()> {
        self.state("reachable").map(drop)
    }
}

#[async_trait]
impl Accounts for Memory {
    async fn tenant(&self, id: &TenantId) -> Stored<Option<Tenant>> {
        Ok(self.state("tenant")?.setup.tenants.get(id).cloned())
    }

    async fn replace_tenant(&self, known: Option<&Tenant>, tenant: &Tenant) -> Stored<bool> {
        let setup = &mut self.state("replace_tenant")?.setup;
        let tenants = &setup.tenants;
        if tenants.get(&tenant.id) != known || setup.gone.contains(&tenant.id) {
            return Ok(false);
        }
        setup.tenants.insert(tenant.id.clone(), tenant.clone());
        Ok(true)
    }

    async fn tenants(&self, limit: usize, after: Option<&TenantId>) -> Stored<Vec<Tenant>> {
        let state = self.state("tenants")?;
        let tenants = state.setup.tenants.values();
        let tenants = tenants.filter(|tenant| after.is_none_or(|after| tenant.id > *after));
        Ok(tenants.take(limit).cloned().collect())
    }

    async fn delete_tenant(&self, id: &TenantId, now_ms: u64) -> Stored<Deleted> {
        let setup = &mut self.state("delete_tenant")?.setup;
        if !setup.tenants.contains_key(id) {
            return Ok(Deleted::Missing);
        }
        if setup.bots.keys().any(|(tenant, _)| tenant == id) {
            return Ok(Deleted::InUse);
        }
        setup.tenants.remove(id);
        setup.gone.insert(id.clone());
        for key in setup.keys.values_mut().filter(|key| key.tenant == *id) {
            key.revoked_ms.get_or_insert(now_ms);
        }
        Ok(Deleted::Done)
    }

    async fn key(&self, id: &KeyId) -> Stored<Option<Key>> {
        Ok(self.state("key")?.setup.keys.get(id).cloned())
    }

    async fn create_key(&self, key: &Key) -> Stored<()> {
        let keys = &mut self.state("create_key")?.setup.keys;
        keys.insert(key.id.clone(), key.clone());
        Ok(())
    }

    async fn keys(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&KeyId>,
    ) -> Stored<Vec<Key>> {
        let state = self.state("keys")?;
        let theirs = state
            .setup
            .keys
            .values()
            .filter(|key| key.tenant == *tenant && after.is_none_or(|after| key.id > *after));
        Ok(theirs.take(limit).cloned().collect())
    }

    async fn change_key(
        &self,
        tenant: &TenantId,
        id: &KeyId,
        name: Option<&str>,
        scopes: Option<&Scopes>,
    ) -> Stored<Option<Key>> {
        let keys = &mut self.state("change_key")?.setup.keys;
        let key = keys.get_mut(id).filter(|key| key.tenant == *tenant);
        Ok(key.map(|key| {
            *key = key.clone().changed(name, scopes);
            key.clone()
        }))
    }

    async fn revoke(&self, tenant: &TenantId, id: &KeyId, now_ms: u64) -> Stored<bool> {
        let keys = &mut self.state("revoke")?.setup.keys;
        let key = keys.get_mut(id).filter(|key| key.tenant == *tenant);
        Ok(key.is_some_and(|key| {
            key.revoked_ms.get_or_insert(now_ms);
            true
        }))
    }

    async fn used(&self, id: &KeyId, now_ms: u64) -> Stored<()> {
        if let Some(key) = self.state("used")?.setup.keys.get_mut(id) {
            key.used_ms = Some(now_ms);
        }
        Ok(())
    }

    async fn count(
        &self,
        subject: &str,
        what: &str,
        minute: u64,
        times: u32,
        max: Option<u32>,
    ) -> Stored<Option<u32>> {
        let counts = &mut self.state("count")?.setup.counts;
        let key = (subject.to_owned(), what.to_owned(), minute);
        let next = counts.get(&key).copied().unwrap_or_default() + times;
        if max.is_some_and(|max| next > max) {
            return Ok(None);
        }
        counts.insert(key, next);
        Ok(Some(next))
    }

    async fn counted(&self, subject: &str, what: &str, minute: u64) -> Stored<u32> {
        let key = (subject.to_owned(), what.to_owned(), minute);
        let state = self.state("counted")?;
        Ok(state.setup.counts.get(&key).copied().unwrap_or_default())
    }
}
