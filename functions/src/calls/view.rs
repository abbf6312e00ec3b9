//! What became of calls.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use contract::{CallId, Direction};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use twilio::webhook::CallStatus;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::bots::bot_id;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::body_json;
use crate::shown::{self, Row, Whole};
use crate::store::Filter;

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 10_000;

#[derive(Deserialize)]
struct Which {
    limit: Option<String>,
    after: Option<String>,
    bot: Option<String>,
    status: Option<String>,
    direction: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(detail))
        .routes(routes!(annotate))
}

#[utoipa::path(get, path = "/calls", tag = "calls", security(("key" = ["calls:read"])), responses((status = 200, body = Value)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let limit = limit(which.limit.as_deref())?;
    let after = which.after.as_deref();
    let is_place = |place: &str| place.parse::<CallId>().is_ok();
    if !after.is_none_or(|after| is_sort_key(after, is_place)) {
        return Err(after_invalid());
    }
    let mut filter = filter(&which)?;
    if let Some(only) = who.bot() {
        if filter.bot.as_ref().is_some_and(|bot| bot != only) {
            return Ok(Json(json!({ "calls": [], "next": null })));
        }
        filter.bot = Some(only.clone());
    }
    let page = api.calls.list(tenant, &filter, limit, after).await?;
    let calls: Vec<Row> = page.calls.into_iter().map(Row::from).collect();
    Ok(Json(json!({ "calls": calls, "next": page.next })))
}

/// How many a page has.
pub(super) fn limit(text: Option<&str>) -> Result<usize, Refusal> {
    match text.map(str::parse::<usize>) {
        None => Ok(LIMIT_DEFAULT),
        Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Refusal::field("limit", "limit_invalid", "1 to 100")),
    }
}

/// A cursor that none of our pages gave.
pub(super) fn after_invalid() -> Refusal {
    let message = "give the next of the page before, as it was";
    Refusal::field("after", "after_invalid", message)
}

/// Whether a text is a time and what stands there.
pub(super) fn is_sort_key(text: &str, is_place: impl Fn(&str) -> bool) -> bool {
    text.split_once('#').is_some_and(|(time, place)| {
        time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit()) && is_place(place)
    })
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
    let moment = |text: &Option<String>, field: &str| {
        text.as_deref()
            .map(|text| moment_ms(text, field))
            .transpose()
    };
    Ok(Filter {
        bot: bot.transpose()?,
        status: status.transpose()?,
        direction,
        from_ms: moment(&which.from, "from")?,
        to_ms: moment(&which.to, "to")?,
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

#[utoipa::path(get, path = "/calls/{sid}", tag = "calls", security(("key" = ["calls:read"])), responses((status = 200, body = Value)), params(("sid" = String, Path)))]
async fn detail(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(sid): Path<String>,
) -> Result<Json<Whole>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let call = call_id(&sid)?;
    let detail = api.calls.detail(tenant, &call).await?;
    let detail = detail
        .filter(|detail| who.may_see(detail.entry.bot.as_ref()))
        .ok_or_else(|| Refusal::not_found("call"))?;
    let recording = shown::recording(&detail, api.files.as_ref()).await?;
    Ok(Json(Whole::of(detail, recording)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotation {
    note: String,
}

#[utoipa::path(put, path = "/calls/{sid}/note", tag = "calls", security(("key" = ["calls:write"])), request_body = Value, responses((status = 200, body = Value)), params(("sid" = String, Path)))]
async fn annotate(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(sid): Path<String>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    let call = call_id(&sid)?;
    let Annotation { note } = body_json(request.into_body()).await?;
    if note.chars().count() > NOTE_CHARS_MAX {
        let message = format!("at most {NOTE_CHARS_MAX} characters");
        return Err(Refusal::field("note", "note_too_long", message));
    }
    api.own(&who, tenant, &call).await?;
    if !api.calls.annotate(tenant, &call, &note).await? {
        return Err(Refusal::not_found("call"));
    }
    Ok(Json(json!({ "call": call, "note": note })))
}
