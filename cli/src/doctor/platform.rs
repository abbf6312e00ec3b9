//! The API, the edge, the bots, and whether their models will still be there.

use contract::ErrorBody;
use jiff::Zoned;
use jiff::civil::Date;
use serde_json::Value;

use super::Round;
use super::check::Check;
use super::models::ending;
use crate::api::Api;
use crate::failure::Failure;
use crate::http::{client, why};
use crate::numbers::text;

const STAGES: [&str; 3] = ["listen", "think", "speak"];

/// How long before its end a model is told of, in days.
const SOON_DAYS: i32 = 60;

/// Everything that the API lets us look at.
pub(super) async fn look(api: &Api, edge: Option<&str>, round: &mut Round) -> Result<(), Failure> {
    let health = api.get("/health").await;
    let (check, says) = match health {
        Ok(health) => {
            let words = format!(
                "{} is well, version {}",
                api.url(),
                text(&health, "version")
            );
            (Check::ok("api", words), Some(health))
        }
        Err(refused) if refused.status == 503 && refused.body.get("store").is_some() => {
            (unwell(api.url(), &refused.body), Some(refused.body))
        }
        Err(refused) => (Check::failed("api", &refused.failure), None),
    };
    round.tell(check);
    round.tell(edge_health(edge, says.as_ref()).await?);
    let defaults = says
        .as_ref()
        .and_then(|says| says.pointer("/edge_says/defaults"));
    let today = Zoned::now().date();
    match api.list("/bots", "bots").await {
        Ok(bots) => {
            let ids: Vec<_> = bots.iter().map(|bot| text(bot, "id")).collect();
            round.tell(if ids.is_empty() {
                let next = "callbox bot apply my-bot.toml makes one";
                Check::warning("bots", "there are none", next)
            } else {
                Check::ok("bots", ids.join(", "))
            });
            for check in models(&bots, defaults, today) {
                round.tell(check);
            }
        }
        Err(failure) => {
            round.tell(Check::failed("bots", &failure));
            round.tell(Check::skipped("models", "the bots could not be read"));
        }
    }
    Ok(())
}

/// An API that answers 503: the store, if it is that; what is wrong with the edge is told there.
fn unwell(url: &str, says: &Value) -> Check {
    let store = text(says, "store");
    if store == "ok" {
        return Check::ok("api", format!("{url} answers, and so does its store"));
    }
    let next = "look at the logs of the function `calls`";
    Check::wrong(
        "api",
        format!("{url} answers, but its store: {store}"),
        next,
    )
}

/// The edge, asked by ourselves if it is known where it is, and as the API sees it, whose seals it must know.
async fn edge_health(url: Option<&str>, says: Option<&Value>) -> Result<Check, Failure> {
    let asked = match url {
        Some(url) => Some(ask(url).await?),
        None => None,
    };
    Ok(match asked {
        Some(Err(check)) => check,
        Some(Ok(words)) => seen(says).unwrap_or_else(|| {
            let words =
                format!("{words}; whether it holds the functions' secret only the API can tell");
            Check::ok("edge", words)
        }),
        None => seen(says).unwrap_or_else(|| {
            Check::skipped(
                "edge",
                "the API did not say; set edge_url to ask it directly",
            )
        }),
    })
}

/// What it says to anybody.
async fn ask(url: &str) -> Result<Result<String, Check>, Failure> {
    let wrong = |words: String| {
        Err(Check::wrong(
            "edge",
            words,
            "look at the edge: wrangler tail",
        ))
    };
    let answer = match client()?.get(format!("{url}/health")).send().await {
        Ok(answer) => answer,
        Err(error) => return Ok(wrong(format!("{url} does not answer: {}", why(error)))),
    };
    let status = answer.status();
    if status.is_success() {
        return Ok(Ok(format!("{url} is well")));
    }
    let body = answer.text().await.unwrap_or_default();
    let said =
        serde_json::from_str::<ErrorBody>(&body).map(|body| format!(": {}", body.error.message));
    Ok(wrong(format!(
        "{url}/health answers {status}{}",
        said.unwrap_or_default()
    )))
}

/// How it is for the functions; none if the API did not say.
fn seen(says: Option<&Value>) -> Option<Check> {
    let says = says?;
    let state = text(says, "edge");
    let next = match text(says, "edge_code").as_str() {
        _ if state.is_empty() => return None,
        _ if state == "ok" => {
            return Some(Check::ok(
                "edge",
                "well, and it holds the functions' secret",
            ));
        }
        "seal_forged" => {
            "wrangler secret put EDGE_SECRET (for production with --env prod): the member edge_secret of the functions' secret"
        }
        _ => "look at the edge: wrangler tail; is the parameter EdgeUrl of the functions its URL?",
    };
    Some(Check::wrong("edge", state, next))
}

/// The models of all stages of all bots, fallbacks included, and those of bots that name none, that end or have ended.
fn models(bots: &[Value], defaults: Option<&Value>, today: Date) -> Vec<Check> {
    let mut checks = Vec::new();
    for name in STAGES {
        let default = defaults.and_then(|defaults| defaults.get(name));
        let variable = format!("{}_MODEL", name.to_ascii_uppercase());
        let place =
            format!("in wrangler.toml, where your deployment's variables are, {variable} = …");
        checks.extend(
            default.and_then(|default| judged("bots that name none", name, default, &place, today)),
        );
    }
    for bot in bots {
        for name in STAGES {
            let Some(stage) = bot.get(name) else { continue };
            let fallbacks = stage.get("fallbacks").and_then(Value::as_array);
            let place = format!("in the bot's file, [{name}] model = …");
            for one in std::iter::once(stage).chain(fallbacks.into_iter().flatten()) {
                checks.extend(judged(&text(bot, "id"), name, one, &place, today));
            }
        }
    }
    if checks.is_empty() {
        let words = match defaults {
            Some(_) => "none of a bot or by default is about to end",
            None => {
                "no bot names a model that is about to end; which are the default ones, the edge did not say"
            }
        };
        checks.push(Check::ok("models", words));
    }
    checks
}

/// A model of somebody's stage that ends; `place` is where another can be set.
fn judged(whose: &str, stage: &str, at: &Value, place: &str, today: Date) -> Option<Check> {
    let model = text(at, "model");
    let ending = ending(&text(at, "provider"), &model)?;
    let day = ending.day()?;
    let left = today.until(day).map_or(0, |span| span.get_days());
    let next = format!("{place}: {}\nsource: {}", ending.instead, ending.source);
    let words = |verb: &str| format!("{whose}: the model {model} ({stage}) {verb} on {day}");
    if left <= 0 {
        return Some(Check::wrong("models", words("was shut down"), next));
    }
    let near = if left <= SOON_DAYS {
        format!(", in {left} days")
    } else {
        String::new()
    };
    Some(Check::warning(
        "models",
        format!("{}{near}", words("is shut down")),
        next,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::Outcome;
    use super::*;

    #[test]
    fn a_model_past_its_end_is_wrong_and_one_before_it_is_a_warning() {
        let bots = [json!({
            "id": "mesa",
            "think": { "provider": "openai", "model": "gpt-6-luna", "fallbacks": [{ "provider": "openai", "model": "gpt-5-mini" }] },
        })];
        let outcome = |day: &str| models(&bots, None, day.parse().unwrap()).remove(0);
        let before = outcome("2026-11-21");
        assert_eq!(before.outcome, Outcome::Warning);
        assert!(
            before.words.contains("mesa") && before.words.contains("in 20 days"),
            "{}",
            before.words
        );
        let after = outcome("2026-12-11");
        assert_eq!(after.outcome, Outcome::Failed);
        assert!(after.next.unwrap().contains("gpt-6-luna"));
    }

    #[test]
    fn an_edge_with_another_secret_is_wrong_and_the_secret_is_named() {
        let ill = json!({ "store": "ok", "edge": "the edge refused with 401, seal_forged", "edge_code": "seal_forged" });
        let check = seen(Some(&ill)).unwrap();
        assert_eq!(check.outcome, Outcome::Failed);
        assert!(check.next.unwrap().contains("EDGE_SECRET"));
        assert_eq!(unwell("https://api", &ill).outcome, Outcome::Ok);
        let lost = json!({ "store": "it does not answer", "edge": "ok" });
        assert_eq!(unwell("https://api", &lost).outcome, Outcome::Failed);
        assert_eq!(seen(Some(&lost)).unwrap().outcome, Outcome::Ok);
        assert!(seen(Some(&json!({ "status": "ok" }))).is_none() && seen(None).is_none());
    }

    #[test]
    fn models_that_stay_are_fine() {
        let bots = [json!({ "id": "mesa", "listen": { "provider": "openai", "model": "" } })];
        assert_eq!(
            models(&bots, None, "2030-01-01".parse().unwrap())[0].outcome,
            Outcome::Ok
        );
    }

    #[test]
    fn a_default_model_that_ends_is_told_though_no_bot_names_it() {
        let defaults = json!({
            "listen": { "provider": "openai", "model": "gpt-transcribe" },
            "speak": { "provider": "openai", "model": "tts-1" },
        });
        let today = "2026-11-28".parse().unwrap();
        let bots = [json!({ "id": "mesa", "speak": { "provider": "openai", "model": "" } })];
        for bots in [&bots[..], &[]] {
            let checks = models(bots, Some(&defaults), today);
            assert_eq!((checks.len(), checks[0].outcome), (1, Outcome::Warning));
            let next = checks[0].next.clone().unwrap();
            assert!(next.contains("SPEAK_MODEL"), "{next}");
        }
    }
}
