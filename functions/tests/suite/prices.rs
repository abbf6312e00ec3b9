//! What calls are paid with is the operator's to say: a tenant that changes its bots never changes what it owes.

use contract::Pricing;
use serde_json::{Value, json};

use crate::accounts::key_for;
use crate::support::*;

const AGREED: Pricing = Pricing {
    per_call_micro_dollars: 50_000,
    per_minute_micro_dollars: 20_000,
    included_minutes: 1,
};

/// A deployment with a price agreed with its tenant, and the key of a tenant who may change bots.
async fn agreed() -> (House, String) {
    let house = house().await;
    let price = json!({ "price": AGREED });
    let changed = ask(&house.calls, "PATCH", "/tenants/default", Some(price)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let key = key_for(&house, "default", &["bots:read", "bots:write"]).await;
    (house, key)
}

fn price_of(answer: &Answer) -> Pricing {
    assert!(answer.status.is_success(), "{}", answer.body);
    serde_json::from_value(answer.json()["price"].clone()).unwrap()
}

#[tokio::test]
async fn a_bot_that_a_tenant_makes_has_the_price_that_was_agreed() {
    let (house, key) = agreed().await;
    let make = async |method, path, body: Value| {
        ask_as(&house.calls, Some(&key), method, path, Some(body)).await
    };
    let posted = make("POST", "/bots", json!({ "id": "dawn" })).await;
    assert_eq!(price_of(&posted), AGREED);
    let put = make("PUT", "/bots/dusk", json!({ "price": AGREED })).await;
    assert_eq!(price_of(&put), AGREED);
    let free = json!({ "id": "free", "price": Pricing::default() });
    let refused = make("POST", "/bots", free.clone()).await;
    let error = &refused.json()["error"];
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("scope_missing"), &json!("price"))
    );
    assert_eq!(make("PUT", "/bots/free", free).await.status, 403);
    assert_eq!(
        ask(&house.calls, "GET", "/bots/free", None).await.status,
        404
    );
}

#[tokio::test]
async fn a_tenant_changes_its_bots_and_never_their_price() {
    let (house, key) = agreed().await;
    let own = json!({ "per_call_micro_dollars": 90_000 });
    let priced = json!({ "price": own });
    ask(&house.calls, "PATCH", "/bots/mesa", Some(priced)).await;
    let dear = Pricing {
        per_call_micro_dollars: 90_000,
        ..Pricing::default()
    };
    let change = async |method, body: Value| {
        ask_as(&house.calls, Some(&key), method, "/bots/mesa", Some(body)).await
    };
    for (method, body) in [
        ("PATCH", json!({ "greeting": "Hi." })),
        ("PUT", json!({ "greeting": "Hello." })),
        // To take it back is to take it back to what it is.
        ("PATCH", json!({ "price": null, "greeting": "Good day." })),
        ("PUT", json!({ "price": dear, "greeting": "Good evening." })),
    ] {
        let changed = change(method, body.clone()).await;
        assert_eq!(price_of(&changed), dear, "{method} {body}");
    }
    for (method, body) in [
        ("PATCH", json!({ "price": { "per_call_micro_dollars": 1 } })),
        ("PATCH", json!({ "price": { "included_minutes": 9 } })),
        ("PUT", json!({ "price": AGREED })),
        ("PUT", json!({ "price": {} })),
    ] {
        let refused = change(method, body.clone()).await;
        let got = (refused.status.as_u16(), refused.code());
        assert_eq!(got, (403, "scope_missing".to_owned()), "{method} {body}");
    }
    let kept = ask(&house.calls, "GET", "/bots/mesa", None).await;
    assert_eq!(price_of(&kept), dear);
    assert_eq!(kept.json()["greeting"], "Good evening.");
}

#[tokio::test]
async fn the_operator_and_whom_it_lets_set_prices() {
    let (house, _) = agreed().await;
    let seller = key_for(
        &house,
        "default",
        &["bots:write", "prices:write", "keys:write"],
    )
    .await;
    let paid = json!({ "price": { "per_minute_micro_dollars": 7 } });
    let set = ask_as(
        &house.calls,
        Some(&seller),
        "PATCH",
        "/bots/mesa",
        Some(paid),
    )
    .await;
    assert_eq!(price_of(&set).per_minute_micro_dollars, 7);
    // Left out, it is the tenant's again.
    let put = ask(&house.calls, "PUT", "/bots/mesa", Some(json!({}))).await;
    assert_eq!(price_of(&put), AGREED);
    // The console works with a token that the operator's key has made.
    let token = ask(&house.calls, "POST", "/tokens", Some(json!({})))
        .await
        .json();
    let token = token["token"].as_str().unwrap();
    let free = json!({ "price": {} });
    let set = ask_as(&house.calls, Some(token), "PATCH", "/bots/mesa", Some(free)).await;
    assert_eq!(price_of(&set), AGREED, "a merge patch of nothing");
    let free = json!({ "price": { "per_call_micro_dollars": 0 } });
    let set = ask_as(&house.calls, Some(token), "PATCH", "/bots/mesa", Some(free)).await;
    assert_eq!(price_of(&set).per_call_micro_dollars, 0);
    // Nobody makes a key that may more than they do.
    let keys = key_for(&house, "default", &["keys:write"]).await;
    let wide = json!({ "name": "w", "scopes": ["prices:write"] });
    let refused = ask_as(&house.calls, Some(&keys), "POST", "/keys", Some(wide)).await;
    assert_eq!(refused.code(), "scope_too_wide");
}

#[tokio::test]
async fn a_price_beyond_all_measure_is_refused_for_tenants_too() {
    let house = house().await;
    let price = json!({ "price": { "per_call_micro_dollars": 1_000_000_001_u64 } });
    let refused = ask(&house.calls, "PATCH", "/tenants/default", Some(price)).await;
    assert_eq!(refused.json()["error"]["field"], "price");
}
