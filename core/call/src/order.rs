//! What somebody outside wants of a running call.

use serde::{Deserialize, Serialize};

/// What somebody outside wants of a running call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Order {
    /// Stop speaking, at once. The caller has the floor.
    Interrupt,
    /// Say this: at once, instead of what is being said; but not into the caller's words.
    Say {
        /// One or more sentences.
        text: String,
    },
    /// Hand the caller over, at once.
    Transfer {
        /// Number or address.
        to: String,
    },
    /// Hang up, at once.
    HangUp {
        /// What is said first.
        say: Option<String>,
    },
    /// Press keys towards the far end.
    SendKeys {
        /// `0`–`9`, `*`, `#`, and `w` for half a second.
        keys: String,
    },
    /// A cap was reached: end the call politely. What is being said is said to its end.
    Wrap {
        /// What is said last; none: the bot's goodbye.
        say: Option<String>,
    },
}
