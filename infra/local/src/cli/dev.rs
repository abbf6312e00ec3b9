//! `callbox-local dev`.

use std::fmt::Write as _;
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
pub(crate) struct DevArgs {
    /// Where a tunnel lets the world in, such as `https://example.trycloudflare.com`: real calls then reach this machine. Let the
    /// tunnel lead to the front door, `http://127.0.0.1:8700`; `callbox start` does, and points your number at it. Give
    /// `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN` in the environment.
    #[arg(long, value_name = "URL")]
    public: Option<String>,
}

/// Keeps the platform up until it is asked to stop.
///
/// # Errors
/// When a part does not come up.
pub(crate) async fn run(shared: &Shared, given: DevArgs, look: Look) -> io::Result<ExitCode> {
    let began = Instant::now();
    let mut options = StackOptions {
        platform: shared.options("", "")?,
        ..StackOptions::of_checkout(&shared.root)
    };
    // The stack fills them in, when it knows where the stand-ins are.
    options.platform.edge_variables.clear();
    if let Some(public) = &given.public {
        outside(&mut options, public)?;
    }
    let public = options.platform.public_url.clone();
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
        if let Some(public) = public {
            println!(
                "  {}",
                look.faint(&format!(
                    "the world comes in at {public}: let your bot answer your number with"
                ))
            );
            println!(
                "  curl -X PUT -H 'Authorization: Bearer {key}' -H 'content-type: application/json' -d '{{\"bot\": \"mesa\"}}' {calls}/numbers/+1...\n"
            );
        }
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

/// Lets the world in: with the real Twilio's credentials, since the simulated one's are known to everybody.
fn outside(options: &mut StackOptions, public: &str) -> io::Result<()> {
    let wanted = |name: &str| {
        let value = options
            .environment
            .get(name)
            .filter(|value| !value.is_empty());
        let missing = || {
            io::Error::other(format!(
                "--public needs {name} in the environment: the account whose number is called"
            ))
        };
        value.cloned().ok_or_else(missing)
    };
    let (account_sid, auth_token) = (wanted("TWILIO_ACCOUNT_SID")?, wanted("TWILIO_AUTH_TOKEN")?);
    let is_url = public
        .strip_prefix("https://")
        .is_some_and(|host| !host.is_empty());
    if !is_url {
        return Err(io::Error::other(
            "--public is the tunnel's address: https://host, without a path",
        ));
    }
    let platform = &mut options.platform;
    platform.credentials.account_sid = account_sid;
    platform.credentials.auth_token = auth_token;
    // Anybody can ask a tunnel: the keys that are the same on every machine would let them in.
    platform.credentials.operator_key = secret()?;
    platform.credentials.edge_secret = secret()?;
    platform.credentials.jwt_key = secret()?;
    platform.public_url = Some(public.trim_end_matches('/').to_owned());
    Ok(())
}

fn secret() -> io::Result<String> {
    let mut bytes = [0; 32];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    let mut text = String::new();
    for byte in bytes {
        // Writing to memory cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
