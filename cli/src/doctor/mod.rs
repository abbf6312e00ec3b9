//! `callbox doctor`: what is wrong, and what to do about it.

mod carrier;
mod check;
mod models;
mod platform;

use clap::Args;
use serde_json::json;
use twilio::PhoneNumber;

use crate::api::Api;
use crate::carrier::Carrier;
use crate::failure::Failure;
use crate::out::Out;
use crate::settings::{API_KEY, API_URL, EDGE_URL, Settings, TOKEN};
use check::{Check, Outcome};

/// The options of `doctor`.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// The number to look at; without it the one of the settings, or the account's only one.
    #[arg(long, value_name = "E164")]
    number: Option<PhoneNumber>,
}

/// Looks at everything, and tells each outcome as it is found.
pub(crate) async fn doctor(
    arguments: &DoctorArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let mut round = Round {
        out,
        checks: Vec::new(),
    };
    round.tell(secrecy(settings));
    let number = match arguments.number.clone() {
        Some(number) => Some(number),
        None => settings.number()?,
    };
    match Carrier::of(settings) {
        Ok(carrier) => carrier::look(&carrier, number.as_ref(), settings, &mut round).await?,
        Err(failure) => {
            round.tell(Check::failed("credentials", &failure));
            for name in ["clock", "number", "webhook", "signature"] {
                round.tell(Check::skipped(name, "needs Twilio's credentials"));
            }
        }
    }
    let api = Api::of(settings);
    let edge = settings.url(EDGE_URL)?;
    match &api {
        Ok(api) => platform::look(api, edge.as_deref(), &mut round).await?,
        Err(failure) => {
            round.tell(Check::failed("api", failure));
            for name in ["edge", "bots", "models"] {
                round.tell(Check::skipped(name, "needs the API"));
            }
        }
    }
    round.end()
}

/// The checks so far.
pub(crate) struct Round {
    out: Out,
    checks: Vec<Check>,
}

impl Round {
    fn tell(&mut self, check: Check) {
        check.show(self.out);
        self.checks.push(check);
    }

    fn end(self) -> Result<(), Failure> {
        let count = |outcome| {
            self.checks
                .iter()
                .filter(|check| check.outcome == outcome)
                .count()
        };
        let (failed, warnings) = (count(Outcome::Failed), count(Outcome::Warning));
        let checks: Vec<_> = self.checks.iter().map(Check::to_json).collect();
        self.out.json(
            &json!({ "ok": failed == 0, "failed": failed, "warnings": warnings, "checks": checks }),
        );
        if failed == 0 {
            let more = if warnings == 0 {
                String::new()
            } else {
                format!("; {warnings} to be looked at")
            };
            self.out.line(&format!("all is well{more}"));
            return Ok(());
        }
        let message = if failed == 1 {
            "one thing is wrong".to_owned()
        } else {
            format!("{failed} things are wrong")
        };
        Err(Failure::new("unwell", message).next("each says above what to do"))
    }
}

/// Whether a file with keys in it is for its owner only.
fn secrecy(settings: &Settings) -> Check {
    use std::os::unix::fs::PermissionsExt as _;
    let shown: Vec<_> = settings
        .files()
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    for setting in [API_KEY, TOKEN] {
        let file = settings
            .source(setting)
            .filter(|source| shown.iter().any(|path| path == source));
        let mode = file
            .and_then(|file| std::fs::metadata(file).ok())
            .map(|file| file.permissions().mode());
        if let (Some(file), Some(mode)) = (file, mode)
            && mode & 0o077 != 0
        {
            let words = format!("others on this machine can read {setting} in {file}");
            return Check::warning("settings", words, format!("chmod 600 {file}"));
        }
    }
    let source = |setting| settings.source(setting).unwrap_or("nowhere");
    Check::ok(
        "settings",
        format!(
            "api_url from {}, twilio_auth_token from {}",
            source(API_URL),
            source(TOKEN)
        ),
    )
}
