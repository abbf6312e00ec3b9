//! Placing an outbound call: once per order, whatever gets lost on the way.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use contract::{Bot, CallId, Direction, Machine, TenantId};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;
use twilio::rest::{CallEvent, CallResource, CreateCall, Instructions, MachineDetection};
use twilio::webhook::CallStatus;
use twilio::{Party, PhoneNumber};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::bots::bot_id;
use super::numbers::phone_number;
use super::outcome::{refusal, settled, unknown};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::country;
use crate::door::body_json;
use crate::limits::Limits;
use crate::store::{Begun, Dial, DialId, DialState, Metadata, Opened};

/// After this long, in milliseconds, an order without an answer is taken for lost: the carrier is given 8 s.
const PENDING_MS_MAX: u64 = 15_000;

/// How much longer than its own limit a call may run before the carrier ends it, in seconds.
const TIME_LIMIT_SPARE_S: u32 = 60;

/// Longest call that may be ordered, in seconds: the carrier's own limit is four hours.
const TIME_LIMIT_S_MAX: u32 = 14_400;

/// Most pairs of metadata.
const METADATA_MAX: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    to: String,
    bot: String,
    from: Option<String>,
    /// The call ends after so long, if its bot does not end it sooner.
    time_limit_s: Option<u32>,
    /// In place of the bot's own.
    machine: Option<Machine>,
    #[serde(default)]
    metadata: Metadata,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(place))
}

#[utoipa::path(post, path = "/calls", tag = "calls", security(("key" = ["calls:write"])), request_body = serde_json::Value, responses((status = 201, body = serde_json::Value)))]
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

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
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
        let time_limit_s = order.time_limit_s;
        if time_limit_s.is_some_and(|limit| !(10..=TIME_LIMIT_S_MAX).contains(&limit)) {
            let message = format!("10 to {TIME_LIMIT_S_MAX} seconds");
            return Err(Refusal::field(
                "time_limit_s",
                "time_limit_invalid",
                message,
            ));
        }
        check_metadata(&order.metadata)?;
        check_machine(order.machine.as_ref())?;
        let mut order_text = vec![order.to.clone(), order.bot.clone()];
        order_text.push(order.from.clone().unwrap_or_default());
        let rest = (time_limit_s, &order.machine, &order.metadata);
        order_text.push(serde_json::to_string(&rest).unwrap_or_default());
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
        self.may_dial(&bot, &to).await?;
        let fingerprint = fingerprint(&order_text);
        let bot = Bot {
            duration_max_s: shorter(bot.duration_max_s, time_limit_s),
            machine: order.machine.unwrap_or(bot.machine),
            ..bot
        };
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
            metadata: order.metadata,
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
        if let Some(refusal) = self.turned_away(&dial).await? {
            self.dials.settle(&dial.id, &DialState::Free).await?;
            return Err(refusal);
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
                let state = settled(&error, &refusal);
                if state != DialState::Unknown {
                    let (tenant, bot) = (&dial.bot.tenant, &dial.bot.id);
                    let seat = dial.id.to_string();
                    self.limits().leave(tenant, bot, &seat).await?;
                }
                (state, Err(refusal))
            }
        };
        if let Err(error) = self.dials.settle(&dial.id, &state).await {
            // The call's own webhooks name the order, so a repeat will find the call all the same.
            tracing::error!(code = "store_unavailable", %error, "what became of the order was not kept");
        }
        answer
    }

    /// Whether a limit leaves no room for the call; if there is room, it has its place from now on.
    async fn turned_away(&self, dial: &Dial) -> Result<Option<Refusal>, Refusal> {
        let terms = self.agreed.terms(&dial.bot.tenant).await?;
        let who = dial.id.to_string();
        let admitted = self
            .limits()
            .admit(&dial.bot, &terms, &who, dial.began_ms)
            .await?;
        Ok(admitted.err().map(Refusal::from))
    }

    pub(super) fn limits(&self) -> Limits<'_> {
        Limits {
            money: self.money.as_ref(),
            calls: self.calls.as_ref(),
            dials: self.dials.as_ref(),
        }
    }

    /// Whether the bot, its tenant and this deployment allow a number's country.
    async fn may_dial(&self, bot: &Bot, to: &PhoneNumber) -> Result<(), Refusal> {
        let terms = self.agreed.terms(&bot.tenant).await?;
        let own = &bot.limits.outbound_countries;
        let general = if own.is_empty() { &self.countries } else { own };
        let tenants = &terms.limits.outbound_countries;
        if country::is_allowed(to, general) && country::is_allowed(to, tenants) {
            return Ok(());
        }
        let where_to = country::of(to).unwrap_or_else(|| "no country".to_owned());
        Err(Refusal::field(
            "to",
            "country_not_allowed",
            format!("this number is in {where_to}, which is not among the countries allowed"),
        ))
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
        if dial.bot.machine != Machine::Continue {
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
        let opened = Opened {
            call: call.sid.into(),
            account: call.account_sid,
            bot: dial.bot.clone(),
            from: Party::Number(dial.from.clone()),
            to: Party::Number(dial.to.clone()),
            direction: Direction::Outbound,
            status: call.status,
            metadata: dial.metadata.clone(),
            seat: Some(dial.id.to_string()),
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

/// The shorter of two limits, of which 0 is none.
fn shorter(own: u32, ordered: Option<u32>) -> u32 {
    match (own, ordered) {
        (own, None) => own,
        (0, Some(ordered)) => ordered,
        (own, Some(ordered)) => own.min(ordered),
    }
}

fn check_metadata(metadata: &Metadata) -> Result<(), Refusal> {
    let fits = metadata.len() <= METADATA_MAX
        && metadata.iter().all(|(name, value)| {
            (1..=64).contains(&name.chars().count()) && value.chars().count() <= 500
        });
    let message = "at most 16 names of 1 to 64 characters, with values of at most 500";
    fits.then_some(())
        .ok_or_else(|| Refusal::field("metadata", "metadata_invalid", message))
}

fn check_machine(machine: Option<&Machine>) -> Result<(), Refusal> {
    let Some(Machine::LeaveMessage { text }) = machine else {
        return Ok(());
    };
    let fits = !text.trim().is_empty() && text.chars().count() <= 1_000;
    fits.then_some(())
        .ok_or_else(|| Refusal::field("machine.text", "text_invalid", "1 to 1000 characters"))
}

/// Tells a repeat from another order.
fn fingerprint(order: &[String]) -> String {
    format!("{:x}", Sha256::digest(order.join("\n")))
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
