//! `callbox bot`: bots as files.

mod apply;
mod diff;
mod file;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::numbers::text;
use crate::out::{Out, Paint};
use crate::settings::Settings;

/// The commands of `bot`.
#[derive(Debug, Subcommand)]
pub(crate) enum Bots {
    /// List the bots.
    List,
    /// Show a bot, as its file would say it.
    Show {
        /// The bot's id.
        id: String,
    },
    /// Make the platform's bots as these files say; shows first what changes. Applied twice, it changes nothing.
    #[command(after_help = APPLY)]
    Apply(ApplyArgs),
    /// Write bots as files: one to standard output, or all of them into a folder.
    Export(ExportArgs),
}

const APPLY: &str = "\
A file is a bot in TOML. What it does not say is as it is by default, whatever the platform has now; only a price stays
as it is unless the file says one:

  id = \"mesa\"
  numbers = [\"+15005550006\"]        # the numbers that it shall answer, and no others; without it, those that it has
  name = \"Mesa\"
  greeting = \"Thank you for calling Mesa. How can I help you?\"
  instructions = \"\"\"
  You answer the telephone of Mesa, a restaurant, and take bookings.
  \"\"\"

  [turns.end]
  by = \"adaptive\"

  [[tools]]
  kind = \"end_call\"

Examples:
  callbox bot apply bots/*.toml --dry-run
  callbox bot apply bots/*.toml --yes        from a pipeline";

/// The options of `bot apply`.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Do not ask.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Only show what would change.
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
}

/// The options of `bot export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The bot; without it all of them.
    #[arg(value_name = "ID", required_unless_present = "folder")]
    id: Option<String>,
    /// Write each bot to a file of this folder. Files that are there are replaced.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Runs a command of `bot`.
pub(crate) async fn bots(command: Bots, settings: &Settings, out: Out) -> Result<(), Failure> {
    match command {
        // Files are checked before anybody is asked for keys.
        Bots::Apply(arguments) => apply::apply(&arguments, settings, out).await,
        Bots::List => list(&Api::of(settings)?, out).await,
        Bots::Show { id } => show(&Api::of(settings)?, &id, out).await,
        Bots::Export(arguments) => export(&Api::of(settings)?, &arguments, out).await,
    }
}

async fn list(api: &Api, out: Out) -> Result<(), Failure> {
    let bots = api.list("/bots", "bots").await?;
    out.json(&json!({ "bots": bots }));
    if bots.is_empty() {
        out.line("there are no bots: callbox bot apply my-bot.toml makes one (callbox bot apply --help shows a file)");
        return Ok(());
    }
    let stage = |bot: &Value, name: &str| {
        let stage = bot.get(name).cloned().unwrap_or_default();
        format!("{} {}", text(&stage, "provider"), text(&stage, "model"))
            .trim_end()
            .to_owned()
    };
    let rows = bots.iter().map(|bot| {
        vec![
            out.paint(Paint::Strong, &text(bot, "id")),
            text(bot, "name"),
            text(bot, "version"),
            text(bot, "language"),
            stage(bot, "listen"),
            stage(bot, "think"),
            stage(bot, "speak"),
        ]
    });
    out.table(
        &[
            "id", "name", "version", "language", "listen", "think", "speak",
        ],
        rows.collect(),
    );
    Ok(())
}

async fn bot(api: &Api, id: &str) -> Result<Value, Failure> {
    let found = api.find(&format!("/bots/{}", encoded(id))).await?;
    found.ok_or_else(|| {
        Failure::new("bot_unknown", format!("there is no bot {id}"))
            .next("callbox bot list shows those that there are")
    })
}

async fn show(api: &Api, id: &str, out: Out) -> Result<(), Failure> {
    let bot = bot(api, id).await?;
    out.json(&bot);
    let numbers = numbers_of(api, id).await?;
    out.line(&out.paint(
        Paint::Faint,
        &format!("# version {}", text(&bot, "version")),
    ));
    out.line(file::written(&bot, &numbers)?.trim_end());
    Ok(())
}

/// The numbers that a bot answers.
async fn numbers_of(api: &Api, id: &str) -> Result<Vec<String>, Failure> {
    let all = api.list("/numbers", "numbers").await?;
    let own = all.iter().filter(|number| text(number, "bot") == id);
    Ok(own.map(|number| text(number, "number")).collect())
}

async fn export(api: &Api, arguments: &ExportArgs, out: Out) -> Result<(), Failure> {
    let bots = match &arguments.id {
        Some(id) => vec![bot(api, id).await?],
        None => api.list("/bots", "bots").await?,
    };
    for bot in bots {
        let id = text(&bot, "id");
        let written = file::written(&bot, &numbers_of(api, &id).await?)?;
        let Some(folder) = &arguments.folder else {
            out.json(&json!({ "id": id, "file": written }));
            out.line(written.trim_end());
            continue;
        };
        let path = folder.join(format!("{id}.toml"));
        let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, written));
        kept.map_err(|error| {
            Failure::new(
                "file_unwritable",
                format!("{} cannot be written: {error}", path.display()),
            )
        })?;
        out.line(&path.display().to_string());
        out.json(&json!({ "id": id, "path": path }));
    }
    Ok(())
}
