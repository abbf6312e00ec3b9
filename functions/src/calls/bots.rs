//! Bots.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use contract::{Bot, BotId, TenantId};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::body_json;

/// Largest bot, in bytes of JSON: an item of the store holds 400 kB.
const BOT_BYTES_MAX: usize = 300_000;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(put_bot, get_bot))
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

#[utoipa::path(put, path = "/bots/{id}", tag = "bots", request_body = Value, responses((status = 200, body = Value)), params(("id" = String, Path)))]
async fn put_bot(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Bot>, Refusal> {
    let tenant = who.tenant(Scope::BotsWrite)?;
    let id = bot_id(&id, "id")?;
    let given: Value = body_json(request.into_body()).await?;
    let bot = read_bot(tenant, &id, given)?;
    Ok(Json(api.bots.put_bot(&bot).await?))
}

fn read_bot(tenant: &TenantId, id: &BotId, mut given: Value) -> Result<Bot, Refusal> {
    let malformed =
        |message: String| Refusal::new(StatusCode::BAD_REQUEST, "body_malformed", message);
    let Some(fields) = given.as_object_mut() else {
        return Err(malformed("a bot is a JSON object".to_owned()));
    };
    let known = serde_json::to_value(Bot::default()).unwrap_or_default();
    // Serde would pass a misspelt field over, and the operator would wonder why nothing changed.
    if let Some(unknown) = fields
        .keys()
        .find(|name| known.get(name.as_str()).is_none())
    {
        return Err(Refusal::field(
            unknown,
            "field_unknown",
            "a bot has no such field",
        ));
    }
    if fields
        .get("id")
        .is_some_and(|own| own.as_str() != Some(id.as_str()))
    {
        return Err(Refusal::field(
            "id",
            "id_differs",
            "leave id out, or give the one in the path",
        ));
    }
    fields.insert("id".to_owned(), id.as_str().into());
    if fields
        .get("tenant")
        .is_some_and(|own| own.as_str() != Some(tenant.as_str()))
    {
        return Err(Refusal::field(
            "tenant",
            "tenant_differs",
            "leave tenant out, or give your own",
        ));
    }
    fields.insert("tenant".to_owned(), tenant.as_str().into());
    // The version is counted here, whatever the operator read before.
    fields.remove("version");
    let bot: Bot = serde_json::from_value(given)
        .map_err(|error| malformed(format!("this is not a bot: {error}")))?;
    if let Err(wrong) = bot.validate()
        && let Some(first) = wrong.first()
    {
        return Err(Refusal::field(
            &first.field,
            "field_invalid",
            first.message.as_str(),
        ));
    }
    if serde_json::to_vec(&bot).map_or(0, |json| json.len()) > BOT_BYTES_MAX {
        return Err(malformed(format!(
            "a bot has at most {BOT_BYTES_MAX} bytes of JSON"
        )));
    }
    Ok(bot)
}

#[utoipa::path(get, path = "/bots/{id}", tag = "bots", responses((status = 200, body = Value)), params(("id" = String, Path)))]
async fn get_bot(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Json<Bot>, Refusal> {
    let tenant = who.tenant(Scope::BotsRead)?;
    let bot = api.bots.bot(tenant, &bot_id(&id, "id")?).await?;
    bot.map(Json).ok_or_else(|| Refusal::not_found("bot"))
}
