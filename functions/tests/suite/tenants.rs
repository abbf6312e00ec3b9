//! Tenants: made, changed, deleted, and told apart.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::accounts::key_for;
use crate::support::*;

#[tokio::test]
async fn a_tenant_is_made_changed_and_deleted_when_it_is_empty() {
    let house = house().await;
    let made = ask(
        &house.calls,
        "POST",
        "/tenants",
        Some(json!({ "id": "acme" })),
    )
    .await
    .json();
    let secret = made["webhook_secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{made}");
    let twice = ask(
        &house.calls,
        "POST",
        "/tenants",
        Some(json!({ "id": "acme" })),
    )
    .await;
    assert_eq!(
        (twice.status.as_u16(), twice.code().as_str()),
        (409, "tenant_exists")
    );
    let patch = json!({ "limits": { "concurrent_calls_max": 3 }, "webhook_url": "https://acme.example/x", "webhook_secret": null });
    let changed = ask(&house.calls, "PATCH", "/tenants/acme", Some(patch))
        .await
        .json();
    assert_eq!(changed["limits"]["concurrent_calls_max"], 3);
    assert_ne!(changed["webhook_secret"], *secret);
    let fixed = ask(
        &house.calls,
        "PATCH",
        "/tenants/acme",
        Some(json!({ "id": "acne" })),
    )
    .await;
    assert_eq!(fixed.json()["error"]["field"], "id");
    let unknown = ask(
        &house.calls,
        "PATCH",
        "/tenants/acme",
        Some(json!({ "limits": { "calls": 1 } })),
    )
    .await;
    assert_eq!(unknown.json()["error"]["field"], "limits.calls");
}

#[tokio::test]
async fn a_tenant_with_bots_stays_and_the_keys_of_a_deleted_one_open_nothing() {
    let house = house().await;
    ask(
        &house.calls,
        "POST",
        "/tenants",
        Some(json!({ "id": "acme" })),
    )
    .await;
    let key = key_for(&house, "acme", &["bots:write"]).await;
    let bot = ask_as(
        &house.calls,
        Some(&key),
        "PUT",
        "/bots/anvil",
        Some(json!({})),
    )
    .await;
    assert_eq!(bot.json()["tenant"], "acme");
    let used = ask(&house.calls, "DELETE", "/tenants/acme", None).await;
    assert_eq!(
        (used.status.as_u16(), used.code().as_str()),
        (409, "tenant_in_use")
    );
    assert_eq!(
        ask_as(&house.calls, Some(&key), "DELETE", "/bots/anvil", None)
            .await
            .status,
        204
    );
    assert_eq!(
        ask(&house.calls, "DELETE", "/tenants/acme", None)
            .await
            .status,
        204
    );
    let gone = ask_as(&house.calls, Some(&key), "GET", "/bots", None).await;
    assert_eq!(gone.code(), "key_revoked");
    let nobody = ask(&house.calls, "GET", "/bots?tenant=acme", None).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_deleted_tenant_leaves_behind_is_never_another_customers() {
    let house = house().await;
    let make = async || {
        let body = json!({ "id": "acme" });
        ask(&house.calls, "POST", "/tenants", Some(body)).await
    };
    assert_eq!(make().await.status, StatusCode::CREATED);
    let deleted = ask(&house.calls, "DELETE", "/tenants/acme", None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    for (method, body) in [("GET", None), ("PATCH", Some(json!({}))), ("DELETE", None)] {
        let gone = ask(&house.calls, method, "/tenants/acme", body).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "{method}");
    }
    let listed = ask(&house.calls, "GET", "/tenants", None).await;
    assert_eq!(listed.json()["tenants"], json!([]));
    let again = make().await;
    let got = (again.status.as_u16(), again.code());
    assert_eq!(got, (409, "tenant_was".to_owned()));
    // The one that every deployment has is there again after it was deleted, so it is not.
    let named = json!({ "name": "Ours" });
    ask(&house.calls, "PATCH", "/tenants/default", Some(named)).await;
    let kept = ask(&house.calls, "DELETE", "/tenants/default", None).await;
    let got = (kept.status.as_u16(), kept.code());
    assert_eq!(got, (409, "tenant_stays".to_owned()));
}

#[tokio::test]
async fn the_operator_says_whose_things_are_meant_and_nobody_else_may() {
    let house = house().await;
    acme(&house).await;
    let request = Request::get("/bots/anvil")
        .header("authorization", format!("Bearer {OPERATOR_KEY}"))
        .header("x-callbox-tenant", "acme");
    let found = send(&house.calls, request.body(Body::empty()).unwrap()).await;
    assert_eq!(found.status, StatusCode::OK);
    assert_eq!(
        ask(&house.calls, "GET", "/bots/anvil", None).await.status,
        404
    );
    let key = key_for(&house, "default", &["bots:read"]).await;
    let foreign = ask_as(
        &house.calls,
        Some(&key),
        "GET",
        "/bots/anvil?tenant=acme",
        None,
    )
    .await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let wrong = ask(&house.calls, "GET", "/bots?tenant=A", None).await;
    assert_eq!(wrong.json()["error"]["field"], "tenant");
}
