use axum::body::Body;
use axum::http::{Request, StatusCode};
use contract::{Numbered, Record};
use functions::store::{Calls as _, DialId, Dials as _};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use twilio::Form;
use twilio::webhook::{
    AmdEvent, AnsweredBy, CallStatus, CallStatusEvent, StreamChange, StreamEvent,
};

use crate::store::{batch, ended, opened, turn};
use crate::support::*;

const STREAM: &str = "https://status.example.com/twilio/stream";

fn told(status: CallStatus) -> Form {
    CallStatusEvent {
        sequence_number: Some(3),
        ..CallStatusEvent::new(account(), call_sid(1), status)
    }
    .to_form()
}

fn stream(change: StreamChange) -> Form {
    StreamEvent {
        account: account(),
        call: call_sid(1),
        stream: format!("MZ{}", "0".repeat(32)).parse().unwrap(),
        name: None,
        change,
        timestamp: Some("2026-11-21T12:00:00Z".to_owned()),
    }
    .to_form()
}

async fn status_of(house: &House) -> Option<CallStatus> {
    house
        .memory
        .call(&call_id(1))
        .await
        .unwrap()
        .and_then(|(entry, _)| entry.status)
}

#[tokio::test]
async fn a_callback_moves_the_call_and_is_answered_without_words() {
    let house = house().await;
    let answer = post_signed(&house.status, CALLBACK, &told(CallStatus::Completed)).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(status_of(&house).await, Some(CallStatus::Completed));
}

/// A request as Lambda hands it over: with the address that it came from.
fn from_address(mut request: Request<Body>, ip: &str) -> Request<Body> {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some(ip.to_owned());
    let context = RequestContext::ApiGatewayV2(context);
    request.extensions_mut().insert(context);
    request
}

#[tokio::test]
async fn what_the_carrier_tells_is_kept_with_its_time_its_name_and_whence_it_came() {
    let house = house().await;
    let tell = async |app: &axum::Router, url: &str, form: &Form| {
        let request = webhook(url, form, Some(&signature(url, form)));
        send(app, from_address(request, "54.172.60.1")).await;
    };
    let incoming = "https://voice.example.com/voice/incoming";
    tell(&house.voice, incoming, &inbound(1).to_form()).await;
    tell(&house.status, STREAM, &stream(StreamChange::Started)).await;
    let ended = CallStatusEvent {
        call_duration_s: Some(61),
        ..CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed)
    };
    tell(&house.status, CALLBACK, &ended.to_form()).await;
    let path = format!("/calls/{}", call_sid(1));
    let shown = ask(&house.calls, "GET", &path, None).await.json();
    let news = shown["carrier"].as_array().unwrap();
    let of = |name: &str| {
        let found = news.iter().find(|news| news["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {shown}"))
    };
    for (name, sid) in [
        ("opened", call_sid(1).to_string()),
        ("stream-started", format!("MZ{}", "0".repeat(32))),
        ("completed", call_sid(1).to_string()),
    ] {
        let source = json!({ "ip": "54.172.60.1", "sid": sid });
        assert_eq!(of(name)["source"], source, "{name}");
        assert_eq!(of(name)["at_ms"], NOW_MS, "{name}");
    }
    assert_eq!(of("completed")["duration_s"], 61);
}

#[tokio::test]
async fn callbacks_without_a_valid_signature_change_nothing() {
    let house = house().await;
    for (url, form) in [
        (CALLBACK, told(CallStatus::Completed)),
        (STREAM, stream(StreamChange::Started)),
    ] {
        for given in [None, Some("forged")] {
            let answer = send(&house.status, webhook(url, &form, given)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.code().starts_with("signature_"));
        }
    }
    assert_eq!(status_of(&house).await, None);
}

#[tokio::test]
async fn signed_forms_that_say_nothing_are_refused_by_field() {
    let house = house().await;
    let answer = post_signed(&house.status, CALLBACK, &Form::new()).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::BAD_REQUEST, "form_malformed")
    );
    let answer = post_signed(
        &house.status,
        STREAM,
        &[("StreamEvent", "stream-rested")].into_iter().collect(),
    )
    .await;
    assert_eq!(answer.json()["error"]["field"], "StreamEvent");
}

#[tokio::test]
async fn a_stream_tells_that_an_inbound_call_was_answered() {
    let house = house().await;
    post_signed(&house.status, STREAM, &stream(StreamChange::Started)).await;
    assert_eq!(status_of(&house).await, Some(CallStatus::InProgress));
    let failed = StreamChange::Failed {
        error: "31920 handshake".to_owned(),
    };
    let answer = post_signed(&house.status, STREAM, &stream(failed)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    house.memory.open(&opened(1)).await.unwrap();
    let detail = house
        .memory
        .detail(&tenant(), &call_id(1))
        .await
        .unwrap()
        .unwrap();
    assert!(
        detail
            .news
            .iter()
            .any(|news| news.name == "stream-error" && news.detail == "31920 handshake")
    );
}

#[tokio::test]
async fn a_machine_that_answers_is_noted() {
    let house = house().await;
    let verdict = AmdEvent {
        call: call_sid(1),
        account: account(),
        answered_by: AnsweredBy::MachineStart,
        detection_ms: Some(2_100),
    };
    assert_eq!(
        post_signed(&house.status, CALLBACK, &verdict.to_form())
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    let (entry, _) = house.memory.call(&call_id(1)).await.unwrap().unwrap();
    assert_eq!(entry.answered_by, Some(AnsweredBy::MachineStart));
}

#[tokio::test]
async fn a_callback_joins_the_order_whose_answer_was_lost() {
    let house = house().await;
    *house.carrier.failure.lock().unwrap() =
        Some(functions::carrier::DialError::Unknown("late".to_owned()));
    let order = json!({ "to": "+15005550001", "bot": "mesa" });
    ask(&house.calls, "POST", "/calls", Some(order)).await;
    let callback = house.carrier.asked.lock().unwrap()[0]
        .status_callback
        .clone()
        .unwrap();
    let url = callback.split('#').next().unwrap().to_owned();
    post_signed(&house.status, &url, &told(CallStatus::Ringing)).await;
    let id = DialId::parse(url.rsplit_once("dial=").unwrap().1).unwrap();
    assert_eq!(
        house.memory.dial(&id).await.unwrap().unwrap().call,
        Some(call_id(1))
    );
}

#[tokio::test]
async fn a_store_that_is_down_makes_the_sender_try_again() {
    let house = house().await;
    house.memory.breaks(true);
    let answer = post_signed(&house.status, CALLBACK, &told(CallStatus::Completed)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable")
    );
    let answer = post_sealed(&house.status, "/records", &json!(batch(1, vec![turn(1)]))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn records_are_accepted_through_the_highest() {
    let house = house().await;
    let connected = Numbered {
        number: 1,
        at_ms: NOW_MS,
        record: Record::Connected { stream: 1 },
    };
    let answer = post_sealed(
        &house.status,
        "/records",
        &json!(batch(1, vec![connected, turn(2)])),
    )
    .await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, json!({ "through": 2, "wrap": false }))
    );
    assert_eq!(status_of(&house).await, Some(CallStatus::InProgress));
    let answer = post_sealed(
        &house.status,
        "/records",
        &json!(batch(1, vec![ended(3, NOW_MS)])),
    )
    .await;
    assert_eq!(answer.json(), json!({ "through": 3, "wrap": false }));
}

#[tokio::test]
async fn the_end_is_complete_whichever_of_the_two_tells_last() {
    for carrier_first in [true, false] {
        let house = house().await;
        let complete = async || {
            let entry = house.memory.call(&call_id(1)).await.unwrap();
            entry.is_some_and(|(entry, _)| entry.bot.is_some() && entry.is_complete())
        };
        for turn in [carrier_first, !carrier_first] {
            assert!(!complete().await);
            if turn {
                post_signed(&house.status, CALLBACK, &told(CallStatus::Completed)).await;
            } else {
                post_sealed(
                    &house.status,
                    "/records",
                    &json!(batch(1, vec![ended(1, NOW_MS)])),
                )
                .await;
            }
        }
        assert!(complete().await, "carrier first: {carrier_first}");
    }
}

fn wish(name: &str, kind: &str, bytes: u64) -> Value {
    json!({ "call": call_sid(1), "files": [{ "name": name, "content_type": kind, "bytes": bytes }] })
}

#[tokio::test]
async fn an_upload_is_bound_to_type_length_and_place() {
    let house = house().await;
    let answer = post_sealed(
        &house.status,
        "/uploads",
        &wish("recording.wav", "audio/wav", 44),
    )
    .await;
    let upload = &answer.json()["uploads"][0];
    assert_eq!(
        upload["key"],
        format!("recordings/2026/11/{}/recording.wav", call_sid(1))
    );
    assert_eq!(
        upload["headers"],
        json!({ "content-type": "audio/wav", "content-length": "44" })
    );
}

#[tokio::test]
async fn uploads_out_of_bounds_are_refused_by_field() {
    let house = house().await;
    for (body, field) in [
        (wish("../x", "audio/wav", 1), "files.name"),
        (wish("a/b", "audio/wav", 1), "files.name"),
        (wish(".hidden", "audio/wav", 1), "files.name"),
        (wish("", "audio/wav", 1), "files.name"),
        (wish("tape", "audio", 1), "files.content_type"),
        (wish("tape", "audio/wav\r\nx: y", 1), "files.content_type"),
        (wish("tape", "audio/wav", 0), "files.bytes"),
        (wish("tape", "audio/wav", 200_000_001), "files.bytes"),
        (json!({ "call": call_sid(1), "files": [] }), "files"),
    ] {
        let answer = post_sealed(&house.status, "/uploads", &body).await;
        assert!(answer.status.is_client_error(), "{body}");
        assert_eq!(answer.json()["error"]["field"], field, "{body}");
    }
}

#[tokio::test]
async fn what_the_edge_did_not_seal_is_refused_and_changes_nothing() {
    let house = house().await;
    let now_s = NOW_MS / 1_000;
    for (path, body) in [
        ("/records", json!(batch(1, vec![turn(1)]))),
        ("/uploads", wish("tape", "audio/wav", 1)),
    ] {
        let bare = Request::post(format!("{STATUS}{path}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let bare = send(&house.status, bare).await;
        assert_eq!(
            (bare.status, bare.code().as_str()),
            (StatusCode::UNAUTHORIZED, "seal_missing")
        );
        let forged = send(
            &house.status,
            sealed(path, &body, "another secret of thirty-two bytes", now_s),
        )
        .await;
        assert_eq!(
            (forged.status, forged.code().as_str()),
            (StatusCode::FORBIDDEN, "seal_forged")
        );
        let stale = send(&house.status, sealed(path, &body, EDGE_SECRET, now_s - 61)).await;
        assert_eq!(
            (stale.status, stale.code().as_str()),
            (StatusCode::FORBIDDEN, "seal_stale")
        );
    }
    assert_eq!(house.memory.call(&call_id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn sealed_nonsense_is_refused_too() {
    let house = house().await;
    for body in [json!({}), json!([]), json!(batch(1, vec![turn(0)]))] {
        let answer = post_sealed(&house.status, "/records", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let long = json!({ "call": "x".repeat(5_000_000) });
    let answer = post_sealed(&house.status, "/records", &long).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "body_too_long")
    );
}
