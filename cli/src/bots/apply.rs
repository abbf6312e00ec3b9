//! `callbox bot apply`.

use contract::Bot;
use reqwest::Method;
use serde_json::{Value, json};
use twilio::PhoneNumber;

use super::ApplyArgs;
use super::diff::{Change, changes};
use super::file::{BotFile, NOT_IN_FILES, count, read_all};
use super::numbers_of;
use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::numbers::{bot_of, text};
use crate::out::{Out, Paint};
use crate::settings::Settings;

/// What a file changes.
struct Plan {
    file: BotFile,
    body: Value,
    is_new: bool,
    changes: Vec<Change>,
    /// Numbers that it is given, and which bot answers them now.
    numbers: Vec<(PhoneNumber, Option<String>)>,
    /// Numbers that it answers now, and that its file no longer names.
    gone: Vec<String>,
}

impl Plan {
    /// Compares a file with what the platform has. `named` are the numbers of all files: what another one names is not
    /// taken away, but given to that one's bot.
    async fn of(file: BotFile, named: &[PhoneNumber], api: &Api) -> Result<Self, Failure> {
        let mut body = said(serde_json::to_value(&file.bot).unwrap_or_default());
        let there = api.find(&format!("/bots/{}", file.bot.id)).await?;
        let is_new = there.is_none();
        // A new bot's file is told by what it says, not by all that is so by itself.
        let plain = || serde_json::to_value(Bot::default()).unwrap_or_default();
        let mut before = said(there.unwrap_or_else(plain));
        if !file.is_priced {
            keep_price(&mut body, &mut before, is_new);
        }
        let mut numbers = Vec::new();
        for number in file.numbers.iter().flatten() {
            let now = bot_of(api, number.as_str()).await?;
            if now.as_deref() != Some(file.bot.id.as_str()) {
                numbers.push((number.clone(), now));
            }
        }
        let mut gone = Vec::new();
        if file.numbers.is_some() && !is_new {
            gone = numbers_of(api, file.bot.id.as_str()).await?;
            gone.retain(|number| !named.iter().any(|named| named.as_str() == number));
        }
        Ok(Self {
            changes: changes(&before, &body),
            file,
            body,
            is_new,
            numbers,
            gone,
        })
    }

    fn is_needed(&self) -> bool {
        self.is_new || !self.changes.is_empty() || !self.numbers.is_empty() || !self.gone.is_empty()
    }

    fn show(&self, out: Out) {
        let id = out.paint(Paint::Strong, self.file.bot.id.as_str());
        let path = out.paint(Paint::Faint, &format!("({})", self.file.path.display()));
        let what = match (self.is_new, self.is_needed()) {
            (true, _) => "new",
            (false, true) => "changes",
            (false, false) => "as it is",
        };
        out.line(&format!("{id}: {what} {path}"));
        for change in &self.changes {
            change.show(out);
        }
        for (number, now) in &self.numbers {
            let now = now
                .as_ref()
                .map(|bot| format!(" (now {bot})"))
                .unwrap_or_default();
            out.line(&out.paint(
                Paint::Good,
                &format!("  + {number} → {}{now}", self.file.bot.id),
            ));
        }
        for number in &self.gone {
            out.line(&out.paint(Paint::Bad, &format!("  - {number}: nobody will answer it")));
        }
    }

    fn to_json(&self) -> Value {
        let fields = self.changes.iter().map(Change::to_json);
        let id = &self.file.bot.id;
        let given = self.numbers.iter();
        let given = given.map(|(number, now)| json!({ "number": number, "from": now, "to": id }));
        let gone = self.gone.iter();
        let gone = gone.map(|number| json!({ "number": number, "from": id, "to": null }));
        let numbers = given.chain(gone);
        json!({
            "bot": id, "file": self.file.path, "new": self.is_new,
            "changes": fields.collect::<Vec<_>>(), "numbers": numbers.collect::<Vec<_>>(),
        })
    }

    /// Carries it out; answers the bot's version.
    async fn carry_out(&self, api: &Api) -> Result<String, Failure> {
        let id = &self.file.bot.id;
        let mut version = String::new();
        if self.is_new || !self.changes.is_empty() {
            let kept = api
                .send(Method::PUT, &format!("/bots/{id}"), Some(&self.body), &[])
                .await?;
            version = text(&kept, "version");
        }
        for (number, _) in &self.numbers {
            let path = format!("/numbers/{}", encoded(number.as_str()));
            api.send(Method::PUT, &path, Some(&json!({ "bot": id })), &[])
                .await?;
        }
        for number in &self.gone {
            let path = format!("/numbers/{}", encoded(number));
            api.send(Method::DELETE, &path, None, &[]).await?;
        }
        Ok(version)
    }
}

/// Leaves a price that the file does not say as the platform has it, or as it makes it for a new bot.
fn keep_price(body: &mut Value, before: &mut Value, is_new: bool) {
    let (Some(body), Some(before)) = (body.as_object_mut(), before.as_object_mut()) else {
        return;
    };
    body.remove("price");
    match before.get("price") {
        Some(price) if !is_new => {
            body.insert("price".to_owned(), price.clone());
        }
        _ => {
            before.remove("price");
        }
    }
}

/// A bot without what the platform counts by itself.
fn said(mut bot: Value) -> Value {
    if let Some(fields) = bot.as_object_mut() {
        for name in NOT_IN_FILES {
            fields.remove(name);
        }
    }
    bot
}

/// Checks all files, shows what changes, asks, and does it.
pub(super) async fn apply(
    arguments: &ApplyArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let files = read_all(&arguments.files)?;
    let api = Api::of(settings)?;
    let named = files.iter().flat_map(|file| file.numbers.iter().flatten());
    let named: Vec<_> = named.cloned().collect();
    let mut plans = Vec::new();
    for file in files {
        plans.push(Plan::of(file, &named, &api).await?);
    }
    for plan in &plans {
        plan.show(out);
    }
    let needed: Vec<_> = plans.iter().filter(|plan| plan.is_needed()).collect();
    let shown: Vec<_> = plans.iter().map(Plan::to_json).collect();
    if needed.is_empty() || arguments.dry_run {
        let words = match (needed.is_empty(), arguments.dry_run) {
            (true, _) => "nothing to change".to_owned(),
            (false, _) => format!("{} would change", count(needed.len(), "bot")),
        };
        out.line(&words);
        out.json(&json!({ "applied": false, "bots": shown }));
        return Ok(());
    }
    if !arguments.yes {
        if !out.can_ask() {
            return Err(Failure::usage(
                "not_confirmed",
                "nobody is there to be asked, so nothing was changed",
            )
            .next("say --yes to apply, or --dry-run to see what would change"));
        }
        if !Out::ask(&format!("change {}?", count(needed.len(), "bot"))) {
            return Err(Failure::new("not_confirmed", "nothing was changed"));
        }
    }
    for plan in &needed {
        let version = plan.carry_out(&api).await?;
        let mark = out.paint(Paint::Good, "✓");
        let version = if version.is_empty() {
            version
        } else {
            format!(", version {version}")
        };
        out.line(&format!("{mark} {}{version}", plan.file.bot.id));
    }
    out.json(&json!({ "applied": true, "bots": shown }));
    Ok(())
}
