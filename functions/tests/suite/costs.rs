//! What calls cost is the operator's to know: without the scope `costs:read` no answer tells of it, and no webhook ever does.

use contract::{Bot, Pricing};
use functions::store::Bots as _;
use serde_json::{Value, json};

use crate::accounts::key_for;
use crate::store::{batch, ended, turn};
use crate::support::*;

/// The members, at any depth, that tell of costs or let them be worked out.
pub(crate) fn costs_in(told: &Value) -> Vec<String> {
    match told {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                let own = is_of_costs(name).then(|| name.clone());
                own.into_iter().chain(costs_in(value))
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(costs_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn is_of_costs(text: &str) -> bool {
    ["cost", "margin", "spent"]
        .iter()
        .any(|word| text.contains(word))
}

/// A deployment with a call that is paid for and over, and another that still goes on.
async fn house_with_calls() -> House {
    let house = house().await;
    let price = Pricing {
        per_call_micro_dollars: 50_000,
        ..Pricing::default()
    };
    let bot = Bot { price, ..mesa() };
    house.memory.put_bot(&bot).await.unwrap();
    for call in [1, 2] {
        rings(&house, call).await;
    }
    for records in [
        batch(1, vec![turn(1), ended(2, NOW_MS)]),
        batch(2, vec![turn(1)]),
    ] {
        post_sealed(&house.status, "/records", &json!(records)).await;
    }
    house
}

/// What everybody may ask who may see calls and what is paid for them, by the API's own description: as JSON, and as CSV where
/// there is one.
fn paths() -> Vec<String> {
    let document = serde_json::to_value(functions::calls::document()).unwrap();
    let mut paths = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let scope = &item["get"]["security"][0]["key"][0];
        if scope != "calls:read" && scope != "usage:read" {
            continue;
        }
        let own = path.replace("{month}", "2026-11");
        let sids = [1, 2].map(|call| own.replace("{sid}", call_sid(call).as_str()));
        let csv = item["get"]["responses"]["200"]["content"]["text/csv"].is_object();
        paths.extend(csv.then(|| format!("{own}?format=csv")));
        paths.extend(sids);
    }
    paths.sort();
    paths.dedup();
    assert!(paths.len() >= 10, "{paths:?}");
    paths
}

/// What of an answer tells of costs.
fn told(path: &str, answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    if path.ends_with("csv") {
        let lines = answer.body.lines().filter(|line| is_of_costs(line));
        return lines.map(str::to_owned).collect();
    }
    costs_in(&answer.json())
}

#[tokio::test]
async fn what_calls_cost_is_told_to_nobody_without_the_scope_and_left_out() {
    let house = house_with_calls().await;
    let tenant = ["calls:read", "usage:read"];
    let key = key_for(&house, "default", &tenant).await;
    let found_by = async |key: &str| {
        let mut found = Vec::new();
        for path in paths() {
            let answer = ask_as(&house.calls, Some(key), "GET", &path, None).await;
            found.extend(told(&path, &answer));
        }
        found
    };
    assert_eq!(found_by(&key).await, [""; 0]);
    // What is paid for them they do see.
    let call = format!("/calls/{}", call_sid(1));
    let shown = ask_as(&house.calls, Some(&key), "GET", &call, None)
        .await
        .json();
    assert_eq!(shown["price"]["total_micro_dollars"], 50_000);
    assert_eq!(shown["ended"]["price_micro_dollars"], 50_000);
    assert!(shown["usage"].is_object());
    let month = "/usage/2026-11?format=csv";
    let csv = ask_as(&house.calls, Some(&key), "GET", month, None).await;
    let (head, lines) = csv.body.split_once("\r\n").unwrap();
    assert_eq!(head, "bot,of,item,provider,model,quantity,micro_dollars");
    assert_eq!(lines, "mesa,price,call,,,1,50000\r\n");
    // With the scope all of it is there, and the operator has it.
    let wide = key_for(
        &house,
        "default",
        &["calls:read", "usage:read", "costs:read"],
    )
    .await;
    for key in [&wide, OPERATOR_KEY] {
        let found = found_by(key).await;
        for member in [
            "spent_micro_dollars",
            "cost_micro_dollars",
            "cost",
            "margin_micro_dollars",
        ] {
            assert!(found.iter().any(|found| found == member), "{member}");
        }
        assert!(found.iter().any(|line| line.starts_with("mesa,cost,")));
    }
    // Alone it opens nothing.
    let alone = key_for(&house, "default", &["costs:read"]).await;
    let refused = ask_as(&house.calls, Some(&alone), "GET", "/usage/2026-11", None).await;
    assert_eq!(refused.code(), "scope_missing");
}
