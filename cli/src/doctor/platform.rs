//! The API, the edge, the bots, and whether their models will still be there.

use contract::ErrorBody;
use jiff::Zoned;
use jiff::civil::Date;
use serde_json::Value;

use super::Round;
use super::check::Check;
use super::models::{Ending, ending};
use crate::api::Api;
use crate::failure::Failure;
use crate::http::{client, why};
use crate::numbers::text;

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
    match api.list("/bots", "bots").await {
        Ok(bots) if bots.is_empty() => {
            round.tell(Check::warning(
                "bots",
                "there are none",
                "callbox bot apply my-bot.toml makes one",
            ));
            round.tell(Check::skipped("models", "there are no bots"));
        }
        Ok(bots) => {
            let ids: Vec<_> = bots.iter().map(|bot| text(bot, "id")).collect();
            round.tell(Check::ok("bots", ids.join(", ")));
            let today = Zoned::now().date();
            for check in models(&bots, today) {
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

/// The models of all stages of all bots, fallbacks included, that end or have ended.
fn models(bots: &[Value], today: Date) -> Vec<Check> {
    let mut checks = Vec::new();
    for bot in bots {
        for name in ["listen", "think", "speak"] {
            let Some(stage) = bot.get(name) else { continue };
            let fallbacks = stage.get("fallbacks").and_then(Value::as_array);
            for one in std::iter::once(stage).chain(fallbacks.into_iter().flatten()) {
                let model = text(one, "model");
                if let Some(ending) = ending(&text(one, "provider"), &model) {
                    checks.extend(judged(&text(bot, "id"), name, &model, ending, today));
                }
            }
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "models",
            "no bot names a model that is about to end",
        ));
    }
    checks
}

fn judged(bot: &str, stage: &str, model: &str, ending: &Ending, today: Date) -> Option<Check> {
    let day = ending.day()?;
    let left = today.until(day).map_or(0, |span| span.get_days());
    let next = format!(
        "in the bot's file, [{stage}] model = …: {}\nsource: {}",
        ending.instead, ending.source
    );
    let words = |verb: &str| format!("{bot}: the model {model} ({stage}) {verb} on {day}");
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
        let outcome = |day: &str| models(&bots, day.parse().unwrap()).remove(0);
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
            models(&bots, "2030-01-01".parse().unwrap())[0].outcome,
            Outcome::Ok
        );
    }
}
