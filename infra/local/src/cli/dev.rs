//! `callbox-local dev`.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use local::demo;
use local::stack::{Stack, StackOptions};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::Shared;
use super::look::Look;

/// The options of `dev`.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {}

/// Keeps the platform up until it is asked to stop.
///
/// # Errors
/// When a part does not come up.
pub(crate) async fn run(shared: &Shared, _: DevArgs, look: Look) -> io::Result<ExitCode> {
    let began = Instant::now();
    let mut options = StackOptions {
        platform: shared.options("", "")?,
        ..StackOptions::of_checkout(&shared.root)
    };
    // The stack fills them in, when it knows where the stand-ins are.
    options.platform.edge_variables.clear();
    let data = options.platform.data.clone();
    let stack = Stack::start(options).await?;
    let in_ms = began.elapsed().as_millis();
    let urls = stack.urls();
    let key = &stack.platform.credentials.operator_key;
    if shared.json {
        let (number, stand_ins) = (demo::number().to_string(), &stack.stand_ins);
        println!(
            "{}",
            json!({"event": "started", "in_ms": in_ms, "urls": urls, "operator_key": key, "number": number, "stand_ins": stand_ins})
        );
    } else {
        println!("{} in {in_ms} ms\n", look.strong("Callbox is up"));
        for (name, url) in &urls {
            println!("  {name:10} {url}");
        }
        let calls = urls.get("calls").map_or("", String::as_str);
        println!("\n  {}", look.faint("the API, with the operator's key:"));
        println!("  curl -H 'Authorization: Bearer {key}' {calls}/calls\n");
        if !stack.stand_ins.is_empty() {
            let stand_ins = stack.stand_ins.join(", ");
            println!(
                "  {}",
                look.faint(&format!("stand-ins for providers: {stand_ins}"))
            );
        }
        println!(
            "  {}",
            look.faint(&format!(
                "data and logs in {}; Ctrl-C stops it all",
                data.display()
            ))
        );
    }
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    stack.stop().await;
    Ok(ExitCode::SUCCESS)
}
