//! Conversations through the edge's own sockets: the edge asks who has shown a token there, and with whom they may talk.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::routing::post;
use contract::{BotId, CallId, Direction, Opening, SessionReply, SessionRequest, Source, TenantId};
use tracing::Instrument as _;
use twilio::Party;
use twilio::webhook::CallStatus;
use utoipa_axum::router::OpenApiRouter;

use super::Api;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::sealed;
use crate::hook::{Happening, Reminder, Teller};
use crate::store::{CallEntry, Metadata, Opened, Terms};

/// So long after it was opened a conversation is looked at, in milliseconds: by then the edge has told something, or never
/// will.
const BEGUN_AFTER_MS: u64 = 60_000;

/// The routes. The edge's seal stands for a key, and no client of the API can ask them: its description leaves them out.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().route("/sessions", post(open))
}

/// Opens a conversation of the edge's own sockets. For the edge only.
async fn open(
    State(api): State<Arc<Api>>,
    request: Request,
) -> Result<Json<SessionReply>, Refusal> {
    let sealed = sealed::<SessionRequest>(&api.keyring, (api.clock)(), request).await?;
    let span = tracing::info_span!("session", call = %sealed.body.call);
    api.session(sealed.body).instrument(span).await.map(Json)
}

/// Whether whoever was let in then is still there.
fn is_running(entry: &CallEntry) -> bool {
    !entry.is_over() && entry.unanswered.is_none()
}

impl Api {
    async fn session(&self, asked: SessionRequest) -> Result<SessionReply, Refusal> {
        if !asked.call.is_web() {
            let message = "a conversation without a carrier has an id that begins with WB";
            return Err(Refusal::field("call", "call_invalid", message));
        }
        let who = self.principal(&asked.token).await?;
        // The seal is the edge's, the request is theirs.
        self.knocks(&who).await?.check()?;
        let tenant = who.tenant(Scope::Talk)?.clone();
        let known = self.going_on(&who, &tenant, &asked.call).await?;
        let bot = self.chosen_bot(&who, &tenant, asked.bot).await?;
        let terms = self.store.agreed.terms(&tenant).await?;
        let now_ms = (self.clock)();
        let admitted = self
            .store
            .limits()
            .admit(&bot, &terms, asked.call.as_str(), now_ms)
            .await?;
        let seat = match admitted {
            Ok(seat) => seat,
            // It was let in before: a fresh token, or another socket, is no further call. What it may cost, its records say.
            Err(_) if known.as_ref().is_some_and(is_running) => None,
            Err(reached) => return Err(reached.into()),
        };
        let secrets = self.keyring.secrets();
        let mut opened = Opened {
            call: asked.call,
            account: secrets.account,
            from: Party::parse(&format!("client:{}", who.subject())),
            to: Party::parse(&format!("client:{}", bot.id)),
            direction: Direction::Inbound,
            bot,
            status: CallStatus::InProgress,
            metadata: Metadata::new(),
            seat,
            source: Some(Source {
                ip: asked.address,
                sid: String::new(),
            }),
            now_ms,
        };
        opened.bot = self.store.calls.open(&opened).await?;
        if known.is_none_or(|entry| entry.records == 0) {
            self.told_of(asked.call, &tenant, &terms, now_ms).await;
        }
        tracing::info!(bot = %opened.bot.id, subject = who.subject(), "opened");
        let claims = secrets.jwt_key.open(&asked.token, now_ms / 1_000);
        Ok(SessionReply {
            opening: Opening {
                call: opened.call,
                account: opened.account,
                from: opened.from,
                to: opened.to,
                direction: opened.direction,
                bot: opened.bot,
                handshakes: Vec::new(),
                records_url: self.status_url.at("/records"),
                uploads_url: self.status_url.at("/uploads"),
                hook_secret: terms.hook_secret,
                speech_url: self.status_url.at("/speech"),
                // There is no carrier: whoever opened the socket plays for himself.
                plays_url: String::new(),
            },
            // One name for each tenant: those whom the operator lets in are not all the same.
            subject: who.counted_as(),
            expires_s: claims.map_or(0, |claims| claims.exp),
        })
    }

    /// The conversation, if it was opened before: whoever goes on with it, or shows a fresh token.
    ///
    /// # Errors
    /// 404 if it is none of theirs.
    async fn going_on(
        &self,
        who: &Principal,
        tenant: &TenantId,
        call: &CallId,
    ) -> Result<Option<CallEntry>, Refusal> {
        let Some((entry, _)) = self.store.calls.call(call).await? else {
            return Ok(None);
        };
        let theirs = entry.tenant.as_ref() == Some(tenant) && who.may_see(entry.bot.as_ref());
        if !theirs {
            return Err(Refusal::not_found("call"));
        }
        Ok(Some(entry))
    }

    /// Tells that it was opened, and sees that somebody looks after it if that is all that ever becomes of it. The edge's
    /// first records make up for what fails here; refused now, it would stay open in the books.
    async fn told_of(&self, call: CallId, tenant: &TenantId, terms: &Terms, now_ms: u64) {
        let teller = Teller {
            outbox: self.store.outbox.as_ref(),
            edge: self.edge.as_ref(),
            errands_url: &self.status_url.at("/errands"),
            now_ms,
        };
        let told = futures_util::future::join(
            teller.happened(call, tenant, terms, Happening::Started),
            teller.remind(Reminder::Settle(call), now_ms + BEGUN_AFTER_MS),
        );
        let (started, looked_after) = told.await;
        for refusal in [started.err(), looked_after.err()].into_iter().flatten() {
            tracing::warn!(code = %refusal.body.error.code, "its start is told later");
        }
    }

    /// The bot that is asked for, or the one that the token is for.
    async fn chosen_bot(
        &self,
        who: &Principal,
        tenant: &TenantId,
        asked: Option<BotId>,
    ) -> Result<contract::Bot, Refusal> {
        let id = asked.or_else(|| who.bot().cloned()).ok_or_else(|| {
            Refusal::field(
                "bot",
                "bot_missing",
                "say with which bot, or use a token of one",
            )
        })?;
        who.must_be_for(&id)?;
        let bot = self.store.bots.bot(tenant, &id).await?;
        bot.ok_or_else(|| Refusal::field("bot", "bot_unknown", "there is no such bot"))
    }
}
