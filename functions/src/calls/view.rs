//! What became of calls.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use contract::{CallId, Direction};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use twilio::webhook::CallStatus;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::bot_id;
use super::listing::{Pages, moment};
use super::{Api, body};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::{AskedBoth, Named};
use crate::shown::{Costs, Row, Whole};
use crate::store::Filter;
use crate::words;

/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 10_000;

/// Which calls: those of which all that is asked is true.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of this bot.
    #[param(pattern = "^[a-z0-9-]{1,64}$")]
    bot: Option<String>,
    /// Of this status.
    #[param(schema_with = words::call_status)]
    status: Option<String>,
    /// Of this direction.
    #[param(value_type = Option<Direction>)]
    direction: Option<String>,
    /// Begun then or later: a day (UTC) or a moment.
    #[param(example = "2026-11-21")]
    from: Option<String>,
    /// Begun before.
    #[param(example = "2026-11-21T09:30:00Z")]
    to: Option<String>,
}

/// A page of calls.
#[derive(Serialize, utoipa::ToSchema)]
struct Calls {
    calls: Vec<Row>,
    /// Goes into `after` for the next page; null on the last.
    next: Option<String>,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(detail))
        .routes(routes!(annotate))
}

/// List calls
///
/// Newest first. A page may be short, or empty, though there are more: as long as there is a `next`.
#[utoipa::path(get, path = "/calls", tag = "calls", params(Pages, Which), security(("key" = ["calls:read"])),
    responses((status = 200, description = "A page of them", body = Calls)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    AskedBoth(pages, which): AskedBoth<Pages, Which>,
) -> Result<Json<Calls>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let limit = pages.limit()?;
    let after = pages.after(|text| moment(text, |place| place.parse::<CallId>().is_ok()))?;
    let mut filter = filter(&which)?;
    if let Some(only) = who.bot() {
        if filter.bot.as_ref().is_some_and(|bot| bot != only) {
            return Ok(Json(Calls {
                calls: Vec::new(),
                next: None,
            }));
        }
        filter.bot = Some(only.clone());
    }
    let page = api
        .store
        .calls
        .list(tenant, &filter, limit, after.as_deref())
        .await?;
    let costs = Costs::from(&who);
    let rows = page.calls.into_iter().map(|entry| Row::of(entry, costs));
    Ok(Json(Calls {
        calls: rows.collect(),
        next: page.next,
    }))
}

fn filter(which: &Which) -> Result<Filter, Refusal> {
    let status = which.status.as_deref().map(|status| {
        status
            .parse::<CallStatus>()
            .map_err(|error| Refusal::field("status", "status_invalid", error.to_string()))
    });
    let direction = match which.direction.as_deref() {
        None => None,
        Some("inbound") => Some(Direction::Inbound),
        Some("outbound") => Some(Direction::Outbound),
        Some(_) => {
            let message = "inbound or outbound";
            return Err(Refusal::field("direction", "direction_invalid", message));
        }
    };
    let bot = which.bot.as_deref().map(|bot| bot_id(bot, "bot"));
    let at = |text: &Option<String>, field: &str| {
        text.as_deref()
            .map(|text| moment_ms(text, field))
            .transpose()
    };
    Ok(Filter {
        bot: bot.transpose()?,
        status: status.transpose()?,
        direction,
        from_ms: at(&which.from, "from")?,
        to_ms: at(&which.to, "to")?,
    })
}

/// A moment, or the beginning of a day in UTC.
fn moment_ms(text: &str, field: &str) -> Result<u64, Refusal> {
    let day = || {
        let midnight = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(midnight.timestamp())
    };
    let moment = text.parse::<Timestamp>().ok().or_else(day);
    moment
        .and_then(|moment| u64::try_from(moment.as_millisecond()).ok())
        .ok_or_else(|| {
            let message =
                "a day such as 2026-11-21 (UTC), or a moment such as 2026-11-21T09:30:00Z";
            Refusal::field(field, "time_malformed", message)
        })
}

/// Reads a call's id.
pub(super) fn call_id(text: &str) -> Result<CallId, Refusal> {
    text.parse().map_err(|error: contract::BadCallId| {
        Refusal::field("sid", "sid_malformed", error.to_string())
    })
}

/// Read a call
///
/// With its turns, events, latency, usage and price, and with the scope `costs:read` its cost too. The links to recording and tape are good for some minutes.
#[utoipa::path(get, path = "/calls/{sid}", tag = "calls", security(("key" = ["calls:read"])),
    params(("sid" = String, Path, description = "The call's id", pattern = "^(CA|WB)[0-9a-fA-F]{32}$", example = "CA00000000000000000000000000000001")),
    responses((status = 200, description = "All that is known of it", body = Whole)))]
async fn detail(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(sid): Named<String>,
) -> Result<Json<Whole>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let call = call_id(&sid)?;
    let detail = api.store.calls.detail(tenant, &call).await?;
    let detail = detail
        .filter(|detail| who.may_see(detail.entry.bot.as_ref()))
        .ok_or_else(|| Refusal::not_found("call"))?;
    let whole = Whole::of(detail, api.files.as_ref(), Costs::from(&who)).await?;
    Ok(Json(whole))
}

/// What people have to say about a call.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "note": "Wants to be called back on Monday." }))]
struct Annotation {
    /// At most 10000 characters; empty: there is none any more.
    #[schema(max_length = 10_000)]
    note: String,
}

/// A call and its note.
#[derive(Serialize, utoipa::ToSchema)]
struct Annotated {
    call: CallId,
    note: String,
}

/// Write a note on a call
#[utoipa::path(put, path = "/calls/{sid}/note", tag = "calls", request_body = Annotation, security(("key" = ["calls:write"])),
    params(("sid" = String, Path, description = "The call's id", pattern = "^(CA|WB)[0-9a-fA-F]{32}$", example = "CA00000000000000000000000000000001")),
    responses((status = 200, description = "As it is now", body = Annotated)))]
async fn annotate(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(sid): Named<String>,
    request: Request,
) -> Result<Json<Annotated>, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    let call = call_id(&sid)?;
    let Annotation { note } = body::read(request.into_body()).await?;
    if note.chars().count() > NOTE_CHARS_MAX {
        let message = format!("at most {NOTE_CHARS_MAX} characters");
        return Err(Refusal::field("note", "note_too_long", message));
    }
    api.own(&who, tenant, &call).await?;
    if !api.store.calls.annotate(tenant, &call, &note).await? {
        return Err(Refusal::not_found("call"));
    }
    Ok(Json(Annotated { call, note }))
}
