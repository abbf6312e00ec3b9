use async_trait::async_trait;
use contract::TenantId;

use super::Stored;
use crate::account::{Key, KeyId, Scopes, Tenant};

/// Tenants and their keys, and how often these knock.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// A tenant, if it was ever put and not deleted since.
    async fn tenant(&self, id: &TenantId) -> Stored<Option<Tenant>>;
    /// Keeps a tenant in place of the one that was read, or as the first of its id; false if there is another by now, or was
    /// one: what a deleted tenant leaves behind, such as its calls, must never be another customer's.
    async fn replace_tenant(&self, known: Option<&Tenant>, tenant: &Tenant) -> Stored<bool>;
    /// Tenants in the order of their ids, at most `limit`, those after `after`.
    async fn tenants(&self, limit: usize, after: Option<&TenantId>) -> Stored<Vec<Tenant>>;
    /// Deletes a tenant, unless it has bots. Its keys open nothing from then on, and its id stays taken.
    async fn delete_tenant(&self, id: &TenantId, now_ms: u64) -> Stored<Deleted>;
    /// A key.
    async fn key(&self, id: &KeyId) -> Stored<Option<Key>>;
    /// Keeps a new key.
    async fn create_key(&self, key: &Key) -> Stored<()>;
    /// A tenant's keys in the order of their ids, revoked ones too, at most `limit`, those after `after`.
    async fn keys(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&KeyId>,
    ) -> Stored<Vec<Key>>;
    /// Renames a tenant's key, or lets it open other things; none if there is none.
    async fn change_key(
        &self,
        tenant: &TenantId,
        id: &KeyId,
        name: Option<&str>,
        scopes: Option<&Scopes>,
    ) -> Stored<Option<Key>>;
    /// Revokes a tenant's key; false if there is none. Once revoked it stays so.
    async fn revoke(&self, tenant: &TenantId, id: &KeyId, now_ms: u64) -> Stored<bool>;
    /// A key was used.
    async fn used(&self, id: &KeyId, now_ms: u64) -> Stored<()>;
    /// Counts what somebody did in a minute since the epoch; returns how often that was, with these. With `max` nothing is
    /// counted beyond it, and the answer is none.
    async fn count(
        &self,
        subject: &str,
        what: &str,
        minute: u64,
        times: u32,
        max: Option<u32>,
    ) -> Stored<Option<u32>>;
    /// How often somebody did something in a minute since the epoch.
    async fn counted(&self, subject: &str, what: &str, minute: u64) -> Stored<u32>;
}

/// What came of deleting something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// There was none.
    Missing,
    /// Something else needs it.
    InUse,
}

/// Which numbers may be given to a bot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Claim {
    /// Those that its tenant has.
    Own,
    /// Those that nobody has, too.
    Free,
}

/// What came of giving a number to a bot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Assigned {
    /// The bot answers it.
    Done,
    /// The number is another tenant's.
    Taken,
    /// Nobody has the number, and it was not to be claimed.
    Unclaimed,
    /// There is no such bot.
    NoBot,
}
