//! API keys: shown once, kept as a hash, revoked for good.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::TenantId;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::{Pages, page};
use super::{Api, body};
use crate::Refusal;
use crate::account::{Key, KeyId, KeyText, Principal, Scope, Scopes};
use crate::door::Named;

/// Keys of one tenant that open something. Each request looks its own up; a list that nobody can oversee, nobody revokes from.
const LIVE_MAX: usize = 50;

/// How many keys are looked at together.
const PAGE: usize = 100;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, revoke))
}

/// A key to be made.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "name": "reservations", "scopes": ["calls:read", "calls:write"] }))]
struct NewKey {
    /// For people: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it opens: no more than what opens this.
    #[schema(value_type = Vec<Scope>, min_items = 1)]
    scopes: Scopes,
}

/// A key, without what its holder has to show.
#[derive(Serialize, utoipa::ToSchema)]
struct KeyView {
    /// Names it; the same 16 digits stand in the key itself.
    id: KeyId,
    /// Whose it is.
    tenant: TenantId,
    /// For people.
    name: String,
    /// What it opens.
    #[schema(value_type = Vec<Scope>)]
    scopes: Scopes,
    /// When it was made, in milliseconds since the Unix epoch.
    created_ms: u64,
    /// When it was last used, to the hour.
    used_ms: Option<u64>,
    /// When it was revoked.
    revoked_ms: Option<u64>,
}

impl From<Key> for KeyView {
    fn from(key: Key) -> Self {
        Self {
            id: key.id,
            tenant: key.tenant,
            name: key.name,
            scopes: key.scopes,
            created_ms: key.created_ms,
            used_ms: key.used_ms,
            revoked_ms: key.revoked_ms,
        }
    }
}

/// A key just made.
#[derive(Serialize, utoipa::ToSchema)]
struct MadeKey {
    /// What its holder has to show. It is told this once and kept nowhere.
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

/// A page of keys.
#[derive(Serialize, utoipa::ToSchema)]
struct Keys {
    keys: Vec<KeyView>,
    /// Goes into `after` for the next page; null on the last.
    next: Option<String>,
}

/// List keys
///
/// Revoked ones too. The keys themselves are never shown.
#[utoipa::path(get, path = "/keys", tag = "keys", params(Pages), security(("key" = ["keys:write"])),
    responses((status = 200, description = "A page of them", body = Keys)))]
async fn list(
    State(api): State<Arc<Api>>,
    who: Principal,
    pages: Pages,
) -> Result<Json<Keys>, Refusal> {
    let tenant = who.tenant(Scope::KeysWrite)?;
    let (limit, after) = (pages.limit()?, pages.after(KeyId::parse)?);
    let found = api
        .store
        .accounts
        .keys(tenant, limit + 1, after.as_ref())
        .await?;
    let (keys, next) = page(
        found.into_iter().map(KeyView::from).collect(),
        limit,
        |key| key.id.to_string(),
    );
    Ok(Json(Keys { keys, next }))
}

/// Make a key
///
/// A key can make others with its own scopes or fewer. A token makes none: it would outlive itself.
#[utoipa::path(post, path = "/keys", tag = "keys", request_body = NewKey, security(("key" = ["keys:write"])),
    responses((status = 201, description = "Made; the only time that the key itself is shown", body = MadeKey),
        (status = 409, description = "The tenant has as many keys as it may", body = contract::ErrorBody)))]
async fn create(
    State(api): State<Arc<Api>>,
    who: Principal,
    request: Request,
) -> Result<(StatusCode, Json<MadeKey>), Refusal> {
    who.must_show_key()?;
    let tenant = who.tenant(Scope::KeysWrite)?;
    let new: NewKey = body::read(request.into_body()).await?;
    check_name(&new.name)?;
    within(&new.scopes, &who)?;
    api.must_have_room(tenant).await?;
    let text = KeyText::new(super::random()?);
    let key = Key {
        id: text.id().clone(),
        tenant: tenant.clone(),
        name: new.name,
        scopes: new.scopes,
        hash: text.hash(),
        created_ms: (api.clock)(),
        used_ms: None,
        revoked_ms: None,
    };
    api.store.accounts.create_key(&key).await?;
    tracing::info!(key = %key.id, %tenant, by = who.subject(), "a key was made");
    let made = MadeKey {
        key: text.reveal().to_owned(),
        view: key.into(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

impl Api {
    /// # Errors
    /// 409 if the tenant has as many keys as it may. Who makes two at once may get one more.
    async fn must_have_room(&self, tenant: &TenantId) -> Result<(), Refusal> {
        let (mut live, mut after) = (0, None);
        loop {
            let keys = self.store.accounts.keys(tenant, PAGE, after.as_ref());
            let keys = keys.await?;
            live += keys.iter().filter(|key| key.revoked_ms.is_none()).count();
            if live >= LIVE_MAX {
                let message = format!(
                    "a tenant has at most {LIVE_MAX} keys that are good: revoke one that nobody uses, DELETE /keys/{{id}}"
                );
                let status = StatusCode::CONFLICT;
                return Err(Refusal::new(status, "too_many_keys", message));
            }
            match keys.last() {
                Some(last) if keys.len() == PAGE => after = Some(last.id.clone()),
                _ => return Ok(()),
            }
        }
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = (1..=100).contains(&name.chars().count());
    fits.then_some(())
        .ok_or_else(|| Refusal::field("name", "field_invalid", "1 to 100 characters"))
}

fn key_id(text: &str) -> Result<KeyId, Refusal> {
    KeyId::parse(text).ok_or_else(|| {
        let message = "a key's id is 16 lower-case hexadecimal digits";
        Refusal::field("id", "id_malformed", message)
    })
}

/// Read a key
///
/// Without what its holder has to show.
#[utoipa::path(get, path = "/keys/{id}", tag = "keys", security(("key" = ["keys:write"])),
    params(("id" = String, Path, description = "The key's id", example = "0123456789abcdef")),
    responses((status = 200, description = "The key", body = KeyView)))]
async fn get(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<Json<KeyView>, Refusal> {
    let tenant = who.tenant(Scope::KeysWrite)?;
    let key = api.store.accounts.key(&key_id(&id)?).await?;
    let key = key.filter(|key| key.tenant == *tenant);
    let key = key.ok_or_else(|| Refusal::not_found("key"))?;
    Ok(Json(key.into()))
}

/// What changes about a key.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(example = json!({ "name": "reservations, old" }))]
struct KeyChange {
    /// For people: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What it opens from now on: no more than what opens this. Tokens that it had made open no more than it does.
    #[schema(value_type = Option<Vec<Scope>>, min_items = 1)]
    scopes: Option<Scopes>,
}

/// Change a key
///
/// Not by a token. What is left out stays as it is. What its holder has to show never changes: make another key for that.
#[utoipa::path(patch, path = "/keys/{id}", tag = "keys", request_body = KeyChange, security(("key" = ["keys:write"])),
    params(("id" = String, Path, description = "The key's id", example = "0123456789abcdef")),
    responses((status = 200, description = "The key as it is now", body = KeyView)))]
async fn change(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
    request: Request,
) -> Result<Json<KeyView>, Refusal> {
    who.must_show_key()?;
    let tenant = who.tenant(Scope::KeysWrite)?;
    let id = key_id(&id)?;
    let KeyChange { name, scopes } = body::read(request.into_body()).await?;
    name.as_deref().map(check_name).transpose()?;
    if let Some(scopes) = &scopes {
        within(scopes, &who)?;
    }
    let changed = api
        .store
        .accounts
        .change_key(tenant, &id, name.as_deref(), scopes.as_ref())
        .await?;
    let changed = changed.ok_or_else(|| Refusal::not_found("key"))?;
    tracing::info!(key = %id, %tenant, by = who.subject(), "a key was changed");
    Ok(Json(changed.into()))
}

/// Nobody gives away what they do not have.
pub(super) fn within(scopes: &Scopes, who: &Principal) -> Result<(), Refusal> {
    if scopes.is_empty() {
        let message = format!("one or more of {}", Scope::list());
        return Err(Refusal::field("scopes", "field_invalid", message));
    }
    match scopes.iter().find(|scope| !who.scopes().contains(scope)) {
        None => Ok(()),
        Some(scope) => Err(Refusal::field(
            "scopes",
            "scope_too_wide",
            format!("{scope} is not among your own scopes"),
        )),
    }
}

/// Revoke a key
///
/// It opens nothing from now on, and neither do tokens that it had made. It stays in the list. Not by a token.
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", security(("key" = ["keys:write"])),
    params(("id" = String, Path, description = "The key's id", example = "0123456789abcdef")),
    responses((status = 204, description = "Revoked, now or before")))]
async fn revoke(
    State(api): State<Arc<Api>>,
    who: Principal,
    Named(id): Named<String>,
) -> Result<StatusCode, Refusal> {
    who.must_show_key()?;
    let tenant = who.tenant(Scope::KeysWrite)?;
    let id = key_id(&id)?;
    if !api
        .store
        .accounts
        .revoke(tenant, &id, (api.clock)())
        .await?
    {
        return Err(Refusal::not_found("key"));
    }
    tracing::info!(key = %id, %tenant, by = who.subject(), "a key was revoked");
    Ok(StatusCode::NO_CONTENT)
}
