//! What the edge reminds us of: to tell a tenant's server something, and to see that a call has come to its end on both
//! sides.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use contract::{CallId, ErrandCall, ErrandReply};
use tracing::Instrument as _;
use twilio::rest::FetchCall;
use twilio::webhook::CallStatus;

use super::Status;
use crate::Refusal;
use crate::door::sealed;
use crate::hook::{Happening, HookId, Reminder, goes_on, message, pause_s};
use crate::shown::{Costs, Whole};
use crate::store::{CallEntry, Delivery, DeliveryState, Progress, Unanswered};

/// How long an attempt keeps others away, in milliseconds: longer than it can take.
const ATTEMPT_MS: u64 = 30_000;

/// How long until a carrier that still has a call in progress is asked again, in seconds.
const CARRIER_AGAIN_S: u32 = 300;

/// How long until a call whose edge has not said its last word is looked at again, in seconds, and how often.
const EDGE_AGAIN_S: u32 = 600;
const EDGE_ATTEMPTS_MAX: u32 = 36;

/// How long until a conversation of which the edge has told nothing is looked at again, in seconds, and how often. What is
/// told of one that lives may have failed, and comes again within half a minute.
const BEGUN_AGAIN_S: u32 = 60;
const BEGUN_ATTEMPTS_MAX: u32 = 2;

pub(super) async fn remembered(
    State(status): State<Arc<Status>>,
    request: Request,
) -> Result<Json<ErrandReply>, Refusal> {
    let sealed = sealed::<ErrandCall>(&status.keyring, (status.clock)(), request).await?;
    let span = tracing::info_span!("errand", id = %sealed.body.id);
    let done = status.remembered(&sealed.body, &sealed.origin);
    done.instrument(span).await.map(Json)
}

impl Status {
    async fn remembered(&self, errand: &ErrandCall, origin: &str) -> Result<ErrandReply, Refusal> {
        match Reminder::parse(&errand.id) {
            Some(Reminder::Tell { hook, round }) => self.tell(&hook, round, errand.attempt).await,
            Some(Reminder::Settle(call)) => self.settle(&call, errand.attempt, origin).await,
            // Of an older deployment, perhaps: nobody knows any more what it was about.
            None => Ok(ErrandReply::Done),
        }
    }

    /// Tells a tenant's server, once. Attempts are those of this round: whoever asks for it again does not wait for hours.
    async fn tell(&self, hook: &HookId, round: u32, attempts: u32) -> Result<ErrandReply, Refusal> {
        let now_ms = (self.clock)();
        let attempt = self
            .store
            .outbox
            .attempt(hook, round, now_ms, now_ms + ATTEMPT_MS)
            .await?;
        let Some(delivery) = attempt else {
            // Settled, set going anew, or somebody is at it.
            let known = self.store.outbox.delivery(hook).await?;
            let busy = known
                .is_some_and(|known| known.round == round && known.state == DeliveryState::Pending);
            return Ok(if busy {
                ErrandReply::Again { after_s: 30 }
            } else {
                ErrandReply::Done
            });
        };
        let (state, last) = self.attempt(&delivery, now_ms).await?;
        let now_ms = (self.clock)();
        let state = match state {
            DeliveryState::Pending if !goes_on(delivery.round_ms, now_ms, attempts) => {
                DeliveryState::GivenUp
            }
            DeliveryState::Pending | DeliveryState::Delivered | DeliveryState::GivenUp => state,
        };
        tracing::info!(?state, last, attempts = delivery.attempts, "told");
        self.store
            .outbox
            .attempted(hook, round, state, &last, now_ms)
            .await?;
        Ok(match state {
            DeliveryState::Pending => ErrandReply::Again {
                after_s: pause_s(attempts),
            },
            DeliveryState::Delivered | DeliveryState::GivenUp => ErrandReply::Done,
        })
    }

    async fn attempt(
        &self,
        delivery: &Delivery,
        now_ms: u64,
    ) -> Result<(DeliveryState, String), Refusal> {
        let given_up = |why: &str| Ok((DeliveryState::GivenUp, why.to_owned()));
        let terms = self.store.agreed.terms(&delivery.tenant).await?;
        let Some(url) = terms.hook_url else {
            return given_up("the tenant has no webhook_url any more");
        };
        let call = delivery.id.call;
        let Some(detail) = self.store.calls.detail(&delivery.tenant, &call).await? else {
            return given_up("the call is not kept any more");
        };
        // The server is the tenant's, whatever scopes its keys have.
        let whole = Whole::of(detail, self.files.as_ref(), Costs::Hidden).await?;
        let data = serde_json::to_value(whole).unwrap_or_default();
        let body = message(delivery.id.happening, delivery.at_ms, &data);
        let id = delivery.id.to_string();
        let headers = match &terms.hook_secret {
            Some(secret) => secret.headers(&id, now_ms / 1_000, &body).to_vec(),
            None => vec![(contract::HOOK_ID_HEADER, id)],
        };
        Ok(match self.post.post(&url, &headers, body).await {
            Ok(status @ 200..300) => (DeliveryState::Delivered, status.to_string()),
            // Gone, which the specification has for a server that wants no more.
            Ok(410) => (DeliveryState::GivenUp, "410".to_owned()),
            Ok(status) => (DeliveryState::Pending, status.to_string()),
            Err(error) => (DeliveryState::Pending, error.to_string()),
        })
    }

    /// Sees that both sides have told of a call's end: whose word got lost is asked, or done without.
    async fn settle(
        &self,
        call: &CallId,
        attempt: u32,
        origin: &str,
    ) -> Result<ErrandReply, Refusal> {
        let Some((entry, _)) = self.store.calls.call(call).await? else {
            return Ok(ErrandReply::Done);
        };
        if call.is_web() && !entry.is_over() {
            return self.settle_begun(&entry, attempt, origin).await;
        }
        if let Some(after_s) = self.settle_carrier(&entry, origin).await? {
            return Ok(ErrandReply::Again { after_s });
        }
        let silent = entry.records > 0 && !entry.filed;
        if silent && attempt < EDGE_ATTEMPTS_MAX {
            return Ok(ErrandReply::Again {
                after_s: EDGE_AGAIN_S,
            });
        }
        if let Some(tenant) = &entry.tenant {
            self.happened(*call, tenant, Happening::Ended, origin)
                .await?;
        }
        Ok(ErrandReply::Done)
    }

    /// Ends a conversation that was opened and never began: there is no carrier to tell so, and it keeps a place.
    async fn settle_begun(
        &self,
        entry: &CallEntry,
        attempt: u32,
        origin: &str,
    ) -> Result<ErrandReply, Refusal> {
        let (call, calls) = (entry.call, &self.store.calls);
        let (0, Some(account)) = (entry.records, entry.account) else {
            // It lives, and the edge will tell its end.
            return Ok(ErrandReply::Done);
        };
        if attempt < BEGUN_ATTEMPTS_MAX {
            return Ok(ErrandReply::Again {
                after_s: BEGUN_AGAIN_S,
            });
        }
        let now_ms = (self.clock)();
        calls.unanswered(&call, Unanswered::Failed, now_ms).await?;
        let known = calls.call(&call).await?;
        if known.is_some_and(|(entry, _)| entry.unanswered.is_some()) {
            tracing::warn!("a conversation never began, and is ended");
            let end = Progress {
                inferred: true,
                ..Progress::new(call, account, CallStatus::Completed, now_ms)
            };
            self.follow(&end, origin).await?;
        }
        Ok(ErrandReply::Done)
    }

    /// Asks the carrier what became of a call of which it has not told the end; after how many seconds again, if need be.
    async fn settle_carrier(
        &self,
        entry: &CallEntry,
        origin: &str,
    ) -> Result<Option<u32>, Refusal> {
        let known = entry.status.is_some_and(CallStatus::is_final);
        let (Some(sid), Some(account), false) = (entry.call.carrier(), entry.account, known) else {
            return Ok(None);
        };
        let fetched = self.carrier.fetch(&FetchCall { call: sid }).await;
        let (status, duration_s) = match fetched {
            Ok(Some(call)) if call.status.is_final() => (call.status, call.duration_s),
            Ok(Some(_)) => return Ok(Some(CARRIER_AGAIN_S)),
            Ok(None) => (CallStatus::Completed, None),
            Err(error) => {
                tracing::warn!(%error, "Twilio did not say what became of a call");
                return Ok(Some(CARRIER_AGAIN_S));
            }
        };
        tracing::warn!(%status, "a call's end was never told, and is taken from Twilio's records");
        let progress = Progress {
            duration_s: duration_s.and_then(|seconds| u32::try_from(seconds).ok()),
            inferred: true,
            ..Progress::new(entry.call, account, status, (self.clock)())
        };
        self.follow(&progress, origin).await?;
        Ok(None)
    }
}
