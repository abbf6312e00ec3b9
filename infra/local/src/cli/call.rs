//! `callbox-local call`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Shared;
use super::look::Look;

/// The options of `call`.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// What the caller says, one turn after the other, separated by bars.
    #[arg(long, value_name = "A|B|C")]
    pub(crate) say: Option<String>,
    /// A recording to play as the caller.
    #[arg(long, value_name = "FILE", conflicts_with = "say")]
    pub(crate) wav: Option<PathBuf>,
    /// Let the bot call instead of being called.
    #[arg(long)]
    pub(crate) outbound: bool,
}

/// Places a call.
///
/// # Errors
/// When the platform does not come up.
pub(crate) async fn run(shared: &Shared, arguments: CallArgs, look: Look) -> io::Result<ExitCode> {
    let _ = (shared, arguments, look);
    std::future::ready(Err(io::Error::other(
        "calls come with the simulated Twilio",
    )))
    .await
}
