//! Keys and tokens.

use axum::http::StatusCode;
use functions::account::Scope;
use serde_json::{Value, json};

use crate::support::*;

pub(crate) fn all_scopes() -> Vec<&'static str> {
    Scope::ALL.map(Scope::as_str).into()
}

/// A new key of a tenant's, made by the operator.
pub(crate) async fn key_for(house: &House, tenant: &str, scopes: &[&str]) -> String {
    let body = json!({ "name": "test", "scopes": scopes });
    let path = format!("/keys?tenant={tenant}");
    let made = ask(&house.calls, "POST", &path, Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_tenant_has_so_many_keys_that_are_good() {
    let house = house().await;
    acme(&house).await;
    let make = async |tenant: &str| {
        let body = json!({ "name": "test", "scopes": ["bots:read"] });
        let path = format!("/keys?tenant={tenant}");
        ask(&house.calls, "POST", &path, Some(body)).await
    };
    let revoke = async |made: Answer| {
        let path = format!("/keys/{}", made.json()["id"].as_str().unwrap());
        ask(&house.calls, "DELETE", &path, None).await.status
    };
    // Revoked ones do not count, however many there are.
    for _ in 0..110 {
        assert_eq!(revoke(make("default").await).await, StatusCode::NO_CONTENT);
    }
    for number in 0..49 {
        assert_eq!(
            make("default").await.status,
            StatusCode::CREATED,
            "{number}"
        );
    }
    let last = make("default").await;
    let refused = make("default").await;
    let got = (refused.status, refused.code());
    assert_eq!(got, (StatusCode::CONFLICT, "too_many_keys".to_owned()));
    assert_eq!(make("acme").await.status, StatusCode::CREATED);
    revoke(last).await;
    assert_eq!(make("default").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let house = house().await;
    let key = key_for(&house, "default", &["keys:write", "bots:read"]).await;
    let listed = ask_as(&house.calls, Some(&key), "GET", "/keys", None).await;
    assert!(
        !listed.body.contains(&key) && !listed.body.contains("hash"),
        "{}",
        listed.body
    );
    let view = &listed.json()["keys"][0];
    assert_eq!(view["id"], key[4..20]);
    assert_eq!(
        (&view["used_ms"], &view["revoked_ms"]),
        (&json!(NOW_MS), &Value::Null)
    );
    let forged = format!(
        "{}{}",
        &key[..key.len() - 1],
        if key.ends_with('0') { '1' } else { '0' }
    );
    let refused = ask_as(&house.calls, Some(&forged), "GET", "/keys", None).await;
    assert_eq!(refused.code(), "key_wrong");
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_neither_do_its_tokens() {
    let house = house().await;
    let key = key_for(&house, "default", &["bots:read"]).await;
    let made = ask_as(&house.calls, Some(&key), "POST", "/tokens", Some(json!({}))).await;
    let token = made.json()["token"].as_str().unwrap().to_owned();
    for shown in [&key, &token] {
        let answer = ask_as(&house.calls, Some(shown), "GET", "/bots/mesa", None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    let revoked = ask(
        &house.calls,
        "DELETE",
        &format!("/keys/{}", &key[4..20]),
        None,
    )
    .await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    for shown in [&key, &token] {
        let answer = ask_as(&house.calls, Some(shown), "GET", "/bots/mesa", None).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (401, "key_revoked")
        );
    }
}

#[tokio::test]
async fn a_key_that_is_narrowed_opens_less_and_so_do_its_tokens() {
    let house = house().await;
    let key = key_for(&house, "default", &["bots:read", "calls:read"]).await;
    let path = format!("/keys/{}", &key[4..20]);
    let made = ask_as(&house.calls, Some(&key), "POST", "/tokens", Some(json!({}))).await;
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let change = json!({ "name": "reader", "scopes": ["calls:read"] });
    let changed = ask(&house.calls, "PATCH", &path, Some(change)).await;
    assert_eq!(changed.json()["name"], "reader", "{}", changed.body);
    for shown in [&key, &token] {
        let bots = ask_as(&house.calls, Some(shown), "GET", "/bots", None).await;
        assert_eq!(bots.code(), "scope_missing");
        let calls = ask_as(&house.calls, Some(shown), "GET", "/calls", None).await;
        assert_eq!(calls.status, StatusCode::OK);
    }
    let read = ask(&house.calls, "GET", &path, None).await;
    assert_eq!(read.json()["scopes"], json!(["calls:read"]));
    assert!(!read.body.contains("hash") && !read.body.contains(&key));
    let narrow = key_for(&house, "default", &["keys:write"]).await;
    let wide = json!({ "scopes": ["calls:write"] });
    let wide = ask_as(&house.calls, Some(&narrow), "PATCH", &path, Some(wide)).await;
    assert_eq!(wide.code(), "scope_too_wide");
}

#[tokio::test]
async fn nobody_gives_away_more_than_they_have() {
    let house = house().await;
    let key = key_for(&house, "default", &["keys:write", "talk"]).await;
    let make = async |path: &str, body: Value| {
        ask_as(&house.calls, Some(&key), "POST", path, Some(body)).await
    };
    let wide = make(
        "/keys",
        json!({ "name": "k", "scopes": ["talk", "calls:write"] }),
    )
    .await;
    assert_eq!(wide.code(), "scope_too_wide");
    let wide = make("/tokens", json!({ "scopes": ["calls:write"] })).await;
    assert_eq!(wide.code(), "scope_too_wide");
    let none = make("/keys", json!({ "name": "k", "scopes": [] })).await;
    assert_eq!(none.json()["error"]["field"], "scopes");
    let token = make("/tokens", json!({ "bot": "mesa", "minutes": 5 }))
        .await
        .json();
    assert_eq!(token["expires_s"], NOW_MS / 1_000 + 300);
    assert_eq!(token["scopes"], json!(["talk"]));
    let token = token["token"].as_str().unwrap();
    let another = ask_as(
        &house.calls,
        Some(token),
        "POST",
        "/tokens",
        Some(json!({})),
    )
    .await;
    assert_eq!(another.code(), "key_only");
    let bots = ask_as(&house.calls, Some(token), "GET", "/bots", None).await;
    assert_eq!(bots.code(), "scope_missing");
}

#[tokio::test]
async fn a_token_never_becomes_a_key() {
    let house = house().await;
    let key = key_for(&house, "default", &["keys:write", "bots:read"]).await;
    let other = key_for(&house, "default", &["bots:read"]).await;
    let other = format!("/keys/{}", &other[4..20]);
    let token = async |of: &str, body: Value| {
        let made = ask_as(&house.calls, Some(of), "POST", "/tokens", Some(body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.json()
    };
    for of in [OPERATOR_KEY, &key] {
        // Nobody gets there by default, and whoever asks for it sees keys and no more.
        let usual = token(of, json!({})).await;
        assert!(!usual["scopes"].to_string().contains("keys:write"));
        assert!(usual["scopes"].to_string().contains("bots:read"));
        let wide = token(of, json!({ "scopes": ["keys:write", "bots:read"] })).await;
        for token in [&usual, &wide] {
            let token = token["token"].as_str();
            let new = json!({ "name": "for ever", "scopes": ["bots:read"] });
            let wider = json!({ "scopes": ["bots:read", "talk"] });
            for (method, path, body) in [
                ("POST", "/keys", Some(new)),
                ("PATCH", &other, Some(wider)),
                ("DELETE", &other, None),
            ] {
                let refused = ask_as(&house.calls, token, method, path, body).await;
                let got = (refused.status.as_u16(), refused.code());
                assert_eq!(got, (403, "key_only".to_owned()), "{method} {path}");
            }
        }
        let listed = ask_as(&house.calls, wide["token"].as_str(), "GET", "/keys", None).await;
        let keys = listed.json()["keys"].as_array().unwrap().clone();
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key["revoked_ms"].is_null()));
    }
}

#[tokio::test]
async fn a_bot_that_answers_a_number_is_not_deleted_and_a_number_has_one_tenant() {
    let house = house().await;
    let used = ask(&house.calls, "DELETE", "/bots/mesa", None).await;
    assert_eq!(
        (used.status.as_u16(), used.code().as_str()),
        (409, "bot_in_use")
    );
    acme(&house).await;
    let path = format!("/numbers/{OUR_NUMBER}?tenant=acme");
    let taken = ask(&house.calls, "PUT", &path, Some(json!({ "bot": "anvil" }))).await;
    assert_eq!(
        (taken.status.as_u16(), taken.code().as_str()),
        (409, "number_taken")
    );
    let released = ask(
        &house.calls,
        "DELETE",
        &format!("/numbers/{OUR_NUMBER}"),
        None,
    )
    .await;
    assert_eq!(released.status, 204);
    assert_eq!(
        ask(&house.calls, "DELETE", "/bots/mesa", None).await.status,
        204
    );
    let given = ask(&house.calls, "PUT", &path, Some(json!({ "bot": "anvil" }))).await;
    assert_eq!(given.status, StatusCode::OK);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let house = house().await;
    for bot in ["a", "b", "c"] {
        ask(
            &house.calls,
            "PUT",
            &format!("/bots/{bot}"),
            Some(json!({})),
        )
        .await;
    }
    let (mut seen, mut after) = (vec![], String::new());
    for _ in 0..2 {
        let listed = ask(&house.calls, "GET", &format!("/bots?limit=2{after}"), None)
            .await
            .json();
        let bots = listed["bots"].as_array().unwrap().clone();
        seen.extend(
            bots.iter()
                .map(|bot| bot["id"].as_str().unwrap().to_owned()),
        );
        after = format!("&after={}", listed["next"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, ["a", "b", "c", "mesa"]);
    assert_eq!(after, "&after=");
}
