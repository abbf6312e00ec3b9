use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::*;

fn key(letter: &str) -> String {
    letter.repeat(64)
}

fn asked(find: &Value, keep: &Value) -> Value {
    json!({ "call": call_sid(1), "find": find, "keep": keep })
}

#[tokio::test]
async fn kept_speech_is_found_and_put_by_its_key() {
    let house = house().await;
    let body = asked(
        &json!([key("a"), key("b")]),
        &json!([{ "key": key("c"), "bytes": 16_024 }]),
    );
    let answer = post_sealed(&house.status, "/speech", &body).await;
    let found = format!("memory:get/audio/{}", key("a"));
    let reply = answer.json();
    assert_eq!(reply["found"][0], found);
    assert_eq!(reply["found"].as_array().map(Vec::len), Some(2));
    assert_eq!(reply["kept"][0]["key"], format!("audio/{}", key("c")));
    assert_eq!(reply["kept"][0]["headers"]["content-length"], "16024");
}

#[tokio::test]
async fn speech_out_of_bounds_is_refused() {
    let house = house().await;
    let one = |bytes: u64| json!([{ "key": key("c"), "bytes": bytes }]);
    for (body, status) in [
        (asked(&json!([]), &json!([])), StatusCode::BAD_REQUEST),
        (
            asked(&json!(vec![key("a"); 33]), &json!([])),
            StatusCode::BAD_REQUEST,
        ),
        (
            asked(&json!(["../secret"]), &json!([])),
            StatusCode::BAD_REQUEST,
        ),
        (asked(&json!([]), &one(0)), StatusCode::BAD_REQUEST),
        (asked(&json!([]), &one(1_000_001)), StatusCode::BAD_REQUEST),
    ] {
        let answer = post_sealed(&house.status, "/speech", &body).await;
        assert_eq!(answer.status, status, "{body}");
    }
}

#[tokio::test]
async fn places_for_speech_are_told_to_the_edge_only() {
    let house = house().await;
    let body = asked(&json!([key("a")]), &json!([]));
    let forged = sealed(
        "/speech",
        &body,
        "another secret of thirty-two bytes",
        NOW_MS / 1_000,
    );
    assert_eq!(
        send(&house.status, forged).await.status,
        StatusCode::FORBIDDEN
    );
}
