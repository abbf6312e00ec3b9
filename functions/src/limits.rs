//! What a tenant and a bot may use: calls at the same time, and money a day. Asked before a call begins and while it runs.

use axum::http::StatusCode;
use contract::{Bot, CallId, TenantId};

use crate::Refusal;
use crate::store::{Calls, Dial, DialId, DialState, Dials, Money, Seat, Sitter, Stored, Terms};

/// After so long, in milliseconds, an order to dial that turned out to be no call is given up, and so is a call of which
/// nothing was heard.
const DIAL_MS_MAX: u64 = 600_000;

/// After so long, in milliseconds, whoever took a place and is in no book is gone: a function opens the call right after,
/// and none runs that long.
const UNKNOWN_MS_MAX: u64 = 60_000;

/// No call is longer, in milliseconds, whatever is known of it: the carrier's own limit is a day.
const CALL_MS_MAX: u64 = 25 * 3_600_000;

/// How many of those who sit there are asked whether they still do: those who came first, since each call ends, and a place
/// that nobody gives back ends up among them.
const ASKED_MAX: usize = 50;

/// A limit that leaves no room for a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Reached {
    /// As many calls as may be are going on.
    #[error("as many calls as allowed are going on: try again when one has ended")]
    Calls,
    /// The day's calls have cost what they may.
    ///
    /// # Errors
    ///
    /// The store failed.
    #[error(
        "the calls of this day have cost what they may: raise spend_per_day_max, or wait for midnight UTC"
    )]
    Spend,
}

impl From<Reached> for Refusal {
    fn from(reached: Reached) -> Self {
        let (status, field) = match reached {
            Reached::Calls => (StatusCode::CONFLICT, "limits.concurrent_calls_max"),
            Reached::Spend => (StatusCode::PAYMENT_REQUIRED, "limits.spend_per_day_max"),
        };
        Self {
            status,
            ..Self::field(field, "limit_reached", reached.to_string())
        }
    }
}

/// Who keeps count.
pub struct Limits<'a> {
    /// Places and money.
    pub money: &'a dyn Money,
    /// To ask whether a call still goes on.
    pub calls: &'a dyn Calls,
    /// To ask what became of an order to dial.
    pub dials: &'a dyn Dials,
}

impl Limits<'_> {
    /// Lets a call begin, with a place of its own under that name; the name of its place, if places are counted.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn admit(
        &self,
        bot: &Bot,
        terms: &Terms,
        who: &str,
        now_ms: u64,
    ) -> Stored<Result<Option<String>, Reached>> {
        if self.is_spent(bot, terms, now_ms).await? {
            return Ok(Err(Reached::Spend));
        }
        let seat = Seat {
            tenant: bot.tenant.clone(),
            bot: bot.id.clone(),
            who: who.to_owned(),
            tenant_max: terms.limits.concurrent_calls_max,
            bot_max: bot.limits.concurrent_calls_max,
            now_ms,
        };
        if seat.tenant_max == 0 && seat.bot_max == 0 {
            return Ok(Ok(None));
        }
        let Err(others) = self.money.sit(&seat).await? else {
            return Ok(Ok(Some(seat.who)));
        };
        // An end that nobody told must not cost a place for ever.
        let mut freed = false;
        for other in others.iter().take(ASKED_MAX) {
            if self.is_gone(other, now_ms).await? {
                self.money.evict(&seat.tenant, &seat.bot, other).await?;
                freed = true;
            }
        }
        if freed && self.money.sit(&seat).await?.is_ok() {
            return Ok(Ok(Some(seat.who)));
        }
        Ok(Err(Reached::Calls))
    }

    /// Whether the day's calls of the bot or of its tenant have cost what they may.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn is_spent(&self, bot: &Bot, terms: &Terms, now_ms: u64) -> Stored<bool> {
        let (bot_max, tenant_max) = (bot.limits.spend_per_day_max, terms.limits.spend_per_day_max);
        if bot_max == 0 && tenant_max == 0 {
            return Ok(false);
        }
        let spent = self.money.spent(&bot.tenant, now_ms).await?;
        let of_bot = spent.bots.get(&bot.id).copied().unwrap_or_default();
        Ok((bot_max > 0 && of_bot >= bot_max) || (tenant_max > 0 && spent.total >= tenant_max))
    }

    /// Gives a call's place free.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn leave(&self, tenant: &TenantId, bot: &contract::BotId, seat: &str) -> Stored<()> {
        self.money.rise(tenant, bot, seat).await
    }

    /// Whether somebody only seems to sit there.
    async fn is_gone(&self, sitter: &Sitter, now_ms: u64) -> Stored<bool> {
        let age_ms = now_ms.saturating_sub(sitter.since_ms);
        // A version that did not write down since when may have let in a call that still goes on.
        if sitter.since_ms > 0 && age_ms > CALL_MS_MAX {
            return Ok(true);
        }
        if let Ok(call) = sitter.who.parse::<CallId>() {
            return self.is_over(&call, age_ms, UNKNOWN_MS_MAX, now_ms).await;
        }
        let dial = match DialId::parse(&sitter.who) {
            Some(id) => self.dials.dial(&id).await?,
            None => None,
        };
        match dial {
            // Given before the place was taken, and kept for a day.
            None => Ok(true),
            Some(Dial {
                call: Some(call), ..
            }) => self.is_over(&call, age_ms, DIAL_MS_MAX, now_ms).await,
            Some(dial) => Ok(matches!(dial.state, DialState::Free) || age_ms > DIAL_MS_MAX),
        }
    }

    /// One of which nothing is known may have just begun; one of which the edge has told nothing in all that time never did.
    async fn is_over(
        &self,
        call: &CallId,
        age_ms: u64,
        unknown_ms_max: u64,
        now_ms: u64,
    ) -> Stored<bool> {
        Ok(match self.calls.call(call).await? {
            None => age_ms > unknown_ms_max,
            Some((entry, _)) => {
                let silent_ms = now_ms.saturating_sub(entry.began_ms);
                entry.is_gone() || (entry.records == 0 && silent_ms > DIAL_MS_MAX)
            }
        })
    }
}
