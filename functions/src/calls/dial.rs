//! Placing an outbound call: once per order, whatever gets lost on the way.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use contract::{Bot, CallId, Direction, TenantId};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;
use twilio::rest::{CallEvent, CallResource, CreateCall, Instructions};
use twilio::webhook::CallStatus;
use twilio::{Party, PhoneNumber};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::bots::bot_id;
use super::numbers::phone_number;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::carrier::DialError;
use crate::door::body_json;
use crate::store::{Begun, Dial, DialId, DialState, Opened};

/// After this long, in milliseconds, an order without an answer is taken for lost: the carrier is given 8 s.
const PENDING_MS_MAX: u64 = 15_000;

/// How much longer than its own limit a call may run before the carrier ends it, in seconds.
const TIME_LIMIT_SPARE_S: u32 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    to: String,
    bot: String,
    from: Option<String>,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(place))
}

#[utoipa::path(post, path = "/calls", tag = "calls", request_body = serde_json::Value, responses((status = 201, body = serde_json::Value)))]
async fn place(
    State(api): State<Arc<Api>>,
    who: Principal,
    request: Request,
) -> Result<Response, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    api.may_place(&who).await?;
    let key = idempotency_key(request.headers())?;
    let order: Order = body_json(request.into_body()).await?;
    let dial = api.order(tenant, order, key).await?;
    let span = tracing::info_span!("dial", dial = %dial.id, call_sid = tracing::field::Empty);
    api.obey(dial).instrument(span).await
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > 255 {
        return Err(Refusal::field(
            "Idempotency-Key",
            "key_malformed",
            "an Idempotency-Key has 1 to 255 visible ASCII characters",
        ));
    }
    Ok(Some(key.to_owned()))
}

impl Api {
    async fn order(
        &self,
        tenant: &TenantId,
        order: Order,
        key: Option<String>,
    ) -> Result<Dial, Refusal> {
        let to = phone_number(&order.to, "to")?;
        let bot = bot_id(&order.bot, "bot")?;
        let from = order
            .from
            .as_deref()
            .map(|from| phone_number(from, "from"))
            .transpose()?;
        let bot = self.bots.bot(tenant, &bot).await?;
        let bot = bot.ok_or_else(|| {
            Refusal::field(
                "bot",
                "bot_unknown",
                "there is no such bot: PUT /bots/{id} first",
            )
        })?;
        let fingerprint = fingerprint(&to, &bot, from.as_ref());
        let from = match from {
            Some(from) => Some(from),
            None => self.bots.number_of(tenant, &bot.id).await?,
        };
        let from = from.ok_or_else(|| {
            Refusal::field(
                "from",
                "from_missing",
                "give from, or a number to the bot: PUT /numbers/{e164}",
            )
        })?;
        let id = match key {
            Some(key) => DialId::of_key(tenant, &key),
            None => DialId::of_nonce(u128::from_be_bytes(super::random()?)),
        };
        Ok(Dial {
            id,
            fingerprint,
            bot,
            to,
            from,
            began_ms: (self.clock)(),
            state: DialState::Pending,
            call: None,
        })
    }

    async fn obey(&self, dial: Dial) -> Result<Response, Refusal> {
        match self.dials.begin(&dial, dial.began_ms).await? {
            Begun::New => {}
            Begun::Known(known) => return self.repeat(&dial, *known).await,
        }
        let dialled = self
            .carrier
            .dial(&self.keyring.secrets(), &self.instructions(&dial))
            .await;
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
                (settled(&error, &refusal), Err(refusal))
            }
        };
        if let Err(error) = self.dials.settle(&dial.id, &state).await {
            // The call's own webhooks name the order, so a repeat will find the call all the same.
            tracing::error!(code = "store_unavailable", %error, "what became of the order was not kept");
        }
        answer
    }

    /// The same order again: the same answer, without dialling.
    async fn repeat(&self, dial: &Dial, known: Dial) -> Result<Response, Refusal> {
        if known.fingerprint != dial.fingerprint {
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
            let entry = self.calls.call(&call).await?;
            let status = entry
                .and_then(|(entry, _)| entry.status)
                .unwrap_or(CallStatus::Queued);
            return Ok(answer(201, placed(&known, &call, status), true));
        }
        if known.state == DialState::Pending
            && dial.began_ms.saturating_sub(known.began_ms) < PENDING_MS_MAX
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
        create.time_limit_s = (limit_s > 0).then(|| limit_s.saturating_add(TIME_LIMIT_SPARE_S));
        create
    }

    async fn opened(&self, dial: &Dial, call: &CallResource) {
        let opened = Opened {
            call: call.sid.into(),
            account: call.account_sid,
            bot: dial.bot.clone(),
            from: Party::Number(dial.from.clone()),
            to: Party::Number(dial.to.clone()),
            direction: Direction::Outbound,
            status: call.status,
            now_ms: (self.clock)(),
        };
        let kept = futures_util::future::try_join(
            self.calls.open(&opened),
            self.dials.joined(&dial.id, &opened.call),
        )
        .await;
        if let Err(error) = kept {
            tracing::error!(code = "store_unavailable", %error, "the call was placed but not kept; its webhooks will");
        }
    }
}

fn fingerprint(to: &PhoneNumber, bot: &Bot, from: Option<&PhoneNumber>) -> String {
    let from = from.map_or("", PhoneNumber::as_str);
    format!("{:x}", Sha256::digest(format!("{to}\n{}\n{from}", bot.id)))
}

fn placed(dial: &Dial, call: &CallId, status: CallStatus) -> String {
    json!({ "call": call, "status": status, "bot": dial.bot.id, "to": dial.to, "from": dial.from })
        .to_string()
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

fn unknown(status: StatusCode) -> Refusal {
    let message = "Twilio did not say whether it dialled: if it did, the call shows up under GET /calls. Dial again with a new Idempotency-Key";
    Refusal::new(status, "outcome_unknown", message)
}

fn refusal(error: &DialError) -> Refusal {
    match error {
        DialError::Impossible(error) => Refusal::new(
            StatusCode::BAD_REQUEST,
            "call_impossible",
            error.to_string(),
        ),
        DialError::Unreachable(_) => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "carrier_unreachable",
            "Twilio cannot be reached: nothing was dialled, try again",
        ),
        DialError::Refused(error) if error.retry => Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "carrier_busy",
            "Twilio takes no more requests at the moment: try again",
        ),
        DialError::Refused(error) if matches!(error.status, 401 | 403) => {
            let message = "Twilio does not accept this deployment's credentials: check twilio_account_sid and twilio_auth_token in its secret";
            Refusal::new(StatusCode::BAD_GATEWAY, "carrier_credentials", message)
        }
        DialError::Refused(error) => Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "carrier_refused",
            error.to_string(),
        ),
        DialError::Unknown(_) => unknown(StatusCode::GATEWAY_TIMEOUT),
    }
}

/// Whether the same order may be given again: yes if nothing was dialled for a reason that passes, no if the answer will
/// stay the same, and not blindly if nobody knows.
fn settled(error: &DialError, refusal: &Refusal) -> DialState {
    match error {
        DialError::Unknown(_) => DialState::Unknown,
        DialError::Unreachable(_) => DialState::Free,
        DialError::Refused(error) if error.retry || matches!(error.status, 401 | 403) => {
            DialState::Free
        }
        DialError::Impossible(_) | DialError::Refused(_) => DialState::Answered {
            status: refusal.status.as_u16(),
            body: refusal.body.to_json(),
        },
    }
}
