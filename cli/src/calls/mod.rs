//! `callbox call` and `callbox calls`.

mod place;
mod show;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::numbers::text;
use crate::out::{Out, Paint};
use crate::settings::Settings;
use crate::time::{dollars, local_ms, minutes};

pub(crate) use place::{CallArgs, place};

/// Most calls of one page of the API.
const PAGE_MAX: usize = 100;

/// The options of `calls`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct CallsArgs {
    #[command(subcommand)]
    command: Option<Calls>,
    /// Of this bot only.
    #[arg(long, value_name = "ID")]
    bot: Option<String>,
    /// In this state only: queued, ringing, in-progress, completed, busy, no-answer, failed, canceled.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Those that came in, or those that were placed.
    #[arg(long, value_name = "DIRECTION", value_parser = ["inbound", "outbound"])]
    direction: Option<String>,
    /// Begun then or later: a day (UTC) such as 2026-11-21, or a moment such as 2026-11-21T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Begun before that day or moment.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Those after the `next` of an earlier list.
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum Calls {
    /// Show one call: what was said, what happened, what it cost.
    Show {
        /// The call's id, from the list.
        id: String,
    },
}

/// Lists calls, or shows one.
pub(crate) async fn calls(
    arguments: &CallsArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let api = Api::of(settings)?;
    match &arguments.command {
        Some(Calls::Show { id }) => show::show(&api, id, out).await,
        None => list(&api, arguments, out).await,
    }
}

async fn list(api: &Api, arguments: &CallsArgs, out: Out) -> Result<(), Failure> {
    let limit = usize::try_from(arguments.limit).unwrap_or(PAGE_MAX);
    let mut calls: Vec<Value> = Vec::new();
    let mut after = arguments.after.clone();
    while calls.len() < limit {
        let mut path = format!("/calls?limit={}", (limit - calls.len()).min(PAGE_MAX));
        for (name, value) in [
            ("bot", &arguments.bot),
            ("status", &arguments.status),
            ("direction", &arguments.direction),
            ("from", &arguments.since),
            ("to", &arguments.until),
            ("after", &after),
        ] {
            if let Some(value) = value {
                path = format!("{path}&{name}={}", encoded(value));
            }
        }
        let page = api.get(&path).await?;
        let some = page
            .get("calls")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        // A page may be empty though there are more: the API looks at so many calls at once.
        calls.extend(some);
        after = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    out.json(&json!({ "calls": calls, "next": after }));
    if calls.is_empty() {
        out.line("no calls");
        return Ok(());
    }
    let mut head = vec![
        "call",
        "began",
        "direction",
        "from",
        "to",
        "bot",
        "status",
        "length",
        "price",
    ];
    // The API tells it to those who may see costs.
    let costs = calls.iter().any(|call| call.get(SPENT).is_some());
    if costs {
        head.push("cost");
    }
    let rows = calls.iter().map(|call| row(call, costs, out));
    out.table(&head, rows.collect());
    if after.is_some() {
        let limit = arguments.limit.saturating_mul(2);
        out.progress(&format!("there are more: --limit {limit}"));
    }
    Ok(())
}

/// What a call has cost so far: every call has it, where costs are shown.
const SPENT: &str = "spent_micro_dollars";

fn row(call: &Value, costs: bool, out: Out) -> Vec<String> {
    let amount = |name: &str| {
        let amount = call.get(name).and_then(Value::as_u64);
        amount.map(dollars).unwrap_or_default()
    };
    let duration = call
        .get("ended")
        .and_then(|ended| ended.get("duration_ms"))
        .and_then(Value::as_u64);
    let mut row = vec![
        text(call, "call"),
        call.get("began_ms")
            .and_then(Value::as_i64)
            .map(local_ms)
            .unwrap_or_default(),
        text(call, "direction"),
        text(call, "from"),
        text(call, "to"),
        text(call, "bot"),
        status(call, out),
        duration.map(minutes).unwrap_or_default(),
        amount("price_micro_dollars"),
    ];
    if costs {
        row.push(amount("cost_micro_dollars"));
    }
    row
}

fn status(call: &Value, out: Out) -> String {
    let status = text(call, "status");
    let paint = match status.as_str() {
        "completed" => Paint::Faint,
        "failed" => Paint::Bad,
        "busy" | "no-answer" | "canceled" => Paint::Warn,
        _ => Paint::Strong,
    };
    out.paint(paint, &status)
}
