//! What a tenant and a bot may use: calls at the same time, and money a day. Asked before a call begins and while it runs.

use axum::http::StatusCode;
use contract::{Bot, CallId, TenantId};

use crate::Refusal;
use crate::store::{Calls, DialId, DialState, Dials, Money, Seat, Stored, Terms};

/// After so long, in milliseconds, an order to dial that turned out to be no call is given up, and so is a call of which
/// nothing was heard.
const DIAL_MS_MAX: u64 = 600_000;

/// How many of those who sit there are asked whether they still do.
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
                self.money.rise(&seat.tenant, &seat.bot, other).await?;
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

    async fn is_gone(&self, who: &str, now_ms: u64) -> Stored<bool> {
        if let Ok(call) = who.parse::<CallId>() {
            return self.is_over(&call, now_ms).await;
        }
        let Some(id) = DialId::parse(who) else {
            return Ok(true);
        };
        let Some(dial) = self.dials.dial(&id).await? else {
            return Ok(true);
        };
        match dial.call {
            Some(call) => self.is_over(&call, now_ms).await,
            None => Ok(matches!(dial.state, DialState::Free)
                || now_ms.saturating_sub(dial.began_ms) > DIAL_MS_MAX),
        }
    }

    /// One of which nothing is known yet has just begun; one of which the edge has told nothing in all that time never did.
    async fn is_over(&self, call: &CallId, now_ms: u64) -> Stored<bool> {
        let known = self.calls.call(call).await?;
        Ok(known.is_some_and(|(entry, _)| {
            let age_ms = now_ms.saturating_sub(entry.began_ms);
            entry.is_over() || (entry.records == 0 && age_ms > DIAL_MS_MAX)
        }))
    }
}
