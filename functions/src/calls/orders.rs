//! A call in progress: what it shall do now, and what it does.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use contract::{CallId, Do, Numbered, Order, OrderReply, Pass, TenantId};
use serde::{Deserialize, Serialize};
use twilio::webhook::CallStatus;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dial::idempotency_key;
use super::listing::after_invalid;
use super::view::call_id;
use super::{Api, body};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::{Asked, Named};
use crate::edge::EdgeError;
use crate::hook::unreachable;
use crate::store::{CallEntry, Detail, News};

/// How long a pass to watch a call is good, in seconds.
const PASS_VALID_S: u64 = 60;

/// Longest text to be said, in characters.
const SAY_CHARS_MAX: usize = 1_000;

/// Most keys at once.
const KEYS_MAX: usize = 32;

/// So long after a call's end, in milliseconds, the edge has told what it had to tell of it.
const TOLD_MS_MAX: u64 = 600_000;

/// Events on one page.
const EVENTS_MAX: usize = 1_000;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(give))
        .routes(routes!(events))
}

impl Api {
    /// A call that they may have to do with.
    pub(super) async fn own(
        &self,
        who: &Principal,
        tenant: &TenantId,
        call: &CallId,
    ) -> Result<CallEntry, Refusal> {
        let known = self.store.calls.call(call).await?;
        known
            .map(|(entry, _)| entry)
            .filter(|entry| entry.tenant.as_ref() == Some(tenant))
            .filter(|entry| who.may_see(entry.bot.as_ref()))
            .ok_or_else(|| Refusal::not_found("call"))
    }
}

fn ended() -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "call_ended", "the call is over")
}

/// Tell a call in progress what to do
///
/// Interrupt the bot, have it say something, transfer the caller, hang up, or press keys. The same `Idempotency-Key` again
/// changes nothing.
#[utoipa::path(post, path = "/calls/{sid}/orders", tag = "calls", security(("key" = ["calls:write"])),
    params(("sid" = String, Path, description = "The call's id", pattern = "^(CA|WB)[0-9a-fA-F]{32}$", example = "CA00000000000000000000000000000001"),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the order: 1 to 64 visible ASCII characters", pattern = "^[!-~]{1,64}$")),
    request_body(content = Do, example = json!({ "do": "say", "text": "One moment, please." })),
    responses((status = 200, description = "Whether it is done now, and was not before", body = OrderReply),
        (status = 409, description = "The call is over, or has not been answered yet", body = contract::ErrorBody)))]
async fn give(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(sid): Named<String>,
    request: Request,
) -> Result<Json<OrderReply>, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    let call = call_id(&sid)?;
    let id = match idempotency_key(request.headers())? {
        Some(key) if key.len() <= 64 => key,
        Some(_) => {
            let message = "the Idempotency-Key of an order has at most 64 characters";
            return Err(Refusal::field("Idempotency-Key", "key_malformed", message));
        }
        None => format!("{:032x}", u128::from_be_bytes(super::random()?)),
    };
    let order: Do = body::read(request.into_body()).await?;
    check(&order)?;
    if api.own(&who, tenant, &call).await?.is_over() {
        return Err(ended());
    }
    if let Do::Transfer { to } = &order {
        // Of a call that only its records tell of, the bot is not kept: then its tenant's list counts alone.
        let bot = api.store.calls.call(&call).await?.and_then(|(_, bot)| bot);
        let own = bot.map(|bot| bot.limits.outbound_countries);
        let own = own.unwrap_or_default();
        api.may_dial(tenant, &own, to, "to").await?;
    }
    let order = Order { id, order };
    match api.edge.order(&call, &order).await {
        Ok(reply) => Ok(Json(reply)),
        Err(EdgeError::Refused { status: 409, .. }) => Err(ended()),
        // It is known, but has not been answered yet.
        Err(EdgeError::Refused { status: 404, .. }) => Err(Refusal::new(
            StatusCode::CONFLICT,
            "call_not_begun",
            "the call has not been answered yet: try again when it is in progress",
        )),
        Err(EdgeError::Refused {
            status: 400 | 422, ..
        }) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "order_invalid",
            "the call cannot do that",
        )),
        Err(error) => Err(unreachable(&error)),
    }
}

fn check(order: &Do) -> Result<(), Refusal> {
    let words = |text: &str, field: &str| {
        let fits = (1..=SAY_CHARS_MAX).contains(&text.chars().count()) && !text.trim().is_empty();
        let message = format!("1 to {SAY_CHARS_MAX} characters");
        fits.then_some(())
            .ok_or_else(|| Refusal::field(field, "text_invalid", message))
    };
    match order {
        Do::Say { text } => words(text, "text"),
        Do::HangUp { say: Some(text) } => words(text, "say"),
        Do::SendKeys { keys } => {
            let fits = (1..=KEYS_MAX).contains(&keys.len())
                && keys.chars().all(|key| "0123456789*#w".contains(key));
            let message = "1 to 32 of 0-9, *, #, and w for half a second";
            fits.then_some(())
                .ok_or_else(|| Refusal::field("keys", "keys_invalid", message))
        }
        Do::Interrupt | Do::Transfer { .. } | Do::HangUp { say: None } => Ok(()),
        Do::Wrap | Do::Answered { .. } | Do::Pressed { .. } => Err(Refusal::field(
            "do",
            "order_unknown",
            "interrupt, say, transfer, hang_up or send_keys",
        )),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// The `next` of the page before; none: from the beginning.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
}

/// What happened in a call, as far as it is told.
#[derive(Serialize, utoipa::ToSchema)]
struct EventPage {
    call: CallId,
    /// What the edge told, in its order.
    events: Vec<Numbered>,
    /// What the carrier told, and who opened the call.
    carrier: Vec<News>,
    /// Goes into `after`; null when no more will come.
    next: Option<String>,
}

/// Follow a call
///
/// As JSON, page by page. With `Accept: text/event-stream` the answer leads to the edge, which tells what happens as it
/// happens (server-sent events); the link is good for a minute.
#[utoipa::path(get, path = "/calls/{sid}/events", tag = "calls", security(("key" = ["calls:read"])),
    params(("sid" = String, Path, description = "The call's id", pattern = "^(CA|WB)[0-9a-fA-F]{32}$", example = "CA00000000000000000000000000000001"), Since),
    responses((status = 200, description = "What happened after `after`", body = EventPage),
        (status = 307, description = "Where it is told live", headers(("Location" = String, description = "At the edge")))))]
async fn events(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(sid): Named<String>,
    Asked(since): Asked<Since>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let call = call_id(&sid)?;
    let wanted = headers.get(header::ACCEPT);
    let wanted = wanted.and_then(|value| value.to_str().ok());
    if wanted.is_some_and(|wanted| wanted.contains("text/event-stream")) {
        api.own(&who, tenant, &call).await?;
        return Ok(api.live(call).await);
    }
    let after = match since.after.as_deref().map(str::parse::<u64>) {
        None => 0,
        Some(Ok(after)) => after,
        Some(Err(_)) => return Err(after_invalid()),
    };
    let detail = api.store.calls.detail(tenant, &call).await?;
    let detail = detail
        .filter(|detail| who.may_see(detail.entry.bot.as_ref()))
        .ok_or_else(|| Refusal::not_found("call"))?;
    Ok(Json(told(detail, after, (api.clock)())).into_response())
}

impl Api {
    /// Where a call is told of while it happens: the edge can keep a connection open, a function cannot.
    async fn live(&self, call: CallId) -> Response {
        let pass = Pass {
            call,
            expires_s: (self.clock)() / 1_000 + PASS_VALID_S,
        };
        let pass = pass.seal(&self.keyring.recent().await.edge);
        let url = self
            .edge_url
            .at(&format!("/calls/{call}/events?pass={pass}"));
        let headers = [
            (header::LOCATION, url),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (StatusCode::TEMPORARY_REDIRECT, headers).into_response()
    }
}

/// Everything that the edge told, in its order; `next` is there as long as more may come.
fn told(detail: Detail, after: u64, now_ms: u64) -> EventPage {
    let over = detail.entry.filed || is_nothing_to_come(&detail, now_ms);
    let later = detail.records.into_iter();
    let later = later.filter(|numbered| numbered.number > after);
    let events: Vec<Numbered> = later.take(EVENTS_MAX).collect();
    let last = events.last().map_or(after, |numbered| numbered.number);
    let over = over && last >= detail.entry.records;
    EventPage {
        call: detail.entry.call,
        events,
        carrier: detail.news,
        next: (!over).then(|| last.to_string()),
    }
}

/// Whether the edge never had the call: nobody answered, or no bot did; or it has long been over and not a word was told.
fn is_nothing_to_come(detail: &Detail, now_ms: u64) -> bool {
    let entry = &detail.entry;
    let last_ms = detail.news.iter().map(|news| news.at_ms).max();
    let silent_ms = now_ms.saturating_sub(last_ms.unwrap_or(entry.began_ms));
    entry.records == 0
        && entry.status.is_some_and(CallStatus::is_final)
        && (entry.is_complete() || silent_ms > TOLD_MS_MAX)
}
