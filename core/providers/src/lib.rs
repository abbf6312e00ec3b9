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

mod exchange;
mod http;
mod multipart;
pub mod openai;
mod sse;
mod text;
mod tool;

pub use exchange::{Complaint, End, Exchange, Fetch};
pub use http::{ApiKey, BaseUrl, Endpoint, Head, HttpRequest, InvalidSetting};
pub use tool::Tool;

/// Members of a request body, as the provider's documentation names them.
///
/// They are laid over what would be sent anyway; a `null` takes a member away.
pub type Options = serde_json::Map<String, serde_json::Value>;
