//! Faults, counts, and answers at once.

use std::time::{Duration, Instant};

use local::speech::{Count, Fault, Kind, LISTEN_MODEL, Speech, Stage};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::speech::telephone::{post, speech};

async fn chat(speech: &Speech) -> reqwest::Result<reqwest::Response> {
    let body = json!({"messages": [{"role": "user", "content": "tell me about the menu"}], "stream": true});
    Client::new()
        .post(format!("{}/chat/completions", speech.url()))
        .json(&body)
        .send()
        .await
}

#[tokio::test]
async fn a_status_is_answered_as_often_as_asked() {
    let speech = speech().await;
    let fault = json!({"stage": "think", "kind": "status", "status": 429, "retry_after_s": 1.5, "count": 2});
    let base = speech.server().url();
    let armed = Client::new()
        .post(format!("{base}/faults"))
        .json(&fault)
        .send()
        .await
        .unwrap();
    assert_eq!(armed.status(), 204);
    for _ in 0..2 {
        let response = chat(&speech).await.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "1.5");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    }
    assert_eq!(chat(&speech).await.unwrap().status(), 200);
    assert!(speech.desk().faults().is_empty());
    let counts: Value = reqwest::get(format!("{base}/counts"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(counts["think"]["requests"], 3);
    assert_eq!(counts["think"]["faulted"], 2);
}

#[tokio::test]
async fn a_cut_stream_ends_in_the_middle() {
    let speech = speech().await;
    speech.desk().arm(Fault::next(Stage::Think, Kind::Cut, 1));
    let response = chat(&speech).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err(), "a cut is not an end");
    speech
        .desk()
        .arm(Fault::next(Stage::Think, Kind::Freeze, 1));
    let mut response = chat(&speech).await.unwrap();
    assert!(response.chunk().await.unwrap().is_some(), "it begins");
    let rest = timeout(Duration::from_secs(2), async {
        while response.chunk().await.unwrap().is_some() {}
    });
    assert!(rest.await.is_err(), "and never ends");
}

#[tokio::test]
async fn stalled_slow_empty_and_garbage_are_what_they_say() {
    let speech = speech().await;
    let desk = speech.desk();
    desk.arm(Fault::next(Stage::Listen, Kind::Stall, 1));
    assert!(
        timeout(
            Duration::from_millis(300),
            post(&speech, &[0; 8000], LISTEN_MODEL)
        )
        .await
        .is_err()
    );
    desk.arm(Fault::next(Stage::Think, Kind::Slow { ms: 300 }, 1));
    let began = Instant::now();
    chat(&speech).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));
    desk.arm(Fault::next(Stage::Think, Kind::Empty, 1));
    let text = chat(&speech).await.unwrap().text().await.unwrap();
    assert!(
        text.ends_with("data: [DONE]\n\n") && !text.contains("soup"),
        "{text}"
    );
    desk.arm(Fault::next(Stage::Think, Kind::Garbage, 1));
    let bytes = chat(&speech).await.unwrap().bytes().await.unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
}

#[tokio::test]
async fn a_fault_may_wait_and_may_strike_everyone() {
    let speech = speech().await;
    let kind = Kind::Status {
        status: 500,
        retry_after_s: None,
    };
    speech.desk().arm(Fault {
        stage: None,
        kind,
        count: None,
        after: 1,
    });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(chat(&speech).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 500, 500]);
    speech.desk().clear();
    assert_eq!(chat(&speech).await.unwrap().status(), 200);
}

#[tokio::test]
async fn who_hangs_up_on_an_answer_is_counted() {
    let speech = speech().await;
    let mut response = chat(&speech).await.unwrap();
    response.chunk().await.unwrap();
    assert_eq!(speech.desk().count(Stage::Think).open, 1);
    drop(response);
    let deadline = Instant::now() + Duration::from_secs(20);
    while speech.desk().count(Stage::Think).open > 0 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let expected = Count {
        requests: 1,
        cancelled: 1,
        ..Count::default()
    };
    assert_eq!(speech.desk().count(Stage::Think), expected);
}

#[tokio::test]
async fn the_instant_ones_answer_thousands() {
    let speech = speech().await;
    let client = Client::new();
    let began = Instant::now();
    for _ in 0..300 {
        for (path, kind) in [
            ("audio/transcriptions", "application/json"),
            ("chat/completions", "text/event-stream"),
        ] {
            let url = format!("{}/{path}", speech.instant_url());
            let response = client.post(url).body(vec![0; 30_000]).send().await.unwrap();
            assert_eq!(response.headers()["content-type"], kind);
            assert!(!response.bytes().await.unwrap().is_empty());
        }
    }
    println!(
        "{:?} for 600 requests, one after the other",
        began.elapsed()
    );
    let counts = speech.desk().counts();
    assert_eq!(
        (counts[&Stage::Listen].done, counts[&Stage::Think].done),
        (300, 300)
    );
}

#[tokio::test]
async fn they_call_themselves_stand_ins() {
    let speech = speech().await;
    let base = speech.server().url();
    let health: Value = reqwest::get(format!("{base}/health"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(health["stand_in"], true);
    let models: Value = reqwest::get(format!("{}/models", speech.url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let ids: Vec<&str> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|model| model["id"].as_str())
        .collect();
    assert!(ids.iter().all(|id| id.starts_with("stand-in-")), "{ids:?}");
}
