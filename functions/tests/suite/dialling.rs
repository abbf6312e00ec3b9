use axum::body::Body;
use axum::http::{Request, StatusCode};
use contract::Direction;
use functions::carrier::DialError;
use functions::store::Calls as _;
use serde_json::{Value, json};
use twilio::rest::{CallEvent, Instructions, RestError};
use twilio::twiml::Verb;
use twilio::webhook::{CallStatus, Direction as Wire, VoiceRequest};
use twilio::{Form, Party};

use crate::support::*;

fn order() -> Value {
    json!({ "to": "+15005550001", "bot": "mesa" })
}

pub(crate) async fn dial_with(house: &House, key: &str, body: &Value) -> Answer {
    let request = Request::post("/calls")
        .header("authorization", format!("Bearer {OPERATOR_KEY}"))
        .header("idempotency-key", key);
    send(
        &house.calls,
        request.body(Body::from(body.to_string())).unwrap(),
    )
    .await
}

pub(crate) async fn dial(house: &House) -> Answer {
    dial_with(house, "k-1", &order()).await
}

pub(crate) fn fails(house: &House, failure: Option<DialError>) {
    *house.carrier.failure.lock().unwrap() = failure;
}

fn times(house: &House) -> usize {
    house.carrier.asked.lock().unwrap().len()
}

/// Twilio asks what the call shall do, at the URL it was given.
async fn answered(house: &House, call: u64) -> Answer {
    let create = house.carrier.asked.lock().unwrap()[0].clone();
    let Instructions::Url(url) = create.instructions else {
        panic!("no URL")
    };
    let asked = VoiceRequest {
        from: Party::Number(create.from),
        to: create.to,
        direction: Wire::OutboundApi,
        status: CallStatus::InProgress,
        ..inbound(call)
    };
    post_signed(&house.voice, &url, &asked.to_form()).await
}

#[tokio::test]
async fn a_call_is_placed_with_all_its_callbacks() {
    let house = house().await;
    let answer = ask(&house.calls, "POST", "/calls", Some(order())).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let body = answer.json();
    assert_eq!(
        (&body["call"], &body["status"], &body["from"]),
        (
            &json!(call_sid(1_001)),
            &json!("queued"),
            &json!(OUR_NUMBER)
        )
    );
    let create = house.carrier.asked.lock().unwrap()[0].clone();
    assert_eq!(create.to, Party::parse("+15005550001"));
    assert_eq!(create.status_events, CallEvent::ALL);
    let callback = create.status_callback.unwrap();
    assert!(
        callback.starts_with("https://status.example.com/twilio/call?dial=")
            && callback.ends_with("#rc=3&rp=all"),
        "{callback}"
    );
    assert_eq!(
        create.fallback_url.as_deref(),
        Some("https://voice.example.com/voice/fallback")
    );
    assert_eq!(create.time_limit_s, Some(1_860));
    let (entry, bot) = house.memory.call(&call_id(1_001)).await.unwrap().unwrap();
    assert_eq!(
        (entry.direction, bot),
        (Some(Direction::Outbound), Some(mesa()))
    );
}

#[tokio::test]
async fn an_answered_call_meets_the_bot_it_was_ordered_for() {
    let house = house().await;
    dial(&house).await;
    // Not this number's bot, but the order's.
    assert!(matches!(
        answered(&house, 1_001).await.verbs().as_slice(),
        [Verb::Connect { .. }]
    ));
    let openings = house.edge.openings.lock().unwrap();
    assert_eq!(
        (openings[0].direction, &openings[0].bot),
        (Direction::Outbound, &mesa())
    );
}

#[tokio::test]
async fn an_answered_call_without_its_order_is_found_by_its_record() {
    let house = house().await;
    dial(&house).await;
    let asked = VoiceRequest {
        direction: Wire::OutboundApi,
        status: CallStatus::InProgress,
        ..inbound(1_001)
    };
    let answer = post_signed(
        &house.voice,
        "https://voice.example.com/voice/incoming",
        &asked.to_form(),
    )
    .await;
    assert!(matches!(answer.verbs().as_slice(), [Verb::Connect { .. }]));
    let stranger = VoiceRequest {
        direction: Wire::OutboundApi,
        ..inbound(7)
    };
    let answer = post_signed(
        &house.voice,
        "https://voice.example.com/voice/incoming",
        &stranger.to_form(),
    )
    .await;
    assert!(matches!(
        answer.verbs().as_slice(),
        [Verb::Say { .. }, Verb::Hangup]
    ));
}

#[tokio::test]
async fn orders_that_cannot_be_are_refused_by_field_and_nobody_is_called() {
    let house = house().await;
    for (body, field) in [
        (json!({ "to": "15005550001", "bot": "mesa" }), "to"),
        (json!({ "to": "+0500", "bot": "mesa" }), "to"),
        (json!({ "to": "+15005550001", "bot": "nobody" }), "bot"),
        (json!({ "to": "+15005550001", "bot": "No Body" }), "bot"),
        (
            json!({ "to": "+15005550001", "bot": "mesa", "from": "anonymous" }),
            "from",
        ),
    ] {
        let answer = ask(&house.calls, "POST", "/calls", Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json()["error"]["field"], field, "{body}");
    }
    ask(&house.calls, "PUT", "/bots/mute", Some(json!({}))).await;
    let answer = ask(
        &house.calls,
        "POST",
        "/calls",
        Some(json!({ "to": "+15005550001", "bot": "mute" })),
    )
    .await;
    assert_eq!(answer.code(), "from_missing");
    for (body, code) in [
        (json!([]), "body_malformed"),
        (json!({}), "field_missing"),
        (
            json!({ "to": "+15005550001", "bot": "mesa", "speed": 2 }),
            "field_unknown",
        ),
    ] {
        assert_eq!(
            ask(&house.calls, "POST", "/calls", Some(body)).await.code(),
            code
        );
    }
    assert_eq!(
        dial_with(&house, " ", &order()).await.code(),
        "key_malformed"
    );
    assert_eq!(times(&house), 0);
}

#[tokio::test]
async fn the_same_order_dials_once_and_gets_the_same_answer() {
    let house = house().await;
    let (first, second) = (dial(&house).await, dial(&house).await);
    assert_eq!(
        (first.status, &first.body, first.replayed),
        (StatusCode::CREATED, &second.body, false)
    );
    assert_eq!(
        (second.status, second.replayed),
        (StatusCode::CREATED, true)
    );
    assert_eq!(times(&house), 1);
    let other = json!({ "to": "+15005550002", "bot": "mesa" });
    let reused = dial_with(&house, "k-1", &other).await;
    assert_eq!(
        (reused.status, reused.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "key_reused")
    );
    assert_eq!(
        dial_with(&house, "k-2", &other).await.status,
        StatusCode::CREATED
    );
    assert_eq!(times(&house), 2);
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_whatever_has_changed_since() {
    let house = house().await;
    let first = dial(&house).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let spain = json!({ "limits": { "outbound_countries": ["ES"] } });
    ask(&house.calls, "PATCH", "/tenants/default", Some(spain)).await;
    let narrowed = dial(&house).await;
    assert_eq!(
        (narrowed.status, &narrowed.body),
        (first.status, &first.body)
    );
    let number = format!("/numbers/{OUR_NUMBER}");
    for path in [number.as_str(), "/bots/mesa"] {
        let gone = ask(&house.calls, "DELETE", path, None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    }
    let deleted = dial(&house).await;
    assert_eq!(
        (deleted.status, &deleted.body, deleted.replayed),
        (first.status, &first.body, true)
    );
    // Another order is another order, whatever is wrong with it.
    let other = dial_with(&house, "k-1", &json!({ "to": "1", "bot": "mesa" })).await;
    assert_eq!(other.code(), "key_reused");
    assert_eq!(
        dial_with(&house, "k-2", &order()).await.code(),
        "bot_unknown"
    );
    assert_eq!(times(&house), 1);
}

#[tokio::test]
async fn a_refusal_of_twilio_stays_a_refusal() {
    let house = house().await;
    fails(
        &house,
        Some(DialError::Refused(RestError::new(
            400,
            21215,
            "not permitted",
        ))),
    );
    let first = dial(&house).await;
    assert_eq!(
        (first.status, first.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "carrier_refused")
    );
    assert!(first.body.contains("21215"));
    fails(&house, None);
    let second = dial(&house).await;
    assert_eq!(
        (second.status, second.body, times(&house)),
        (first.status, first.body, 1)
    );
}

#[tokio::test]
async fn what_was_surely_not_dialled_may_be_ordered_again() {
    let house = house().await;
    for (failure, status, code) in [
        (
            DialError::Unreachable("no route".to_owned()),
            StatusCode::SERVICE_UNAVAILABLE,
            "carrier_unreachable",
        ),
        (
            DialError::Refused(RestError::new(429, 20429, "too many")),
            StatusCode::TOO_MANY_REQUESTS,
            "carrier_busy",
        ),
        (
            DialError::Refused(RestError::new(401, 20003, "Authenticate")),
            StatusCode::BAD_GATEWAY,
            "carrier_credentials",
        ),
    ] {
        fails(&house, Some(failure));
        let answer = dial(&house).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    fails(&house, None);
    assert_eq!(dial(&house).await.status, StatusCode::CREATED);
    assert_eq!(times(&house), 4);
}

#[tokio::test]
async fn a_lost_answer_is_never_dialled_again_blindly_and_found_when_the_call_shows_up() {
    let house = house().await;
    fails(&house, Some(DialError::Unknown("timeout".to_owned())));
    let first = dial(&house).await;
    assert_eq!(
        (first.status, first.code().as_str()),
        (StatusCode::GATEWAY_TIMEOUT, "outcome_unknown")
    );
    fails(&house, None);
    let second = dial(&house).await;
    assert_eq!(
        (second.status, second.code().as_str(), times(&house)),
        (StatusCode::CONFLICT, "outcome_unknown", 1)
    );
    // The telephone did ring, and somebody answers.
    assert!(matches!(
        answered(&house, 77).await.verbs().as_slice(),
        [Verb::Connect { .. }]
    ));
    let third = dial(&house).await;
    assert_eq!(
        (third.status, &third.json()["call"], times(&house)),
        (StatusCode::CREATED, &json!(call_sid(77)), 1)
    );
}

#[tokio::test]
async fn a_forged_order_in_the_url_is_not_believed() {
    let house = house().await;
    dial(&house).await;
    let url = "https://voice.example.com/voice/incoming?dial=00000000000000000000000000000000";
    let asked = VoiceRequest {
        direction: Wire::OutboundApi,
        ..inbound(7)
    };
    let answer = send(&house.voice, webhook(url, &asked.to_form(), Some("forged"))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let nothing = send(&house.voice, webhook(url, &Form::new(), None)).await;
    assert_eq!(nothing.status, StatusCode::FORBIDDEN);
}
