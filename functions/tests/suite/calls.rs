use axum::body::Body;
use axum::http::{Request, StatusCode};
use contract::{EndReason, Event, Numbered, Record, Source};
use functions::store::Calls as _;
use serde_json::{Value, json};

use crate::store::{batch, ended, priced, turn, usage};
use crate::support::*;

#[tokio::test]
async fn a_page_that_is_not_there_is_not_told_to_strangers() {
    let house = house().await;
    for (key, status) in [(None, 401), (Some(OPERATOR_KEY), 404)] {
        let answer = ask_as(&house.calls, key, "GET", "/nowhere", None).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    let basic = Request::get("/calls").header("authorization", "Basic bm90OmtleQ==");
    let answer = send(&house.calls, basic.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.code(), "key_missing");
}

#[tokio::test]
async fn a_bot_is_put_and_got_and_counts_its_changes() {
    let house = house().await;
    let body = json!({ "greeting": "Good morning.", "turns": { "end": { "by": "silence", "silence_ms": 900 } } });
    let put = async |body: &Value| {
        ask(&house.calls, "PUT", "/bots/dawn", Some(body.clone()))
            .await
            .json()
    };
    assert_eq!(put(&body).await["version"], 1);
    assert_eq!(put(&body).await["version"], 1);
    let got = ask(&house.calls, "GET", "/bots/dawn", None).await.json();
    assert_eq!(
        (&got["greeting"], &got["reply_chars_max"], &got["id"]),
        (&json!("Good morning."), &json!(300), &json!("dawn"))
    );
    // What was read can be put back, changed.
    let mut changed = got;
    changed["greeting"] = "Good evening.".into();
    assert_eq!(put(&changed).await["version"], 2);
    assert_eq!(
        ask(&house.calls, "GET", "/bots/dusk", None).await.code(),
        "not_found"
    );
}

#[tokio::test]
async fn a_bot_that_cannot_be_is_refused_by_field() {
    let house = house().await;
    for (path, body, field) in [
        ("/bots/Mesa", json!({}), "id"),
        ("/bots/mesa", json!({ "id": "other" }), "id"),
        ("/bots/mesa", json!({ "greating": "Hi." }), "greating"),
        (
            "/bots/mesa",
            json!({ "turns": { "end": { "by": "silence", "silence_ms": 50 } } }),
            "turns.end.silence_ms",
        ),
        (
            "/bots/mesa",
            json!({ "reply_chars_max": 1 }),
            "reply_chars_max",
        ),
        (
            "/bots/mesa",
            json!({ "hours": { "time_zone": "Mars/Olympus", "open": [{ "days": ["monday"], "from": "09:00", "to": "17:00" }] } }),
            "hours.time_zone",
        ),
    ] {
        let answer = ask(&house.calls, "PUT", path, Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json()["error"]["field"], field, "{body}");
    }
    for body in [
        json!([]),
        json!({ "greeting": 7 }),
        json!({ "fallback_number": "12" }),
    ] {
        assert_eq!(
            ask(&house.calls, "PUT", "/bots/mesa", Some(body))
                .await
                .code(),
            "body_malformed"
        );
    }
    let options = json!({ "provider": "openai", "options": { "user": "x".repeat(310_000) } });
    let large = json!({ "greeting": "Hi.", "think": options });
    let refused = ask(&house.calls, "PUT", "/bots/mesa", Some(large)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let error = &refused.json()["error"];
    let named = (&error["code"], &error["field"]);
    assert_eq!(named, (&json!("bot_too_large"), &json!("think")));
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("a bot has at most 300000 bytes of JSON, and this one has 31"));
}

#[tokio::test]
async fn the_largest_bot_fits_an_opening() {
    let house = house().await;
    let of = |chars: usize| {
        let options = json!({ "user": "x".repeat(chars) });
        json!({ "think": { "provider": "openai", "options": options } })
    };
    let put = async |chars| ask(&house.calls, "PUT", "/bots/mesa", Some(of(chars))).await;
    let rest = put(0).await.body.len();
    let put = put(contract::BOT_BYTES_MAX - rest - 1).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    assert!(put.body.len() >= contract::BOT_BYTES_MAX - 1);
    rings(&house, 1).await;
    let openings = house.edge.openings.lock().unwrap();
    let opening = serde_json::to_vec(&openings[0]).unwrap();
    assert!(opening.len() <= contract::OPENING_BYTES_MAX);
}

#[tokio::test]
async fn of_two_who_make_a_bot_at_once_one_is_told_that_there_is_one() {
    let house = house().await;
    let ask_for = async |greeting: &str| {
        let bot = json!({ "id": "dawn", "greeting": greeting });
        ask(&house.calls, "POST", "/bots", Some(bot)).await
    };
    let (first, second) = tokio::join!(ask_for("One."), ask_for("Two."));
    let (made, refused) = if first.status == StatusCode::CREATED {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(made.json()["version"], 1);
    let got = (refused.status, refused.code());
    assert_eq!(got, (StatusCode::CONFLICT, "bot_exists".to_owned()));
    let kept = ask(&house.calls, "GET", "/bots/dawn", None).await;
    assert_eq!(kept.json(), made.json());
}

#[tokio::test]
async fn a_number_is_given_to_a_bot_that_exists() {
    let house = house().await;
    let put = async |path: &str, bot: &str| {
        ask(&house.calls, "PUT", path, Some(json!({ "bot": bot }))).await
    };
    let answer = put("/numbers/+15005550007", "mesa").await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            StatusCode::OK,
            json!({ "number": "+15005550007", "bot": "mesa" })
        )
    );
    assert_eq!(
        ask(&house.calls, "GET", "/numbers/%2B15005550007", None)
            .await
            .json()["bot"],
        "mesa"
    );
    assert_eq!(
        put("/numbers/+15005550007", "nobody").await.code(),
        "bot_unknown"
    );
    assert_eq!(
        put("/numbers/15005550007", "mesa").await.code(),
        "number_malformed"
    );
    assert_eq!(
        ask(&house.calls, "GET", "/numbers/+15005550008", None)
            .await
            .code(),
        "not_found"
    );
}

#[tokio::test]
async fn a_call_is_shown_with_turns_events_receipt_and_recording() {
    let house = house().await;
    post_signed(
        &house.voice,
        "https://voice.example.com/voice/incoming",
        &inbound(1).to_form(),
    )
    .await;
    let barge_in = Event {
        name: "barge_in".to_owned(),
        detail: "after 700 ms".to_owned(),
        at_ms: 5,
        source: Source {
            ip: "192.0.2.1".to_owned(),
            sid: String::new(),
        },
    };
    let key = format!("recordings/2026/11/{}/recording.wav", call_sid(1));
    let tape = key.replace("recording.wav", "tape");
    let records = vec![
        turn(1),
        Numbered {
            number: 2,
            at_ms: NOW_MS,
            record: Record::Event(barge_in),
        },
        turn(3),
        ended(4, NOW_MS),
        stored(5, "recording", &key),
        stored(6, "tape", &tape),
    ];
    post_sealed(&house.status, "/records", &json!(batch(1, records))).await;
    let shown = ask(
        &house.calls,
        "GET",
        &format!("/calls/{}", call_sid(1)),
        None,
    )
    .await
    .json();
    assert_eq!(
        (&shown["bot"], &shown["direction"], &shown["complete"]),
        (&json!("mesa"), &json!("inbound"), &json!(false))
    );
    assert_eq!(
        (&shown["turns"][0]["text"], &shown["turns"][1]["number"]),
        (&json!("turn 1"), &json!(3))
    );
    assert_eq!(
        (&shown["events"][0]["name"], &shown["events"][0]["call_ms"]),
        (&json!("barge_in"), &json!(5))
    );
    assert_eq!(shown["events"][0]["source"], json!({ "ip": "192.0.2.1" }));
    assert_eq!(shown["ended"]["reason"], json!(EndReason::CallerLeft));
    assert_eq!(
        (&shown["usage"], &shown["cost"]),
        (&json!(usage()), &json!(priced(&usage())))
    );
    assert_eq!(shown["recording"]["url"], format!("memory:get/{key}"));
    assert_eq!(shown["tape"]["url"], format!("memory:get/{tape}"));
    assert_eq!(
        ask(&house.calls, "GET", "/usage/2026-11", None)
            .await
            .json()["calls"],
        1
    );
}

/// A file was put into the bucket.
fn stored(number: u64, name: &str, key: &str) -> Numbered {
    Numbered {
        number,
        at_ms: NOW_MS,
        record: Record::Stored {
            name: name.to_owned(),
            key: key.to_owned(),
            bytes: 44,
        },
    }
}

#[tokio::test]
async fn a_file_outside_the_recordings_is_not_signed() {
    let house = house().await;
    let records = vec![stored(1, "recording", "secrets/x")];
    post_sealed(&house.status, "/records", &json!(batch(1, records))).await;
    let shown = ask(
        &house.calls,
        "GET",
        &format!("/calls/{}", call_sid(1)),
        None,
    )
    .await
    .json();
    assert_eq!(shown["recording"], Value::Null);
}

#[tokio::test]
async fn calls_are_listed_page_by_page() {
    let house = house().await;
    for call in 1..=3 {
        post_signed(
            &house.voice,
            "https://voice.example.com/voice/incoming",
            &inbound(call).to_form(),
        )
        .await;
    }
    let first = ask(&house.calls, "GET", "/calls?limit=2", None)
        .await
        .json();
    assert_eq!(first["calls"].as_array().unwrap().len(), 2);
    let after = first["next"].as_str().unwrap().replace('#', "%23");
    let second = ask(
        &house.calls,
        "GET",
        &format!("/calls?limit=2&after={after}"),
        None,
    )
    .await
    .json();
    assert_eq!(
        (second["calls"].as_array().unwrap().len(), &second["next"]),
        (1, &Value::Null)
    );
    let ringing = ask(&house.calls, "GET", "/calls?status=ringing", None)
        .await
        .json();
    assert_eq!(ringing["calls"].as_array().unwrap().len(), 3);
    assert_eq!(
        ask(&house.calls, "GET", "/calls?bot=other", None)
            .await
            .json()["calls"],
        json!([])
    );
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("after=TEN%23other", "after"),
        ("status=asleep", "status"),
        ("bot=A", "bot"),
        ("direction=up", "direction"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
    ] {
        let answer = ask(&house.calls, "GET", &format!("/calls?{query}"), None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json()["error"]["field"], field, "{query}");
    }
}

#[tokio::test]
async fn calls_and_months_that_are_none_are_refused() {
    let house = house().await;
    assert_eq!(
        ask(&house.calls, "GET", "/calls/CA1", None).await.code(),
        "sid_malformed"
    );
    assert_eq!(
        ask(
            &house.calls,
            "GET",
            &format!("/calls/{}", call_sid(9)),
            None
        )
        .await
        .code(),
        "not_found"
    );
    assert_eq!(
        ask(&house.calls, "GET", "/usage/november", None)
            .await
            .code(),
        "month_malformed"
    );
}

#[tokio::test]
async fn health_asks_the_store_and_the_edge() {
    let house = house().await;
    let well = ask(&house.calls, "GET", "/health", None).await;
    assert_eq!(
        (well.status, &well.json()["status"]),
        (StatusCode::OK, &json!("ok"))
    );
    *house.edge.reply.lock().unwrap() = None;
    // Who has no key learns that the API is there, and no more.
    let short = ask_as(&house.calls, None, "GET", "/health", None).await;
    assert_eq!(
        short.json(),
        json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })
    );
    let ill = ask(&house.calls, "GET", "/health", None).await;
    assert_eq!(
        (ill.status, &ill.json()["store"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("ok"))
    );
    assert_eq!(ill.json()["edge_code"], "edge_silent");
    *house.edge.refuses.lock().unwrap() = Some(401);
    let differ = ask(&house.calls, "GET", "/health", None).await;
    assert_eq!(
        (differ.status, &differ.json()["edge_code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("seal_forged"))
    );
    let words = differ.json()["edge"].as_str().unwrap().to_owned();
    assert!(words.contains("the secrets differ"), "{words}");
    assert!(
        house
            .memory
            .detail(&tenant(), &call_id(1))
            .await
            .unwrap()
            .is_none()
    );
    house.memory.breaks(true);
    assert_ne!(
        ask(&house.calls, "GET", "/health", None).await.json()["store"],
        "ok"
    );
    assert_eq!(
        ask(&house.calls, "GET", "/calls", None).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}
