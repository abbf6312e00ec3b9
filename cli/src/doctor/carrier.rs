//! Credentials, clock, number, and whether a call to it would be let in.

use jiff::Timestamp;
use reqwest::Client;
use twilio::PhoneNumber;
use twilio::rest::NumberResource;
use twilio::signature::AuthToken;

use super::Round;
use super::check::Check;
use crate::carrier::Carrier;
use crate::failure::Failure;
use crate::http::client;
use crate::settings::{Settings, VOICE_URL};
use crate::start::target;
use crate::webhook::{self, Health, Said};

/// A clock that differs by more, in seconds, makes seals and tickets fail sooner or later; by still more, all of them.
const SKEW_WARN_S: i64 = 5;
const SKEW_MAX_S: i64 = 30;

/// Signs what nobody believes.
const WRONG_TOKEN: &str = "this is not the auth token";

/// Everything that Twilio's credentials let us look at.
pub(super) async fn look(
    carrier: &Carrier,
    asked: Option<&PhoneNumber>,
    settings: &Settings,
    round: &mut Round,
) -> Result<(), Failure> {
    let url = match carrier.numbers(None).await {
        Ok((numbers, date)) => {
            let words = format!("Twilio knows the account {}", carrier.account());
            round.tell(Check::ok("credentials", words));
            round.tell(clock(date, Timestamp::now()));
            let (check, url) = match chosen(&numbers, asked) {
                Ok(number) => point(number),
                Err(check) => (check, None),
            };
            round.tell(check);
            url
        }
        Err(failure) => {
            round.tell(Check::failed("credentials", &failure));
            round.tell(Check::skipped(
                "clock",
                "Twilio did not say what time it is",
            ));
            round.tell(Check::skipped("number", "needs Twilio's credentials"));
            None
        }
    };
    let configured = settings
        .url(VOICE_URL)?
        .map(|base| format!("{base}/voice/incoming"));
    let Some(url) = url.or(configured) else {
        for name in ["webhook", "signature"] {
            round.tell(Check::skipped(
                name,
                "there is no voice URL: give the number one, or set voice_url",
            ));
        }
        return Ok(());
    };
    let client = client()?;
    let reached = reach(&client, &url).await;
    let is_reached = reached.is_ok();
    round.tell(reached.unwrap_or_else(|check| check));
    if is_reached {
        round.tell(signature(&client, &url, carrier.token()).await);
    } else {
        round.tell(Check::skipped(
            "signature",
            "the webhook does not answer as Callbox does",
        ));
    }
    Ok(())
}

fn clock(theirs: Option<Timestamp>, ours: Timestamp) -> Check {
    let Some(theirs) = theirs else {
        return Check::skipped("clock", "Twilio did not say what time it is");
    };
    let skew = ours.duration_since(theirs).as_secs();
    let direction = if skew > 0 { "ahead of" } else { "behind" };
    let words = format!(
        "this machine's clock is {} s {direction} Twilio's",
        skew.abs()
    );
    let next = "set the clock by NTP (timedatectl set-ntp true): seals and tickets are good for a minute only";
    match skew.abs() {
        ..SKEW_WARN_S => Check::ok("clock", "this machine's clock agrees with Twilio's"),
        SKEW_WARN_S..SKEW_MAX_S => Check::warning("clock", words, next),
        _ => Check::wrong("clock", words, next),
    }
}

fn chosen<'a>(
    numbers: &'a [NumberResource],
    asked: Option<&PhoneNumber>,
) -> Result<&'a NumberResource, Check> {
    let found = match asked {
        Some(asked) => numbers.iter().find(|number| number.phone_number == *asked),
        None if numbers.len() == 1 => numbers.first(),
        None if numbers.is_empty() => {
            return Err(Check::wrong(
                "number",
                "the account has no number",
                "buy one at console.twilio.com",
            ));
        }
        None => {
            let words = format!(
                "the account has {} numbers, and none is named",
                numbers.len()
            );
            return Err(Check::warning(
                "number",
                words,
                "callbox doctor --number +1…, or number in callbox.toml",
            ));
        }
    };
    found.ok_or_else(|| {
        let asked = asked.map(PhoneNumber::to_string).unwrap_or_default();
        Check::wrong(
            "number",
            format!("the account has no number {asked}"),
            "callbox numbers --carrier lists those it has",
        )
    })
}

/// Whether a number can be called and where that leads; the URL, if calls get there.
fn point(number: &NumberResource) -> (Check, Option<String>) {
    let settings = number.settings();
    let name = &number.phone_number;
    if number.capabilities.is_some_and(|can| !can.voice) {
        let check = Check::wrong(
            "number",
            format!("{name} cannot take calls: it has no voice"),
            "take another number: callbox numbers --carrier",
        );
        return (check, None);
    }
    let fix = format!(
        "callbox start --number {name} points it here for a while; for good, see docs/deploy.md"
    );
    if settings.trunk_sid.is_some() || settings.voice_application_sid.is_some() {
        let words = format!(
            "{name} leads to {}, so that Twilio ignores its voice URL",
            target(&settings)
        );
        return (Check::wrong("number", words, fix), None);
    }
    let Some(url) = settings.voice_url.clone() else {
        return (
            Check::wrong("number", format!("{name} has no voice URL"), fix),
            None,
        );
    };
    let words = format!("{name} leads to {url}");
    let check = if settings.voice_method.as_deref() == Some("GET") {
        Check::wrong(
            "number",
            format!("{words} by GET, but Callbox is asked by POST"),
            fix,
        )
    } else if settings.voice_fallback_url.is_none() {
        let next = "set its fallback to {edge}/fallback: it says sorry when the functions cannot";
        Check::warning("number", format!("{words}, and has no fallback"), next)
    } else if settings.status_callback.is_none() {
        let next =
            "set its status callback to {status}/twilio/call, or calls stay unfinished in the list";
        Check::warning(
            "number",
            format!("{words}, and has no status callback"),
            next,
        )
    } else {
        Check::ok("number", words)
    };
    (check, Some(url))
}

/// Whether Callbox answers: a request without a signature is refused in its own words.
async fn reach(client: &Client, url: &str) -> Result<Check, Check> {
    let get = match webhook::get(client, url).await {
        Ok(said) => format!("GET {}", said.status),
        Err(reason) => {
            let next = "is Callbox up, and does the tunnel or DNS lead to it? callbox status";
            return Err(Check::wrong(
                "webhook",
                format!("nobody answers at {url}: {reason}"),
                next,
            ));
        }
    };
    match webhook::health(client, url).await {
        Health::Well => Ok(Check::ok(
            "webhook",
            format!("Callbox answers ({get}, POST 403 without a signature)"),
        )),
        other @ (Health::Forged | Health::Odd(_) | Health::Silent(_)) => {
            let next =
                "the voice URL of a number is {voice}/voice/incoming, of the function `voice`";
            Err(Check::wrong(
                "webhook",
                format!("{url}: {} ({get})", other.words()),
                next,
            ))
        }
    }
}

/// Whether a request that is signed with the account's token gets in, and another does not.
async fn signature(client: &Client, url: &str, token: &AuthToken) -> Check {
    let right = webhook::signed(client, url, token).await;
    let wrong = match AuthToken::new(WRONG_TOKEN) {
        Ok(token) => webhook::signed(client, url, &token).await,
        Err(empty) => Err(empty.to_string()),
    };
    match (right, wrong) {
        (Ok(right), Ok(wrong)) => judged(&right, &wrong),
        (Err(reason), _) | (_, Err(reason)) => Check::wrong(
            "signature",
            format!("no answer to a signed request: {reason}"),
            "run callbox doctor again",
        ),
    }
}

fn judged(right: &Said, wrong: &Said) -> Check {
    if wrong.status != 403 {
        let words = format!(
            "a wrongly signed request is answered {}: anybody could pass for Twilio",
            wrong.status
        );
        return Check::wrong(
            "signature",
            words,
            "is that Callbox? take the number away from it: callbox stop",
        );
    }
    match (right.status, right.code.as_str()) {
        (403, _) => Check::wrong(
            "signature",
            "a request signed with twilio_auth_token is refused",
            "the deployment has another token in its secret, or a proxy before it changes the URL that was signed; on this machine: make dev PUBLIC=<the number's URL, without its path>",
        ),
        (400, "form_malformed") => {
            Check::ok("signature", "the right one is let in, a wrong one refused")
        }
        (status @ 500.., _) => Check::wrong(
            "signature",
            format!("a signed request is answered {status}"),
            "look at the logs of the function `voice`",
        ),
        _ => Check::ok("signature", "the right one is let in, a wrong one refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;

    #[test]
    fn a_clock_may_differ_a_little() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let outcome = |second| clock(Some(at(0)), at(second)).outcome;
        assert_eq!(outcome(4), Outcome::Ok);
        assert_eq!(outcome(-7), Outcome::Warning);
        assert_eq!(outcome(31), Outcome::Failed);
        assert!(clock(Some(at(0)), at(-7)).words.contains("7 s behind"));
        assert_eq!(clock(None, at(0)).outcome, Outcome::Skipped);
    }

    #[test]
    fn whoever_lets_a_wrong_signature_in_is_told_before_all() {
        let said = |status, code: &str| Said {
            status,
            code: code.to_owned(),
            is_unconnected: false,
        };
        let forged = said(403, "signature_forged");
        assert_eq!(
            judged(&said(400, "form_malformed"), &forged).outcome,
            Outcome::Ok
        );
        assert_eq!(judged(&forged, &forged).outcome, Outcome::Failed);
        assert_eq!(
            judged(&said(200, ""), &said(200, "")).outcome,
            Outcome::Failed
        );
        assert_eq!(judged(&said(502, ""), &forged).outcome, Outcome::Failed);
    }
}
