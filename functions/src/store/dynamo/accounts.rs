use async_trait::async_trait;
use contract::TenantId;
use futures_util::future::try_join_all;

use super::item::{Item, json, number, text};
use super::transact::putting;
use super::{Dynamo, Range, TRIES, Update, failed, pause, tenant_key};
use crate::account::{Key, KeyId, Scopes, Tenant};
use crate::store::{Accounts, Deleted, StoreError, Stored};

/// The partition of all tenants: few, and read at most every few seconds by each instance.
const TENANTS: &str = "TENANTS";

/// How long a minute's count is kept, in seconds: the next minute still asks for it.
const COUNT_TTL_S: u64 = 600;

fn key_key(id: &KeyId) -> String {
    format!("KEY#{id}")
}

fn read_key(item: &Item) -> Stored<Option<Key>> {
    let id = item.text("pk").and_then(|pk| pk.strip_prefix("KEY#"));
    let id = id
        .and_then(KeyId::parse)
        .ok_or_else(|| StoreError::new("read", "a key without its id"))?;
    let key: Option<Key> = item.json("json")?;
    Ok(key.map(|key| Key {
        id,
        used_ms: item.number("used_ms"),
        revoked_ms: item.number("revoked_ms"),
        ..key
    }))
}

impl Dynamo {
    async fn keys_listed(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&KeyId>,
    ) -> Stored<Vec<KeyId>> {
        let range = Range {
            pk: &tenant_key(tenant),
            prefix: "KEY#",
            after: after.map(key_key),
            limit,
        };
        let items = self.range(range).await?;
        let id = |item: &Item| KeyId::parse(item.text("sk")?.strip_prefix("KEY#")?);
        Ok(items.iter().filter_map(id).collect())
    }
}

#[async_trait]
impl Accounts for Dynamo {
    async fn tenant(&self, id: &TenantId) -> Stored<Option<Tenant>> {
        let item = self.get(&self.config, TENANTS, &tenant_key(id)).await?;
        item.map_or(Ok(None), |item| item.json("json"))
    }

    async fn replace_tenant(&self, known: Option<&Tenant>, tenant: &Tenant) -> Stored<bool> {
        let key = tenant_key(&tenant.id);
        let item = self.get(&self.config, TENANTS, &key).await?;
        // The condition is on the words as they are kept: an older version may have written the same in others.
        let was = item.as_ref().and_then(|item| item.text("json")).map(text);
        let read = item.map_or(Ok(None), |item| item.json("json"))?;
        if read.as_ref() != known {
            return Ok(false);
        }
        let update = Update::of(TENANTS, key).set("json", json(tenant)?);
        // One that was deleted has left its item behind, without words.
        let update = match was {
            None => update.only_if("attribute_not_exists(pk)"),
            Some(was) => update.value("was", was).only_if("#json = :was"),
        };
        Ok(self.update_in(&self.config, &update).await?.is_ok())
    }

    async fn tenants(&self, limit: usize, after: Option<&TenantId>) -> Stored<Vec<Tenant>> {
        let mut tenants = Vec::new();
        let mut after = after.map(tenant_key);
        loop {
            let wanted = limit - tenants.len();
            let range = Range {
                pk: TENANTS,
                prefix: "TEN#",
                after,
                limit: wanted,
            };
            let items = self.range(range).await?;
            for item in &items {
                // Those that were deleted do not count.
                tenants.extend(item.json("json")?);
            }
            if items.len() < wanted || tenants.len() == limit {
                return Ok(tenants);
            }
            after = items
                .last()
                .and_then(|last| last.text("sk"))
                .map(str::to_owned);
        }
    }

    async fn delete_tenant(&self, id: &TenantId, now_ms: u64) -> Stored<Deleted> {
        if self.tenant(id).await?.is_none() {
            return Ok(Deleted::Missing);
        }
        let range = Range {
            pk: &tenant_key(id),
            prefix: "BOT#",
            after: None,
            limit: 1,
        };
        if !self.range(range).await?.is_empty() {
            return Ok(Deleted::InUse);
        }
        // The keys first: a crash on the way leaves a tenant that can be deleted again.
        let keys = self.keys_listed(id, usize::MAX, None).await?;
        try_join_all(keys.iter().map(|key| self.revoke(id, key, now_ms))).await?;
        // All that it was goes, and the item stays: nobody else gets its id, and with it what is kept under that.
        let gone = Item::at(TENANTS, tenant_key(id)).with("gone_ms", number(now_ms));
        let request = self
            .client
            .put_item()
            .table_name(&self.config)
            .set_item(Some(gone.into_map()));
        match request.send().await {
            Ok(_) => Ok(Deleted::Done),
            Err(error) => Err(failed("delete_tenant", &error)),
        }
    }

    async fn key(&self, id: &KeyId) -> Stored<Option<Key>> {
        let item = self.get(&self.config, &key_key(id), "KEY").await?;
        item.map_or(Ok(None), |item| read_key(&item))
    }

    async fn create_key(&self, key: &Key) -> Stored<()> {
        // Both or neither: a key that no list shows could never be revoked.
        let item = Item::at(key_key(&key.id), "KEY").with("json", json(key)?);
        let listed = Item::at(tenant_key(&key.tenant), key_key(&key.id));
        let writes = [putting(&self.config, item)?, putting(&self.config, listed)?];
        if self.all_or_none("create_key", &writes).await? {
            Ok(())
        } else {
            Err(StoreError::new("create_key", "there is a key of that id"))
        }
    }

    async fn keys(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&KeyId>,
    ) -> Stored<Vec<Key>> {
        // An earlier version wrote the list first, and may have been interrupted there: an entry without its key does not
        // make a page shorter, which would look like the last one.
        let (mut keys, mut after) = (Vec::new(), after.cloned());
        while keys.len() < limit {
            let wanted = limit - keys.len();
            let ids = self.keys_listed(tenant, wanted, after.as_ref()).await?;
            let found = try_join_all(ids.iter().map(|id| self.key(id))).await?;
            keys.extend(found.into_iter().flatten());
            if ids.len() < wanted {
                break;
            }
            after = ids.last().cloned();
        }
        Ok(keys)
    }

    async fn change_key(
        &self,
        tenant: &TenantId,
        id: &KeyId,
        name: Option<&str>,
        scopes: Option<&Scopes>,
    ) -> Stored<Option<Key>> {
        for attempt in 0..TRIES {
            let item = self.get(&self.config, &key_key(id), "KEY").await?;
            let item = item.unwrap_or_default();
            let Some(was) = item.text("json").map(text) else {
                return Ok(None);
            };
            let known = read_key(&item)?;
            let Some(known) = known.filter(|key| key.tenant == *tenant) else {
                return Ok(None);
            };
            let changed = known.changed(name, scopes);
            let update = Update::of(key_key(id), "KEY")
                .set("json", json(&changed)?)
                .value("was", was)
                .only_if("#json = :was");
            if self.update_in(&self.config, &update).await?.is_ok() {
                return Ok(Some(changed));
            }
            pause(attempt).await;
        }
        Err(StoreError::new("change_key", "others kept changing it"))
    }

    async fn revoke(&self, tenant: &TenantId, id: &KeyId, now_ms: u64) -> Stored<bool> {
        let known = self.key(id).await?;
        if known.is_none_or(|key| key.tenant != *tenant) {
            return Ok(false);
        }
        let update = Update::of(key_key(id), "KEY").once("revoked_ms", number(now_ms));
        self.update_in(&self.config, &update).await.map(|_| true)
    }

    async fn used(&self, id: &KeyId, now_ms: u64) -> Stored<()> {
        let update = Update::of(key_key(id), "KEY")
            .set("used_ms", number(now_ms))
            .only_if("attribute_exists(pk)");
        self.update_in(&self.config, &update).await.map(drop)
    }

    async fn count(
        &self,
        subject: &str,
        what: &str,
        minute: u64,
        times: u32,
        max: Option<u32>,
    ) -> Stored<Option<u32>> {
        let update = Update::of(format!("RATE#{subject}"), format!("{what}#{minute}"))
            .add("count", number(times))
            .once("ttl", number(minute * 60 + COUNT_TTL_S));
        let update = match max {
            None => update,
            Some(max) => match max.checked_sub(times) {
                None => return Ok(None),
                Some(room) => update
                    .value("room", number(room))
                    .only_if("attribute_not_exists(#count) OR #count <= :room"),
            },
        };
        let counted = self.update(&update).await?;
        Ok(counted
            .ok()
            .map(|item| item.number("count").unwrap_or(times)))
    }

    async fn counted(&self, subject: &str, what: &str, minute: u64) -> Stored<u32> {
        let pk = format!("RATE#{subject}");
        let item = self
            .get(&self.calls, &pk, &format!("{what}#{minute}"))
            .await?;
        Ok(item
            .and_then(|item| item.number("count"))
            .unwrap_or_default())
    }
}
