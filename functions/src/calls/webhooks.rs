//! What tenants' servers were told, and once more.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::view::{after_invalid, is_sort_key, limit};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::hook::{Happening, HookId, Teller};
use crate::store::Delivery;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(again))
}

#[derive(Deserialize)]
struct Which {
    limit: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    delivery: Delivery,
    call: contract::CallId,
    #[serde(rename = "type")]
    happening: Happening,
}

impl From<Delivery> for Shown {
    fn from(delivery: Delivery) -> Self {
        Self {
            call: delivery.id.call,
            happening: delivery.id.happening,
            delivery,
        }
    }
}

#[utoipa::path(get, path = "/webhooks", tag = "webhooks", security(("key" = ["calls:read"])), responses((status = 200, body = Value)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    who.must_see_all()?;
    let limit = limit(which.limit.as_deref())?;
    let after = which.after.as_deref();
    let is_place = |place: &str| HookId::parse(place).is_some();
    if !after.is_none_or(|after| is_sort_key(after, is_place)) {
        return Err(after_invalid());
    }
    let page = api.outbox.deliveries(tenant, limit, after).await?;
    let hooks: Vec<Shown> = page.hooks.into_iter().map(Shown::from).collect();
    Ok(Json(json!({ "webhooks": hooks, "next": page.next })))
}

#[utoipa::path(post, path = "/webhooks/{id}/redeliver", tag = "webhooks", security(("key" = ["calls:write"])), responses((status = 200, body = Value)), params(("id" = String, Path)))]
async fn again(
    State(api): State<Arc<Api>>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    who.must_see_all()?;
    let missing = || Refusal::not_found("webhook");
    let id = HookId::parse(&id).ok_or_else(missing)?;
    let now_ms = (api.clock)();
    let delivery = api.outbox.again(tenant, &id, now_ms).await?;
    let delivery = delivery.ok_or_else(missing)?;
    let teller = Teller {
        outbox: api.outbox.as_ref(),
        edge: api.edge.as_ref(),
        secrets: &api.keyring.secrets(),
        errands_url: &api.status_url.at("/errands"),
        now_ms,
    };
    teller.set_going(&delivery).await?;
    Ok(Json(Shown::from(delivery)))
}
