//! Tokens: for browsers and for the edge's sockets, which must not hold a key.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::BotId;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::bot_id;
use super::keys::within;
use super::{Api, body};
use crate::Refusal;
use crate::account::{Claims, Principal, Scope, Scopes};

/// Longest validity, in minutes: a day.
const MINUTES_MAX: u64 = 1_440;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(create))
}

/// A token to be made.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(example = json!({ "bot": "mesa-verde", "minutes": 15 }))]
struct NewToken {
    /// The only bot it opens, and then only for talking; none: all of the tenant's.
    bot: Option<String>,
    /// What it may be used for, no more than what opens this. None: with a bot, `talk`; else all that opens this but
    /// `keys:write`.
    #[schema(value_type = Option<Vec<Scope>>)]
    scopes: Option<Scopes>,
    /// How long it is good: 1 to 1440 minutes. None: as the deployment has it.
    #[schema(minimum = 1, maximum = 1440)]
    minutes: Option<u64>,
}

/// A token just made.
#[derive(Serialize, utoipa::ToSchema)]
struct MadeToken {
    /// A JWT with HS256: `Authorization: Bearer …`, or the `auth` message of the edge's sockets.
    token: String,
    /// Until when it is good, in seconds since the Unix epoch.
    expires_s: u64,
    /// What it may be used for.
    #[schema(value_type = Vec<Scope>)]
    scopes: Scopes,
    /// The only bot it opens.
    bot: Option<BotId>,
}

/// What a token may be used for if nobody says: whoever lists keys has a key at hand.
fn usual(scopes: &Scopes) -> Scopes {
    let usual = scopes.iter().copied();
    usual.filter(|scope| *scope != Scope::KeysWrite).collect()
}

/// Make a token
///
/// Only a key makes tokens; a token does not make others.
#[utoipa::path(post, path = "/tokens", tag = "keys", request_body = NewToken, security(("key" = [])),
    responses((status = 201, description = "Made", body = MadeToken)))]
async fn create(
    State(api): State<Arc<Api>>,
    who: Principal,
    request: Request,
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    who.must_show_key()?;
    let new: NewToken = body::read(request.into_body()).await?;
    let tenant = who.whose();
    let bot = new.bot.map(|bot| bot_id(&bot, "bot")).transpose()?;
    if let Some(bot) = &bot
        && api.store.bots.bot(tenant, bot).await?.is_none()
    {
        return Err(super::bots::unknown("bot"));
    }
    let scopes = new.scopes.unwrap_or_else(|| match bot {
        Some(_) => [Scope::Talk].into(),
        None => usual(who.scopes()),
    });
    within(&scopes, &who)?;
    if bot.is_some() && scopes != Scopes::from([Scope::Talk]) {
        let message = "a token for one bot has the scope talk and no other";
        return Err(Refusal::field("scopes", "scope_too_wide", message));
    }
    let minutes = new.minutes.unwrap_or(api.settings.token_minutes);
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(Refusal::field(
            "minutes",
            "field_invalid",
            "1 to 1440 minutes",
        ));
    }
    let now_s = (api.clock)() / 1_000;
    let claims = Claims {
        sub: who.subject().to_owned(),
        tenant: tenant.clone(),
        scopes,
        bot,
        exp: now_s + minutes * 60,
        iat: now_s,
        jti: format!("{:032x}", u128::from_be_bytes(super::random()?)),
    };
    let made = MadeToken {
        token: api.keyring.secrets().jwt_key.seal(&claims),
        expires_s: claims.exp,
        scopes: claims.scopes,
        bot: claims.bot,
    };
    Ok((StatusCode::CREATED, Json(made)))
}
