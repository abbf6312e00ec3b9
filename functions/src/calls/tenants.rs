//! Tenants: the operator's customers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::{HookSecret, Pricing, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::gate::tenant_id;
use super::listing::{Pages, page};
use super::{Api, TRIES, body, others_change};
use crate::Refusal;
use crate::account::{Principal, Tenant, TenantLimits};
use crate::door::{Named, body_json};
use crate::store::Deleted;

/// How long a tenant is remembered for its limits, in milliseconds, so that not every request reads it.
const FRESH_MS: u64 = 5_000;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, patch, delete))
}

/// Tenants as they were a moment ago.
#[derive(Default)]
pub(super) struct Known(Mutex<BTreeMap<TenantId, (u64, Arc<Tenant>)>>);

impl Known {
    fn get(&self, id: &TenantId, now_ms: u64) -> Option<Arc<Tenant>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_ms, tenant) = held.get(id)?;
        (now_ms.saturating_sub(*read_ms) < FRESH_MS).then(|| Arc::clone(tenant))
    }

    fn put(&self, tenant: &Arc<Tenant>, now_ms: u64) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(tenant.id.clone(), (now_ms, Arc::clone(tenant)));
    }

    fn forget(&self, id: &TenantId) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(id);
    }
}

impl Api {
    /// A tenant, as it was at most five seconds ago.
    ///
    /// # Errors
    /// 404 if there is none.
    pub(super) async fn tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, Refusal> {
        let now_ms = (self.clock)();
        if let Some(known) = self.doors.known.get(id, now_ms) {
            return Ok(known);
        }
        let tenant = Arc::new(self.tenant_now(id).await?);
        self.doors.known.put(&tenant, now_ms);
        Ok(tenant)
    }

    /// As it is.
    async fn tenant_now(&self, id: &TenantId) -> Result<Tenant, Refusal> {
        existing(self.store.accounts.tenant(id).await?, id)
    }
}

/// A tenant as it is kept; the first is there without.
fn existing(kept: Option<Tenant>, id: &TenantId) -> Result<Tenant, Refusal> {
    match kept {
        Some(tenant) => Ok(tenant),
        None if *id == TenantId::default() => Ok(Tenant::unnamed(id.clone())),
        None => Err(Refusal::not_found("tenant")),
    }
}

/// A tenant to be made.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "id": "mesa-verde", "name": "Mesa Verde", "webhook_url": "https://mesaverde.example/hooks" }))]
struct NewTenant {
    /// 1 to 40 characters of `a-z`, `0-9` and `-`.
    #[schema(pattern = "^[a-z0-9-]{1,40}$")]
    id: String,
    /// For people: 1 to 100 characters. None: the id.
    name: Option<String>,
    /// Where its webhooks go: absolute, `https`.
    webhook_url: Option<String>,
    /// Signs its webhooks; none: one is made.
    webhook_secret: Option<HookSecret>,
    /// What it may use.
    #[serde(default)]
    limits: TenantLimits,
    /// The price of its bots.
    #[serde(default)]
    price: Pricing,
}

/// A page of tenants.
#[derive(Serialize, utoipa::ToSchema)]
struct Tenants {
    tenants: Vec<Tenant>,
    /// Goes into `after` for the next page; null on the last.
    next: Option<String>,
}

/// List tenants
#[utoipa::path(get, path = "/tenants", tag = "tenants", params(Pages), security(("operator" = [])),
    responses((status = 200, description = "A page of them", body = Tenants)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    pages: Pages,
) -> Result<Json<Tenants>, Refusal> {
    who.must_be_operator()?;
    let (limit, after) = (pages.limit()?, pages.after(TenantId::new)?);
    let found = api
        .store
        .accounts
        .tenants(limit + 1, after.as_ref())
        .await?;
    let (tenants, next) = page(found, limit, |tenant| tenant.id.to_string());
    Ok(Json(Tenants { tenants, next }))
}

/// Make a tenant
#[utoipa::path(post, path = "/tenants", tag = "tenants", request_body = NewTenant, security(("operator" = [])),
    responses((status = 201, description = "Made", body = Tenant), (status = 409, description = "There is one of that id, or was one", body = contract::ErrorBody)))]
async fn create(
    State(api): State<Arc<Api>>,
    who: Principal,
    request: Request,
) -> Result<(StatusCode, Json<Tenant>), Refusal> {
    who.must_be_operator()?;
    let new: NewTenant = body::read(request.into_body()).await?;
    let id = tenant_id(&new.id, "id")?;
    let tenant = Tenant {
        name: new.name.unwrap_or_else(|| id.to_string()),
        id,
        webhook_url: new.webhook_url,
        webhook_secret: Some(with_secret(new.webhook_secret)?),
        limits: new.limits,
        price: new.price,
        created_ms: (api.clock)(),
    };
    checked(&tenant)?;
    if !api.store.accounts.replace_tenant(None, &tenant).await? {
        let there = api.store.accounts.tenant(&tenant.id).await?.is_some();
        return Err(taken(there));
    }
    Ok((StatusCode::CREATED, Json(tenant)))
}

fn taken(there: bool) -> Refusal {
    let (code, message) = if there {
        let message = "there is a tenant of that id: PATCH /tenants/{id} changes it";
        ("tenant_exists", message)
    } else {
        let message = "there was a tenant of that id, and what is kept of it must not become another's: take another id";
        ("tenant_was", message)
    };
    Refusal::new(StatusCode::CONFLICT, code, message)
}

fn with_secret(secret: Option<HookSecret>) -> Result<HookSecret, Refusal> {
    match secret {
        Some(secret) => Ok(secret),
        None => Ok(HookSecret::new(super::random()?)),
    }
}

fn checked(tenant: &Tenant) -> Result<(), Refusal> {
    let wrong =
        |wrong: contract::Invalid| Refusal::field(&wrong.field, "field_invalid", wrong.message);
    tenant.validate().map_err(wrong)
}

/// Read a tenant
#[utoipa::path(get, path = "/tenants/{id}", tag = "tenants", security(("operator" = [])),
    params(("id" = String, Path, description = "The tenant's id", example = "default")),
    responses((status = 200, description = "The tenant", body = Tenant)))]
async fn get(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<Json<Tenant>, Refusal> {
    who.must_be_operator()?;
    Ok(Json(api.tenant_now(&tenant_id(&id, "id")?).await?))
}

/// Change a tenant
///
/// A JSON merge patch (RFC 7396). `"webhook_secret": null` makes a new secret.
#[utoipa::path(patch, path = "/tenants/{id}", tag = "tenants", security(("operator" = [])),
    params(("id" = String, Path, description = "The tenant's id", example = "default")),
    request_body(content = Object, description = "Members of a tenant that change", example = json!({ "limits": { "calls_per_minute": 30 } })),
    responses((status = 200, description = "The tenant as it is now", body = Tenant), (status = 409, description = "Others keep changing it", body = contract::ErrorBody)))]
async fn patch(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
    request: Request,
) -> Result<Json<Tenant>, Refusal> {
    who.must_be_operator()?;
    let id = tenant_id(&id, "id")?;
    let patch: Value = body_json(request.into_body()).await?;
    for _ in 0..TRIES {
        let kept = api.store.accounts.tenant(&id).await?;
        let known = existing(kept.clone(), &id)?;
        let tenant = changed(&known, &patch)?;
        if api
            .store
            .accounts
            .replace_tenant(kept.as_ref(), &tenant)
            .await?
        {
            api.doors.known.forget(&id);
            return Ok(Json(tenant));
        }
    }
    Err(others_change("tenant"))
}

/// A tenant with members of it changed.
fn changed(known: &Tenant, patch: &Value) -> Result<Tenant, Refusal> {
    let mut changed = serde_json::to_value(known).unwrap_or_default();
    body::merge(&mut changed, patch);
    let tenant: Tenant = body::understand(&changed)?;
    for (same, field) in [
        (tenant.id == known.id, "id"),
        (tenant.created_ms == known.created_ms, "created_ms"),
    ] {
        if !same {
            return Err(Refusal::field(field, "field_fixed", "this never changes"));
        }
    }
    let tenant = Tenant {
        webhook_secret: Some(with_secret(tenant.webhook_secret)?),
        ..tenant
    };
    checked(&tenant)?;
    Ok(tenant)
}

/// Delete a tenant
///
/// Its keys open nothing from then on; its calls stay until their time is over, and so its id is never another's. The tenant
/// `default` stays.
#[utoipa::path(delete, path = "/tenants/{id}", tag = "tenants", security(("operator" = [])),
    params(("id" = String, Path, description = "The tenant's id", example = "mesa-verde")),
    responses((status = 204, description = "Deleted"), (status = 409, description = "It has bots, or is the one that stays", body = contract::ErrorBody)))]
async fn delete(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<StatusCode, Refusal> {
    who.must_be_operator()?;
    let id = tenant_id(&id, "id")?;
    if id == TenantId::default() {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "tenant_stays",
            "every deployment has this tenant: revoke its keys and delete its bots instead",
        ));
    }
    match api.store.accounts.delete_tenant(&id, (api.clock)()).await? {
        Deleted::Missing => Err(Refusal::not_found("tenant")),
        Deleted::InUse => Err(Refusal::new(
            StatusCode::CONFLICT,
            "tenant_in_use",
            "this tenant has bots: delete its numbers and bots first",
        )),
        Deleted::Done => {
            api.doors.known.forget(&id);
            Ok(StatusCode::NO_CONTENT)
        }
    }
}
