//! What follows from what was told: a place becomes free, minutes are counted, a tenant's server hears of it.

use contract::{BotId, CallId, TenantId};
use twilio::webhook::CallStatus;

use super::Status;
use crate::Refusal;
use crate::hook::{Happening, Reminder, Teller};
use crate::runtime::SPEND_LOG;
use crate::store::{CallEntry, Progress, Terms};

/// Path of this function that takes reminders.
const ERRANDS: &str = "/errands";

/// How long the other side has to tell of a call's end before it is asked, in milliseconds.
const SETTLE_AFTER_MS: u64 = 180_000;

impl Status {
    /// Something happened to a call that a tenant's server may want to know.
    pub(super) async fn happened(
        &self,
        call: CallId,
        tenant: &TenantId,
        happening: Happening,
        origin: &str,
    ) -> Result<(), Refusal> {
        let terms: Terms = self.store.agreed.terms(tenant).await?;
        let errands_url = format!("{origin}{ERRANDS}");
        let teller = Teller {
            outbox: self.store.outbox.as_ref(),
            edge: self.edge.as_ref(),
            errands_url: &errands_url,
            now_ms: (self.clock)(),
        };
        teller.happened(call, tenant, &terms, happening).await
    }

    /// Asks to be reminded to look after a call's end.
    pub(super) async fn settle_later(&self, call: CallId, origin: &str) -> Result<(), Refusal> {
        let errands_url = format!("{origin}{ERRANDS}");
        let teller = Teller {
            outbox: self.store.outbox.as_ref(),
            edge: self.edge.as_ref(),
            errands_url: &errands_url,
            now_ms: (self.clock)(),
        };
        let due_ms = (self.clock)() + SETTLE_AFTER_MS;
        teller.remind(Reminder::Settle(call), due_ms).await
    }

    /// The carrier told how far a call is, or it was concluded; with all that follows.
    pub(super) async fn follow(&self, progress: &Progress, origin: &str) -> Result<(), Refusal> {
        self.store.calls.progressed(progress).await?;
        let known = self.store.calls.call(&progress.call).await?;
        let Some((entry, _)) = known else {
            return Ok(());
        };
        let Some(tenant) = entry.tenant.clone() else {
            // Nobody knows whose it is, so there is nobody to tell.
            return Ok(());
        };
        if progress.status.is_final() {
            let entry = self.count_line(entry).await?;
            if let Some(bot) = &entry.bot {
                self.spend(&entry, &tenant, bot, entry.cost_micro_dollars())
                    .await?;
            }
            self.vacate(&entry).await?;
            let unanswered = progress.status != CallStatus::Completed || entry.unanswered.is_some();
            if unanswered || entry.filed {
                // Nobody answered, or no bot did, or the bot has left long since: the edge has nothing to add.
                self.happened(entry.call, &tenant, Happening::Ended, origin)
                    .await?;
            } else {
                // The edge has yet to tell, or never had it, or its last word gets lost.
                self.settle_later(entry.call, origin).await?;
            }
        } else if progress.status == CallStatus::InProgress {
            self.happened(entry.call, &tenant, Happening::Started, origin)
                .await?;
        }
        Ok(())
    }

    /// Counts the minutes of a caller who was put through, once bot and carrier have both told their ends, whichever does so
    /// last. The call as it is then.
    pub(super) async fn count_line(&self, entry: CallEntry) -> Result<CallEntry, Refusal> {
        let (calls, now_ms) = (&self.store.calls, (self.clock)());
        if !calls.count_line(&entry, &self.prices, now_ms).await? {
            return Ok(entry);
        }
        let known = calls.call(&entry.call).await?;
        Ok(known.map_or(entry, |(entry, _)| entry))
    }

    /// Adds to its tenant's day what a call has cost so far.
    pub(super) async fn spend(
        &self,
        entry: &CallEntry,
        tenant: &TenantId,
        bot: &BotId,
        so_far: u64,
    ) -> Result<(), Refusal> {
        if so_far <= entry.spent_micro_dollars {
            return Ok(());
        }
        let (money, now_ms) = (&self.store.money, (self.clock)());
        let spending = money
            .spend(tenant, bot, &entry.call, so_far, now_ms)
            .await?;
        // An alarm adds these up.
        tracing::info!(target: SPEND_LOG, code = "spent", %tenant, %bot, micro_dollars = spending, "spent");
        Ok(())
    }

    /// Gives the place of a call that is over to another.
    pub(super) async fn vacate(&self, entry: &CallEntry) -> Result<(), Refusal> {
        if let (Some(seat), Some(tenant), Some(bot)) = (&entry.seat, &entry.tenant, &entry.bot) {
            self.store.limits().leave(tenant, bot, seat).await?;
        }
        Ok(())
    }
}
