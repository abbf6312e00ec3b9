//! `callbox`: points telephone numbers at the platform, keeps its bots as files, places and shows calls, and finds out
//! what is wrong.

mod api;
mod args;
mod bots;
mod calls;
mod carrier;
mod doctor;
mod failure;
mod http;
mod keys;
mod numbers;
mod out;
mod replay;
mod settings;
mod start;
mod time;
mod vendors;
mod webhook;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    match args::Cli::try_parse() {
        Ok(cli) => args::run(cli).await,
        Err(error) => args::misread(&error),
    }
}
