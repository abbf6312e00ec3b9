//! What follows from what was told: a place becomes free, a tenant's server hears of it.

use contract::{CallId, TenantId};
use twilio::webhook::CallStatus;

use super::Status;
use crate::Refusal;
use crate::hook::{Happening, Reminder, Teller};
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
        let (secrets, errands_url) = (self.keyring.secrets(), format!("{origin}{ERRANDS}"));
        let teller = Teller {
            outbox: self.store.outbox.as_ref(),
            edge: self.edge.as_ref(),
            secrets: &secrets,
            errands_url: &errands_url,
            now_ms: (self.clock)(),
        };
        teller.happened(call, tenant, &terms, happening).await
    }

    /// Asks to be reminded to look after a call's end.
    pub(super) async fn settle_later(&self, call: CallId, origin: &str) -> Result<(), Refusal> {
        let (secrets, errands_url) = (self.keyring.secrets(), format!("{origin}{ERRANDS}"));
        let teller = Teller {
            outbox: self.store.outbox.as_ref(),
            edge: self.edge.as_ref(),
            secrets: &secrets,
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
            self.vacate(&entry).await?;
            if progress.status != CallStatus::Completed || entry.unanswered.is_some() {
                // Nobody answered, or no bot did, and the edge has nothing to add.
                self.happened(entry.call, &tenant, Happening::Ended, origin)
                    .await?;
            } else if entry.records == 0 {
                // Either the edge never had it, or it has yet to tell.
                self.settle_later(entry.call, origin).await?;
            }
        } else if progress.status == CallStatus::InProgress {
            self.happened(entry.call, &tenant, Happening::Started, origin)
                .await?;
        }
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
