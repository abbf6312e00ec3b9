//! The gate before all routes: who asks, and for which tenant.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use contract::TenantId;

use super::Api;
use crate::Refusal;
use crate::account::Principal;
use crate::door::operator;

/// With it the operator says whose things are meant; `?tenant=` does the same.
const TENANT_HEADER: &str = "x-callbox-tenant";

/// Lets a request in, and tells the handlers who asks.
pub(super) async fn behind_key(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match api.principal(&parts).await {
        Ok(principal) => {
            parts.extensions.insert(principal);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

impl Api {
    async fn principal(&self, parts: &Parts) -> Result<Principal, Refusal> {
        operator(&self.keyring, &parts.headers).await?;
        Ok(Principal::operator(chosen(parts)?.unwrap_or_default()))
    }
}

/// The tenant that the request names.
fn chosen(parts: &Parts) -> Result<Option<TenantId>, Refusal> {
    let header = parts.headers.get(TENANT_HEADER);
    let named = match header {
        Some(value) => Some(value.to_str().unwrap_or_default().to_owned()),
        None => twilio::Form::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .get("tenant")
            .map(str::to_owned),
    };
    let Some(name) = named else {
        return Ok(None);
    };
    let tenant = TenantId::new(&name).ok_or_else(|| {
        Refusal::field(
            "tenant",
            "tenant_malformed",
            "a tenant's id is 1 to 40 characters of a-z, 0-9 and -",
        )
    })?;
    Ok(Some(tenant))
}
