//! `callbox status`.

use serde_json::json;

use super::back::target;
use super::memory::Store;
use crate::carrier::Carrier;
use crate::failure::Failure;
use crate::http::client;
use crate::out::{Out, Paint};
use crate::settings::Settings;
use crate::time::local;
use crate::webhook;

/// Tells whether a number is pointed here, and whether a call would arrive.
pub(crate) async fn status(settings: &Settings, out: Out) -> Result<(), Failure> {
    let store = Store::open()?;
    let is_running = store.running()?.is_some();
    let Some(memory) = store.read()? else {
        let words = if is_running {
            "starting"
        } else {
            "not running"
        };
        out.line(words);
        out.json(&json!({ "running": is_running, "number": null }));
        return Ok(());
    };
    let carrier = Carrier::of(settings)?;
    let number = carrier.number(Some(&memory.number)).await?;
    let now = number.settings();
    let is_pointed = memory.is_ours(&now);
    // Where a call would arrive: perhaps still at the tunnel before this one.
    let here = now.voice_url.as_ref().filter(|_| is_pointed);
    let url = here.unwrap_or(&memory.voice_url);
    let health = webhook::lets_in(&client()?, url, carrier.token()).await;
    let next = health.next(url);
    let is_well = next.is_none();
    let mark = |fine: bool| {
        if fine {
            out.paint(Paint::Good, "✓")
        } else {
            out.paint(Paint::Bad, "✗")
        }
    };
    let running = if is_running {
        let until = memory.until.map_or_else(
            || "until it is stopped".to_owned(),
            |until| format!("until {}", local(until)),
        );
        format!("running since {}, {until}", local(memory.began))
    } else {
        "no longer running, but the number was not given back what it had".to_owned()
    };
    out.line(&format!("{} {running}", mark(is_running)));
    let direction = if is_pointed {
        "points here"
    } else {
        "points elsewhere"
    };
    out.line(&format!(
        "{} {} {direction}: {}",
        mark(is_pointed),
        memory.number,
        target(&now)
    ));
    out.line(&format!("{} webhook: {}", mark(is_well), health.words()));
    out.line(&out.paint(
        Paint::Faint,
        &format!("  afterwards: {}", target(&memory.former)),
    ));
    out.json(&json!({
        "running": is_running, "number": memory.number, "points_here": is_pointed, "voice_url": memory.voice_url,
        "points_to": target(&now), "webhook": { "well": is_well, "says": health.words(), "next": next }, "tunnel": memory.tunnel,
        "began": memory.began, "until": memory.until, "former": memory.former,
    }));
    verdict(is_running, is_pointed, next.as_deref())
}

/// `next` is what to do about the webhook, if something is.
fn verdict(is_running: bool, is_pointed: bool, next: Option<&str>) -> Result<(), Failure> {
    match (is_running, is_pointed, next) {
        (true, true, None) => Ok(()),
        (false, ..) => Err(shown(
            "killed",
            "callbox start was killed",
            "callbox stop gives the number back what it had",
        )),
        (_, false, _) => Err(shown(
            "pointed_elsewhere",
            "the number points elsewhere",
            "somebody changed it: callbox stop, then callbox start",
        )),
        (.., Some(next)) => Err(shown(
            "webhook_unwell",
            "a call would not be answered",
            &format!("{next}\ncallbox doctor tells more"),
        )),
    }
}

fn shown(code: &str, message: &str, next: &str) -> Failure {
    Failure::new(code, message).next(next)
}
