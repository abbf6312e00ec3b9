use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a key or token may be used for.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
pub enum Scope {
    /// See calls, their events and recordings.
    #[serde(rename = "calls:read")]
    CallsRead,
    /// Place calls, and order calls in progress about.
    #[serde(rename = "calls:write")]
    CallsWrite,
    /// See bots and numbers.
    #[serde(rename = "bots:read")]
    BotsRead,
    /// Change bots, and which of them answers a number of their tenant's.
    #[serde(rename = "bots:write")]
    BotsWrite,
    /// Take numbers that nobody has, give them back, and call from numbers that no bot answers.
    #[serde(rename = "numbers:write")]
    NumbersWrite,
    /// Set what calls are paid with: the price of bots.
    #[serde(rename = "prices:write")]
    PricesWrite,
    /// See what was used, and what is paid for it.
    #[serde(rename = "usage:read")]
    UsageRead,
    /// See what calls cost the operator, and what is left of their price.
    #[serde(rename = "costs:read")]
    CostsRead,
    /// See keys, and with a key also make, change and revoke them.
    #[serde(rename = "keys:write")]
    KeysWrite,
    /// Talk to a bot through the edge's sockets.
    #[serde(rename = "talk")]
    Talk,
}

/// Several of them.
pub type Scopes = BTreeSet<Scope>;

impl Scope {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::CallsRead,
        Self::CallsWrite,
        Self::BotsRead,
        Self::BotsWrite,
        Self::NumbersWrite,
        Self::PricesWrite,
        Self::UsageRead,
        Self::CostsRead,
        Self::KeysWrite,
        Self::Talk,
    ];

    /// As it is written: `calls:read`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallsRead => "calls:read",
            Self::CallsWrite => "calls:write",
            Self::BotsRead => "bots:read",
            Self::BotsWrite => "bots:write",
            Self::NumbersWrite => "numbers:write",
            Self::PricesWrite => "prices:write",
            Self::UsageRead => "usage:read",
            Self::CostsRead => "costs:read",
            Self::KeysWrite => "keys:write",
            Self::Talk => "talk",
        }
    }

    /// All of them, for a message: `calls:read, calls:write, …`.
    #[must_use]
    pub fn list() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_written_the_same_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
    }
}
