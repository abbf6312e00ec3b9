//! Somebody with a good token who wants more than anybody can: it costs what may come, and no more.

use std::time::{Duration, Instant};

use contract::{Bot, Record, WorkStage};
use e2e::{Guest, Office, until};
use local::speech::Stage;
use serde_json::{Value, json};

use crate::assistant::{bot, heard, world};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_without_end_is_told_once_and_answered_when_they_stop() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    let asked = || world.speech.desk().count(Stage::Think).requests;
    let (before, began) = (asked(), Instant::now());
    for _ in 0..1_000 {
        guest.types("for two people").await;
    }
    let is_flood = |told: &Value| told["code"] == "flood";
    guest.hears("error", is_flood).await;
    // Time for what was heard to be asked for, and for one more wish.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let allowed = 10 + 5 * (began.elapsed().as_secs() + 1);
    let after = asked() - before;
    assert!((1..=allowed).contains(&after), "{after} of {allowed}");
    guest.types("for four people").await;
    guest.hears("reply", heard("which day")).await;
    let floods = guest.told.iter().filter(|told| is_flood(told)).count();
    assert_eq!(floods, 1);
    guest.say(&json!({ "type": "hang_up" })).await;
    guest.hears("ended", |_| true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_cut_to_its_length_is_in_the_books() {
    let short = Bot {
        reply_chars_max: 40,
        ..bot()
    };
    let office = Office::with_token(short).await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    guest.types("what's on the menu").await;
    let is_heard = |told: &Value| told["heard"] == json!(true);
    guest.hears("reply", is_heard).await;
    guest.say(&json!({ "type": "hang_up" })).await;
    let is_end = |told: &Record| matches!(told, Record::Ended { .. });
    until("the end", || office.was_told(is_end)).await;
    let used = office
        .records()
        .into_iter()
        .find_map(|told| match told.record {
            Record::Ended { usage, .. } => Some(usage.total(WorkStage::Think)),
            _ => None,
        });
    let used = used.expect("an end");
    assert!(
        used.requests == 1 && used.input_tokens > 0 && used.output_tokens > 0,
        "{used:?}"
    );
}
