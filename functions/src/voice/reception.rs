//! Whether somebody who calls gets to the bot: at this hour, and under its caps.

use contract::Direction;

use super::Voice;
use crate::hours;
use crate::limits::Reached;
use crate::store::{Opened, StoreError, Terms, Unanswered};

/// How somebody who calls is received.
pub(super) enum Reception {
    /// By the bot, with a place among its calls if these are counted.
    Come { seat: Option<String> },
    /// Not at all.
    Away(Unanswered),
}

impl Voice {
    /// Whether somebody who calls gets to the bot.
    pub(super) async fn receive(
        &self,
        opened: &Opened,
        terms: &Terms,
    ) -> Result<Reception, StoreError> {
        if opened.direction == Direction::Outbound {
            return Ok(Reception::Come { seat: None });
        }
        let reception = self.would_receive(opened, terms).await?;
        if let Reception::Away(_) = reception
            && let Some((known, Some(_))) = self.store.calls.call(&opened.call).await?
            && known.unanswered.is_none()
        {
            // It was let in a moment ago, and Twilio asks once more.
            return Ok(Reception::Come { seat: None });
        }
        Ok(reception)
    }

    async fn would_receive(&self, opened: &Opened, terms: &Terms) -> Result<Reception, StoreError> {
        let bot = &opened.bot;
        let open = bot
            .hours
            .as_ref()
            .map(|hours| hours::is_open(hours, opened.now_ms));
        match open {
            Some(Ok(false)) => return Ok(Reception::Away(Unanswered::Closed)),
            Some(Err(error)) => {
                // Better a call at the wrong hour than none at all.
                tracing::error!(code = "time_zone_unknown", bot = %bot.id, %error, "taken for open");
            }
            Some(Ok(true)) | None => {}
        }
        let who = opened.call.to_string();
        let admitted = self
            .store
            .limits()
            .admit(bot, terms, &who, opened.now_ms)
            .await?;
        Ok(match admitted {
            Ok(seat) => Reception::Come { seat },
            Err(Reached::Calls) => Reception::Away(Unanswered::Busy),
            Err(Reached::Spend) => Reception::Away(Unanswered::Spent),
        })
    }
}
