//! The numbers that bots answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use contract::BotId;
use serde::{Deserialize, Serialize};
use twilio::PhoneNumber;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::bots::bot_id;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::body_json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assignment {
    bot: String,
}

#[derive(Serialize)]
struct Number {
    number: PhoneNumber,
    bot: BotId,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(put_number, get_number))
}

pub(super) fn phone_number(text: &str, field: &str) -> Result<PhoneNumber, Refusal> {
    text.parse().map_err(|error: twilio::ids::BadPhoneNumber| {
        Refusal::field(field, "number_malformed", error.to_string())
    })
}

#[utoipa::path(put, path = "/numbers/{number}", tag = "numbers", request_body = serde_json::Value, responses((status = 200, body = serde_json::Value)), params(("number" = String, Path)))]
async fn put_number(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(number): Path<String>,
    request: Request,
) -> Result<Json<Number>, Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    let number = phone_number(&number, "number")?;
    let assignment: Assignment = body_json(request.into_body()).await?;
    let bot = bot_id(&assignment.bot, "bot")?;
    if api.bots.bot(tenant, &bot).await?.is_none() {
        return Err(Refusal::field(
            "bot",
            "bot_unknown",
            "there is no such bot: PUT /bots/{id} first",
        ));
    }
    if !api.bots.assign(&number, tenant, &bot).await? {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "number_taken",
            "this number belongs to another tenant: ask the operator",
        ));
    }
    Ok(Json(Number { number, bot }))
}

#[utoipa::path(get, path = "/numbers/{number}", tag = "numbers", responses((status = 200, body = serde_json::Value)), params(("number" = String, Path)))]
async fn get_number(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(number): Path<String>,
) -> Result<Json<Number>, Refusal> {
    let tenant = who.tenant(Scope::BotsRead)?;
    let number = phone_number(&number, "number")?;
    let known = api.bots.bot_of(&number).await?;
    let (_, bot) = known
        .filter(|(owner, _)| owner == tenant)
        .ok_or_else(|| Refusal::not_found("number"))?;
    Ok(Json(Number { number, bot }))
}
