use contract::TenantId;
use serde::{Deserialize, Serialize};

use crate::hook::HookId;

/// Something that a tenant's server is to be told, and how far that is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// Which event; the same at every attempt.
    #[schema(value_type = String)]
    pub id: HookId,
    /// Whose server.
    #[serde(skip)]
    pub tenant: TenantId,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Which time it was set going: more than 1 if somebody asked for it again.
    pub round: u32,
    /// When this round began.
    pub round_ms: u64,
    /// What came of the last attempt: an HTTP status, or words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ms: Option<u64>,
    /// Whether the edge will remind us of it.
    #[serde(skip)]
    pub reminded: bool,
    /// Until when somebody is at it.
    #[serde(skip)]
    pub busy_until_ms: u64,
}

impl Delivery {
    /// One that was not tried yet.
    #[must_use]
    pub fn new(id: HookId, tenant: TenantId, now_ms: u64) -> Self {
        Self {
            id,
            tenant,
            at_ms: now_ms,
            state: DeliveryState::Pending,
            attempts: 0,
            round: 1,
            round_ms: now_ms,
            last: None,
            last_ms: None,
            reminded: false,
            busy_until_ms: 0,
        }
    }

    /// Where it stands among others: by time, then by id.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!("{:014}#{}", self.at_ms, self.id)
    }
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not told yet.
    Pending,
    /// The server said 2xx.
    Delivered,
    /// It did not, for three days, or said that it wants no more, or there is none.
    GivenUp,
}

/// Some deliveries, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliveries {
    /// The page.
    pub hooks: Vec<Delivery>,
    /// The sort key after which to go on, if there may be more.
    pub next: Option<String>,
}
