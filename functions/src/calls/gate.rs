//! The gate before all routes: who asks, for which tenant, and how often.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use contract::TenantId;

use super::Api;
use crate::Refusal;
use crate::account::{BadToken, Key, KeyId, KeyText, Principal};
use crate::door::TENANT_PARAMETER;

/// With it the operator says whose things are meant; `?tenant=` does the same.
pub(super) const TENANT_HEADER: &str = "x-callbox-tenant";

/// How exactly a key's last use is kept, in milliseconds: writing each would cost more than the requests.
const USED_MS: u64 = 3_600_000;

/// Lets a request in, and tells the handlers who asks.
pub(super) async fn behind_key(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Response {
    api.pass(request, next)
        .await
        .unwrap_or_else(Refusal::into_response)
}

/// The same, but somebody without a key is let in too, as nobody.
pub(super) async fn with_or_without_key(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Response {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    behind_key(State(api), request, next).await
}

impl Api {
    async fn pass(&self, request: Request, next: Next) -> Result<Response, Refusal> {
        let (mut parts, body) = request.into_parts();
        let key = bearer(&parts.headers)?;
        let principal = self.principal(key).await?;
        let named = named_tenant(&parts.headers, parts.uri.query().unwrap_or_default())?;
        let principal = self.meant(principal, named).await?;
        let quota = self.knocks(&principal).await?;
        let mut response = match quota.check() {
            Ok(()) => {
                parts.extensions.insert(principal);
                next.run(Request::from_parts(parts, body)).await
            }
            Err(refusal) => refusal.into_response(),
        };
        quota.tell(response.headers_mut());
        Ok(response)
    }

    /// Whose key or token this is.
    ///
    /// # Errors
    /// 401 if nobody's, or no longer good.
    pub(super) async fn principal(&self, text: &str) -> Result<Principal, Refusal> {
        if let Some(key) = KeyText::parse(text) {
            return self.holder(&key).await;
        }
        if text.split('.').count() == 3 {
            return self.bearer_of_token(text).await;
        }
        if self.keyring.secrets().is_operator(text)
            || self
                .keyring
                .newer()
                .await
                .is_some_and(|newer| newer.is_operator(text))
        {
            return Ok(Principal::operator(TenantId::default()));
        }
        Err(wrong())
    }

    async fn holder(&self, text: &KeyText) -> Result<Principal, Refusal> {
        let key = self.store.accounts.key(text.id()).await?;
        let key = key.filter(|key| key.fits(text)).ok_or_else(wrong)?;
        self.still_good(&key)?;
        let now_ms = (self.clock)();
        if key
            .used_ms
            .is_none_or(|used_ms| now_ms.saturating_sub(used_ms) > USED_MS)
        {
            self.store.accounts.used(&key.id, now_ms).await?;
        }
        let subject = format!("key:{}", key.id);
        Ok(Principal::of_tenant(subject, key.tenant, key.scopes, None))
    }

    #[expect(clippy::unused_self, reason = "reads as what it does")]
    fn still_good(&self, key: &Key) -> Result<(), Refusal> {
        if key.revoked_ms.is_none() {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "key_revoked",
            "this key was revoked: take another one",
        ))
    }

    async fn bearer_of_token(&self, text: &str) -> Result<Principal, Refusal> {
        let now_s = (self.clock)() / 1_000;
        let mut opened = self.keyring.secrets().jwt_key.open(text, now_s);
        if opened == Err(BadToken::Forged)
            && let Some(newer) = self.keyring.newer().await
        {
            opened = newer.jwt_key.open(text, now_s);
        }
        let mut claims = opened.map_err(|error| match error {
            BadToken::Forged => wrong(),
            BadToken::Expired => {
                Refusal::new(StatusCode::UNAUTHORIZED, "token_expired", error.to_string())
            }
        })?;
        // A token is good for no longer, and for no more, than the key that had it made.
        if let Some(id) = claims.sub.strip_prefix("key:").and_then(KeyId::parse) {
            let key = self.store.accounts.key(&id).await?.ok_or_else(wrong)?;
            self.still_good(&key)?;
            claims.scopes.retain(|scope| key.scopes.contains(scope));
        }
        Ok(Principal::of_tenant(claims.sub, claims.tenant, claims.scopes, claims.bot).by_token())
    }

    /// The operator may name a tenant; everybody else has one already.
    async fn meant(
        &self,
        principal: Principal,
        named: Option<TenantId>,
    ) -> Result<Principal, Refusal> {
        let Some(named) = named else {
            return Ok(principal);
        };
        if principal.is_operator() {
            self.tenant(&named).await?;
            return Ok(Principal::operator(named));
        }
        if principal.belongs_to(&named) {
            return Ok(principal);
        }
        Err(Refusal::not_found("tenant"))
    }
}

fn wrong() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "key_wrong",
        "this is no key and no token of this deployment",
    )
}

fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let value = headers.get(header::AUTHORIZATION);
    let value = value.and_then(|value| value.to_str().ok());
    // The scheme's name may be written in any case (RFC 9110, section 11.1).
    let key = value
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, key)| key.trim());
    key.ok_or_else(|| {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "key_missing",
            "send a key: Authorization: Bearer …",
        )
    })
}

/// The tenant that the request names.
fn named_tenant(headers: &HeaderMap, query: &str) -> Result<Option<TenantId>, Refusal> {
    let named = match headers.get(TENANT_HEADER) {
        Some(value) => Some(value.to_str().unwrap_or_default().to_owned()),
        None => twilio::Form::parse(query.as_bytes())
            .get(TENANT_PARAMETER)
            .map(str::to_owned),
    };
    named
        .map(|name| tenant_id(&name, TENANT_PARAMETER))
        .transpose()
}

pub(super) fn tenant_id(text: &str, field: &str) -> Result<TenantId, Refusal> {
    TenantId::new(text).ok_or_else(|| {
        Refusal::field(
            field,
            "tenant_malformed",
            "a tenant's id is 1 to 40 characters of a-z, 0-9 and -",
        )
    })
}
