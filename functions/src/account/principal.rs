use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use contract::{BotId, TenantId};

use super::{Scope, Scopes};
use crate::Refusal;

/// The subject of the operator, and of tokens that it had made.
const OPERATOR: &str = "operator";

/// Who asks. Whose things they may touch comes out only together with the scope that they need for it, so that no handler
/// can forget to ask: [`Principal::tenant`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal {
    subject: String,
    tenant: TenantId,
    scopes: Scopes,
    bot: Option<BotId>,
    operator: bool,
    token: bool,
}

impl Principal {
    /// The operator, who may do everything, at the moment to this tenant's things.
    #[must_use]
    pub fn operator(tenant: TenantId) -> Self {
        Self {
            subject: OPERATOR.to_owned(),
            tenant,
            scopes: Scope::ALL.into(),
            bot: None,
            operator: true,
            token: false,
        }
    }

    /// Somebody of a tenant's; `bot`, if they may have to do with that one only.
    #[must_use]
    pub fn of_tenant(
        subject: String,
        tenant: TenantId,
        scopes: Scopes,
        bot: Option<BotId>,
    ) -> Self {
        Self {
            subject,
            tenant,
            scopes,
            bot,
            operator: false,
            token: false,
        }
    }

    /// Whose things they may touch.
    ///
    /// # Errors
    /// 403 without that scope.
    pub fn tenant(&self, scope: Scope) -> Result<&TenantId, Refusal> {
        if self.scopes.contains(&scope) {
            return Ok(&self.tenant);
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            format!("this needs a key or token with the scope {scope}"),
        ))
    }

    /// Lets only the operator through.
    ///
    /// # Errors
    /// 403 for everybody else.
    pub fn must_be_operator(&self) -> Result<(), Refusal> {
        if self.operator {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "operator_only",
            "only the operator's key opens this",
        ))
    }

    /// Lets only those through who have shown a key: what is short-lived makes nothing that lives longer.
    ///
    /// # Errors
    /// 403 for a token.
    pub fn must_show_key(&self) -> Result<(), Refusal> {
        if !self.token {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "key_only",
            "a token neither makes tokens nor makes, changes or revokes keys: ask with a key",
        ))
    }

    /// Whose things they have to do with at all, whatever they may do there.
    #[must_use]
    pub fn whose(&self) -> &TenantId {
        &self.tenant
    }

    /// Whether they have to do with this tenant.
    #[must_use]
    pub fn belongs_to(&self, tenant: &TenantId) -> bool {
        self.tenant == *tenant
    }

    /// The same, by a token.
    #[must_use]
    pub fn by_token(self) -> Self {
        Self {
            token: true,
            ..self
        }
    }

    /// Whether it is the operator.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.operator
    }

    /// Under which name they are counted where limits are the tenant's. Tokens that the operator has made are all of one
    /// subject, and each is for one tenant.
    #[must_use]
    pub fn counted_as(&self) -> String {
        if self.subject == OPERATOR {
            format!("{OPERATOR}:{}", self.tenant)
        } else {
            self.subject.clone()
        }
    }

    /// Who, for logs: `operator`, `key:{id}`, or the `sub` of a token.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The only bot they may have to do with; none: all of the tenant's.
    #[must_use]
    pub fn bot(&self) -> Option<&BotId> {
        self.bot.as_ref()
    }

    /// Whether a bot's calls are theirs to see.
    #[must_use]
    pub fn may_see(&self, bot: Option<&BotId>) -> bool {
        self.bot.is_none() || self.bot.as_ref() == bot
    }

    /// Lets only those through who may have to do with this bot.
    ///
    /// # Errors
    /// 403 for a token of another bot.
    pub fn must_be_for(&self, bot: &BotId) -> Result<(), Refusal> {
        if self.may_see(Some(bot)) {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "bot_other",
            "this token is for another bot",
        ))
    }

    /// Lets only those through who may have to do with all of a tenant's bots.
    ///
    /// # Errors
    /// 403 for a token of one bot.
    pub fn must_see_all(&self) -> Result<(), Refusal> {
        if self.bot.is_none() {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "bot_only",
            "this token is for one bot only: use a key",
        ))
    }

    /// What they may do.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }
}

/// As the gate before all routes has found; nobody, where it lets in without a key.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// As the gate before all routes has found.
impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| {
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                "key_missing",
                "send a key: Authorization: Bearer …",
            )
        })
    }
}
