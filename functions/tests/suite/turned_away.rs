//! Callers and orders that are refused: nothing half-open stays in the books, and no place stays taken.

use contract::{Bot, Closed, Day, Hours, Limits, Opens, Usage};
use functions::calls::Settings;
use functions::store::{Calls as _, Filter, Unanswered};
use serde_json::{Value, json};
use twilio::twiml::Verb;
use twilio::webhook::{CallStatus, CallStatusEvent};

use crate::accounts::key_for;
use crate::store::{batch, priced, turn, usage};
use crate::support::*;

async fn shown(house: &House, call: u64) -> Value {
    let path = format!("/calls/{}", call_sid(call));
    ask(&house.calls, "GET", &path, None).await.json()
}

fn limited(limits: Limits) -> Bot {
    Bot { limits, ..mesa() }
}

/// It is Saturday.
fn closed_today() -> Bot {
    let monday = Opens {
        days: vec![Day::Monday],
        from: "09:00".to_owned(),
        to: "17:00".to_owned(),
    };
    Bot {
        hours: Some(Hours {
            time_zone: "UTC".to_owned(),
            open: vec![monday],
            closed: Closed::default(),
        }),
        ..mesa()
    }
}

/// The call stands there with an end and a reason, and nothing more is to come.
async fn is_closed_in_the_books(house: &House, call: u64, why: &str) {
    let call = shown(house, call).await;
    assert_eq!(call["status"], "completed", "{call}");
    assert_eq!(call["unanswered"], why, "{call}");
    assert_eq!(call["complete"], true, "{call}");
    let running = ask(&house.calls, "GET", "/calls?status=ringing", None).await;
    assert!(!running.body.contains(call["call"].as_str().unwrap()));
}

#[tokio::test]
async fn outside_its_hours_a_call_is_kept_with_its_end_and_why() {
    let house = house_of(closed_today()).await;
    rings(&house, 1).await;
    is_closed_in_the_books(&house, 1, "closed").await;
    // What the carrier tells later of its length still counts.
    let event = CallStatusEvent {
        call_duration_s: Some(9),
        ..CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed)
    };
    post_signed(&house.status, CALLBACK, &event.to_form()).await;
    let call = shown(&house, 1).await;
    assert_eq!(call["carrier_duration_s"], 9);
    assert_eq!(call.get("inferred"), None);
}

#[tokio::test]
async fn a_caller_too_many_is_kept_with_an_end_and_takes_no_place() {
    let house = house_of(limited(Limits {
        concurrent_calls_max: 1,
        ..Limits::default()
    }))
    .await;
    assert!(matches!(rings(&house, 1).await[..], [Verb::Connect { .. }]));
    rings(&house, 2).await;
    is_closed_in_the_books(&house, 2, "busy").await;
    let event = CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed);
    post_signed(&house.status, CALLBACK, &event.to_form()).await;
    assert!(matches!(rings(&house, 3).await[..], [Verb::Connect { .. }]));
}

#[tokio::test]
async fn a_caller_beyond_the_days_money_is_kept_with_an_end() {
    let cost = priced(&usage()).total_micro_dollars;
    let house = house_of(limited(Limits {
        spend_per_day_max: cost,
        ..Limits::default()
    }))
    .await;
    rings(&house, 1).await;
    let spent: Usage = usage();
    let batch = contract::Batch {
        usage: spent,
        ..batch(1, vec![turn(1)])
    };
    post_sealed(&house.status, "/records", &json!(batch)).await;
    rings(&house, 2).await;
    is_closed_in_the_books(&house, 2, "spent").await;
    // Who was let in before is let in again, whatever the day has cost by now.
    assert!(matches!(rings(&house, 1).await[..], [Verb::Connect { .. }]));
    assert_eq!(shown(&house, 1).await.get("unanswered"), None);
}

#[tokio::test]
async fn a_caller_who_hears_the_fallback_is_kept_with_an_end_and_takes_no_place() {
    let house = house_of(limited(Limits {
        concurrent_calls_max: 1,
        ..Limits::default()
    }))
    .await;
    *house.edge.reply.lock().unwrap() = None;
    rings(&house, 1).await;
    is_closed_in_the_books(&house, 1, "failed").await;
    *house.edge.reply.lock().unwrap() = Some(ready());
    assert!(matches!(rings(&house, 2).await[..], [Verb::Connect { .. }]));
}

#[tokio::test]
async fn the_end_of_a_call_that_was_turned_away_is_told_at_once() {
    let house = house_of(closed_today()).await;
    let hook = json!({ "webhook_url": "https://example.com/hooks" });
    ask(&house.calls, "PATCH", "/tenants/default", Some(hook)).await;
    rings(&house, 1).await;
    let event = CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed);
    post_signed(&house.status, CALLBACK, &event.to_form()).await;
    let errands = house.edge.errands.lock().unwrap();
    let ids: Vec<_> = errands.iter().map(|errand| errand.id.as_str()).collect();
    assert_eq!(ids, [format!("tell-1-{}-ended", call_sid(1))]);
}

#[tokio::test]
async fn orders_that_are_refused_leave_no_call_behind() {
    let house = house_with(Settings {
        calls_per_minute: 1,
        countries: vec!["US".to_owned()],
        ..Settings::default()
    })
    .await;
    let key = key_for(&house, "default", &["calls:write"]).await;
    let place = async |to: &str| {
        let order = json!({ "to": to, "bot": "mesa" });
        ask_as(&house.calls, Some(&key), "POST", "/calls", Some(order)).await
    };
    assert_eq!(place("+18765551234").await.code(), "country_not_allowed");
    // What is refused for itself is no call, and does not count as one.
    assert_eq!(place("+12125551234").await.status, 201);
    assert_eq!(place("+12125551234").await.code(), "calls_limited");
    let (whose, all) = (tenant(), Filter::default());
    let listed = house.memory.list(&whose, &all, 9, None).await;
    assert_eq!(listed.unwrap().calls.len(), 1);
    assert_eq!(house.carrier.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_edge_tells_outweighs_that_nobody_answered() {
    let house = house().await;
    rings(&house, 1).await;
    post_sealed(&house.status, "/records", &json!(batch(1, vec![turn(1)]))).await;
    let (call, late) = (call_id(1), Unanswered::Failed);
    house.memory.unanswered(&call, late, NOW_MS).await.unwrap();
    assert_eq!(shown(&house, 1).await.get("unanswered"), None);
}
