//! Giving a number back what it had.

use serde_json::{Value, json};
use twilio::rest::{NumberSettings, RestoreNumber};

use super::memory::{Memory, Store};
use crate::carrier::Carrier;
use crate::failure::Failure;

/// What became of a number's former settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Back {
    /// It has them again.
    Restored,
    /// It has them; they were never changed.
    Untouched,
    /// Somebody else has pointed it elsewhere since; that was left alone.
    Foreign,
}

impl Back {
    /// For programs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Untouched => "untouched",
            Self::Foreign => "changed_elsewhere",
        }
    }

    /// For people.
    pub(crate) fn words(self, memory: &Memory) -> String {
        let number = &memory.number;
        let former = target(&memory.former);
        match self {
            Self::Restored => format!("{number} is as it was: {former}"),
            Self::Untouched => format!("{number} never pointed here: {former}"),
            Self::Foreign => format!(
                "{number} has been pointed elsewhere meanwhile, and was left so; before it did this: {former}"
            ),
        }
    }

    /// The result.
    pub(crate) fn to_json(self, memory: &Memory) -> Value {
        json!({ "event": self.code(), "number": memory.number, "former": memory.former })
    }
}

/// Where a number leads, in a word.
pub(crate) fn target(settings: &NumberSettings) -> String {
    let trunk = settings
        .trunk_sid
        .as_ref()
        .map(|sid| format!("trunk {sid}"));
    let application = settings.voice_application_sid.as_ref();
    trunk
        .or_else(|| application.map(|sid| format!("application {sid}")))
        .or_else(|| settings.voice_url.clone())
        .unwrap_or_else(|| "nowhere".to_owned())
}

/// Gives the number back what it had, unless somebody else has changed it since, and forgets. If Twilio cannot be asked,
/// nothing is forgotten.
///
/// # Errors
/// Another account is configured, or Twilio does not do it.
pub(crate) async fn give_back(
    carrier: &Carrier,
    store: &Store,
    memory: &Memory,
) -> Result<Back, Failure> {
    if carrier.account() != memory.account {
        let message = format!(
            "{} belongs to the account {}, but {} is configured",
            memory.number,
            memory.account,
            carrier.account()
        );
        return Err(Failure::usage("other_account", message)
            .next("set the former account's credentials, and `callbox stop` gives the number back what it had"));
    }
    let back = match carrier.number(Some(&memory.number)).await {
        Ok(number) => {
            let now = number.settings();
            if same_place(&now, &memory.former) {
                Back::Untouched
            } else if memory.is_ours(&now) {
                let restore = RestoreNumber {
                    number: memory.sid,
                    settings: memory.former.clone(),
                };
                carrier.restore(&restore).await.map_err(kept)?;
                Back::Restored
            } else {
                Back::Foreign
            }
        }
        // The account has given the number up: there is nothing to restore.
        Err(failure) if failure.code == "number_not_owned" => Back::Foreign,
        Err(failure) => return Err(kept(failure)),
    };
    store.clear()?;
    Ok(back)
}

/// Whether a number does all that it did: methods aside, which say nothing by themselves.
fn same_place(now: &NumberSettings, former: &NumberSettings) -> bool {
    let key = |settings: &NumberSettings| {
        [
            settings.voice_url.clone(),
            settings.voice_fallback_url.clone(),
            settings.status_callback.clone(),
            settings.voice_application_sid.clone(),
            settings.trunk_sid.clone(),
        ]
    };
    key(now) == key(former)
}

fn kept(failure: Failure) -> Failure {
    let next = failure.next.unwrap_or_default();
    Failure {
        message: format!("the number still points here: {}", failure.message),
        next: Some(
            format!("{next}\nthen run `callbox stop`: what the number did before is remembered")
                .trim()
                .to_owned(),
        ),
        ..failure
    }
}
