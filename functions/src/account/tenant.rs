use contract::{HookSecret, Invalid, Pricing, TenantId, are_countries, is_web_address};
use serde::{Deserialize, Serialize};

/// A customer of the operator's: bots, numbers, calls and keys belong to one.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// For people.
    pub name: String,
    /// Where its webhooks go: absolute, `https`. None: nowhere.
    pub webhook_url: Option<String>,
    /// Signs what is sent to its servers, as Standard Webhooks has it: `whsec_` and base64.
    pub webhook_secret: Option<HookSecret>,
    /// What it may use, all its bots together.
    pub limits: TenantLimits,
    /// The price of its new bots. Later only a key with the scope `prices:write` changes a bot's price.
    pub price: Pricing,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// What a tenant may use, all its bots together.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(default)]
pub struct TenantLimits {
    /// Calls at the same time; 0: no limit.
    pub concurrent_calls_max: u32,
    /// What its calls of one UTC day may cost, in micro-dollars; 0: no limit.
    pub spend_per_day_max: u64,
    /// Calls that each of its keys may place in a minute; 0: as the deployment has it, which the operator's key always is held
    /// to.
    pub calls_per_minute: u32,
    /// Requests that each of its keys may make in a minute; 0: as the deployment has it, which the operator's key always is
    /// held to.
    pub requests_per_minute: u32,
    /// Countries that its bots may dial, by ISO 3166-1 code such as `ES`, in place of the deployment's own list; empty: that
    /// one. A bot with a list of its own dials the countries that are in both.
    pub outbound_countries: Vec<String>,
}

impl Tenant {
    /// A tenant of which nothing is kept: the one that every deployment has from the start.
    #[must_use]
    pub fn unnamed(id: TenantId) -> Self {
        Self {
            name: id.to_string(),
            id,
            ..Self::default()
        }
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first field that is out of its range, with the range.
    pub fn validate(&self) -> Result<(), Invalid> {
        let wrong = |field: &str, message: &str| Invalid {
            field: field.to_owned(),
            message: message.to_owned(),
        };
        if !(1..=100).contains(&self.name.chars().count()) {
            return Err(wrong("name", "1 to 100 characters"));
        }
        if !self.webhook_url.as_deref().is_none_or(is_web_address) {
            return Err(wrong(
                "webhook_url",
                "an https:// address; http:// only on 127.0.0.1 and localhost",
            ));
        }
        if !self.price.is_sane() {
            return Err(wrong("price", Pricing::RANGE));
        }
        for (limit, field) in [
            (self.limits.calls_per_minute, "limits.calls_per_minute"),
            (
                self.limits.requests_per_minute,
                "limits.requests_per_minute",
            ),
        ] {
            if limit > 100_000 {
                return Err(wrong(field, "0 to 100000"));
            }
        }
        if !are_countries(&self.limits.outbound_countries) {
            return Err(wrong(
                "limits.outbound_countries",
                "ISO 3166-1 codes of two capital letters such as ES",
            ));
        }
        Ok(())
    }
}
