//! The numbers that bots answer: each exactly one bot's.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::BotId;
use serde::{Deserialize, Serialize};
use twilio::PhoneNumber;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::{bot_id, unknown};
use super::listing::{Pages, page};
use super::{Api, body};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::Named;
use crate::store::{Assigned, Claim};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, delete))
}

/// Who shall answer.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "bot": "mesa-verde" }))]
struct Assignment {
    /// The bot's id.
    bot: String,
}

/// A number, and who answers it.
#[derive(Serialize, utoipa::ToSchema)]
struct Number {
    /// In E.164: `+15005550006`.
    #[schema(value_type = String)]
    number: PhoneNumber,
    /// The bot.
    bot: BotId,
}

/// A page of numbers.
#[derive(Serialize, utoipa::ToSchema)]
struct Numbers {
    numbers: Vec<Number>,
    /// Goes into `after` for the next page; null on the last.
    next: Option<String>,
}

pub(super) fn phone_number(text: &str, field: &str) -> Result<PhoneNumber, Refusal> {
    text.parse().map_err(|error: twilio::ids::BadPhoneNumber| {
        Refusal::field(field, "number_malformed", error.to_string())
    })
}

/// A number that no bot of the tenant's answers is for those who may take numbers.
pub(super) fn not_theirs(field: &str, what: &str) -> Refusal {
    let scope = Scope::NumbersWrite;
    let message = format!(
        "no bot answers this number: {what} needs a key with the scope {scope}, or one of the tenant's own numbers"
    );
    Refusal {
        status: StatusCode::FORBIDDEN,
        ..Refusal::field(field, "scope_missing", message)
    }
}

/// List numbers
#[utoipa::path(get, path = "/numbers", tag = "numbers", params(Pages), security(("key" = ["bots:read"])),
    responses((status = 200, description = "A page of them, by bot and number", body = Numbers)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    pages: Pages,
) -> Result<Json<Numbers>, Refusal> {
    let tenant = who.tenant(Scope::BotsRead)?;
    let limit = pages.limit()?;
    let after = pages.after(|text| {
        let (bot, number) = text.split_once('#')?;
        Some((BotId::new(bot)?, number.parse().ok()?))
    })?;
    let after = after.as_ref().map(|(bot, number)| (bot, number));
    let found = api.store.bots.numbers(tenant, limit + 1, after).await?;
    let found = found
        .into_iter()
        .map(|(bot, number)| Number { number, bot });
    let (numbers, next) = page(found.collect(), limit, |last: &Number| {
        format!("{}#{}", last.bot, last.number)
    });
    Ok(Json(Numbers { numbers, next }))
}

/// Read a number
#[utoipa::path(get, path = "/numbers/{number}", tag = "numbers", security(("key" = ["bots:read"])),
    params(("number" = String, Path, description = "In E.164", example = "+15005550006")),
    responses((status = 200, description = "Who answers it", body = Number)))]
async fn get(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(number): Named<String>,
) -> Result<Json<Number>, Refusal> {
    let tenant = who.tenant(Scope::BotsRead)?;
    let number = phone_number(&number, "number")?;
    let known = api.store.bots.bot_of(&number).await?;
    let (_, bot) = known
        .filter(|(owner, _)| owner == tenant)
        .ok_or_else(|| Refusal::not_found("number"))?;
    Ok(Json(Number { number, bot }))
}

/// Let a bot answer a number
///
/// From now on it alone answers it; calls in progress go on as they are. A number that the tenant does not have yet is taken,
/// which needs the scope `numbers:write` too.
#[utoipa::path(put, path = "/numbers/{number}", tag = "numbers", request_body = Assignment, security(("key" = ["bots:write"])),
    params(("number" = String, Path, description = "In E.164", example = "+15005550006")),
    responses((status = 200, description = "Who answers it now", body = Number), (status = 409, description = "It is another tenant's", body = contract::ErrorBody)))]
async fn put(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(number): Named<String>,
    request: Request,
) -> Result<Json<Number>, Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    let number = phone_number(&number, "number")?;
    let assignment: Assignment = body::read(request.into_body()).await?;
    let bot = bot_id(&assignment.bot, "bot")?;
    let claim = match who.tenant(Scope::NumbersWrite) {
        Ok(_) => Claim::Free,
        Err(_) => Claim::Own,
    };
    let bots = &api.store.bots;
    let assigned = bots.assign(&number, tenant, &bot, claim, (api.clock)());
    match assigned.await? {
        Assigned::Done => Ok(Json(Number { number, bot })),
        Assigned::NoBot => Err(unknown("bot")),
        Assigned::Unclaimed => Err(not_theirs("number", "taking it")),
        Assigned::Taken => Err(Refusal::new(
            StatusCode::CONFLICT,
            "number_taken",
            "this number is another tenant's: ask the operator",
        )),
    }
}

/// Let nobody answer a number
///
/// From then on it is nobody's, and other tenants may take it.
#[utoipa::path(delete, path = "/numbers/{number}", tag = "numbers", security(("key" = ["numbers:write"])),
    params(("number" = String, Path, description = "In E.164", example = "+15005550006")),
    responses((status = 204, description = "Nobody answers it")))]
async fn delete(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(number): Named<String>,
) -> Result<StatusCode, Refusal> {
    let tenant = who.tenant(Scope::NumbersWrite)?;
    let number = phone_number(&number, "number")?;
    if !api.store.bots.release(&number, tenant).await? {
        return Err(Refusal::not_found("number"));
    }
    Ok(StatusCode::NO_CONTENT)
}
