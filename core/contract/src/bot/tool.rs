//! What the language model may do.

use serde::{Deserialize, Serialize};
use twilio::PhoneNumber;

/// What the language model may do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Tool {
    /// End the call.
    EndCall,
    /// Hand the caller over to a person.
    Transfer {
        /// Who is called.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        number: PhoneNumber,
        /// When to do it, in words for the model.
        #[serde(default)]
        when: String,
    },
    /// Press keys on the far end's menu.
    SendKeys,
    /// Ask a server of the operator's.
    Webhook(WebhookTool),
}

/// A server of the operator's that the language model may ask: `POST` with the arguments as JSON, signed as webhooks
/// are; its answer, at most 16 kB of text, goes back to the model.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebhookTool {
    /// Name for the model: 1 to 64 characters of `a-z`, `0-9` and `_`.
    pub name: String,
    /// What it does and when to use it, in words for the model.
    pub description: String,
    /// Absolute, `https`.
    pub url: String,
    /// JSON schema of the arguments; without one, there are none.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub schema: serde_json::Map<String, serde_json::Value>,
    /// After so long it counts as failed: 500 to 30 000 milliseconds.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u32,
    /// Said while the caller waits for it; empty: the bot's own filler.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filler: String,
}

fn timeout_ms() -> u32 {
    8_000
}
