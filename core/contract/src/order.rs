//! Orders to a call in progress.

use serde::{Deserialize, Serialize};
use twilio::PhoneNumber;

/// Body of `POST {edge}/calls/{CallId}/orders`. The same id again changes nothing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Order {
    /// Chosen by whoever gives the order: 1 to 64 printable ASCII characters.
    pub id: String,
    /// What is to be done.
    pub order: Do,
}

/// What is to be done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Do {
    /// The bot stops speaking at once, as if the caller had interrupted.
    Interrupt,
    /// The bot says this now.
    Say {
        /// 1 to 1000 characters.
        text: String,
    },
    /// The caller is handed over.
    Transfer {
        /// To whom.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        to: PhoneNumber,
    },
    /// The call ends.
    HangUp {
        /// Said first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        say: Option<String>,
    },
    /// Keys are pressed towards the far end.
    SendKeys {
        /// 1 to 32 of `0`–`9`, `*`, `#`, and `w` for half a second.
        keys: String,
    },
    /// The caller has pressed keys, on a call whose stream does not bring them.
    Pressed {
        /// 1 to 32 of `0`–`9`, `*` and `#`.
        keys: String,
    },
    /// A cap was reached: the bot says goodbye and ends the call.
    Wrap,
    /// The carrier has found out who answered.
    Answered {
        /// Who.
        by: Answerer,
    },
}

/// Who answered a call that we placed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Answerer {
    /// A person.
    Human,
    /// An answering machine; its greeting goes on.
    Machine,
    /// An answering machine whose greeting is over: it records now.
    MachineRecords,
    /// A fax.
    Fax,
    /// Nobody can tell.
    Unknown,
}

/// What the edge answers to an [`Order`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrderReply {
    /// Whether it was carried out now, and not before.
    pub fresh: bool,
}
