//! Orders to a call in progress: carried out once, at once, and by nobody but the functions.

use contract::{Bot, Do, Order, Speaker};
use e2e::{Answer, World, happens, made_up_call, said};
use local::demo;
use local::twilio::{Call, What};
use reqwest::Method;
use serde_json::{Value, json};
use twilio::webhook::CallStatus;

/// A bot that talks for long, if nobody stops it.
fn talkative() -> Bot {
    Bot {
        greeting: "Thank you for calling Mesa. ".to_owned() + &"We have many tables. ".repeat(2),
        ..demo::bot()
    }
}

async fn world(bot: Bot) -> World {
    World::with(|options| options.bot = bot).await
}

fn url(world: &World, call: &str) -> String {
    format!("{}/calls/{call}/orders", world.platform.edge.url())
}

pub(super) async fn order(world: &World, call: &Call, id: &str, what: Do) -> Answer {
    let order = Order {
        id: id.to_owned(),
        order: what,
    };
    let body = serde_json::to_vec(&order).expect("JSON");
    let url = url(world, call.sid().as_str());
    world.sealed(Method::POST, &url, &body).await
}

pub(super) fn fresh(answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body: Value = serde_json::from_str(&answer.text).expect("JSON");
    body["fresh"].as_bool().expect("whether it is fresh")
}

pub(super) async fn speaks(call: &Call) {
    happens(call, "the bot's voice", |event| {
        (event.what == What::BotAudioStarted).then_some(())
    })
    .await;
}

fn say(text: &str) -> Do {
    Do::Say {
        text: text.to_owned(),
    }
}

/// Whoever takes over is rung.
pub(super) async fn handed_over(call: &Call) {
    let whom = happens(call, "somebody to be rung", |event| match &event.what {
        What::Dialled { to } => Some(to.clone()),
        _ => None,
    });
    assert_eq!(whom.await, demo::human());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_to_interrupt_stops_the_bot_and_one_to_say_is_heard() {
    let world = world(talkative()).await;
    let call = world.dial();
    speaks(&call).await;
    let began = std::time::Instant::now();
    assert!(fresh(&order(&world, &call, "o-1", Do::Interrupt).await));
    let discarded = happens(&call, "the sound to be cleared", |event| match event.what {
        What::Clear { discarded_ms } => Some(discarded_ms),
        _ => None,
    });
    assert!(discarded.await > 0);
    println!("measured: interrupted after {:?}", began.elapsed());
    let words = "The kitchen closes in ten minutes.";
    assert!(fresh(&order(&world, &call, "o-2", say(words)).await));
    // What was ordered before is not done again.
    assert!(!fresh(&order(&world, &call, "o-2", say(words)).await));
    let is_said = |shown: &demo::Shown| said(shown, Speaker::Bot).contains(&words);
    let shown = world.shown(&call, "what was ordered", is_said).await;
    let greeting = said(&shown, Speaker::Bot)[0];
    assert!(greeting.len() < talkative().greeting.len(), "{greeting}");
    let hang_up = Do::HangUp {
        say: Some("Goodbye then.".to_owned()),
    };
    assert!(fresh(&order(&world, &call, "o-3", hang_up.clone()).await));
    assert_eq!(call.ended().await.0, CallStatus::Completed);
    let shown = world.told(&call).await;
    let replies = said(&shown, Speaker::Bot);
    assert_eq!(replies.iter().filter(|reply| **reply == words).count(), 1);
    assert_eq!(replies.last(), Some(&"Goodbye then."));
    // Over is over; but the order that ended it is known.
    assert!(!fresh(&order(&world, &call, "o-3", hang_up).await));
    let late = order(&world, &call, "o-4", Do::Interrupt).await;
    assert_eq!(late.refusal(), (409, "call_ended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_handed_over_by_order_though_the_bot_has_no_such_tool() {
    let bot = Bot {
        tools: Vec::new(),
        ..talkative()
    };
    let world = world(bot).await;
    let call = world.dial();
    speaks(&call).await;
    let transfer = Do::Transfer { to: demo::human() };
    assert!(fresh(&order(&world, &call, "o-1", transfer).await));
    handed_over(&call).await;
    call.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_survives_a_crash_is_not_carried_out_twice() {
    let world = world(talkative()).await;
    let call = world.dial();
    speaks(&call).await;
    assert!(fresh(&order(&world, &call, "o-1", Do::Interrupt).await));
    world.restart_edge().await;
    assert!(!fresh(&order(&world, &call, "o-1", Do::Interrupt).await));
    call.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_functions_gives_orders_and_none_that_make_no_sense() {
    let world = world(talkative()).await;
    let call = world.dial();
    speaks(&call).await;
    let sid = call.sid();
    let url_of = url(&world, sid.as_str());
    let body = json!({ "id": "o-1", "order": { "do": "interrupt" } }).to_string();
    let plain = world.send(Method::POST, &url_of, &[], body.clone()).await;
    assert_eq!(plain.refusal(), (401, "seal_missing"));
    for (wrong, status, code) in [
        ("{", 400, "not_json"),
        ("{}", 422, "not_an_order"),
        (r#"{"id":"","order":{"do":"wrap"}}"#, 422, "out_of_range"),
        (r#"{"id":"a","order":{"do":"dance"}}"#, 422, "not_an_order"),
        (
            r#"{"id":"a","order":{"do":"transfer","to":"next door"}}"#,
            422,
            "not_an_order",
        ),
        (
            r#"{"id":"a","order":{"do":"send_keys","keys":"x"}}"#,
            422,
            "out_of_range",
        ),
    ] {
        let answer = world.sealed(Method::POST, &url_of, wrong.as_bytes()).await;
        assert_eq!(answer.refusal(), (status, code), "{wrong}");
    }
    let long = "x".repeat(20_000);
    let answer = world.sealed(Method::POST, &url_of, long.as_bytes()).await;
    assert_eq!(answer.refusal(), (413, "body_too_large"));
    let nobody = url(&world, made_up_call(7).as_str());
    let answer = world.sealed(Method::POST, &nobody, body.as_bytes()).await;
    assert_eq!(answer.refusal(), (404, "call_unknown"));
    let answer = world
        .sealed(Method::POST, &url(&world, "nonsense"), body.as_bytes())
        .await;
    assert_eq!(answer.refusal(), (404, "call_unknown"));
    let cleared = call
        .log()
        .iter()
        .any(|event| matches!(event.what, What::Clear { .. }));
    assert!(!cleared, "the bot talks on");
    call.hang_up();
}
