//! `callbox keys` and `callbox token`: who may use the API.

use std::time::Duration;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::numbers::text;
use crate::out::{Out, Paint};
use crate::settings::Settings;
use crate::start::duration;
use crate::time::local_ms;

/// The commands of `keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key. It is shown this once: only its hash is kept.
    Create(CreateArgs),
    /// List the keys, without what opens.
    List,
    /// Make a key worthless, at once.
    Revoke {
        /// The key's id, from the list.
        id: String,
    },
}

/// The options of `keys create`.
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// What it is for, for people.
    #[arg(long, default_value = "callbox", value_name = "TEXT")]
    name: String,
    /// What it may do, separated by commas, and no more than your own key: calls:read, calls:write, bots:read, bots:write,
    /// numbers:write (take numbers that nobody has, and give them back), prices:write, usage:read, costs:read (what calls
    /// cost you), keys:write, talk.
    #[arg(long, value_delimiter = ',', value_name = "SCOPES", required = true)]
    scopes: Vec<String>,
}

/// The options of `token`.
#[derive(Args, Debug)]
pub(crate) struct TokenArgs {
    /// The only bot it is good for.
    #[arg(long, value_name = "ID")]
    bot: Option<String>,
    /// What it may do, separated by commas; without it, talk to the bot, or without a bot all that your key may but
    /// keys:write. No token makes or changes keys.
    #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
    scopes: Vec<String>,
    /// How long it is good, such as 15m or 1h, up to a day; without it as the deployment is configured.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    ttl: Option<Duration>,
}

/// Runs a command of `keys`.
pub(crate) async fn keys(command: Keys, settings: &Settings, out: Out) -> Result<(), Failure> {
    let api = Api::of(settings)?;
    match command {
        Keys::Create(arguments) => create(&api, &arguments, out).await,
        Keys::List => list(&api, out).await,
        Keys::Revoke { id } => {
            api.send(
                Method::DELETE,
                &format!("/keys/{}", encoded(&id)),
                None,
                &[],
            )
            .await?;
            out.line(&format!("{id} opens nothing any more"));
            out.json(&json!({ "revoked": id }));
            Ok(())
        }
    }
}

async fn create(api: &Api, arguments: &CreateArgs, out: Out) -> Result<(), Failure> {
    let body = json!({ "name": arguments.name, "scopes": arguments.scopes });
    let made = api.send(Method::POST, "/keys", Some(&body), &[]).await?;
    if out.is_json() {
        out.json(&made);
        return Ok(());
    }
    // The key alone on standard output, so that it can be piped into a vault.
    out.progress(&format!(
        "id {}; may {}",
        text(&made, "id"),
        text(&made, "scopes")
    ));
    out.progress("this is the only time that the key is shown:");
    Out::raw(&text(&made, "key"));
    Ok(())
}

async fn list(api: &Api, out: Out) -> Result<(), Failure> {
    let keys = api.list("/keys", "keys").await?;
    out.json(&json!({ "keys": keys }));
    let rows = keys.iter().map(|key| {
        let since = key.get("created_ms").and_then(Value::as_i64).map(local_ms);
        let used = key.get("used_ms").and_then(Value::as_i64).map(local_ms);
        let revoked = key.get("revoked_ms").and_then(Value::as_i64).map(local_ms);
        vec![
            out.paint(Paint::Strong, &text(key, "id")),
            text(key, "name"),
            text(key, "scopes"),
            since.unwrap_or_default(),
            used.unwrap_or_default(),
            revoked.unwrap_or_default(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        out.line("there are no keys: callbox keys create makes one");
    } else {
        out.table(&["id", "name", "may", "created", "used", "revoked"], rows);
    }
    Ok(())
}

/// Makes a token for a browser or a socket.
pub(crate) async fn token(
    arguments: &TokenArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let api = Api::of(settings)?;
    let mut body = json!({});
    put(
        &mut body,
        "bot",
        arguments.bot.as_ref().map(|bot| json!(bot)),
    );
    put(
        &mut body,
        "scopes",
        (!arguments.scopes.is_empty()).then(|| json!(arguments.scopes)),
    );
    // The API counts in minutes.
    let minutes = arguments.ttl.map(|ttl| json!(ttl.as_secs().div_ceil(60)));
    put(&mut body, "minutes", minutes);
    let made = api.send(Method::POST, "/tokens", Some(&body), &[]).await?;
    if out.is_json() {
        out.json(&made);
    } else {
        Out::raw(&text(&made, "token"));
    }
    Ok(())
}

fn put(body: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (body.as_object_mut(), value) {
        fields.insert(name.to_owned(), value);
    }
}
