//! What became of calls, and what they cost.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use contract::CallId;
use contract::{Event, Numbered, Record, Turn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twilio::webhook::CallStatus;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::bots::bot_id;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::clock::Month;
use crate::store::{CallEntry, Detail, Filter};

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// Where recordings are, and nothing else: a key that points elsewhere is not signed.
const RECORDINGS: &str = "recordings/";

#[derive(Deserialize)]
pub(super) struct Which {
    limit: Option<String>,
    after: Option<String>,
    bot: Option<String>,
    status: Option<String>,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(detail))
        .routes(routes!(usage))
}

#[derive(Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    entry: CallEntry,
    complete: bool,
}

impl From<CallEntry> for Row {
    fn from(entry: CallEntry) -> Self {
        Self {
            complete: entry.is_complete(),
            entry,
        }
    }
}

#[utoipa::path(get, path = "/calls", tag = "calls", responses((status = 200, body = Value)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let limit = match which.limit.as_deref().map(str::parse::<usize>) {
        None => LIMIT_DEFAULT,
        Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
        Some(_) => return Err(Refusal::field("limit", "limit_invalid", "1 to 100")),
    };
    let after = which.after.as_deref();
    if !after.is_none_or(is_sort_key) {
        return Err(Refusal::field(
            "after",
            "after_invalid",
            "give the next of the page before, as it was",
        ));
    }
    let filter = match (which.bot, which.status) {
        (None, None) => Filter::All,
        (Some(bot), None) => Filter::Bot(bot_id(&bot, "bot")?),
        (None, Some(status)) => Filter::Status(
            status
                .parse::<CallStatus>()
                .map_err(|error| Refusal::field("status", "status_invalid", error.to_string()))?,
        ),
        (Some(_), Some(_)) => {
            return Err(Refusal::field(
                "status",
                "one_filter",
                "filter by bot or by status",
            ));
        }
    };
    let page = api.calls.list(tenant, &filter, limit, after).await?;
    let calls: Vec<Row> = page.calls.into_iter().map(Row::from).collect();
    Ok(Json(json!({ "calls": calls, "next": page.next })))
}

fn is_sort_key(text: &str) -> bool {
    text.split_once('#').is_some_and(|(time, call)| {
        time.len() == 14
            && time.bytes().all(|byte| byte.is_ascii_digit())
            && call.parse::<CallId>().is_ok()
    })
}

#[derive(Serialize)]
struct Told<'a, T> {
    number: u64,
    at_ms: u64,
    #[serde(flatten)]
    what: &'a T,
}

#[derive(Serialize)]
struct Happened<'a> {
    number: u64,
    at_ms: u64,
    name: &'a str,
    detail: &'a str,
    /// Since the call was opened.
    call_ms: u64,
}

#[utoipa::path(get, path = "/calls/{sid}", tag = "calls", responses((status = 200, body = Value)), params(("sid" = String, Path)))]
async fn detail(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(sid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    let call: CallId = sid.parse().map_err(|error: contract::BadCallId| {
        Refusal::field("sid", "sid_malformed", error.to_string())
    })?;
    let detail = api
        .calls
        .detail(tenant, &call)
        .await?
        .ok_or_else(|| Refusal::not_found("call"))?;
    let recording = match detail
        .file("recording")
        .filter(|key| key.starts_with(RECORDINGS))
    {
        Some(key) => Some(json!({ "key": key, "url": api.files.download(key).await? })),
        None => None,
    };
    Ok(Json(shown(detail, recording.as_ref())))
}

fn shown(detail: Detail, recording: Option<&Value>) -> Value {
    let turns: Vec<Told<'_, Turn>> = detail.records.iter().filter_map(turn).collect();
    let events: Vec<Happened<'_>> = detail.records.iter().filter_map(event).collect();
    let files: Vec<&Record> = detail
        .records
        .iter()
        .map(|numbered| &numbered.record)
        .filter(|record| matches!(record, Record::Stored { .. }))
        .collect();
    let streams = detail
        .records
        .iter()
        .filter(|numbered| matches!(numbered.record, Record::Connected { .. }))
        .count();
    let usage = detail.receipt.as_ref().map(|receipt| &receipt.usage);
    let cost = detail.receipt.as_ref().map(|receipt| &receipt.cost);
    let mut shown = json!({
        "turns": turns,
        "events": events,
        "carrier": detail.news,
        "streams": streams,
        "files": files,
        "usage": usage,
        "cost": cost,
        "recording": recording,
    });
    let row = serde_json::to_value(Row::from(detail.entry)).unwrap_or_default();
    if let (Some(shown), Value::Object(row)) = (shown.as_object_mut(), row) {
        shown.extend(row);
    }
    shown
}

fn turn(numbered: &Numbered) -> Option<Told<'_, Turn>> {
    match &numbered.record {
        Record::Turn(turn) => Some(Told {
            number: numbered.number,
            at_ms: numbered.at_ms,
            what: turn,
        }),
        Record::Connected { .. }
        | Record::Event(_)
        | Record::Ended { .. }
        | Record::Summary { .. }
        | Record::Stored { .. }
        | Record::Filed => None,
    }
}

fn event(numbered: &Numbered) -> Option<Happened<'_>> {
    match &numbered.record {
        Record::Event(Event {
            name,
            detail,
            at_ms,
        }) => Some(Happened {
            number: numbered.number,
            at_ms: numbered.at_ms,
            name,
            detail,
            call_ms: *at_ms,
        }),
        Record::Connected { .. }
        | Record::Turn(_)
        | Record::Ended { .. }
        | Record::Summary { .. }
        | Record::Stored { .. }
        | Record::Filed => None,
    }
}

#[utoipa::path(get, path = "/usage/{month}", tag = "usage", responses((status = 200, body = Value)), params(("month" = String, Path)))]
async fn usage(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(month): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let tenant = who.tenant(Scope::UsageRead)?;
    let month = Month::parse(&month)
        .ok_or_else(|| Refusal::field("month", "month_malformed", "a month such as 2026-11"))?;
    let meter = api.calls.meter(tenant, month).await?;
    Ok(Json(json!({
        "month": month.to_string(),
        "calls": meter.calls,
        "line_ms": meter.line_ms,
        "micro_dollars": meter.micro_dollars,
    })))
}
