//! Conversations through sockets of the caller's own: typed and spoken, interrupted, cut off and gone on with.

use audio::{Resampler, mulaw};
use contract::{Bot, Do, Order, Record, WorkStage};
use e2e::{Guest, Office, World, until};
use local::caller::utterance;
use local::speech::Voice;
use reqwest::Method;
use serde_json::{Value, json};

pub(super) fn bot() -> Bot {
    Bot {
        greeting: "Hello, this is Mesa.".to_owned(),
        ..e2e::bot()
    }
}

pub(super) async fn world(office: &Office) -> World {
    let api = office.url("");
    World::with(|options| {
        let variables = &mut options.platform.edge_variables;
        variables.insert("API_URL".to_owned(), api);
    })
    .await
}

pub(super) fn text_has(words: &str) -> impl Fn(&Value) -> bool {
    move |told| {
        told["text"]
            .as_str()
            .is_some_and(|text| text.contains(words))
    }
}

pub(super) fn heard(words: &str) -> impl Fn(&Value) -> bool {
    move |told| told["heard"] == json!(true) && text_has(words)(told)
}

/// Where another socket goes on with the conversation.
pub(super) fn again(path: &str, ready: &Value) -> String {
    format!("{path}?call={}", ready["call"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_conversation_is_answered_told_summed_up_and_filed() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "good").await;
    assert_eq!(
        (&ready["resumed"], &ready["bot"]),
        (&json!(false), &json!("mesa"))
    );
    guest.hears("reply", heard("this is Mesa")).await;
    assert!(!guest.sound.is_empty(), "the greeting is heard");
    guest.types("for four people").await;
    guest.hears("transcript", text_has("for four people")).await;
    guest
        .hears("state", |told| told["state"] == "thinking")
        .await;
    guest.hears("reply", heard("which day")).await;
    guest.say(&json!({ "type": "hang_up" })).await;
    let ended = guest.hears("ended", |_| true).await;
    assert_eq!(ended["reason"], "caller_left");
    assert_eq!(guest.ends().await, 1000);
    until("the last record", || {
        office.was_told(|told| *told == Record::Filed)
    })
    .await;
    let records = office.records();
    let numbers: Vec<u64> = records.iter().map(|record| record.number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let last: Vec<&Record> = records
        .iter()
        .map(|told| &told.record)
        .rev()
        .take(5)
        .collect();
    assert_eq!(last[0], &Record::Filed);
    let summary = records.iter().find_map(|told| match &told.record {
        Record::Summary { text, usage } => Some((text.clone(), usage.clone())),
        _ => None,
    });
    let (text, usage) = summary.expect("a summary");
    assert_eq!(text, "The caller wanted a table for four.");
    let spent = usage.total(WorkStage::Think);
    assert!(spent.requests == 1 && spent.output_tokens > 0, "{spent:?}");
    let ended = records.iter().find_map(|told| match &told.record {
        Record::Ended { usage, .. } => Some(usage.clone()),
        _ => None,
    });
    let used = ended.expect("an end");
    assert!(used.line_ms > 0 && used.carrier_ms == 0, "{used:?}");
    assert!(office.desk().files.contains_key("recording.wav"));
    assert_eq!(office.desk().unsealed, 0);
}

/// Words as a browser's microphone brings them: 16 kHz.
async fn microphone(world: &World, words: &str) -> Vec<i16> {
    world.hears().await;
    let said = utterance(world.speech.speaker(), Voice::Rms, words).await;
    let sound = mulaw::decode_all(said.expect("flite speaks").sound.bytes());
    let mut samples = Vec::new();
    let mut resampler = Resampler::new(8_000, 16_000).expect("a filter");
    resampler.push(&sound, &mut samples);
    resampler.finish(&mut samples);
    samples
}

/// How often a side was heard to say something.
fn count(guest: &Guest, words: &str) -> usize {
    let heard = guest.texts("reply", "heard", true);
    heard.iter().filter(|text| text.contains(words)).count()
}

async fn speaks_and_is_understood(path: &str) {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let words = microphone(&world, "for four people").await;
    let (mut guest, _) = Guest::enter(&world, path, "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    let before = guest.sound.len();
    guest.speaks(&words, path.ends_with("assistant")).await;
    let is_final = |told: &Value| told["final"] == json!(true);
    let said = guest.hears("transcript", is_final).await;
    assert_eq!(said["text"], "for four people");
    guest.hears("reply", heard("which day")).await;
    assert!(guest.sound.len() > before, "the answer is heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoken_in_json_is_understood() {
    speaks_and_is_understood("/ws/assistant").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoken_in_binary_frames_is_understood() {
    speaks_and_is_understood("/ws").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_hosts_need_to_be_listed() {
    let office = Office::with_token(bot()).await;
    let api = office.url("");
    let world = World::with(|options| {
        let variables = &mut options.platform.edge_variables;
        variables.insert("API_URL".to_owned(), api);
        variables.insert(
            "CORS_ORIGINS".to_owned(),
            "https://console.example".to_owned(),
        );
    })
    .await;
    let edge = world.platform.edge.url();
    let knock = async |origin: &str| {
        let headers = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("origin", origin),
        ];
        let url = format!("{edge}/ws");
        world.send(Method::GET, &url, &headers, Vec::new()).await
    };
    let evil = knock("https://evil.example").await;
    assert_eq!(evil.refusal(), (403, "origin_not_allowed"));
    assert_eq!(knock("https://console.example").await.status, 101);
    assert_eq!(knock(&edge).await.status, 101);
    let plain = world
        .send(Method::GET, &format!("{edge}/ws"), &[], Vec::new())
        .await;
    assert_eq!(plain.refusal(), (426, "not_a_websocket"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_socket_does_not_end_the_conversation() {
    let office = Office::with_token(bot()).await;
    office.issue("fresh", "anna", e2e::now_s() + 3_600);
    office.issue("foreign", "berta", e2e::now_s() + 3_600);
    let world = world(&office).await;
    let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    guest.types("for four people").await;
    guest.hears("reply", heard("which day")).await;
    drop(guest);
    // Not somebody else's.
    let mut foreign = Guest::connect(&world, &again("/ws/assistant", &ready)).await;
    foreign
        .say(&json!({ "type": "auth", "token": "foreign" }))
        .await;
    assert_eq!(foreign.ends().await, 4403);
    assert_eq!(foreign.told[0]["code"], "subject_differs");
    // Through the other kind of socket, with another token of the same person.
    let (mut guest, resumed) = Guest::enter(&world, &again("/ws", &ready), "fresh").await;
    assert_eq!(
        (&resumed["resumed"], &resumed["call"]),
        (&json!(true), &ready["call"])
    );
    guest.types("tomorrow").await;
    guest.hears("reply", heard("what time")).await;
    assert_eq!(count(&guest, "this is Mesa"), 0, "no second greeting");
    // And through a crash.
    world.restart_edge().await;
    let (mut guest, _) = Guest::enter(&world, &again("/ws", &ready), "fresh").await;
    guest.types("at seven").await;
    guest.hears("reply", heard("name")).await;
    assert_eq!(count(&guest, "this is Mesa"), 0, "no second greeting");
    guest.say(&json!({ "type": "hang_up" })).await;
    guest.hears("ended", |_| true).await;
    let mut late = Guest::connect(&world, &again("/ws", &ready)).await;
    late.say(&json!({ "type": "auth", "token": "good" })).await;
    assert_eq!(late.ends().await, 4410);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_interrupted_reply_only_what_was_played_was_said() {
    let greeting = "One is first. ".to_owned() + &"We have many tables. ".repeat(4);
    let office = Office::with_token(Bot {
        greeting: greeting.clone(),
        ..bot()
    })
    .await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    // The client has played nothing yet, however much time goes by.
    guest.say(&json!({ "type": "played", "ms": 0 })).await;
    guest
        .hears("state", |told| told["state"] == "speaking")
        .await;
    guest.receives(32 * 1_000).await;
    guest.say(&json!({ "type": "played", "ms": 700 })).await;
    guest.say(&json!({ "type": "interrupt" })).await;
    guest.hears("clear", |_| true).await;
    let cut = guest
        .hears("reply", |told| told["heard"] == json!(true))
        .await;
    assert_eq!(cut["interrupted"], true, "{:#?}", guest.told);
    let text = cut["text"].as_str().expect("a text");
    assert!(!text.is_empty() && greeting.starts_with(text), "{text}");
    assert!(text.len() < 60, "little was played: {text}");
    guest
        .hears("state", |told| told["state"] == "listening")
        .await;
    guest.types("for four people").await;
    // All that was sent is played now.
    guest
        .hears("reply", |told| told["heard"] == json!(false))
        .await;
    guest.say(&json!({ "type": "played", "ms": 600_000 })).await;
    guest.hears("reply", heard("which day")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_reply_that_was_stopped_before_it_was_played_nothing_is_left() {
    let greeting = "We have many tables. ".repeat(4);
    let office = Office::with_token(Bot { greeting, ..bot() }).await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.say(&json!({ "type": "played", "ms": 0 })).await;
    guest.receives(32 * 500).await;
    guest.say(&json!({ "type": "interrupt" })).await;
    // Whoever shows what the bot began to say has to take it back.
    let heard = |told: &Value| told["heard"] == json!(true);
    let cut = guest.hears("reply", heard).await;
    assert_eq!(
        (&cut["text"], &cut["interrupted"]),
        (&json!(""), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_at_its_cap_is_told_what_was_used_and_ends_politely() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    office.desk().wrap = true;
    guest.types("for four people").await;
    guest.hears("reply", heard(&bot().goodbye)).await;
    guest
        .hears("ended", |told| told["reason"] == "capped")
        .await;
    let told = |desk: &e2e::Desk| {
        let lines = desk.batches.iter().map(|batch| batch.usage.line_ms);
        lines.collect::<Vec<_>>()
    };
    let lines = told(&office.desk());
    assert!(lines.is_sorted() && lines.last() > Some(&0), "{lines:?}");
    until("the last record", || {
        office.was_told(|told| *told == Record::Filed)
    })
    .await;
    let wraps = office
        .records()
        .into_iter()
        .filter(|told| matches!(&told.record, Record::Event(event) if event.name == "order_wrap"));
    assert_eq!(wraps.count(), 1);
}

/// What the functions have the edge do with a conversation.
async fn order(world: &World, ready: &Value, order: Do) {
    let order = Order {
        id: "1".to_owned(),
        order,
    };
    let call = ready["call"].as_str().expect("an id");
    let url = format!("{}/calls/{call}/orders", world.platform.edge.url());
    let body = serde_json::to_vec(&order).expect("JSON");
    let answer = world.sealed(Method::POST, &url, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_have_no_far_end_here_and_the_conversation_goes_on() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    let keys = "12#".to_owned();
    order(&world, &ready, Do::SendKeys { keys }).await;
    guest.types("for four people").await;
    guest.hears("reply", heard("which day")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_comes_during_the_goodbye_is_not_left_waiting() {
    let office = Office::with_token(bot()).await;
    let world = world(&office).await;
    let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    let say = Some("We are closed now, and wish you a good night. ".repeat(8));
    order(&world, &ready, Do::HangUp { say }).await;
    guest.hears("reply", text_has("We are closed")).await;
    let mut again = Guest::connect(&world, &again("/ws/assistant", &ready)).await;
    again.say(&json!({ "type": "auth", "token": "good" })).await;
    assert_eq!(again.ends().await, 4410, "{:#?}", again.told);
    until("the last record", || {
        office.was_told(|told| *told == Record::Filed)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_line_tells_what_it_uses_though_nothing_is_said() {
    let idle = contract::Idle {
        after_ms: 60_000,
        ..bot().idle
    };
    let office = Office::with_token(Bot { idle, ..bot() }).await;
    let world = world(&office).await;
    let (mut guest, _) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    let bare = |desk: &e2e::Desk| desk.batches.iter().any(|batch| batch.records.is_empty());
    until("a batch without records", || bare(&office.desk())).await;
    guest.say(&json!({ "type": "hang_up" })).await;
}
