//! Bots.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::{BOT_BYTES_MAX, Bot, BotId, Pricing, TenantId};
use serde::Serialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::{Pages, page};
use super::{Api, TRIES, body, others_change, phrases};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::{Named, body_json};
use crate::hours;
use crate::store::Deleted;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, patch, delete))
}

/// A page of bots.
#[derive(Serialize, utoipa::ToSchema)]
struct Bots {
    bots: Vec<Bot>,
    /// Goes into `after` for the next page; null on the last.
    next: Option<String>,
}

pub(super) fn bot_id(text: &str, field: &str) -> Result<BotId, Refusal> {
    BotId::new(text).ok_or_else(|| {
        Refusal::field(
            field,
            "id_malformed",
            "a bot's id is 1 to 64 characters of a-z, 0-9 and -",
        )
    })
}

/// A field names a bot that the tenant does not have.
pub(super) fn unknown(field: &str) -> Refusal {
    let message = "there is no such bot: PUT /bots/{id} first";
    Refusal::field(field, "bot_unknown", message)
}

/// List bots
#[utoipa::path(get, path = "/bots", tag = "bots", params(Pages), security(("key" = ["bots:read"])),
    responses((status = 200, description = "A page of them, in the order of their ids", body = Bots)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    pages: Pages,
) -> Result<Json<Bots>, Refusal> {
    let tenant = who.tenant(Scope::BotsRead)?;
    let (limit, after) = (pages.limit()?, pages.after(BotId::new)?);
    let found = api
        .store
        .bots
        .bots(tenant, limit + 1, after.as_ref())
        .await?;
    let (bots, next) = page(found, limit, |bot| bot.id.to_string());
    Ok(Json(Bots { bots, next }))
}

/// Make a bot
///
/// As `PUT /bots/{id}`, with the id in the body, and only if there is none of that id.
#[utoipa::path(post, path = "/bots", tag = "bots", request_body(content = Bot, example = json!({ "id": "mesa-verde", "greeting": "Mesa Verde, good evening." })), security(("key" = ["bots:write"])),
    responses((status = 201, description = "Made", body = Bot), (status = 409, description = "There is one of that id", body = contract::ErrorBody)))]
async fn create(
    State(api): State<Arc<Api>>,
    who: Principal,
    request: Request,
) -> Result<(StatusCode, Json<Bot>), Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    let given: Value = body_json(request.into_body()).await?;
    let id = given.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = bot_id(id, "id")?;
    let bot = api.bot_of(&who, tenant, &id, None, given).await?;
    let made = api.store.bots.replace_bot(None, &bot).await?;
    let made = made.ok_or_else(|| {
        Refusal::new(
            StatusCode::CONFLICT,
            "bot_exists",
            "there is a bot of that id: PUT or PATCH /bots/{id} changes it",
        )
    })?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Read a bot
#[utoipa::path(get, path = "/bots/{id}", tag = "bots", security(("key" = ["bots:read"])),
    params(("id" = String, Path, description = "The bot's id", example = "mesa-verde")),
    responses((status = 200, description = "The bot", body = Bot)))]
async fn get(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<Json<Bot>, Refusal> {
    let tenant = who.tenant(Scope::BotsRead)?;
    let bot = api.store.bots.bot(tenant, &bot_id(&id, "id")?).await?;
    bot.map(Json).ok_or_else(|| Refusal::not_found("bot"))
}

/// Make or replace a bot
///
/// What is left out has its default; the price, that of the tenant, or with a key that may not set prices the one that it has.
/// The version counts changes; calls in progress keep theirs.
#[utoipa::path(put, path = "/bots/{id}", tag = "bots", security(("key" = ["bots:write"])),
    params(("id" = String, Path, description = "The bot's id", example = "mesa-verde")),
    request_body(content = Bot, example = json!({ "greeting": "Mesa Verde, good evening." })),
    responses((status = 200, description = "The bot as it is now", body = Bot), (status = 409, description = "Others keep changing it", body = contract::ErrorBody)))]
async fn put(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
    request: Request,
) -> Result<Json<Bot>, Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    let id = bot_id(&id, "id")?;
    let given: Value = body_json(request.into_body()).await?;
    let put = |_: Option<&Bot>| Ok(given.clone());
    api.change_bot(&who, tenant, &id, put).await.map(Json)
}

/// Change a bot
///
/// A JSON merge patch (RFC 7396): members that are given replace, those that are null get their default.
#[utoipa::path(patch, path = "/bots/{id}", tag = "bots", security(("key" = ["bots:write"])),
    params(("id" = String, Path, description = "The bot's id", example = "mesa-verde")),
    request_body(content = Object, description = "Members of a bot that change", example = json!({ "idle": { "after_ms": 6000 } })),
    responses((status = 200, description = "The bot as it is now", body = Bot), (status = 409, description = "Others keep changing it", body = contract::ErrorBody)))]
async fn patch(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
    request: Request,
) -> Result<Json<Bot>, Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    let id = bot_id(&id, "id")?;
    let patch: Value = body_json(request.into_body()).await?;
    let patched = |known: Option<&Bot>| {
        let known = known.ok_or_else(|| Refusal::not_found("bot"))?;
        let mut given = serde_json::to_value(known).unwrap_or_default();
        body::merge(&mut given, &patch);
        Ok(given)
    };
    api.change_bot(&who, tenant, &id, patched).await.map(Json)
}

impl Api {
    /// Makes of a bot as it is what shall be. Whoever else changes it at the same time comes before or after, not between.
    async fn change_bot(
        &self,
        who: &Principal,
        tenant: &TenantId,
        id: &BotId,
        next: impl Fn(Option<&Bot>) -> Result<Value, Refusal>,
    ) -> Result<Bot, Refusal> {
        for _ in 0..TRIES {
            let known = self.store.bots.bot(tenant, id).await?;
            let given = next(known.as_ref())?;
            let bot = self.bot_of(who, tenant, id, known.as_ref(), given).await?;
            if let Some(kept) = self.store.bots.replace_bot(known.as_ref(), &bot).await? {
                return Ok(kept);
            }
        }
        Err(others_change("bot"))
    }

    /// Reads a bot that was given. Its price is what its tenant pays: for those who may not set it, it stays as it is, and a
    /// new bot's is the one agreed with the tenant.
    async fn bot_of(
        &self,
        who: &Principal,
        tenant: &TenantId,
        id: &BotId,
        known: Option<&Bot>,
        mut given: Value,
    ) -> Result<Bot, Refusal> {
        let may = who.scopes().contains(&Scope::PricesWrite);
        let agreed = self.tenant(tenant).await?.price;
        let price = known.filter(|_| !may).map_or(agreed, |known| known.price);
        if let Some(fields) = given.as_object_mut() {
            if fields.get("price").is_none_or(Value::is_null) {
                let price = serde_json::to_value(price).unwrap_or_default();
                fields.insert("price".to_owned(), price);
            }
            if let Some(known) = known {
                phrases::follow(known, fields);
            }
        }
        let bot = read_bot(tenant, id, given)?;
        self.may_put_through(&bot).await?;
        if may || bot.price == price {
            return Ok(bot);
        }
        Err(price_fixed(price))
    }
}

fn price_fixed(price: Pricing) -> Refusal {
    let Pricing {
        per_call_micro_dollars: call,
        per_minute_micro_dollars: minute,
        included_minutes,
    } = price;
    let scope = Scope::PricesWrite;
    let message = format!(
        "setting prices needs a key with the scope {scope}: leave price out, or give {call} per call, {minute} per minute, {included_minutes} minutes included"
    );
    Refusal {
        status: StatusCode::FORBIDDEN,
        ..Refusal::field("price", "scope_missing", message)
    }
}

/// Delete a bot
#[utoipa::path(delete, path = "/bots/{id}", tag = "bots", security(("key" = ["bots:write"])),
    params(("id" = String, Path, description = "The bot's id", example = "mesa-verde")),
    responses((status = 204, description = "Deleted"), (status = 409, description = "It answers a number", body = contract::ErrorBody)))]
async fn delete(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<StatusCode, Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    match api
        .store
        .bots
        .delete_bot(tenant, &bot_id(&id, "id")?)
        .await?
    {
        Deleted::Done => Ok(StatusCode::NO_CONTENT),
        Deleted::Missing => Err(Refusal::not_found("bot")),
        Deleted::InUse => Err(Refusal::new(
            StatusCode::CONFLICT,
            "bot_in_use",
            "this bot answers numbers: DELETE /numbers/{number} or give them to another first",
        )),
    }
}

fn read_bot(tenant: &TenantId, id: &BotId, mut given: Value) -> Result<Bot, Refusal> {
    let Some(fields) = given.as_object_mut() else {
        return Err(malformed("a bot is a JSON object".to_owned()));
    };
    for (field, own, code) in [
        ("id", id.as_str(), "id_differs"),
        ("tenant", tenant.as_str(), "tenant_differs"),
    ] {
        let fits = |given: &Value| given.as_str() == Some(own);
        if !fields.get(field).is_none_or(fits) {
            let message = format!("leave {field} out, or give {own}");
            return Err(Refusal::field(field, code, message));
        }
        fields.insert(field.to_owned(), own.into());
    }
    // The version is counted here, whatever the operator read before.
    fields.remove("version");
    let bot: Bot = body::understand(&given)?;
    if let Err(wrong) = bot.validate()
        && let Some(first) = wrong.first()
    {
        return Err(Refusal::field(
            &first.field,
            "field_invalid",
            first.message.as_str(),
        ));
    }
    if let Some(hours) = &bot.hours {
        hours::zone(&hours.time_zone).map_err(|error| {
            Refusal::field("hours.time_zone", "field_invalid", error.to_string())
        })?;
    }
    must_fit(&bot)?;
    Ok(bot)
}

/// Each member is within its limits, and all together may still be too many.
fn must_fit(bot: &Bot) -> Result<(), Refusal> {
    let json = serde_json::to_value(bot).unwrap_or_default();
    let bytes = json.to_string().len();
    if bytes <= BOT_BYTES_MAX {
        return Ok(());
    }
    let members = json.as_object().into_iter().flatten();
    let largest = members.max_by_key(|(_, value)| value.to_string().len());
    let message = format!(
        "a bot has at most {BOT_BYTES_MAX} bytes of JSON, and this one has {bytes}: shorten it by {}, best here, where it is largest",
        bytes - BOT_BYTES_MAX
    );
    let field = largest.map_or("", |(name, _)| name.as_str());
    Err(Refusal::field(field, "bot_too_large", message))
}

fn malformed(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "body_malformed", message)
}
