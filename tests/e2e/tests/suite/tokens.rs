//! Who is let in to a conversation through a socket: whoever shows a token, for as long as it is good.

use e2e::{Guest, Office};
use serde_json::{Value, json};

use super::assistant::{again, bot, heard, world};

/// How long a token holds that is to expire, in seconds: a machine that stands still for a moment must not be too late with it.
const BRIEF_S: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn before_a_token_nothing_is_accepted_and_nobody_is_asked() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let before = world.requests();
    let text = json!({ "type": "text", "text": "for four people" }).to_string();
    let long = json!({ "type": "auth", "token": "x".repeat(9_000) }).to_string();
    let other_call = json!({ "type": "auth", "token": "good", "call": format!("WB{:032}", 7) });
    let odd = json!({ "type": "auth", "token": "good", "input": { "rate_hz": 12_345 } });
    for (first, code, close) in [
        (text, "auth_missing", 4401),
        ("{".to_owned(), "auth_missing", 4401),
        (long, "auth_missing", 4401),
        (other_call.to_string(), "call_elsewhere", 4404),
        (odd.to_string(), "input_unknown", 4401),
        (
            json!({ "type": "auth", "token": "bad" }).to_string(),
            "token_unknown",
            4401,
        ),
    ] {
        let mut guest = Guest::connect(&world, "/ws/assistant").await;
        let first = serde_json::from_str(&first).unwrap_or(Value::Null);
        guest.say(&first).await;
        guest
            .hears("error", |told| told["code"] == json!(code))
            .await;
        assert_eq!(guest.ends().await, close, "{code}");
    }
    let mut silent = Guest::connect(&world, "/ws").await;
    assert_eq!(silent.ends().await, 4401);
    assert_eq!(silent.told[0]["code"], "auth_missing");
    let (mut unknown, path) = (
        Guest::connect(&world, &format!("/ws?call=WB{:032}", 7)).await,
        json!({ "type": "auth", "token": "good" }),
    );
    unknown.say(&path).await;
    assert_eq!(unknown.ends().await, 4404);
    assert_eq!(world.requests(), before, "no provider was asked");
    assert!(office.desk().batches.is_empty(), "no call began");
    let shown = office.desk().shown.len();
    assert_eq!(shown, 2, "only tokens were looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_ends_the_socket_unless_a_fresh_one_is_shown() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    // Only now: a machine that has much to do takes a while to be up.
    office.issue("brief", "anna", e2e::now_s() + BRIEF_S);
    let (mut renewed, ready) = Guest::enter(&world, "/ws/assistant", "brief").await;
    assert!(ready["expires_s"].as_u64() > Some(0));
    renewed
        .say(&json!({ "type": "auth", "token": "good" }))
        .await;
    let told = renewed.hears("renewed", |_| true).await;
    assert!(told["expires_s"].as_u64() > Some(e2e::now_s() + 60));
    office.issue("brief", "anna", e2e::now_s() + BRIEF_S);
    let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "brief").await;
    guest
        .hears("error", |told| told["code"] == "token_expired")
        .await;
    assert_eq!(guest.ends().await, 4401);
    // An expired token does not go on; a good one does.
    let path = again("/ws/assistant", &ready);
    let mut late = Guest::connect(&world, &path).await;
    late.say(&json!({ "type": "auth", "token": "brief" })).await;
    assert_eq!(late.ends().await, 4401);
    let (_, ready) = Guest::enter(&world, &path, "good").await;
    assert_eq!(ready["resumed"], true);
    renewed.types("for four people").await;
    renewed.hears("reply", heard("which day")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_come_at_once_are_looked_at_one_at_a_time() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    office.desk().looks = true;
    let auth = json!({ "type": "auth", "token": "good" });
    // As many as may come at once, and leave room for what is typed.
    for _ in 0..6 {
        guest.say(&auth).await;
    }
    let long = json!({ "type": "auth", "token": "x".repeat(9_000) });
    // All of them were read before this, while the first is still being looked at.
    guest.types("for four people").await;
    guest.hears("transcript", |_| true).await;
    office.desk().looks = false;
    guest.hears("renewed", |_| true).await;
    guest.say(&long).await;
    guest.types("tomorrow").await;
    guest.hears("reply", heard("what time")).await;
    let shown = office.desk().shown.len();
    assert_eq!(shown, 2, "one to enter, and one of all that came at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_too_often_is_told_so_and_to_come_again_later() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    office.desk().too_many = true;
    let auth = json!({ "type": "auth", "token": "good" });
    for path in ["/ws", "/ws/assistant"] {
        let mut guest = Guest::connect(&world, path).await;
        guest.say(&auth).await;
        let told = guest
            .hears("error", |told| told["code"] == "rate_limited")
            .await;
        assert_eq!(told["message"], "too many requests: try again in 9 s");
        assert_eq!(guest.ends().await, 1013);
    }
    assert!(office.desk().batches.is_empty(), "no call began");
    office.desk().too_many = false;
    Guest::enter(&world, "/ws", "good").await;
}
