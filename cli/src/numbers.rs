//! `callbox numbers`: which bot answers which number, and where the account's numbers lead.

use clap::Args;
use serde_json::{Value, json};

use crate::api::{Api, encoded};
use crate::carrier::Carrier;
use crate::failure::Failure;
use crate::out::Out;
use crate::settings::Settings;
use crate::start::target;

/// The options of `numbers`.
#[derive(Args, Debug)]
pub(crate) struct NumbersArgs {
    /// Show the numbers of the Twilio account, and where calls to them go.
    #[arg(long)]
    carrier: bool,
}

/// Lists numbers.
pub(crate) async fn numbers(
    arguments: &NumbersArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    if arguments.carrier {
        return at_carrier(settings, out).await;
    }
    let api = Api::of(settings)?;
    let numbers = api.list("/numbers", "numbers").await?;
    out.json(&json!({ "numbers": numbers }));
    if numbers.is_empty() {
        out.line("no number has a bot: name numbers in the bot's file (numbers = [\"+1…\"]), and callbox bot apply it");
        return Ok(());
    }
    let rows = numbers
        .iter()
        .map(|number| vec![text(number, "number"), text(number, "bot")]);
    out.table(&["number", "bot"], rows.collect());
    Ok(())
}

async fn at_carrier(settings: &Settings, out: Out) -> Result<(), Failure> {
    let carrier = Carrier::of(settings)?;
    let (numbers, _) = carrier.numbers(None).await?;
    let shown = numbers.iter().map(|number| {
        json!({
            "number": number.phone_number, "sid": number.sid, "name": number.friendly_name,
            "voice": number.capabilities.map(|can| can.voice), "settings": number.settings(),
        })
    });
    out.json(&json!({ "account": carrier.account(), "numbers": shown.collect::<Vec<_>>() }));
    let rows = numbers.iter().map(|number| {
        vec![
            number.phone_number.to_string(),
            match number.capabilities {
                Some(can) if !can.voice => "no".to_owned(),
                _ => "yes".to_owned(),
            },
            target(&number.settings()),
            number.friendly_name.clone().unwrap_or_default(),
        ]
    });
    out.table(&["number", "voice", "calls go to", "name"], rows.collect());
    Ok(())
}

/// The bot that answers a number, if one does.
pub(crate) async fn bot_of(api: &Api, number: &str) -> Result<Option<String>, Failure> {
    let found = api.find(&format!("/numbers/{}", encoded(number))).await?;
    Ok(found.as_ref().map(|found| text(found, "bot")))
}

/// A field as text; empty if it is missing.
pub(crate) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(entries)) => {
            let words = entries.iter().map(|entry| {
                entry
                    .as_str()
                    .map_or_else(|| entry.to_string(), str::to_owned)
            });
            words.collect::<Vec<_>>().join(", ")
        }
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_))) => other.to_string(),
    }
}
