//! All that speech-to-text, language models and text-to-speech say and want to hear.
//!
//! Pure: a request becomes bytes, bytes become [`call::Reply`]s. Nothing here opens a connection, waits or knows the
//! time. Every provider that is asked over HTTP goes the same road, so the shell needs only one:
//!
//! 1. Settings such as [`openai::Think`] make a [`Fetch`]: an [`HttpRequest`], and the [`Exchange`] that understands
//!    the response to it.
//! 2. The shell sends the request, then tells the exchange of the response's [`Head`], of every chunk of its body,
//!    and of its [`End`].
//! 3. The exchange answers with replies: whatever comes, exactly one `Done` or `Failed`, and nothing after it.
//!
//! To cancel, drop the exchange along with the connection.
//!
//! Every provider that is spoken to over a WebSocket goes another: a [`Link`] is how to [`Dial`], and the
//! [`Conversation`] that understands what is said there. It serves any number of requests, one after the other or at the
//! same time, with the same promise for each. [`Listener`], [`Thinker`] and [`Speaker`] are a stage as one value: they
//! say which road it goes.

mod body;
mod breaker;
mod calls;
pub mod catalog;
mod conversation;
mod dial;
mod error;
mod exchange;
mod heard;
mod http;
mod lines;
pub mod listen;
mod multipart;
pub mod openai;
pub mod phrase;
mod post;
pub mod probe;
mod race;
mod socket;
mod sound;
pub mod speak;
mod speaking;
mod spending;
mod sse;
mod stage;
mod text;
pub mod think;
mod thinking;
mod tool;
mod writing;

pub use breaker::{Breakers, CallBreakers, Who};
pub use dial::{Dial, Message};
pub use exchange::{Complaint, End, Exchange, Fetch, Whose};
pub use http::{ApiKey, BaseUrl, Endpoint, Head, HttpRequest, InvalidSetting};
pub use race::{Entry, Race, Runner, Verdict};
pub use socket::{Ask, BROKEN, Conversation, Deeds, Link, Told};
pub use spending::Spending;
pub use stage::{Dialled, Dictation, Flushed, Listener, Speak, Speaker, Think, Thinker, Upload};
pub use tool::Tool;

/// Members of a request body, as the provider's documentation names them.
///
/// They are laid over what would be sent anyway; a `null` takes a member away.
pub type Options = serde_json::Map<String, serde_json::Value>;
