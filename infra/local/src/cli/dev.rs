//! `callbox-local dev`.

use std::io;
use std::process::ExitCode;

use clap::Args;
use local::platform::Platform;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::Shared;
use super::look::Look;

/// The simulated Twilio and the stand-in for the providers, when they run.
const TWILIO_URL: &str = "http://127.0.0.1:8720";
const SPEECH_URL: &str = "http://127.0.0.1:8730/v1";

/// The options of `dev`.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {}

/// Keeps the platform up until it is asked to stop.
///
/// # Errors
/// When a part does not come up.
pub(crate) async fn run(shared: &Shared, _: DevArgs, look: Look) -> io::Result<ExitCode> {
    let options = shared.options(TWILIO_URL, SPEECH_URL)?;
    let logs = options.data.join("logs");
    let platform = Platform::start(options).await?;
    let urls = platform.urls();
    let milliseconds = platform.started_in().as_millis();
    if shared.json {
        let credentials = &platform.credentials;
        println!(
            "{}",
            json!({"event": "started", "in_ms": milliseconds, "urls": urls, "operator_key": credentials.operator_key})
        );
    } else {
        println!("{} in {milliseconds} ms\n", look.strong("Callbox is up"));
        for (name, url) in &urls {
            println!("  {name:10} {url}");
        }
        let calls = urls.get("calls").map_or("", String::as_str);
        println!("\n  {}", look.faint("the API, with the operator's key:"));
        println!(
            "  curl -H 'Authorization: Bearer {}' {calls}/calls",
            platform.credentials.operator_key
        );
        println!(
            "\n  {}",
            look.faint(&format!("logs in {}; Ctrl-C stops it all", logs.display()))
        );
    }
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    platform.stop().await;
    Ok(ExitCode::SUCCESS)
}
