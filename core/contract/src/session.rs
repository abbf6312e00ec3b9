//! How the edge opens a conversation that came by a socket of its own, and not by a carrier.

use serde::{Deserialize, Serialize};

use crate::{BotId, CallId, Opening};

/// Body of `POST {calls}/sessions`, sealed: somebody has shown a token on `/ws` or `/ws/assistant`.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionRequest {
    /// The conversation, as named by the edge.
    pub call: CallId,
    /// The token that was shown: a JWT of this deployment, or an API key.
    pub token: String,
    /// Who shall answer; none: the token says.
    pub bot: Option<BotId>,
    /// Where the socket came from: an IP address.
    pub address: String,
}

/// Answer to a [`SessionRequest`]; a refusal is an [`crate::ErrorBody`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionReply {
    /// What the conversation begins with.
    pub opening: Opening,
    /// Who it is, as far as another token for the same conversation must be the same.
    pub subject: String,
    /// Until when the token is good, in seconds since the Unix epoch; 0: until it is revoked.
    pub expires_s: u64,
}

impl std::fmt::Debug for SessionRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionRequest")
            .field("call", &self.call)
            .field("bot", &self.bot)
            .finish_non_exhaustive()
    }
}
