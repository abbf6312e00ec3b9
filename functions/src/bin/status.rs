//! The function that takes status callbacks and records.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::runtime::run("status", functions::runtime::status)
}
