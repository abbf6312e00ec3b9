//! What tenants' servers are told, and ends that nobody told us.

use axum::http::StatusCode;
use contract::{HookSecret, Numbered, Record, TenantId};
use functions::account::Tenant;
use functions::hook::{HookId, HttpPost, Post as _, PostError};
use functions::store::{Accounts as _, Delivery, Outbox as _};
use serde_json::{Value, json};
use twilio::rest::CallResource;
use twilio::webhook::{CallStatus, CallStatusEvent};

use crate::costs::costs_in;
use crate::put_through::transferred;
use crate::store::{batch, ended, turn};
use crate::support::*;

async fn listening() -> House {
    let house = house().await;
    let tenant = Tenant {
        webhook_url: Some("https://hooks.example.com/calls".to_owned()),
        webhook_secret: Some(HookSecret::new([7; 32])),
        ..Tenant::unnamed(TenantId::default())
    };
    let kept = house.memory.replace_tenant(None, &tenant).await;
    assert!(kept.unwrap());
    post_signed(&house.voice, INCOMING, &inbound(1).to_form()).await;
    house
}

fn numbered(number: u64, record: Record) -> Numbered {
    Numbered {
        number,
        at_ms: NOW_MS,
        record,
    }
}

async fn tell(house: &House, records: Vec<Numbered>) -> StatusCode {
    let body = json!(batch(1, records));
    post_sealed(&house.status, "/records", &body).await.status
}

fn errands(house: &House) -> Vec<String> {
    let errands = house.edge.errands.lock().unwrap();
    errands.iter().map(|errand| errand.id.clone()).collect()
}

async fn reminded(house: &House, id: &str, attempt: u32) -> Value {
    let body = json!({ "id": id, "attempt": attempt });
    post_sealed(&house.status, "/errands", &body).await.json()
}

#[tokio::test]
async fn a_call_is_told_when_it_starts_and_when_it_ends_once_each_signed() {
    let house = listening().await;
    let call = call_sid(1);
    for _ in 0..2 {
        tell(
            &house,
            vec![numbered(1, Record::Connected { stream: 1 }), turn(2)],
        )
        .await;
        tell(&house, vec![ended(3, NOW_MS), numbered(4, Record::Filed)]).await;
    }
    let (started, over) = (
        format!("tell-1-{call}-started"),
        format!("tell-1-{call}-ended"),
    );
    let asked = errands(&house);
    assert_eq!(asked.iter().filter(|id| **id == started).count(), 1);
    assert_eq!(asked.iter().filter(|id| **id == over).count(), 1);
    for _ in 0..2 {
        assert_eq!(reminded(&house, &over, 1).await["state"], "done");
    }
    let posted = house.post.posted.lock().unwrap().clone();
    let [(url, headers, body)] = posted.as_slice() else {
        panic!("told {} times", posted.len())
    };
    assert_eq!(url, "https://hooks.example.com/calls");
    let id = format!("{call}-ended");
    let signed = HookSecret::new([7; 32]).headers(&id, NOW_MS / 1_000, body);
    assert_eq!(headers.as_slice(), signed);
    let body: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["type"], "call.ended");
    assert_eq!(body["data"]["turns"][0]["text"], "turn 2");
    // What is paid for the call and what it used are the tenant's to know, what it cost is not.
    assert_eq!(body["data"]["ended"]["price_micro_dollars"], 0);
    assert!(body["data"]["usage"]["line_ms"].as_u64() > Some(0));
    assert_eq!(costs_in(&body), [""; 0]);
}

#[tokio::test]
async fn the_end_of_a_call_that_was_put_through_is_told_when_the_caller_has_left() {
    let completed = CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed).to_form();
    let told = format!("tell-1-{}-ended", call_sid(1));
    for carrier_first in [true, false] {
        let house = listening().await;
        let is_told = || errands(&house).contains(&told);
        if carrier_first {
            post_signed(&house.status, CALLBACK, &completed).await;
        }
        assert!(!is_told(), "the edge has yet to tell");
        tell(&house, vec![transferred(1), numbered(2, Record::Filed)]).await;
        assert_eq!(is_told(), carrier_first, "{:?}", errands(&house));
        post_signed(&house.status, CALLBACK, &completed).await;
        assert!(is_told());
    }
}

#[tokio::test]
async fn a_server_that_fails_is_told_again_and_redelivery_is_a_new_round() {
    let house = listening().await;
    tell(&house, vec![ended(1, NOW_MS), numbered(2, Record::Filed)]).await;
    let id = format!("{}-ended", call_sid(1));
    *house.post.answer.lock().unwrap() = Err(PostError::Late);
    let again = reminded(&house, &format!("tell-1-{id}"), 1).await;
    assert_eq!(again, json!({ "state": "again", "after_s": 10 }));
    let list = ask(&house.calls, "GET", "/webhooks", None).await.json();
    assert_eq!(
        (
            &list["webhooks"][0]["state"],
            &list["webhooks"][0]["attempts"]
        ),
        (&json!("pending"), &json!(1))
    );
    *house.post.answer.lock().unwrap() = Ok(410);
    assert_eq!(
        reminded(&house, &format!("tell-1-{id}"), 2).await["state"],
        "done"
    );
    let redeliver = format!("/webhooks/{id}/redeliver");
    let anew = ask(&house.calls, "POST", &redeliver, None).await.json();
    assert_eq!(
        (&anew["round"], &anew["state"]),
        (&json!(2), &json!("pending"))
    );
    assert!(errands(&house).contains(&format!("tell-2-{id}")));
    *house.post.answer.lock().unwrap() = Ok(204);
    reminded(&house, &format!("tell-2-{id}"), 1).await;
    let list = ask(&house.calls, "GET", "/webhooks?limit=1", None)
        .await
        .json();
    assert_eq!(list["webhooks"][0]["state"], "delivered");
    let unknown = ask(&house.calls, "POST", "/webhooks/nothing/redeliver", None).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let wrong = ask(&house.calls, "GET", "/webhooks?after=x", None).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

/// What was told of the call's end, which happened so long ago.
async fn ended_ago(house: &House, ms_ago: u64) -> HookId {
    let hook = HookId::parse(&format!("{}-ended", call_sid(1))).unwrap();
    let delivery = Delivery::new(hook, tenant(), NOW_MS - ms_ago);
    house.memory.tell(&delivery).await.unwrap();
    hook
}

async fn state_of(house: &House) -> (Value, Value) {
    let list = ask(&house.calls, "GET", "/webhooks", None).await.json();
    let hook = &list["webhooks"][0];
    (hook["state"].clone(), hook["last"].clone())
}

#[tokio::test]
async fn a_server_that_fails_is_given_up_when_the_next_attempt_would_be_too_late() {
    let days_3 = 3 * 86_400_000;
    for (ms_ago, attempt, state) in [
        (0, 1, "pending"),
        (days_3 - 14_400_000 * 5 / 4 - 30_001, 20, "pending"),
        // The edge would forget it, and nobody would ever say that it was given up.
        (days_3 - 14_400_000 * 5 / 4 - 30_000, 20, "given_up"),
    ] {
        let house = listening().await;
        let hook = ended_ago(&house, ms_ago).await;
        *house.post.answer.lock().unwrap() = Ok(503);
        reminded(&house, &format!("tell-1-{hook}"), attempt).await;
        assert_eq!(state_of(&house).await, (json!(state), json!("503")));
    }
    // Nor when the last reminder got lost.
    let house = listening().await;
    ended_ago(&house, days_3).await;
    assert_eq!(state_of(&house).await.0, "given_up");
}

#[tokio::test]
async fn redelivery_begins_with_short_pauses_or_says_that_it_does_not_begin() {
    let house = listening().await;
    let hook = ended_ago(&house, 0).await;
    *house.post.answer.lock().unwrap() = Ok(503);
    for attempt in 1..=9 {
        reminded(&house, &format!("tell-1-{hook}"), attempt).await;
    }
    let redeliver = format!("/webhooks/{hook}/redeliver");
    ask(&house.calls, "POST", &redeliver, None).await;
    let first = reminded(&house, &format!("tell-2-{hook}"), 1).await;
    assert_eq!(first, json!({ "state": "again", "after_s": 10 }));
    *house.edge.reply.lock().unwrap() = None;
    let failed = ask(&house.calls, "POST", &redeliver, None).await;
    assert_eq!(failed.code(), "edge_unavailable");
    let why = json!("the edge could not be reached");
    assert_eq!(state_of(&house).await, (json!("given_up"), why));
}

#[tokio::test]
async fn what_the_edge_cannot_be_asked_is_not_acknowledged() {
    let house = listening().await;
    *house.edge.reply.lock().unwrap() = None;
    let records = || vec![ended(1, NOW_MS), numbered(2, Record::Filed)];
    assert_eq!(
        tell(&house, records()).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    *house.edge.reply.lock().unwrap() = Some(ready());
    assert_eq!(tell(&house, records()).await, StatusCode::OK);
    assert!(errands(&house).contains(&format!("tell-1-{}-ended", call_sid(1))));
}

#[tokio::test]
async fn a_call_that_nobody_answered_ends_with_the_carriers_word() {
    let house = listening().await;
    let busy = CallStatusEvent::new(account(), call_sid(1), CallStatus::Busy);
    post_signed(&house.status, CALLBACK, &busy.to_form()).await;
    assert_eq!(errands(&house), [format!("tell-1-{}-ended", call_sid(1))]);
}

#[tokio::test]
async fn an_end_that_the_edge_has_yet_to_tell_is_looked_after() {
    let house = listening().await;
    tell(&house, vec![turn(1)]).await;
    let completed = CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed);
    post_signed(&house.status, CALLBACK, &completed.to_form()).await;
    let settle = format!("settle-{}", call_sid(1));
    assert_eq!(errands(&house), std::slice::from_ref(&settle));
    // The edge tries for days; then the end is told without its last word.
    assert_eq!(reminded(&house, &settle, 1).await["state"], "again");
    assert_eq!(reminded(&house, &settle, 36).await["state"], "done");
    assert!(errands(&house).contains(&format!("tell-1-{}-ended", call_sid(1))));
}

#[tokio::test]
async fn an_end_that_twilio_never_told_is_asked_for() {
    let house = listening().await;
    tell(&house, vec![ended(1, NOW_MS), numbered(2, Record::Filed)]).await;
    let settle = format!("settle-{}", call_sid(1));
    assert!(errands(&house).contains(&settle));
    let known = |status| Some(CallResource::new(account(), call_sid(1), status));
    *house.carrier.known.lock().unwrap() = known(CallStatus::InProgress);
    assert_eq!(reminded(&house, &settle, 1).await["state"], "again");
    *house.carrier.known.lock().unwrap() = known(CallStatus::Completed);
    assert_eq!(reminded(&house, &settle, 2).await["state"], "done");
    let path = format!("/calls/{}", call_sid(1));
    let shown = ask(&house.calls, "GET", &path, None).await.json();
    assert_eq!(
        (&shown["status"], &shown["inferred"], &shown["complete"]),
        (&json!("completed"), &json!(true), &json!(true))
    );
}

#[tokio::test]
async fn errands_are_taken_from_the_edge_only() {
    let house = house().await;
    let body = json!({ "id": "settle-x", "attempt": 1 });
    let forged = sealed(
        "/errands",
        &body,
        "another secret of thirty-two bytes",
        NOW_MS / 1_000,
    );
    assert_eq!(
        send(&house.status, forged).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(reminded(&house, "of-yesterday", 1).await["state"], "done");
}

#[tokio::test]
async fn nothing_is_posted_to_addresses_of_this_network() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = axum::Router::new().fallback(async || StatusCode::TEMPORARY_REDIRECT);
    tokio::spawn(async { axum::serve(listener, router).await });
    let strict = HttpPost::new(false).unwrap();
    for host in ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"] {
        let url = format!("http://{host}:{port}/");
        let refused = strict.post(&url, &[], vec![]).await;
        assert_eq!(refused, Err(PostError::Private), "{host}");
    }
    let anywhere = HttpPost::new(true).unwrap();
    let url = format!("http://localhost:{port}/");
    assert_eq!(anywhere.post(&url, &[], vec![]).await, Ok(307));
}
