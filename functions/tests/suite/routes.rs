//! Every operation of the API, as its own description lists them: done right, done wrong, without a key, with a key that lacks
//! the scope, and by another tenant.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use contract::TenantId;
use serde_json::{Value, json};

use crate::accounts::{all_scopes, key_for};
use crate::store::opened;
use crate::support::*;

/// What another tenant gets for the same request.
enum Other {
    /// As if the thing were not there.
    Nothing,
    /// Its own, and nothing of ours: the answer says `mesa` nowhere.
    Own,
    /// Only the operator may.
    Refused,
}

struct Case {
    operation: &'static str,
    path: &'static str,
    body: Option<Value>,
    status: u16,
    /// Path, body and field of a request that cannot be; none where nothing can be wrong.
    wrong: Option<(&'static str, Option<Value>, &'static str)>,
    other: Other,
}

fn case(operation: &'static str, path: &'static str, status: u16, other: Other) -> Case {
    Case {
        operation,
        path,
        body: None,
        status,
        wrong: None,
        other,
    }
}

impl Case {
    fn with(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    fn wrong(self, path: &'static str, body: Option<Value>, field: &'static str) -> Self {
        Self {
            wrong: Some((path, body, field)),
            ..self
        }
    }
}

const CALL: &str = "/calls/CA00000000000000000000000000000001";
const EVENTS: &str = "/calls/CA00000000000000000000000000000001/events";
const ORDERS: &str = "/calls/CA00000000000000000000000000000001/orders";
const NOTE: &str = "/calls/CA00000000000000000000000000000001/note";
const REDELIVER: &str = "/webhooks/CA00000000000000000000000000000001-started/redeliver";
/// Operations for which any key will do, or none.
const WITHOUT_SCOPE: [&str; 2] = ["GET /health", "POST /tokens"];

fn cases() -> Vec<Case> {
    let health = case("GET /health", "/health", 200, Other::Own);
    let all = [of_setup(), of_calls(), of_accounts(), vec![health]];
    all.into_iter().flatten().collect()
}

fn of_setup() -> Vec<Case> {
    use Other::{Nothing, Own};
    vec![
        case("GET /bots", "/bots", 200, Own).wrong("/bots?limit=0", None, "limit"),
        case("POST /bots", "/bots", 201, Nothing)
            .with(json!({ "id": "dawn" }))
            .wrong("/bots", Some(json!({ "id": "Dawn" })), "id"),
        case("GET /bots/{id}", "/bots/mesa", 200, Nothing).wrong("/bots/Mesa", None, "id"),
        case("PUT /bots/{id}", "/bots/mesa", 200, Own)
            .with(json!({ "greeting": "Hi." }))
            .wrong("/bots/mesa", Some(json!({ "greating": "Hi." })), "greating"),
        case("PATCH /bots/{id}", "/bots/mesa", 200, Nothing)
            .with(json!({ "greeting": "Hi." }))
            .wrong(
                "/bots/mesa",
                Some(json!({ "reply_chars_max": 1 })),
                "reply_chars_max",
            ),
        case("DELETE /bots/{id}", "/bots/idle", 204, Nothing).wrong("/bots/Idle", None, "id"),
        case("GET /numbers", "/numbers", 200, Own).wrong("/numbers?after=x", None, "after"),
        case(
            "GET /numbers/{number}",
            "/numbers/+15005550006",
            200,
            Nothing,
        )
        .wrong("/numbers/15", None, "number"),
        case(
            "PUT /numbers/{number}",
            "/numbers/+15005550007",
            200,
            Nothing,
        )
        .with(json!({ "bot": "mesa" }))
        .wrong(
            "/numbers/+15005550007",
            Some(json!({ "bot": "none" })),
            "bot",
        ),
        case(
            "DELETE /numbers/{number}",
            "/numbers/+15005550006",
            204,
            Nothing,
        )
        .wrong("/numbers/15", None, "number"),
    ]
}

fn of_calls() -> Vec<Case> {
    use Other::{Nothing, Own};
    vec![
        case("GET /calls", "/calls", 200, Own).wrong("/calls?status=asleep", None, "status"),
        case("POST /calls", "/calls", 201, Nothing)
            .with(json!({ "to": "+15005550001", "bot": "mesa" }))
            .wrong("/calls", Some(json!({ "to": "1", "bot": "mesa" })), "to"),
        case("GET /calls/{sid}", CALL, 200, Nothing).wrong("/calls/CA1", None, "sid"),
        case("GET /usage/{month}", "/usage/2026-11", 200, Own).wrong(
            "/usage/november",
            None,
            "month",
        ),
        case("GET /statements/{month}", "/statements/2026-11", 200, Own).wrong(
            "/statements/november",
            None,
            "month",
        ),
        case("GET /calls/{sid}/events", EVENTS, 200, Nothing).wrong(
            "/calls/CA1/events",
            None,
            "sid",
        ),
        case("POST /calls/{sid}/orders", ORDERS, 200, Nothing)
            .with(json!({ "do": "interrupt" }))
            .wrong(ORDERS, Some(json!({ "do": "say", "text": " " })), "text"),
        case("PUT /calls/{sid}/note", NOTE, 200, Nothing)
            .with(json!({ "note": "called back" }))
            .wrong(NOTE, Some(json!({ "note": "x".repeat(20_000) })), "note"),
        case("GET /webhooks", "/webhooks", 200, Own).wrong("/webhooks?after=x", None, "after"),
        case("POST /webhooks/{id}/redeliver", REDELIVER, 200, Nothing),
    ]
}

fn of_accounts() -> Vec<Case> {
    use Other::{Nothing, Own, Refused};
    vec![
        case("GET /keys", "/keys", 200, Own).wrong("/keys?after=x", None, "after"),
        case("POST /keys", "/keys", 201, Own)
            .with(json!({ "name": "k", "scopes": ["talk"] }))
            .wrong(
                "/keys",
                Some(json!({ "name": "k", "scopes": ["all"] })),
                "scopes[0]",
            ),
        case("DELETE /keys/{id}", "/keys/{ours}", 204, Nothing).wrong("/keys/x", None, "id"),
        case("POST /tokens", "/tokens", 201, Nothing)
            .with(json!({ "bot": "mesa" }))
            .wrong("/tokens", Some(json!({ "minutes": 0 })), "minutes"),
        case("GET /tenants", "/tenants", 200, Refused).wrong("/tenants?limit=x", None, "limit"),
        case("POST /tenants", "/tenants", 201, Refused)
            .with(json!({ "id": "third" }))
            .wrong("/tenants", Some(json!({ "id": "Third" })), "id"),
        case("GET /tenants/{id}", "/tenants/other", 200, Refused).wrong(
            "/tenants/Other",
            None,
            "id",
        ),
        case("PATCH /tenants/{id}", "/tenants/other", 200, Refused)
            .with(json!({ "name": "Other" }))
            .wrong(
                "/tenants/other",
                Some(json!({ "webhook_url": "ftp://x" })),
                "webhook_url",
            ),
        case("DELETE /tenants/{id}", "/tenants/other", 204, Refused).wrong(
            "/tenants/Other",
            None,
            "id",
        ),
    ]
}

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
            (Some(""), 403, "key_wrong"),
            (Some("not-the-operator-key"), 403, "key_wrong"),
            (Some("a.b.c"), 403, "key_wrong"),
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
