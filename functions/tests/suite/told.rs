//! Calls in progress, their events, notes and money, as the API tells them.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use contract::{Bot, Do, Pass, Pricing, Secret};
use functions::calls::Settings;
use functions::store::{Bots as _, Calls as _, Opened, Progress, Store};
use serde_json::{Value, json};
use twilio::webhook::CallStatus;

use crate::store::{batch, ended, opened, turn};
use crate::support::*;

async fn house_with_call() -> House {
    let house = house().await;
    let price = Pricing {
        per_call_micro_dollars: 50_000,
        per_minute_micro_dollars: 20_000,
        included_minutes: 1,
    };
    house
        .memory
        .put_bot(&Bot { price, ..mesa() })
        .await
        .unwrap();
    let incoming = "https://voice.example.com/voice/incoming";
    post_signed(&house.voice, incoming, &inbound(1).to_form()).await;
    house
}

fn path(rest: &str) -> String {
    format!("/calls/{}{rest}", call_sid(1))
}

#[tokio::test]
async fn an_order_reaches_the_call_unless_it_is_over_or_nobodys() {
    let house = house_with_call().await;
    let orders = path("/orders");
    let give = async |body: Value| ask(&house.calls, "POST", &orders, Some(body)).await;
    let say = json!({ "do": "say", "text": "One moment." });
    assert_eq!(give(say.clone()).await.json(), json!({ "fresh": true }));
    let order = house.edge.orders.lock().unwrap()[0].1.order.clone();
    assert_eq!(
        order,
        Do::Say {
            text: "One moment.".to_owned()
        }
    );
    for wrong in [
        json!({ "do": "dance" }),
        json!({ "do": "say", "text": " " }),
        json!({ "do": "send_keys", "keys": "12a" }),
        json!({ "do": "transfer", "to": "12" }),
        json!({ "do": "wrap" }),
    ] {
        assert_eq!(
            give(wrong.clone()).await.status,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    for (status, code) in [
        (404, "call_not_begun"),
        (409, "call_ended"),
        (500, "edge_unavailable"),
    ] {
        *house.edge.refuses.lock().unwrap() = Some(status);
        assert_eq!(give(say.clone()).await.code(), code);
    }
    let elsewhere = format!("/calls/{}/orders", call_sid(2));
    let missing = ask(&house.calls, "POST", &elsewhere, Some(say.clone())).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    *house.edge.refuses.lock().unwrap() = None;
    post_sealed(
        &house.status,
        "/records",
        &json!(batch(1, vec![ended(1, NOW_MS)])),
    )
    .await;
    assert_eq!(give(say).await.code(), "call_ended");
}

#[tokio::test]
async fn the_events_of_a_call_that_the_edge_never_had_have_an_end() {
    let ten_minutes = 600_000;
    for (status, ms_ago, over) in [
        (CallStatus::Busy, 0, true),
        (CallStatus::InProgress, ten_minutes + 1, false),
        // The edge may have something to tell for a while.
        (CallStatus::Completed, ten_minutes, false),
        (CallStatus::Completed, ten_minutes + 1, true),
    ] {
        let house = house().await;
        let now_ms = NOW_MS - ms_ago;
        let opened = Opened {
            now_ms,
            ..opened(1)
        };
        house.memory.open(&opened).await.unwrap();
        let told = Progress::new(call_id(1), account(), status, now_ms);
        house.memory.progressed(&told).await.unwrap();
        let page = ask(&house.calls, "GET", &path("/events"), None).await;
        let next = &page.json()["next"];
        assert_eq!(next.is_null(), over, "{status} {ms_ago} {next}");
    }
}

#[tokio::test]
async fn events_are_told_page_by_page_or_live_at_the_edge() {
    let house = house_with_call().await;
    let records = json!(batch(1, vec![turn(1), turn(2)]));
    post_sealed(&house.status, "/records", &records).await;
    let page = ask(&house.calls, "GET", &path("/events?after=1"), None)
        .await
        .json();
    assert_eq!(
        (page["events"].as_array().unwrap().len(), &page["next"]),
        (1, &json!("2"))
    );
    let wrong = ask(&house.calls, "GET", &path("/events?after=x"), None).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let request = Request::get(path("/events"))
        .header("authorization", format!("Bearer {OPERATOR_KEY}"))
        .header("accept", "text/event-stream");
    let response =
        tower::ServiceExt::oneshot(house.calls.clone(), request.body(Body::empty()).unwrap())
            .await
            .unwrap();
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    let location = response.headers()["location"].to_str().unwrap();
    let (url, pass) = location.split_once("?pass=").unwrap();
    assert_eq!(url, format!("{EDGE}{}", path("/events")));
    let secret = Secret::new(EDGE_SECRET);
    assert!(Pass::open(pass, &secret, &call_id(1), NOW_MS / 1_000).is_ok());
}

#[tokio::test]
async fn a_pass_is_sealed_with_the_secret_as_it_is_now() {
    let house = house_with_call().await;
    let new = "another one, of thirty-two bytes and more";
    let vault = Arc::new(Changing {
        then: vec![("edge_secret", new.to_owned())],
        ..Changing::default()
    });
    let world = (
        house.edge.clone(),
        house.carrier.clone(),
        house.post.clone(),
    );
    let store = Store::of(house.memory.clone());
    let (files, keyring) = (house.memory.clone(), changed(vault).await);
    let calls = calls_with(store, files, &world, Settings::default(), keyring);
    let request = Request::get(path("/events"))
        .header("authorization", format!("Bearer {OPERATOR_KEY}"))
        .header("accept", "text/event-stream");
    let answer = send(&calls, request.body(Body::empty()).unwrap()).await;
    let (_, pass) = answer.headers["location"].split_once("?pass=").unwrap();
    assert!(Pass::open(pass, &Secret::new(new), &call_id(1), NOW_MS / 1_000).is_ok());
}

#[tokio::test]
async fn a_note_is_kept_and_too_long_a_one_refused() {
    let house = house_with_call().await;
    let put = async |note: String| {
        let body = json!({ "note": note });
        ask(&house.calls, "PUT", &path("/note"), Some(body)).await
    };
    assert_eq!(put("call back".to_owned()).await.status, StatusCode::OK);
    assert_eq!(put("x".repeat(10_001)).await.code(), "note_too_long");
    let shown = ask(&house.calls, "GET", &path(""), None).await.json();
    assert_eq!(shown["note"], "call back");
}

#[tokio::test]
async fn a_month_is_told_by_bot_and_its_statement_adds_up() {
    let house = house_with_call().await;
    post_sealed(
        &house.status,
        "/records",
        &json!(batch(1, vec![ended(1, NOW_MS)])),
    )
    .await;
    let usage = ask(&house.calls, "GET", "/usage/2026-11", None)
        .await
        .json();
    // 61 seconds: a call, and one minute beyond the included one.
    assert_eq!(usage["price_micro_dollars"], 70_000);
    assert_eq!(usage["bots"][0]["bot"], "mesa");
    let cost = usage["cost_micro_dollars"].as_i64().unwrap();
    assert_eq!(usage["margin_micro_dollars"], 70_000 - cost);
    let statement = ask(&house.calls, "GET", "/statements/2026-11", None)
        .await
        .json();
    assert_eq!(statement["total_micro_dollars"], 70_000);
    assert_eq!(statement["lines"].as_array().unwrap().len(), 2);
    let csv = ask(&house.calls, "GET", "/statements/2026-11?format=csv", None).await;
    assert!(csv.body.ends_with("total,,,,70000\r\n"), "{}", csv.body);
    // All that the calls cost, and all that is owed for them: each side adds up to its own total.
    let csv = ask(&house.calls, "GET", "/usage/2026-11?format=csv", None).await;
    let usage = ask(&house.calls, "GET", "/usage/2026-11", None)
        .await
        .json();
    let (head, lines) = csv.body.split_once("\r\n").unwrap();
    assert_eq!(head, "bot,of,item,provider,model,quantity,micro_dollars");
    for side in ["cost", "price"] {
        let own = lines
            .lines()
            .filter(|line| line.split(',').nth(1) == Some(side));
        let amounts = own.map(|line| line.rsplit_once(',').unwrap().1.parse::<u64>().unwrap());
        let total = &usage[format!("{side}_micro_dollars")];
        assert_eq!(amounts.sum::<u64>(), *total, "{side}: {}", csv.body);
    }
    assert!(lines.contains("mesa,price,call,,,1,50000\r\n"), "{lines}");
    for wrong in [
        "/usage/november",
        "/statements/2026-13",
        "/usage/2026-11?format=xml",
    ] {
        assert_eq!(
            ask(&house.calls, "GET", wrong, None).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    let shown = ask(&house.calls, "GET", &path(""), None).await.json();
    assert_eq!(shown["price"]["total_micro_dollars"], 70_000);
    assert_eq!(shown["margin_micro_dollars"], 70_000 - cost);
}

#[tokio::test]
async fn nothing_of_this_opens_without_a_key() {
    let house = house_with_call().await;
    for (method, path) in [
        ("POST", path("/orders")),
        ("GET", path("/events")),
        ("PUT", path("/note")),
        ("GET", "/usage/2026-11".to_owned()),
        ("GET", "/statements/2026-11".to_owned()),
        ("GET", "/webhooks".to_owned()),
        ("POST", "/webhooks/x/redeliver".to_owned()),
    ] {
        let request = Request::builder().method(method).uri(&path);
        let answer = send(&house.calls, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    assert!(house.edge.orders.lock().unwrap().is_empty());
}
