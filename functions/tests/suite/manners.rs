//! What whoever writes a client may expect of the API, whichever operation they ask for.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use functions::calls::Settings;
use serde_json::{Value, json};

use crate::accounts::key_for;
use crate::support::*;

#[tokio::test]
async fn a_parameter_that_nobody_knows_is_refused_by_its_name() {
    let house = house().await;
    for (path, name) in [
        ("/calls?staus=completed", "staus"),
        ("/calls?status=completed&limit=5&page=2", "page"),
        ("/bots?lmit=3", "lmit"),
        ("/numbers?bot=mesa", "bot"),
        ("/usage/2026-11?fromat=csv", "fromat"),
        (
            "/calls/CA00000000000000000000000000000001/events?since=4",
            "since",
        ),
    ] {
        let refused = ask(&house.calls, "GET", path, None).await;
        let error = refused.json()["error"].clone();
        assert_eq!(refused.status, 400, "{path}");
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("parameter_unknown"), &json!(name)),
            "{path}"
        );
    }
    for path in [
        "/calls?bot=mesa&status=completed&direction=inbound&from=2026-11-01&to=2026-12-01&limit=5&tenant=default",
        "/bots?tenant=default&limit=3",
        "/usage/2026-11?format=csv&tenant=default",
    ] {
        let answer = ask(&house.calls, "GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_wrong_method_is_refused_in_our_words_everywhere() {
    let house = house().await;
    for path in ["/bots", "/health", "/sessions", "/openapi.json", "/docs/"] {
        let refused = ask(&house.calls, "PATCH", path, None).await;
        assert_eq!(refused.status, 405, "{path}");
        assert_eq!(refused.code(), "method_wrong", "{path}");
        assert!(refused.headers.contains_key("allow"), "{path}");
    }
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    let house = house().await;
    let order = "/calls/CA00000000000000000000000000000001/orders";
    let keys = json!({ "name": "k" });
    for (method, path, body, field) in [
        ("POST", "/calls", json!({ "to": "+15005550001" }), "bot"),
        ("POST", order, json!({ "do": "say" }), "text"),
        ("POST", order, json!({}), "do"),
        ("POST", "/keys", keys, "scopes"),
        ("POST", "/tenants", json!({}), "id"),
        ("PUT", "/numbers/+15005550006", json!({}), "bot"),
    ] {
        let refused = ask(&house.calls, method, path, Some(body)).await;
        let error = refused.json()["error"].clone();
        assert_eq!(refused.status, 400, "{path}: {}", refused.body);
        assert_eq!(error["field"], field, "{path}: {}", refused.body);
        assert_eq!(error["code"], "field_missing", "{path}: {}", refused.body);
    }
}

#[tokio::test]
async fn the_word_before_a_key_may_be_written_in_any_case() {
    let house = house().await;
    for (scheme, status) in [
        ("bearer", 200),
        ("BEARER", 200),
        ("Basic", 401),
        ("Bearer:", 401),
    ] {
        let request = Request::get("/bots")
            .header("authorization", format!("{scheme} {OPERATOR_KEY}"))
            .body(Body::empty());
        let answer = send(&house.calls, request.unwrap()).await;
        assert_eq!(answer.status, status, "{scheme}");
        let asks = answer.headers.contains_key("www-authenticate");
        assert_eq!(asks, status == 401, "{scheme}");
    }
}

#[tokio::test]
async fn mistakes_and_repeats_are_no_calls_and_are_not_counted_as_such() {
    let house = house_with(Settings {
        calls_per_minute: 2,
        ..Settings::default()
    })
    .await;
    let key = key_for(&house, "default", &["calls:write"]).await;
    let place = async |name: &str, body: Value| {
        let request = Request::post("/calls")
            .header("authorization", format!("Bearer {key}"))
            .header("idempotency-key", name);
        send(
            &house.calls,
            request.body(Body::from(body.to_string())).unwrap(),
        )
        .await
    };
    let good = json!({ "to": "+12125551234", "bot": "mesa" });
    for wrong in [
        json!({}),
        json!({ "to": "1", "bot": "mesa" }),
        json!({ "to": "+12125551234", "bot": "none" }),
    ] {
        assert_eq!(place("wrong", wrong).await.status, 400);
    }
    let first = place("one", good.clone()).await;
    for _ in 0..5 {
        let again = place("one", good.clone()).await;
        assert_eq!((again.status.as_u16(), again.replayed), (201, true));
        assert_eq!(again.body, first.body);
    }
    assert_eq!(place("two", good.clone()).await.status, 201);
    assert_eq!(place("three", good.clone()).await.code(), "calls_limited");
    // It was not dialled, so the same order may be given again, and would be another body's too.
    let other = json!({ "to": "+12125551234", "bot": "mesa", "time_limit_s": 60 });
    assert_eq!(place("three", other).await.code(), "calls_limited");
    assert_eq!(place("one", good).await.status, 201);
    assert_eq!(house.carrier.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_name_of_an_order_that_nobody_can_see_is_refused_at_the_door() {
    let house = house().await;
    rings(&house, 1).await;
    let orders = format!("/calls/{}/orders", call_sid(1));
    let call = json!({ "to": "+12125551234", "bot": "mesa" });
    let order = json!({ "do": "interrupt" });
    for (path, body) in [("/calls", &call), (&orders, &order)] {
        let give = async |name: &str| {
            let request = Request::post(path)
                .header("authorization", format!("Bearer {OPERATOR_KEY}"))
                .header("idempotency-key", name);
            let request = request.body(Body::from(body.to_string())).unwrap();
            send(&house.calls, request).await
        };
        for name in ["a b", "a\tb", "", " "] {
            let refused = give(name).await;
            let got = (refused.status.as_u16(), refused.code());
            assert_eq!(got, (400, "key_malformed".to_owned()), "{path} {name:?}");
        }
        assert!(give("!a~").await.status.is_success(), "{path}");
    }
    assert_eq!(house.edge.orders.lock().unwrap().len(), 1);
    // What the edge finds wrong with an order is no failure of the edge's.
    *house.edge.refuses.lock().unwrap() = Some(422);
    let refused = ask(&house.calls, "POST", &orders, Some(order)).await;
    let got = (refused.status.as_u16(), refused.code());
    assert_eq!(got, (400, "order_invalid".to_owned()));
}

#[tokio::test]
async fn nobody_calls_by_a_number_of_another_tenants() {
    let house = house().await;
    let other = json!({ "id": "other" });
    ask(&house.calls, "POST", "/tenants", Some(other)).await;
    let key = key_for(
        &house,
        "other",
        &["bots:write", "calls:write", "numbers:write"],
    )
    .await;
    let theirs = async |method, path, body: Value| {
        ask_as(&house.calls, Some(&key), method, path, Some(body)).await
    };
    theirs("PUT", "/bots/dawn", json!({})).await;
    let order = |from: &str| json!({ "to": "+12125551234", "bot": "dawn", "from": from });
    let refused = theirs("POST", "/calls", order(OUR_NUMBER)).await;
    let error = refused.json()["error"].clone();
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("number_taken"), &json!("from"))
    );
    assert!(house.carrier.asked.lock().unwrap().is_empty());
    // Who may take numbers may try one that nobody here answers: that is between them and the carrier.
    assert_eq!(
        theirs("POST", "/calls", order("+12125550000")).await.status,
        201
    );
}

#[tokio::test]
async fn changes_of_a_bot_at_the_same_time_are_all_kept() {
    let store = crate::store::dynamo().await;
    store.bots.put_bot(&mesa()).await.unwrap();
    let world = (fake_edge(), Arc::default(), fake_post());
    let settings = Settings::default();
    let calls = calls_on(store.clone(), Arc::default(), &world, settings).await;
    // Each changes another member; what comes between must not be undone.
    let patches = [
        json!({ "name": "Mesa Verde" }),
        json!({ "language": "es-ES" }),
        json!({ "idle": { "after_ms": 6_000 } }),
        json!({ "idle": { "prompt": "Still there?" } }),
        json!({ "reply_chars_max": 200 }),
        json!({ "record": false }),
    ];
    let changes = patches.map(|patch| ask(&calls, "PATCH", "/bots/mesa", Some(patch)));
    for changed in futures_util::future::join_all(changes).await {
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    let bot = store
        .bots
        .bot(&tenant(), &mesa().id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (bot.name.as_str(), bot.language.as_str()),
        ("Mesa Verde", "es-ES")
    );
    assert_eq!(
        (bot.idle.after_ms, bot.idle.prompt.as_str()),
        (6_000, "Still there?")
    );
    assert_eq!(
        (bot.reply_chars_max, bot.record, bot.version),
        (200, false, 7)
    );
}
