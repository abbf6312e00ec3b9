//! What tenants' servers were told, and once more.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::listing::{Pages, moment};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::door::Named;
use crate::hook::{Happening, HookId, Teller, is_worth};
use crate::store::{Delivery, DeliveryState};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(again))
}

/// What a tenant's server was told, or is to be.
#[derive(Serialize, utoipa::ToSchema)]
struct Webhook {
    #[serde(flatten)]
    delivery: Delivery,
    /// About which call.
    call: contract::CallId,
    /// What happened to it.
    #[serde(rename = "type")]
    happening: Happening,
}

/// A page of webhooks.
#[derive(Serialize, utoipa::ToSchema)]
struct Webhooks {
    webhooks: Vec<Webhook>,
    /// Goes into `after` for the next page; null on the last.
    next: Option<String>,
}

impl Webhook {
    fn at(now_ms: u64, mut delivery: Delivery) -> Self {
        // Reminders get lost too, with the last failure of ours: then nobody has written down that it was given up.
        if delivery.state == DeliveryState::Pending && !is_worth(delivery.round_ms, now_ms) {
            delivery.state = DeliveryState::GivenUp;
        }
        Self {
            call: delivery.id.call,
            happening: delivery.id.happening,
            delivery,
        }
    }
}

/// List webhooks
///
/// Newest first: what the tenant's server was told, and what it is to be told.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(Pages), security(("key" = ["calls:read"])),
    responses((status = 200, description = "A page of them", body = Webhooks)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    pages: Pages,
) -> Result<Json<Webhooks>, Refusal> {
    let tenant = who.tenant(Scope::CallsRead)?;
    who.must_see_all()?;
    let limit = pages.limit()?;
    let after = pages.after(|text| moment(text, |place| HookId::parse(place).is_some()))?;
    let page = api
        .store
        .outbox
        .deliveries(tenant, limit, after.as_deref())
        .await?;
    let now_ms = (api.clock)();
    let webhooks = page.hooks.into_iter();
    Ok(Json(Webhooks {
        webhooks: webhooks.map(|hook| Webhook::at(now_ms, hook)).collect(),
        next: page.next,
    }))
}

/// Send a webhook again
///
/// With the same id, by which the server knows a repeat.
#[utoipa::path(post, path = "/webhooks/{id}/redeliver", tag = "webhooks", security(("key" = ["calls:write"])),
    params(("id" = String, Path, description = "The webhook's id", pattern = "^(CA|WB)[0-9a-fA-F]{32}-(started|ended)$", example = "CA00000000000000000000000000000001-ended")),
    responses((status = 200, description = "It is on its way", body = Webhook)))]
async fn again(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<Json<Webhook>, Refusal> {
    let tenant = who.tenant(Scope::CallsWrite)?;
    who.must_see_all()?;
    let missing = || Refusal::not_found("webhook");
    let id = HookId::parse(&id).ok_or_else(missing)?;
    let now_ms = (api.clock)();
    let delivery = api.store.outbox.again(tenant, &id, now_ms).await?;
    let delivery = delivery.ok_or_else(missing)?;
    let teller = Teller {
        outbox: api.store.outbox.as_ref(),
        edge: api.edge.as_ref(),
        errands_url: &api.status_url.at("/errands"),
        now_ms,
    };
    if let Err(refusal) = teller.set_going(&delivery).await {
        // Nobody will be reminded of it: it is not on its way, and must not look so.
        let (round, why) = (delivery.round, "the edge could not be reached");
        let given_up = DeliveryState::GivenUp;
        let outbox = &api.store.outbox;
        outbox.attempted(&id, round, given_up, why, now_ms).await?;
        return Err(refusal);
    }
    Ok(Json(Webhook::at(now_ms, delivery)))
}
