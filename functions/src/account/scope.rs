use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a key or token may be used for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Scope {
    /// See calls, their events and recordings.
    CallsRead,
    /// Place calls, and order calls in progress about.
    CallsWrite,
    /// See bots and numbers.
    BotsRead,
    /// Change bots and numbers.
    BotsWrite,
    /// See what was used, and what it costs.
    UsageRead,
    /// See, create and revoke keys.
    KeysWrite,
    /// Talk to a bot through the edge's sockets.
    Talk,
}

/// Several of them.
pub type Scopes = BTreeSet<Scope>;

impl Scope {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::CallsRead,
        Self::CallsWrite,
        Self::BotsRead,
        Self::BotsWrite,
        Self::UsageRead,
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
            Self::UsageRead => "usage:read",
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

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        known.ok_or_else(|| format!("a scope is one of {}", Self::list()))
    }
}

impl TryFrom<String> for Scope {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Scope> for &'static str {
    fn from(scope: Scope) -> Self {
        scope.as_str()
    }
}
