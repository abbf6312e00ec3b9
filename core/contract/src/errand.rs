//! Something that the functions must do later: the edge is their clock, since a Durable Object's alarm costs nothing until
//! it rings.

use serde::{Deserialize, Serialize};

/// Body of `PUT {edge}/errands/{id}`, sealed. At its time, and again with growing pauses until it is done, the edge sends
/// an [`ErrandCall`] to the URL. The same id again changes nothing, unless that errand is just being done: then it is done
/// once more, since nobody can tell whether what it was to see had come by then.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Errand {
    /// 1 to 80 characters of `a-z`, `A-Z`, `0-9`, `-` and `_`.
    pub id: String,
    /// A path of the functions that takes an [`ErrandCall`].
    pub url: String,
    /// When, in milliseconds since the Unix epoch; in the past: at once.
    pub due_ms: u64,
}

/// Body of `POST` to the errand's URL, sealed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ErrandCall {
    /// The errand.
    pub id: String,
    /// From 1.
    pub attempt: u32,
}

/// Answer to an [`ErrandCall`]; anything else counts as [`ErrandReply::Again`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ErrandReply {
    /// Done, or given up for good.
    Done,
    /// Not done: to be tried again.
    Again {
        /// After so many seconds at least.
        after_s: u32,
    },
}

/// Longest time an errand is tried, in seconds: three days.
pub const ERRAND_S_MAX: u64 = 3 * 86_400;
