//! `callbox stop`.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::back::give_back;
use super::memory::Store;
use crate::carrier::Carrier;
use crate::failure::Failure;
use crate::out::Out;
use crate::settings::Settings;

/// How long a run may take to give its number back, with Twilio asked several times.
const STOP_MAX: Duration = Duration::from_mins(2);

/// Ends the run, if there is one, and sees that the number has what it had.
pub(crate) async fn stop(settings: &Settings, out: Out) -> Result<(), Failure> {
    let store = Store::open()?;
    let remembered = store.read()?;
    if let Some(pid) = store.running()? {
        end(&store, pid).await?;
        if let (Some(memory), None) = (&remembered, store.read()?) {
            out.line(&format!("{} is no longer pointed here", memory.number));
            out.json(&json!({ "event": "stopped", "number": memory.number }));
            return Ok(());
        }
    }
    let Some(memory) = store.read()? else {
        out.line("nothing runs, and no number is pointed here");
        out.json(&json!({ "event": "not_running" }));
        return Ok(());
    };
    // Whoever starts now waits for us to finish.
    let Some(_lock) = store.lock()? else {
        return Err(
            Failure::new("already_running", "another callbox has just begun").next("try again"),
        );
    };
    let carrier = Carrier::of(settings)?;
    let back = give_back(&carrier, &store, &memory).await?;
    out.line(&back.words(&memory));
    out.json(&back.to_json(&memory));
    Ok(())
}

/// Asks the process to end, and waits until it has.
async fn end(store: &Store, pid: i32) -> Result<(), Failure> {
    let told = |reason: String| {
        Failure::new(
            "still_running",
            format!("the process {pid} does not end: {reason}"),
        )
        .next(format!(
            "end it by hand (kill {pid}), then run `callbox stop` again"
        ))
    };
    let target = Pid::from_raw(pid).ok_or_else(|| told("its number is not known".to_owned()))?;
    kill_process(target, Signal::TERM).map_err(|error| told(error.to_string()))?;
    let deadline = tokio::time::Instant::now() + STOP_MAX;
    while store.running()?.is_some() {
        if tokio::time::Instant::now() >= deadline {
            return Err(told(format!(
                "it is still there after {} s",
                STOP_MAX.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
