//! Whose numbers are whose: a tenant moves its own from bot to bot, and only somebody who may takes others.

use serde_json::{Value, json};

use crate::accounts::key_for;
use crate::support::*;

/// Nobody's.
const FREE: &str = "+15005550007";

/// A deployment whose tenant has two bots and a number, and the key of somebody who may change bots.
async fn house_of_two() -> (House, String) {
    let house = house().await;
    ask(&house.calls, "PUT", "/bots/dusk", Some(json!({}))).await;
    let scopes = ["bots:read", "bots:write", "calls:write"];
    let key = key_for(&house, "default", &scopes).await;
    (house, key)
}

async fn give(house: &House, key: &str, number: &str, bot: &str) -> Answer {
    let path = format!("/numbers/{number}");
    let body = json!({ "bot": bot });
    ask_as(&house.calls, Some(key), "PUT", &path, Some(body)).await
}

async fn give_back(house: &House, key: &str, number: &str) -> Answer {
    let path = format!("/numbers/{number}");
    ask_as(&house.calls, Some(key), "DELETE", &path, None).await
}

fn lacks(answer: &Answer, field: &Value) {
    let error = &answer.json()["error"];
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("scope_missing"), field)
    );
    assert!(answer.body.contains("numbers:write"), "{}", answer.body);
}

#[tokio::test]
async fn a_tenant_moves_its_numbers_and_takes_no_others() {
    let (house, key) = house_of_two().await;
    let moved = give(&house, &key, OUR_NUMBER, "dusk").await;
    assert_eq!(moved.json()["bot"], "dusk", "{}", moved.body);
    lacks(&give(&house, &key, FREE, "dusk").await, &json!("number"));
    lacks(&give_back(&house, &key, OUR_NUMBER).await, &Value::Null);
    let path = format!("/numbers/{FREE}");
    let nobody = ask(&house.calls, "GET", &path, None).await;
    assert_eq!(nobody.status, 404);
    let taker = key_for(&house, "default", &["bots:write", "numbers:write"]).await;
    assert_eq!(give(&house, &taker, FREE, "mesa").await.status, 200);
    // From now on it is the tenant's, and everybody's of it to move.
    assert_eq!(give(&house, &key, FREE, "dusk").await.status, 200);
    assert_eq!(give_back(&house, &taker, FREE).await.status, 204);
    lacks(&give(&house, &key, FREE, "dusk").await, &json!("number"));
    // Taking numbers is not changing bots.
    let only = key_for(&house, "default", &["numbers:write"]).await;
    let refused = give(&house, &only, OUR_NUMBER, "mesa").await;
    assert_eq!(refused.code(), "scope_missing");
}

#[tokio::test]
async fn nobody_calls_from_a_number_that_is_not_their_tenants() {
    let (house, key) = house_of_two().await;
    let call = async |key: &str, from: &str| {
        let order = json!({ "to": "+15005550001", "bot": "dusk", "from": from });
        ask_as(&house.calls, Some(key), "POST", "/calls", Some(order)).await
    };
    lacks(&call(&key, FREE).await, &json!("from"));
    assert!(house.carrier.asked.lock().unwrap().is_empty());
    // Any number of the tenant's will do, whichever bot answers it.
    assert_eq!(call(&key, OUR_NUMBER).await.status, 201);
    let taker = key_for(&house, "default", &["calls:write", "numbers:write"]).await;
    assert_eq!(call(&taker, FREE).await.status, 201);
    assert_eq!(call(OPERATOR_KEY, FREE).await.status, 201);
    let other = json!({ "id": "other" });
    ask(&house.calls, "POST", "/tenants", Some(other)).await;
    let path = "/bots/dusk?tenant=other";
    ask(&house.calls, "PUT", path, Some(json!({}))).await;
    let theirs = key_for(&house, "other", &["calls:write", "numbers:write"]).await;
    assert_eq!(call(&theirs, OUR_NUMBER).await.code(), "number_taken");
}
