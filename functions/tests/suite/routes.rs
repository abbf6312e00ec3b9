//! Every operation of the API, as its own description lists them: done right, done wrong, without a key, with a key that lacks
//! the scope, and by another tenant.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use contract::TenantId;
use serde_json::{Value, json};

use crate::accounts::{all_scopes, key_for};
use crate::store::opened;
use crate::support::*;

mod cases;

use self::cases::{CALL, Case, Other, cases};

/// Operations for which any key will do, or none.
const WITHOUT_SCOPE: [&str; 2] = ["GET /health", "POST /tokens"];

/// A deployment in which the first tenant has one of everything, and another has nothing but a key.
async fn furnished() -> (House, String, String) {
    let house = house().await;
    let other = json!({ "id": "other" });
    assert_eq!(
        ask(&house.calls, "POST", "/tenants", Some(other))
            .await
            .status,
        201
    );
    let idle = ask(&house.calls, "PUT", "/bots/idle", Some(json!({}))).await;
    assert_eq!(idle.status, 200, "{}", idle.body);
    functions::store::Calls::open(&*house.memory, &opened(1))
        .await
        .unwrap();
    let event = functions::hook::HookId {
        call: call_id(1),
        happening: functions::hook::Happening::Started,
    };
    let delivery = functions::store::Delivery::new(event, TenantId::default(), NOW_MS);
    functions::store::Outbox::tell(&*house.memory, &delivery)
        .await
        .unwrap();
    let ours = key_for(&house, "default", &all_scopes()).await;
    let theirs = key_for(&house, "other", &all_scopes()).await;
    (house, ours, theirs)
}

fn operations() -> BTreeSet<String> {
    let document = serde_json::to_value(functions::calls::document()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations
}

/// Another key than the one that asks, so that a key that is revoked is not the one that asks.
fn path_of(case: &Case, spare: &str) -> String {
    case.path.replace("{ours}", &spare[4..20])
}

#[test]
fn every_operation_has_a_case() {
    let cases: BTreeSet<String> = cases()
        .iter()
        .map(|case| case.operation.to_owned())
        .collect();
    assert_eq!(cases, operations());
}

#[tokio::test]
async fn every_operation_can_be_done() {
    for case in cases() {
        let (house, key, _) = furnished().await;
        let spare = key_for(&house, "default", &["talk"]).await;
        let key = if matches!(case.other, Other::Refused) {
            OPERATOR_KEY
        } else {
            &key
        };
        let method = case.operation.split_once(' ').unwrap().0;
        let path = path_of(&case, &spare);
        let answer = ask_as(&house.calls, Some(key), method, &path, case.body.clone()).await;
        assert_eq!(
            answer.status.as_u16(),
            case.status,
            "{}: {}",
            case.operation,
            answer.body
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_in_every_operation() {
    for case in cases() {
        let Some((path, body, field)) = case.wrong else {
            continue;
        };
        let (house, _, _) = furnished().await;
        let method = case.operation.split_once(' ').unwrap().0;
        let answer = ask(&house.calls, method, path, body).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{}: {}",
            case.operation,
            answer.body
        );
        assert_eq!(answer.json()["error"]["field"], field, "{}", case.operation);
    }
}

#[tokio::test]
async fn no_operation_opens_without_a_key() {
    for case in cases() {
        if case.operation == "GET /health" {
            continue;
        }
        let (house, _, _) = furnished().await;
        let method = case.operation.split_once(' ').unwrap().0;
        let path = path_of(&case, &"0".repeat(20));
        for (key, status, code) in [
            (None, 401, "key_missing"),
            (Some(""), 401, "key_wrong"),
            (Some("not-the-operator-key"), 401, "key_wrong"),
            (Some("a.b.c"), 401, "key_wrong"),
        ] {
            let answer = ask_as(&house.calls, key, method, &path, case.body.clone()).await;
            let got = (answer.status.as_u16(), answer.code());
            assert_eq!(got, (status, code.to_owned()), "{} {key:?}", case.operation);
        }
        assert!(house.carrier.asked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn no_operation_opens_without_its_scope() {
    for case in cases() {
        let (house, _, _) = furnished().await;
        let method = case.operation.split_once(' ').unwrap().0;
        let document = serde_json::to_value(functions::calls::document()).unwrap();
        let path = case.operation.split_once(' ').unwrap().1;
        let security = &document["paths"][path][method.to_lowercase()]["security"];
        let Some(needed) = security[0]["key"][0].as_str() else {
            let for_operators = security[0]["operator"].is_array();
            let excused = for_operators || WITHOUT_SCOPE.contains(&case.operation);
            assert!(excused, "{} names no scope", case.operation);
            continue;
        };
        let others: Vec<&str> = all_scopes()
            .into_iter()
            .filter(|scope| *scope != needed)
            .collect();
        let key = key_for(&house, "default", &others).await;
        let path = path_of(&case, &key);
        let answer = ask_as(&house.calls, Some(&key), method, &path, case.body.clone()).await;
        let got = (answer.status.as_u16(), answer.code());
        assert_eq!(got, (403, "scope_missing".to_owned()), "{}", case.operation);
    }
}

#[tokio::test]
async fn no_operation_shows_or_changes_what_is_another_tenants() {
    for case in cases() {
        let (house, key, theirs) = furnished().await;
        let method = case.operation.split_once(' ').unwrap().0;
        let path = path_of(&case, &key);
        let before = everything(&house, &key).await;
        // Where our thing is named in the body, and where they would make one of their own.
        let makes = matches!(
            case.operation,
            "POST /bots" | "POST /keys" | "PUT /bots/{id}"
        );
        let answer = ask_as(
            &house.calls,
            Some(&theirs),
            method,
            &path,
            case.body.clone(),
        )
        .await;
        let status = answer.status.as_u16();
        match case.other {
            _ if makes => assert!(
                answer.status.is_success(),
                "{}: {}",
                case.operation,
                answer.body
            ),
            Other::Nothing
                if case
                    .body
                    .as_ref()
                    .is_some_and(|body| body["bot"].is_string()) =>
            {
                assert_eq!(
                    (status, answer.code().as_str()),
                    (400, "bot_unknown"),
                    "{}",
                    case.operation
                );
            }
            Other::Nothing => assert_eq!(status, 404, "{}: {}", case.operation, answer.body),
            Other::Refused => assert_eq!(answer.code(), "operator_only", "{}", case.operation),
            Other::Own => {
                assert_eq!(status, case.status, "{}: {}", case.operation, answer.body);
                assert!(
                    !answer.body.contains("mesa"),
                    "{}: {}",
                    case.operation,
                    answer.body
                );
            }
        }
        assert_eq!(everything(&house, &key).await, before, "{}", case.operation);
    }
}

/// All that our key shows us.
async fn everything(house: &House, key: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/bots", "/numbers", "/calls", CALL, "/usage/2026-11"] {
        let answer = ask_as(&house.calls, Some(key), "GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}");
        all.push(answer.json());
    }
    let keys = ask_as(&house.calls, Some(key), "GET", "/keys", None)
        .await
        .json();
    let names: Vec<Value> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| json!([key["id"], key["revoked_ms"]]))
        .collect();
    all.push(json!(names));
    all
}
