//! Putting a caller through to somebody: only where the bot's tenant lets it dial at this moment. What was allowed when the bot
//! was written may not be any more.

use contract::{Bot, CallId, Source};
use twilio::PhoneNumber;

use super::Voice;
use crate::country::{Allowed, Reach};
use crate::store::{News, Note, Terms};

impl Voice {
    /// The bot's fallback number, if it has one and it may be dialled.
    pub(super) async fn person(&self, call: CallId, bot: &Bot, terms: &Terms) -> Option<Allowed> {
        let fallback = bot.fallback_number.as_ref()?;
        self.through(call, bot, terms, fallback).await
    }

    /// The number, if it may be dialled. If not, log and call say so.
    pub(super) async fn through(
        &self,
        call: CallId,
        bot: &Bot,
        terms: &Terms,
        to: &PhoneNumber,
    ) -> Option<Allowed> {
        let own = &bot.limits.outbound_countries;
        match Reach::new(terms, &self.countries, own).lets(to) {
            Ok(allowed) => Some(allowed),
            Err(error) => {
                let (tenant, bot) = (&bot.tenant, &bot.id);
                tracing::warn!(code = "country_not_allowed", %tenant, %bot, %error, "the caller is not put through");
                self.note_refused(call, error.to_string()).await;
                None
            }
        }
    }

    async fn note_refused(&self, call: CallId, why: String) {
        let now_ms = (self.clock)();
        let name = "transfer-refused".to_owned();
        let note = Note {
            call,
            key: name.clone(),
            news: News {
                name,
                detail: why,
                timestamp: None,
                at_ms: now_ms,
                duration_s: None,
                source: Source::default(),
            },
            answered_by: None,
            now_ms,
        };
        if let Err(error) = self.store.calls.noted(&note).await {
            tracing::error!(code = "store_unavailable", %error, "that the caller was not put through is not kept");
        }
    }
}
