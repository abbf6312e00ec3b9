//! From what happened to a delivery that the edge will remind us of.

use contract::{CallId, Errand, TenantId};

use super::{Happening, HookId, Reminder};
use crate::Refusal;
use crate::edge::{Edge, EdgeError};
use crate::store::{Delivery, DeliveryState, Outbox, Terms};

/// Who keeps what is to be told, and who reminds us.
pub struct Teller<'a> {
    /// What is to be told.
    pub outbox: &'a dyn Outbox,
    /// The clock.
    pub edge: &'a dyn Edge,
    /// Where reminders go: the `status` function.
    pub errands_url: &'a str,
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Teller<'_> {
    /// Something happened to a call. Told again, it changes nothing but what is still missing; a tenant without a server
    /// is told nothing.
    ///
    /// # Errors
    /// 503 if it is not sure to be told. Whoever caused it must try again.
    pub async fn happened(
        &self,
        call: CallId,
        tenant: &TenantId,
        terms: &Terms,
        happening: Happening,
    ) -> Result<(), Refusal> {
        if terms.hook_url.is_none() {
            return Ok(());
        }
        let id = HookId { call, happening };
        let delivery = Delivery::new(id, tenant.clone(), self.now_ms);
        let kept = self.outbox.tell(&delivery).await?;
        self.set_going(&kept).await
    }

    /// Sees that the edge reminds us of a delivery.
    ///
    /// # Errors
    /// 503 if the edge does not take it.
    pub async fn set_going(&self, delivery: &Delivery) -> Result<(), Refusal> {
        if delivery.reminded || delivery.state != DeliveryState::Pending {
            return Ok(());
        }
        let (hook, round) = (delivery.id, delivery.round);
        self.remind(Reminder::Tell { hook, round }, self.now_ms)
            .await?;
        Ok(self.outbox.reminded(&hook, round).await?)
    }

    /// Asks to be reminded.
    ///
    /// # Errors
    /// 503 if the edge does not take it.
    pub async fn remind(&self, reminder: Reminder, due_ms: u64) -> Result<(), Refusal> {
        let errand = Errand {
            id: reminder.id(),
            url: self.errands_url.to_owned(),
            due_ms,
        };
        let taken = self.edge.remind(&errand).await;
        taken.map_err(|error| unreachable(&error))
    }
}

/// The edge did not do what it had to.
#[must_use]
pub fn unreachable(error: &EdgeError) -> Refusal {
    tracing::error!(code = "edge_unavailable", %error, "the edge failed");
    Refusal::new(
        axum::http::StatusCode::SERVICE_UNAVAILABLE,
        "edge_unavailable",
        "the edge cannot be reached: try again in a moment",
    )
}
