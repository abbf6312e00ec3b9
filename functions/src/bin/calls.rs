//! The function that is the API of the operator.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::runtime::run("calls", functions::runtime::calls)
}
