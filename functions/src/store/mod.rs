//! What is kept, behind small traits: DynamoDB and S3 in production, memory in tests of the handlers. One suite of tests
//! holds both to the same behaviour.
//!
//! Two tables by life cycle. What is listed is keyed by its tenant, so that no listing can reach another's. A call is found by
//! its id alone, because the carrier knows nothing of tenants; whose it is stands in it as soon as anybody knows.
//!
//! | table | item | pk | sk | indexes |
//! |---|---|---|---|---|
//! | config | bot | `TEN#{tenant}` | `BOT#{id}` | |
//! | config | a bot's number | `TEN#{tenant}` | `NUM#{bot}#{e164}` | |
//! | config | whose bot answers a number | `NUM#{e164}` | `MAP` | |
//! | config | tenant, or that there was one | `TENANTS` | `TEN#{tenant}` | |
//! | config | key | `KEY#{id}` | `KEY` | |
//! | config | that a tenant has a key | `TEN#{tenant}` | `KEY#{id}` | |
//! | calls | requests in one minute | `RATE#{subject}` | `{what}#{minute}` | |
//! | calls | call | `CALL#{sid}` | `META` | gs1 by tenant, gs2 by bot, gs3 by status; each newest first |
//! | calls | the bot it began with | `CALL#{sid}` | `BOT` | |
//! | calls | what the carrier told | `CALL#{sid}` | `EV#{what}` | |
//! | calls | what the edge told | `CALL#{sid}` | `REC#{number}` | |
//! | calls | usage and cost, counted once | `CALL#{sid}` | `USE` | |
//! | calls | resumes in one minute | `CALL#{sid}` | `RESUME#{minute}` | |
//! | calls | what its summary took, counted once | `CALL#{sid}` | `USE#SUMMARY` | |
//! | calls | what the carrier took after the caller was put through, counted once | `CALL#{sid}` | `USE#LINE` | |
//! | calls | month meter of a bot, in 16 parts | `TEN#{tenant}` | `MONTH#{yyyy-mm}#{bot}#{part}` | |
//! | calls | what a day's calls cost, in 16 parts | `TEN#{tenant}` | `DAY#{yyyy-mm-dd}#{part}` | |
//! | calls | who has a place among the calls at the same time, and since when | `TEN#{tenant}` | `SEATS`, `SEATS#{bot}` | |
//! | calls | what a tenant's server is to be told | `HOOK#{id}` | `META` | gs1 by tenant, newest first |
//! | calls | an order to dial | `DIAL#{id}` | `ORDER` | |

mod account;
mod count;
mod dial;
pub mod dynamo;
mod entry;
pub mod files;
mod hook;
pub mod memory;
mod model;
mod money;

use async_trait::async_trait;
use contract::{Batch, Bot, BotId, CallId, HookSecret, PriceTable, TenantId, Upload, UploadWish};
use twilio::PhoneNumber;

pub use account::{Accounts, Assigned, Claim, Deleted};
pub use dial::{Begun, Dial, DialId, DialState};
pub use entry::{CallEntry, Ended, Metadata, Unanswered, sort_key};
pub use hook::{Deliveries, Delivery, DeliveryState};
pub use model::{Detail, Filter, News, Note, Opened, Page, Progress};
pub use money::{Charge, ChargeItem, Counts, Meter, Paid, Receipt, Seat, Sitter, Spent};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::account::Tenant;
use crate::clock::Month;
use crate::hook::HookId;
use crate::limits::Limits;

/// How long calls and what belongs to them are kept, in seconds: thirteen months.
pub const CALL_TTL_S: u64 = 395 * 86_400;

/// How long an order to dial answers repeats of itself, in seconds.
pub const DIAL_TTL_S: u64 = 86_400;

/// The store failed; whether something was written is not known. All writes may be repeated.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{operation}: {cause}")]
pub struct StoreError {
    /// What was tried.
    pub operation: &'static str,
    /// What came of it, without values.
    pub cause: String,
}

impl StoreError {
    /// A failure of that operation.
    #[must_use]
    pub fn new(operation: &'static str, cause: impl Into<String>) -> Self {
        Self {
            operation,
            cause: cause.into(),
        }
    }
}

/// All that is kept, wherever.
#[derive(Clone)]
pub struct Store {
    /// Bots and numbers.
    pub bots: Arc<dyn Bots>,
    /// Tenants and keys.
    pub accounts: Arc<dyn Accounts>,
    /// What tenants' calls may use.
    pub agreed: Arc<dyn Agreed>,
    /// Calls.
    pub calls: Arc<dyn Calls>,
    /// Orders to dial.
    pub dials: Arc<dyn Dials>,
    /// What calls cost, and who has a place among them.
    pub money: Arc<dyn Money>,
    /// What tenants' servers are to be told.
    pub outbox: Arc<dyn Outbox>,
}

impl Store {
    /// All of it in one place.
    #[must_use]
    pub fn of<S>(whole: Arc<S>) -> Self
    where
        S: Bots + Accounts + Calls + Dials + Money + Outbox + 'static,
    {
        Self {
            bots: whole.clone(),
            accounts: whole.clone(),
            agreed: whole.clone(),
            calls: whole.clone(),
            dials: whole.clone(),
            money: whole.clone(),
            outbox: whole,
        }
    }

    /// Who keeps count of what calls may use.
    #[must_use]
    pub fn limits(&self) -> Limits<'_> {
        Limits {
            money: self.money.as_ref(),
            calls: self.calls.as_ref(),
            dials: self.dials.as_ref(),
        }
    }
}

/// What the store answers.
pub type Stored<T> = Result<T, StoreError>;

/// Bots and numbers.
#[async_trait]
pub trait Bots: Send + Sync {
    /// A bot as it is now.
    async fn bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Option<Bot>>;
    /// A tenant's bots in the order of their ids, at most `limit`, those after `after`.
    async fn bots(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&BotId>,
    ) -> Stored<Vec<Bot>>;
    /// Deletes a bot, unless it answers a number.
    async fn delete_bot(&self, tenant: &TenantId, id: &BotId) -> Stored<Deleted>;
    /// Keeps a bot in place of the one that was read, or as the first of its id: with the next version if anything else
    /// differs. Of several at once one is kept; to the others there is another by now, and the answer is none.
    async fn replace_bot(&self, known: Option<&Bot>, bot: &Bot) -> Stored<Option<Bot>>;
    /// Keeps a bot of the tenant that it names. If anything but its version differs from the one kept, it gets the next version; else nothing changes.
    async fn put_bot(&self, bot: &Bot) -> Stored<Bot>;
    /// Whose bot answers a number.
    async fn bot_of(&self, number: &PhoneNumber) -> Stored<Option<(TenantId, BotId)>>;
    /// The number from which a bot dials: the last one it was given.
    async fn number_of(&self, tenant: &TenantId, bot: &BotId) -> Stored<Option<PhoneNumber>>;
    /// Lets a bot answer a number that may be claimed, from now on it alone.
    async fn assign(
        &self,
        number: &PhoneNumber,
        tenant: &TenantId,
        bot: &BotId,
        claim: Claim,
        now_ms: u64,
    ) -> Stored<Assigned>;
    /// Lets nobody answer a number any more; false if it is not this tenant's.
    async fn release(&self, number: &PhoneNumber, tenant: &TenantId) -> Stored<bool>;
    /// A tenant's numbers in the order of their bots and then of themselves, at most `limit`, those after `after`.
    async fn numbers(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<(&BotId, &PhoneNumber)>,
    ) -> Stored<Vec<(BotId, PhoneNumber)>>;
    /// Whether the store answers at all.
    async fn reachable(&self) -> Stored<()>;
}

/// Calls and what became of them. Everything may be told twice and in any order; the result is the same.
#[async_trait]
pub trait Calls: Send + Sync {
    /// A call was heard of. Returns the bot it began with, which is the one given here only the first time.
    async fn open(&self, opened: &Opened) -> Stored<Bot>;
    /// A call, and the bot it began with.
    async fn call(&self, call: &CallId) -> Stored<Option<(CallEntry, Option<Bot>)>>;
    /// Counts a resume in a minute since the epoch, and returns how many there were in it.
    async fn resumed(&self, call: &CallId, minute: u64) -> Stored<u32>;
    /// No bot answers a call that reached us. Changes nothing once the edge has told of it.
    async fn unanswered(&self, call: &CallId, why: Unanswered, now_ms: u64) -> Stored<()>;
    /// The caller is put through to somebody: by the bot, or because none came.
    async fn put_through(&self, call: &CallId, to: &PhoneNumber, now_ms: u64) -> Stored<()>;
    /// Counts the minutes of a caller who was put through, if they are known by now, once; whether that was done.
    async fn count_line(&self, entry: &CallEntry, prices: &PriceTable, now_ms: u64)
    -> Stored<bool>;
    /// The carrier told how far a call is.
    async fn progressed(&self, progress: &Progress) -> Stored<()>;
    /// The carrier told something else about a call.
    async fn noted(&self, note: &Note) -> Stored<()>;
    /// The edge told what happened. Returns the highest number now stored.
    async fn recorded(&self, batch: &Batch, prices: &PriceTable, now_ms: u64) -> Stored<u64>;
    /// Calls of a tenant, newest first; at most `limit`, those older than the sort key `after`.
    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        limit: usize,
        after: Option<&str>,
    ) -> Stored<Page>;
    /// All that is known of a call of this tenant; of another's, nothing.
    async fn detail(&self, tenant: &TenantId, call: &CallId) -> Stored<Option<Detail>>;
    /// What people have to say about a call of this tenant; false if it has no such call.
    async fn annotate(&self, tenant: &TenantId, call: &CallId, note: &str) -> Stored<bool>;
}

/// What a tenant's calls may use, and where its server is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Of all its bots together.
    pub limits: contract::Limits,
    /// What is told about its calls goes there.
    pub hook_url: Option<String>,
    /// Signs what goes to its servers.
    pub hook_secret: Option<HookSecret>,
}

/// Terms of tenants.
#[async_trait]
pub trait Agreed: Send + Sync {
    /// A tenant's terms; those of a tenant of whom nothing is known leave everything open.
    async fn terms(&self, tenant: &TenantId) -> Stored<Terms>;
}

#[async_trait]
impl<T: Accounts> Agreed for T {
    async fn terms(&self, tenant: &TenantId) -> Stored<Terms> {
        let known = self.tenant(tenant).await?;
        Ok(known.map(Terms::from).unwrap_or_default())
    }
}

impl From<Tenant> for Terms {
    fn from(tenant: Tenant) -> Self {
        Self {
            limits: contract::Limits {
                concurrent_calls_max: tenant.limits.concurrent_calls_max,
                spend_per_day_max: tenant.limits.spend_per_day_max,
                outbound_countries: tenant.limits.outbound_countries,
            },
            hook_url: tenant.webhook_url,
            hook_secret: tenant.webhook_secret,
        }
    }
}

/// What calls cost, while they run and by month.
#[async_trait]
pub trait Money: Send + Sync {
    /// What each bot's calls that ended in a month used, cost and are paid for.
    async fn month(&self, tenant: &TenantId, month: Month) -> Stored<BTreeMap<BotId, Meter>>;
    /// A call has cost so much so far, in micro-dollars. What is new of it is added to its tenant's day, once, and returned.
    async fn spend(
        &self,
        tenant: &TenantId,
        bot: &BotId,
        call: &CallId,
        so_far: u64,
        now_ms: u64,
    ) -> Stored<u64>;
    /// What the tenant's calls have cost on the UTC day of this moment, running ones included.
    async fn spent(&self, tenant: &TenantId, now_ms: u64) -> Stored<Spent>;
    /// Takes a place, unless all are taken; then those who sit there, in the order in which they came. Who has one keeps it,
    /// from now on anew. Where any number may sit, nobody is counted.
    async fn sit(&self, seat: &Seat) -> Stored<Result<(), Vec<Sitter>>>;
    /// Leaves the place, if there is one.
    async fn rise(&self, tenant: &TenantId, bot: &BotId, who: &str) -> Stored<()>;
    /// Gives somebody's place free, unless it was asked for again since it was seen taken.
    async fn evict(&self, tenant: &TenantId, bot: &BotId, seen: &Sitter) -> Stored<()>;
}

/// What tenants' servers are to be told: kept until told.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a delivery unless its event is known already, and returns the one that is kept.
    async fn tell(&self, delivery: &Delivery) -> Stored<Delivery>;
    /// A delivery.
    async fn delivery(&self, id: &HookId) -> Stored<Option<Delivery>>;
    /// The edge will remind us of this round.
    async fn reminded(&self, id: &HookId, round: u32) -> Stored<()>;
    /// Begins an attempt of a round and counts it, unless it is settled, of another round, or somebody is at it until later.
    async fn attempt(
        &self,
        id: &HookId,
        round: u32,
        now_ms: u64,
        until_ms: u64,
    ) -> Stored<Option<Delivery>>;
    /// Keeps what came of an attempt of a round; one that was delivered stays so.
    async fn attempted(
        &self,
        id: &HookId,
        round: u32,
        state: DeliveryState,
        last: &str,
        now_ms: u64,
    ) -> Stored<()>;
    /// Sets a delivery of this tenant going once more; `None` if it has no such one.
    async fn again(&self, tenant: &TenantId, id: &HookId, now_ms: u64) -> Stored<Option<Delivery>>;
    /// Deliveries of a tenant, newest first; at most `limit`, those older than the sort key `after`.
    async fn deliveries(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&str>,
    ) -> Stored<Deliveries>;
}

/// Orders to dial, each obeyed once.
#[async_trait]
pub trait Dials: Send + Sync {
    /// Keeps an order, unless it is known already and was not let go.
    async fn begin(&self, dial: &Dial, now_ms: u64) -> Stored<Begun>;
    /// Keeps what became of an order, unless it was let go and given again since.
    async fn settle(&self, dial: &Dial, state: &DialState) -> Stored<()>;
    /// An order.
    async fn dial(&self, id: &DialId) -> Stored<Option<Dial>>;
    /// An order turned out to be this call, whatever the answer to it was.
    async fn joined(&self, id: &DialId, call: &CallId) -> Stored<()>;
}

/// Files in the bucket.
#[async_trait]
pub trait Files: Send + Sync {
    /// A presigned `PUT`, bound to type and length.
    async fn upload(&self, key: &str, wish: &UploadWish) -> Stored<Upload>;
    /// Puts a file there, in place of any of that key.
    async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Stored<()>;
    /// A presigned `GET`, good for some minutes.
    async fn download(&self, key: &str) -> Stored<String>;
}
