//! What a month's calls used, cost and are paid for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use contract::{BotId, Cost};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::clock::Month;
use crate::door::{Asked, Named};
use crate::shown::Costs;
use crate::store::{Charge, Meter, Paid};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(usage))
        .routes(routes!(statement))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// None: as `Accept` wants it, else JSON.
    #[param(value_type = Option<Format>, inline)]
    format: Option<String>,
}

/// How a month is written.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "says what a text may be")]
enum Format {
    Json,
    Csv,
}

impl How {
    fn is_csv(&self, headers: &HeaderMap) -> Result<bool, Refusal> {
        let accepted = headers.get(header::ACCEPT);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        match self.format.as_deref() {
            None => Ok(accepted.is_some_and(|accepted| accepted.contains("text/csv"))),
            Some("csv") => Ok(true),
            Some("json") => Ok(false),
            Some(_) => Err(Refusal::field("format", "format_invalid", "json or csv")),
        }
    }
}

type Meters = BTreeMap<BotId, Meter>;

impl Api {
    async fn meters(&self, who: &Principal, month: &str) -> Result<(Month, Meters), Refusal> {
        let tenant = who.tenant(Scope::UsageRead)?;
        let month = Month::parse(month)
            .ok_or_else(|| Refusal::field("month", "month_malformed", "a month such as 2026-11"))?;
        let mut meters = self.store.money.month(tenant, month).await?;
        meters.retain(|bot, _| who.may_see(Some(bot)));
        Ok((month, meters))
    }
}

/// The month of all bots together.
fn together(meters: &Meters) -> Meter {
    let mut total = Meter::default();
    for meter in meters.values() {
        total.add(meter);
    }
    total
}

/// What the calls that ended in a month used, cost and are paid for.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Meter)]
struct Metered {
    /// How many ended.
    calls: u64,
    /// Time with a stream or socket open, in milliseconds.
    line_ms: u64,
    /// Time through the carrier, in milliseconds: with a stream, and of callers who were put through also without.
    carrier_ms: u64,
    /// What it cost; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
    /// What the tenant pays.
    price: Charge,
    /// What is left of the price; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_micro_dollars: Option<i64>,
}

impl Metered {
    fn of(meter: Meter, costs: Costs) -> Self {
        Self {
            calls: meter.calls,
            line_ms: meter.line_ms,
            carrier_ms: meter.carrier_ms,
            margin_micro_dollars: costs.of(meter.margin_micro_dollars()),
            cost: costs.of(meter.cost),
            price: meter.price,
        }
    }
}

/// What one bot's calls of a month used, cost and are paid for.
#[derive(Serialize, utoipa::ToSchema)]
struct BotUsage {
    /// Whose calls.
    bot: BotId,
    #[serde(flatten)]
    meter: Metered,
}

/// What all calls that ended in a month used, cost and are paid for.
#[derive(Serialize, utoipa::ToSchema)]
struct MonthUsage {
    /// In UTC: `2026-11`.
    month: String,
    #[serde(flatten)]
    total: Metered,
    /// The total of `cost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_micro_dollars: Option<u64>,
    /// The total of `price`.
    price_micro_dollars: u64,
    /// The same by bot.
    bots: Vec<BotUsage>,
}

/// Read a month's usage
///
/// By bot, with each item of what is paid for its calls, and with the scope `costs:read` of what they cost: JSON, or CSV with
/// one line for each.
#[utoipa::path(get, path = "/usage/{month}", tag = "usage", security(("key" = ["usage:read"])),
    params(("month" = String, Path, description = "A month in UTC", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-11"), How),
    responses((status = 200, description = "The month", content((MonthUsage = "application/json"), (String = "text/csv")))))]
async fn usage(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(month): Named<String>,
    Asked(how): Asked<How>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (month, meters) = api.meters(&who, &month).await?;
    let costs = Costs::from(&who);
    if how.is_csv(&headers)? {
        return Ok(csv("usage", month, &usage_csv(&meters, costs)));
    }
    let total = together(&meters);
    let bots = meters.into_iter().map(|(bot, meter)| BotUsage {
        bot,
        meter: Metered::of(meter, costs),
    });
    Ok(Json(MonthUsage {
        month: month.to_string(),
        cost_micro_dollars: costs.of(total.cost.total_micro_dollars),
        price_micro_dollars: total.price.total_micro_dollars,
        total: Metered::of(total, costs),
        bots: bots.collect(),
    })
    .into_response())
}

/// One line for each bot and what its calls cost, if that is shown, then one for each thing that is paid for them.
fn usage_csv(meters: &Meters, costs: Costs) -> String {
    let mut lines = String::from("bot,of,item,provider,model,quantity,micro_dollars\r\n");
    // Writing to memory cannot fail.
    for (bot, meter) in meters {
        for item in costs.of(&meter.cost.items).into_iter().flatten() {
            let (what, quantity) = (word(&item.dimension), item.quantity);
            let (provider, model) = (cell(&item.provider), cell(&item.model));
            let amount = item.micro_dollars;
            let _ = write!(
                lines,
                "{bot},cost,{what},{provider},{model},{quantity},{amount}\r\n"
            );
        }
        for item in &meter.price.items {
            let (what, quantity, amount) = (word(&item.paid), item.quantity, item.micro_dollars);
            let _ = write!(lines, "{bot},price,{what},,,{quantity},{amount}\r\n");
        }
    }
    lines
}

/// One line of a statement.
#[derive(Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
struct Line {
    bot: BotId,
    paid: Paid,
    quantity: u64,
    unit_micro_dollars: u64,
    micro_dollars: u64,
}

/// What a tenant owes for a month: the lines, and what they add up to.
fn lines(meters: &Meters) -> (Vec<Line>, u64) {
    let of_bot = |(bot, meter): (&BotId, &Meter)| {
        let items = meter.price.items.clone();
        let bot = bot.clone();
        items.into_iter().map(move |item| Line {
            bot: bot.clone(),
            paid: item.paid,
            quantity: item.quantity,
            unit_micro_dollars: item.unit_micro_dollars,
            micro_dollars: item.micro_dollars,
        })
    };
    let lines: Vec<Line> = meters.iter().flat_map(of_bot).collect();
    let total = lines.iter().map(|line| line.micro_dollars).sum();
    (lines, total)
}

/// What a tenant owes for a month.
#[derive(Serialize, utoipa::ToSchema)]
struct Statement {
    /// In UTC: `2026-11`.
    month: String,
    /// What for.
    lines: Vec<Line>,
    /// The sum of the lines, to the micro-dollar.
    total_micro_dollars: u64,
}

/// Read a month's statement
///
/// What is owed: lines that add up to their total, as JSON or CSV.
#[utoipa::path(get, path = "/statements/{month}", tag = "usage", security(("key" = ["usage:read"])),
    params(("month" = String, Path, description = "A month in UTC", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-11"), How),
    responses((status = 200, description = "The month", content((Statement = "application/json"), (String = "text/csv")))))]
async fn statement(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(month): Named<String>,
    Asked(how): Asked<How>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (month, meters) = api.meters(&who, &month).await?;
    let (lines, total) = lines(&meters);
    if how.is_csv(&headers)? {
        let mut text = String::from("bot,paid,quantity,unit_micro_dollars,micro_dollars\r\n");
        for line in &lines {
            let paid = word(&line.paid);
            let (quantity, unit) = (line.quantity, line.unit_micro_dollars);
            let _ = write!(
                text,
                "{},{paid},{quantity},{unit},{}\r\n",
                line.bot, line.micro_dollars
            );
        }
        let _ = write!(text, "total,,,,{total}\r\n");
        return Ok(csv("statement", month, &text));
    }
    Ok(Json(Statement {
        month: month.to_string(),
        lines,
        total_micro_dollars: total,
    })
    .into_response())
}

fn csv(what: &str, month: Month, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{what}-{month}.csv\""),
        ),
    ];
    (headers, text.to_owned()).into_response()
}

fn word<T: Serialize>(value: &T) -> String {
    let word = serde_json::to_value(value).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

/// A text as RFC 4180 writes it; one that a spreadsheet would take for a formula is kept from being one.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Counts, Receipt};
    use contract::Pricing;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_lines_of_a_statement_add_up_to_the_prices_of_its_calls(
            calls in proptest::collection::vec((0..3_usize, 0..900_000_u64, 0..5_u64, 0..5_u64, 0..3_u32), 0..40)
        ) {
            let mut counts: BTreeMap<BotId, Counts> = BTreeMap::new();
            let mut owed = 0;
            for (bot, duration_ms, per_call, per_minute, included_minutes) in calls {
                let pricing = Pricing {
                    per_call_micro_dollars: per_call * 33_333,
                    per_minute_micro_dollars: per_minute * 77_777,
                    included_minutes,
                };
                owed += pricing.of(duration_ms);
                let receipt = Receipt {
                    price: Charge::of(&pricing, duration_ms),
                    ..Receipt::default()
                };
                let bot = BotId::new(["a", "b", "c"][bot]).unwrap();
                let counts = counts.entry(bot).or_default();
                for (name, amount) in Meter::counts(&receipt, 1) {
                    *counts.entry(name).or_default() += amount;
                }
            }
            let meters: Meters = counts
                .into_iter()
                .map(|(bot, counts)| (bot, Meter::of(&counts)))
                .collect();
            let (lines, total) = lines(&meters);
            prop_assert_eq!(total, owed);
            prop_assert_eq!(together(&meters).price.total_micro_dollars, owed);
            for line in lines {
                prop_assert_eq!(line.micro_dollars, line.quantity * line.unit_micro_dollars);
            }
        }
    }

    #[test]
    fn a_cell_is_never_a_formula_and_never_two_cells() {
        for (text, written) in [
            ("luna", "luna"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
