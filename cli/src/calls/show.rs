//! `callbox calls show`: one call, from its first word to its receipt.

use serde_json::Value;

use super::status;
use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::numbers::text;
use crate::out::{Out, Paint};
use crate::time::{dollars, local_ms, minutes};

/// Shows a call.
pub(super) async fn show(api: &Api, id: &str, out: Out) -> Result<(), Failure> {
    let call = api
        .get(&format!("/calls/{}", encoded(id)))
        .await
        .map_err(|refused| {
            let failure = refused.failure;
            if refused.status == 404 {
                failure.next("callbox calls lists those that there are")
            } else {
                failure
            }
        })?;
    out.json(&call);
    if out.is_json() {
        return Ok(());
    }
    out.line(&format!(
        "{}  {}",
        out.paint(Paint::Strong, &text(&call, "call")),
        status(&call, out)
    ));
    let began = call.get("began_ms").and_then(Value::as_i64).map(local_ms);
    let parties = format!("{} → {}", text(&call, "from"), text(&call, "to"));
    out.line(&format!(
        "{}  {parties}  bot {} ({})",
        began.unwrap_or_default(),
        text(&call, "bot"),
        text(&call, "direction")
    ));
    if let Some(ended) = call.get("ended").filter(|ended| ended.is_object()) {
        let length = ended
            .get("duration_ms")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        out.line(&format!("{}, {}", minutes(length), text(ended, "reason")));
    }
    out.line("");
    let mut said: Vec<(u64, String)> = entries(&call, "turns")
        .iter()
        .map(|turn| (number(turn), turn_line(turn, out)))
        .collect();
    said.extend(
        entries(&call, "events")
            .iter()
            .map(|event| (number(event), event_line(event, out))),
    );
    said.sort();
    for (_, line) in said {
        out.line(&line);
    }
    receipt(&call, out);
    if let Some(url) = call
        .get("recording")
        .and_then(|recording| recording.get("url"))
        .and_then(Value::as_str)
    {
        out.line(&format!("\nrecording, for a few minutes: {url}"));
    }
    Ok(())
}

fn entries<'a>(call: &'a Value, name: &str) -> &'a [Value] {
    call.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn number(entry: &Value) -> u64 {
    entry
        .get("number")
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

/// One turn, as a person reads it.
pub(super) fn turn_line(turn: &Value, out: Out) -> String {
    let at = turn
        .get("began_ms")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let who = match turn.get("speaker").and_then(Value::as_str) {
        Some("bot") => out.paint(Paint::Strong, "bot   "),
        _ => "caller".to_owned(),
    };
    let cut = turn
        .get("interrupted")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let words = text(turn, "text");
    let end = if cut {
        out.paint(Paint::Warn, " — interrupted")
    } else {
        String::new()
    };
    let wait = turn
        .get("timing")
        .and_then(|timing| timing.get("sound_ms"))
        .and_then(Value::as_u64);
    let wait = wait
        .map(|ms| out.paint(Paint::Faint, &format!("  ({ms} ms)")))
        .unwrap_or_default();
    format!("{:>6}  {who}  {words}{end}{wait}", minutes(at))
}

fn event_line(event: &Value, out: Out) -> String {
    let at = event
        .get("call_ms")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let line = format!(
        "{:>6}  · {} {}",
        minutes(at),
        text(event, "name"),
        text(event, "detail")
    );
    out.paint(Paint::Faint, line.trim_end())
}

/// What is paid for the call, and what it cost if the API tells.
fn receipt(call: &Value, out: Out) {
    bill(call, "price", &["paid"], out);
    bill(call, "cost", &["dimension", "provider", "model"], out);
}

/// Lines that add up to a total; nothing if there are none.
fn bill(call: &Value, side: &str, names: &[&str], out: Out) {
    let Some(items) = call
        .get(side)
        .and_then(|side| side.get("items"))
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty())
    else {
        return;
    };
    out.line("");
    let amount = |item: &Value| {
        item.get("micro_dollars")
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let rows = items.iter().map(|item| {
        let what = names.iter().map(|name| text(item, name));
        let what: Vec<_> = what.filter(|word| !word.is_empty()).collect();
        vec![
            what.join(" "),
            text(item, "quantity"),
            dollars(amount(item)),
        ]
    });
    let mut rows: Vec<_> = rows.collect();
    let total: u64 = items.iter().map(amount).sum();
    rows.push(vec![
        out.paint(Paint::Strong, "total"),
        String::new(),
        dollars(total),
    ]);
    out.table(&[side, "quantity", "amount"], rows);
}
