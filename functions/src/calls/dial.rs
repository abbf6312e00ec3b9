//! Placing an outbound call: once per order, whatever gets lost on the way.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use contract::{BotId, CallId, Machine};
use serde::Serialize;
use tracing::Instrument as _;
use twilio::rest::{CallEvent, CallResource, CreateCall, Instructions, MachineDetection};
use twilio::webhook::CallStatus;
use twilio::{Party, PhoneNumber};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::bot_id;
use super::call_order::CallOrder;
use super::outcome::{refusal, settled, unknown};
use super::{Api, body};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::store::{Begun, Dial, DialId, DialState};
use crate::words;

/// After this long, in milliseconds, an order without an answer is taken for lost: the carrier is given 8 s.
const PENDING_MS_MAX: u64 = 15_000;

/// How much longer than its own limit a call may run before the carrier ends it, in seconds.
const TIME_LIMIT_SPARE_S: u32 = 60;

/// A call that was placed.
#[derive(Serialize, utoipa::ToSchema)]
struct PlacedCall<'a> {
    /// Its id.
    call: &'a CallId,
    /// How far it is.
    #[schema(schema_with = words::call_status)]
    status: CallStatus,
    /// Who speaks.
    bot: &'a BotId,
    /// Who is called.
    #[schema(value_type = String)]
    to: &'a PhoneNumber,
    /// Who seems to call.
    #[schema(value_type = String)]
    from: &'a PhoneNumber,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(place))
}

/// Place a call
///
/// With an `Idempotency-Key` it is placed once, however often it is asked for within a day: repeats get the first answer,
/// and the header `Idempotent-Replayed`.
#[utoipa::path(post, path = "/calls", tag = "calls", request_body = CallOrder, security(("key" = ["calls:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the order: 1 to 255 visible ASCII characters", pattern = "^[!-~]{1,255}$")),
    responses((status = 201, description = "Placed", body = PlacedCall<'_>),
        (status = 402, description = "The day's calls have cost what they may", body = contract::ErrorBody),
        (status = 409, description = "As many calls as allowed are going on, or this very order is being carried out, or nobody knows what became of it", body = contract::ErrorBody),
        (status = 422, description = "The carrier refuses the call, or the key was used for another", body = contract::ErrorBody),
        (status = 502, description = "The carrier does not accept this deployment's credentials", body = contract::ErrorBody),
        (status = 504, description = "The carrier did not say whether it dialled", body = contract::ErrorBody)))]
async fn place(
    State(api): State<Arc<Api>>,
    who: Principal,
    request: Request,
) -> Result<Response, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    let key = idempotency_key(request.headers())?;
    let order: CallOrder = body::read(request.into_body()).await?;
    who.must_be_for(&bot_id(&order.bot, "bot")?)?;
    let id = match key {
        Some(key) => {
            let id = DialId::of_key(tenant, &key);
            // Before anything else: what was true of the order when it was first given may not be any more.
            let now_ms = (api.clock)();
            let known = api.store.dials.dial(&id).await?;
            if let Some(known) = known.filter(|known| known.holds(now_ms)) {
                return api.repeat(&order.fingerprint(), known, now_ms).await;
            }
            id
        }
        None => DialId::of_nonce(u128::from_be_bytes(super::random()?)),
    };
    let dial = api.order(&who, tenant, id, order).await?;
    let span = tracing::info_span!("dial", dial = %dial.id, call_sid = tracing::field::Empty);
    api.obey(&who, dial).instrument(span).await
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim();
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > 255 || !is_visible {
        return Err(Refusal::field(
            "Idempotency-Key",
            "key_malformed",
            "an Idempotency-Key has 1 to 255 visible ASCII characters, none of them a space",
        ));
    }
    Ok(Some(key.to_owned()))
}

impl Api {
    async fn obey(&self, who: &Principal, dial: Dial) -> Result<Response, Refusal> {
        match self.store.dials.begin(&dial, dial.began_ms).await? {
            Begun::New => {}
            Begun::Known(known) => {
                return self.repeat(&dial.fingerprint, *known, dial.began_ms).await;
            }
        }
        if let Err(refused) = self.may_dial_now(who, &dial).await {
            self.store.dials.settle(&dial, &DialState::Free).await?;
            return Err(refused);
        }
        let dialled = self.carrier.dial(&self.instructions(&dial)).await;
        let (state, answer) = match dialled {
            Ok(call) => {
                tracing::Span::current().record("call_sid", call.sid.as_str());
                tracing::info!(bot = %dial.bot.id, "dialled");
                self.opened(&dial, &call).await;
                let body = placed(&dial, &call.sid.into(), call.status);
                (
                    DialState::Answered {
                        status: 201,
                        body: body.clone(),
                    },
                    Ok(answer(201, body, false)),
                )
            }
            Err(error) => {
                tracing::warn!(%error, "not dialled");
                let refusal = refusal(&error);
                let state = settled(&error, &refusal);
                if state != DialState::Unknown {
                    let (tenant, bot) = (&dial.bot.tenant, &dial.bot.id);
                    let seat = dial.id.to_string();
                    self.store.limits().leave(tenant, bot, &seat).await?;
                }
                (state, Err(refusal))
            }
        };
        if let Err(error) = self.store.dials.settle(&dial, &state).await {
            // The call's own webhooks name the order, so a repeat will find the call all the same.
            tracing::error!(code = "store_unavailable", %error, "what became of the order was not kept");
        }
        answer
    }

    /// Takes the call's place, if the limits leave room for it. Neither mistakes nor repeats come so far, and so none of them
    /// counts as a call.
    async fn may_dial_now(&self, who: &Principal, dial: &Dial) -> Result<(), Refusal> {
        self.may_place(who).await?;
        let terms = self.store.agreed.terms(&dial.bot.tenant).await?;
        let seat = dial.id.to_string();
        let limits = self.store.limits();
        let admitted = limits.admit(&dial.bot, &terms, &seat, dial.began_ms);
        admitted.await?.map(drop).map_err(Refusal::from)
    }

    /// The same order again: the same answer, without dialling.
    async fn repeat(
        &self,
        fingerprint: &str,
        known: Dial,
        now_ms: u64,
    ) -> Result<Response, Refusal> {
        if known.fingerprint != fingerprint {
            let message = "this Idempotency-Key was used for another call: take a new one";
            return Err(Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_reused",
                message,
            ));
        }
        if let DialState::Answered { status, body } = known.state {
            return Ok(answer(status, body, true));
        }
        if let Some(call) = known.call {
            let entry = self.store.calls.call(&call).await?;
            let status = entry
                .and_then(|(entry, _)| entry.status)
                .unwrap_or(CallStatus::Queued);
            return Ok(answer(201, placed(&known, &call, status), true));
        }
        if known.state == DialState::Pending
            && now_ms.saturating_sub(known.began_ms) < PENDING_MS_MAX
        {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "in_progress",
                "this call is being placed: ask again in a moment",
            ));
        }
        Err(unknown(StatusCode::CONFLICT))
    }

    fn instructions(&self, dial: &Dial) -> CreateCall {
        let url = self
            .voice_url
            .at(&format!("/voice/incoming?dial={}", dial.id));
        let mut create = CreateCall::new(
            Party::Number(dial.to.clone()),
            dial.from.clone(),
            Instructions::Url(url),
        );
        create.fallback_url = Some(self.voice_url.at("/voice/fallback"));
        // By default a callback that meets a 5xx is lost; the fragment asks for three more tries.
        create.status_callback = Some(
            self.status_url
                .at(&format!("/twilio/call?dial={}#rc=3&rp=all", dial.id)),
        );
        create.status_events = CallEvent::ALL.to_vec();
        let limit_s = dial.bot.duration_max_s;
        let policies = [&dial.bot.machine, &dial.bot.unknown];
        if policies.iter().any(|policy| **policy != Machine::Continue) {
            let callback = self.status_url.at("/twilio/call#rc=3&rp=all");
            create.machine_detection = Some(MachineDetection {
                until_message_ends: true,
                callback: Some(callback),
            });
        }
        create.time_limit_s = (limit_s > 0).then(|| limit_s.saturating_add(TIME_LIMIT_SPARE_S));
        create
    }

    async fn opened(&self, dial: &Dial, call: &CallResource) {
        let (id, now_ms) = (call.sid.into(), (self.clock)());
        let opened = dial.opened(id, call.account_sid, call.status, now_ms);
        let kept = futures_util::future::try_join(
            self.store.calls.open(&opened),
            self.store.dials.joined(&dial.id, &opened.call),
        )
        .await;
        if let Err(error) = kept {
            tracing::error!(code = "store_unavailable", %error, "the call was placed but not kept; its webhooks will");
        }
    }
}

fn placed(dial: &Dial, call: &CallId, status: CallStatus) -> String {
    let placed = PlacedCall {
        call,
        status,
        bot: &dial.bot.id,
        to: &dial.to,
        from: &dial.from,
    };
    serde_json::to_string(&placed).unwrap_or_default()
}

fn answer(status: u16, body: String, repeated: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    if repeated {
        response.headers_mut().insert(
            "idempotent-replayed",
            header::HeaderValue::from_static("true"),
        );
    }
    response
}
