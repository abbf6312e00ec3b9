//! How often a key may knock. Placing calls is counted exactly, before each: it costs money. All other requests are counted
//! in this process, and told to the store every few of them: exact to some requests, for a tenth of the writes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::Api;
use crate::Refusal;
use crate::account::{Principal, TenantLimits};

/// So many requests are told to the store at once.
const TELL_EVERY: u32 = 10;

/// And so long they wait at most, in milliseconds.
const TELL_AFTER_MS: u64 = 2_000;

/// How many keys are remembered before those of former minutes are forgotten.
const KEYS_MAX: usize = 1_000;

/// What each key has done in this minute, as far as this process knows.
#[derive(Default)]
pub(super) struct Rates(Mutex<BTreeMap<String, Window>>);

#[derive(Clone, Copy, Default)]
struct Window {
    minute: u64,
    /// By the store's word, of all instances.
    known: u32,
    /// Not told yet.
    pending: u32,
    told_ms: u64,
}

/// What is left.
#[derive(Clone, Copy)]
pub(super) struct Quota {
    limit: u32,
    /// None: this request was one too many.
    remaining: Option<u32>,
    reset_s: u64,
}

impl Quota {
    /// # Errors
    /// 429 if there were too many in this minute.
    pub(super) fn check(self) -> Result<(), Refusal> {
        let Self { limit, reset_s, .. } = self;
        let refused = || too_many("rate_limited", "requests", limit, reset_s);
        self.remaining.map(drop).ok_or_else(refused)
    }

    /// Says so in headers.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert(
            "ratelimit-remaining",
            HeaderValue::from(self.remaining.unwrap_or_default()),
        );
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset_s));
    }
}

impl Rates {
    /// Counts a request; what has to be told to the store, if it is time.
    fn count(&self, subject: &str, now_ms: u64) -> (u32, Option<u32>) {
        let minute = now_ms / 60_000;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() > KEYS_MAX {
            held.retain(|_, window| window.minute == minute);
        }
        let window = held.entry(subject.to_owned()).or_default();
        if window.minute != minute {
            *window = Window {
                minute,
                ..Window::default()
            };
        }
        window.pending += 1;
        let all = window.known + window.pending;
        if window.pending < TELL_EVERY && now_ms.saturating_sub(window.told_ms) < TELL_AFTER_MS {
            return (all, None);
        }
        window.told_ms = now_ms;
        let told = std::mem::take(&mut window.pending);
        // Until the store answers, those that come meanwhile know of these.
        window.known += told;
        (all, Some(told))
    }

    fn learn(&self, subject: &str, minute: u64, total: u32) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = held.get_mut(subject).filter(|known| known.minute == minute) {
            window.known = window.known.max(total);
        }
    }
}

impl Api {
    /// Under which name somebody is counted, and how often they may in a minute.
    async fn allowance(
        &self,
        who: &Principal,
        own: impl Fn(&TenantLimits) -> u32,
        general: u32,
    ) -> Result<(String, u32), Refusal> {
        if who.is_operator() {
            // One key for all tenants: counted over all of them, and so held to no tenant's limit.
            return Ok((who.subject().to_owned(), general));
        }
        let own = own(&self.tenant(who.whose()).await?.limits);
        let limit = if own > 0 { own } else { general };
        Ok((who.counted_as(), limit))
    }

    /// Counts a request of theirs. Whether it was one too many, the quota says.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn knocks(&self, who: &Principal) -> Result<Quota, Refusal> {
        let own = |limits: &TenantLimits| limits.requests_per_minute;
        let general = self.settings.requests_per_minute;
        let (name, limit) = self.allowance(who, own, general).await?;
        let now_ms = (self.clock)();
        let minute = now_ms / 60_000;
        let (mut all, told) = self.doors.rates.count(&name, now_ms);
        if let Some(told) = told {
            let counting = self
                .store
                .accounts
                .count(&name, "requests", minute, told, None);
            match counting.await {
                Ok(total) => {
                    let total = total.unwrap_or_default();
                    self.doors.rates.learn(&name, minute, total);
                    all = all.max(total);
                }
                // Better uncounted than refused: what needs the store will say so itself.
                Err(error) => tracing::warn!(%error, "requests were not counted"),
            }
        }
        Ok(Quota {
            limit,
            remaining: limit.checked_sub(all),
            reset_s: 60 - now_ms / 1_000 % 60,
        })
    }

    /// Counts a call that is to be placed. The minute slides: of the calls of the former minute those count that lie within
    /// sixty seconds, if they came evenly.
    ///
    /// # Errors
    /// 429 if there were too many.
    pub(super) async fn may_place(&self, who: &Principal) -> Result<(), Refusal> {
        let own = |limits: &TenantLimits| limits.calls_per_minute;
        let general = self.settings.calls_per_minute;
        let (name, limit) = self.allowance(who, own, general).await?;
        let now_ms = (self.clock)();
        let minute = now_ms / 60_000;
        let former = self
            .store
            .accounts
            .counted(&name, "calls", minute.saturating_sub(1))
            .await?;
        let left_ms = 60_000 - now_ms % 60_000;
        let still = (u64::from(former) * left_ms).div_ceil(60_000);
        let room = u64::from(limit).saturating_sub(still);
        let room = u32::try_from(room).unwrap_or(limit);
        let counted = self
            .store
            .accounts
            .count(&name, "calls", minute, 1, Some(room));
        if counted.await?.is_some() {
            return Ok(());
        }
        // As soon as one of the former minute no longer counts, or else with the next minute.
        let wait_s = if still > 0 {
            60_u64.div_ceil(u64::from(former).max(1))
        } else {
            left_ms.div_ceil(1_000)
        };
        Err(too_many("calls_limited", "calls", limit, wait_s.max(1)))
    }
}

fn too_many(code: &str, what: &str, limit: u32, wait_s: u64) -> Refusal {
    let mut refusal = Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        code,
        format!("at most {limit} {what} a minute with this key: try again in {wait_s} s"),
    );
    refusal.retry_after_s = Some(wait_s);
    refusal
}
