//! The function that answers Twilio's voice webhooks.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::runtime::run("voice", functions::runtime::voice)
}
