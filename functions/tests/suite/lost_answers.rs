//! Calls that we placed, and of which callbacks tell before anybody else does, or nobody else ever.

use axum::http::StatusCode;
use contract::{Bot, Limits};
use functions::carrier::DialError;
use functions::store::{Calls as _, DialId, Dials as _};
use serde_json::json;
use twilio::webhook::{CallStatus, CallStatusEvent};

use crate::dialling::{dial, dial_with, fails};
use crate::support::*;

/// A deployment with one place among its calls, and a tenant with a server of its own.
pub(crate) async fn narrow_house() -> House {
    let limits = Limits {
        concurrent_calls_max: 1,
        ..Limits::default()
    };
    let house = house_of(Bot { limits, ..mesa() }).await;
    let hook = json!({ "webhook_url": "https://example.com/hooks" });
    ask(&house.calls, "PATCH", "/tenants/default", Some(hook)).await;
    house
}

/// Twilio tells how a call stands, at the URL that it was given.
async fn told(house: &House, call: u64, status: CallStatus) {
    let create = house.carrier.asked.lock().unwrap()[0].clone();
    let url = create.status_callback.unwrap();
    let url = url.split('#').next().unwrap();
    let event = CallStatusEvent {
        sequence_number: Some(3),
        ..CallStatusEvent::new(account(), call_sid(call), status)
    };
    let answer = post_signed(&house.status, url, &event.to_form()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
}

async fn is_in_the_books(house: &House, call: u64, status: &str) {
    let listed = ask(&house.calls, "GET", "/calls", None).await.json();
    let listed = &listed["calls"][0];
    assert_eq!(listed["call"], json!(call_sid(call)));
    assert_eq!(
        (&listed["status"], &listed["bot"], &listed["direction"]),
        (&json!(status), &json!("mesa"), &json!("outbound"))
    );
    let filtered = format!("/calls?status={status}");
    let filtered = ask(&house.calls, "GET", &filtered, None).await.json();
    assert_eq!(filtered["calls"].as_array().unwrap().len(), 1);
    let errands = house.edge.errands.lock().unwrap();
    let ids: Vec<_> = errands.iter().map(|errand| errand.id.as_str()).collect();
    assert_eq!(ids, [format!("tell-1-{}-ended", call_sid(call))]);
}

#[tokio::test]
async fn a_call_known_from_callbacks_alone_is_its_tenants_and_gives_its_place_back() {
    for status in [CallStatus::Busy, CallStatus::NoAnswer] {
        let house = narrow_house().await;
        fails(
            &house,
            Some(DialError::Unknown("the answer was lost".to_owned())),
        );
        let order = json!({ "to": "+15005550001", "bot": "mesa", "metadata": { "order": "7" } });
        let lost = dial_with(&house, "k-1", &order).await;
        assert_eq!(lost.status, StatusCode::GATEWAY_TIMEOUT);
        for _ in 0..3 {
            told(&house, 7, status).await;
        }
        is_in_the_books(&house, 7, status.as_str()).await;
        let path = format!("/calls/{}", call_sid(7));
        let shown = ask(&house.calls, "GET", &path, None).await.json();
        assert_eq!(
            (&shown["to"], &shown["from"], &shown["metadata"]["order"]),
            (&json!("+15005550001"), &json!(OUR_NUMBER), &json!("7"))
        );
        // Its place is another's now.
        fails(&house, None);
        let next = dial_with(&house, "k-2", &order).await;
        assert_eq!(next.status, StatusCode::CREATED, "{}", next.body);
    }
}

#[tokio::test]
async fn an_end_that_is_told_before_the_order_is_answered_counts_all_the_same() {
    let house = narrow_house().await;
    // Twilio has dialled, and its answer is still on its way.
    fails(&house, Some(DialError::Unknown("late".to_owned())));
    dial(&house).await;
    told(&house, 7, CallStatus::Busy).await;
    is_in_the_books(&house, 7, "busy").await;
    let url = house.carrier.asked.lock().unwrap()[0]
        .status_callback
        .clone();
    let id = url.as_deref().and_then(|url| {
        let (_, query) = url.split_once("dial=")?;
        DialId::parse(query.split('#').next()?)
    });
    let order = house.memory.dial(&id.unwrap()).await.unwrap().unwrap();
    assert_eq!(order.call, Some(call_id(7)));
    // Now it comes, and opens the call once more.
    let late = order.opened(call_id(7), account(), CallStatus::Queued, NOW_MS);
    house.memory.open(&late).await.unwrap();
    is_in_the_books(&house, 7, "busy").await;
    let other = json!({ "to": "+15005550002", "bot": "mesa" });
    fails(&house, None);
    let next = dial_with(&house, "k-2", &other).await;
    assert_eq!(next.status, StatusCode::CREATED, "{}", next.body);
}
