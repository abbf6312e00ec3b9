//! A part is out of order: the caller hears words and never dead air, and what has to be told is told later, once.

use contract::Speaker;
use e2e::{World, happens, said};
use local::demo::Shown;
use local::twilio::{Call, Delivery, Order, Webhook, What};
use reqwest::Method;
use twilio::webhook::CallStatus;

/// What the carrier says first, and which request that was the answer to. How long the caller waited for it from dialling on is
/// printed and not held: it depends on what else the machine does. Nobody waits longer than Twilio does, who would have asked
/// somebody else by then.
async fn carriers_words(call: &Call) -> (String, Webhook) {
    let mut answered = None;
    let (words, answered, after) =
        happens(call, "the carrier's words", |event| match &event.what {
            What::WebhookAnswered {
                webhook: webhook @ (Webhook::Voice | Webhook::Fallback | Webhook::Action),
                status: Some(200),
                ..
            } => {
                answered = Some(*webhook);
                None
            }
            What::Said { text } => Some((text.clone(), answered, event.at)),
            _ => None,
        })
        .await;
    println!("measured: words after {after:?}");
    (words, answered.expect("somebody's words, and not Twilio's"))
}

/// Everything about a call as far as the edge knows it: a status callback that nobody took does not come again.
async fn delivered(world: &World, call: &Call) -> Shown {
    let is_there = |shown: &Shown| shown.usage.is_some() && shown.recording.is_some();
    let shown = world
        .shown(call, "records, receipt and recording", is_there)
        .await;
    world
        .logged(&[call.sid().as_str(), "all of the call is delivered"])
        .await;
    world
        .shown(call, "two files", |shown| {
            shown.json["files"]
                .as_array()
                .is_some_and(|files| files.len() == 2)
        })
        .await;
    shown
}

/// The call is in the month's bill, once.
async fn billed_once(world: &World, shown: &Shown) {
    let key = shown
        .recording
        .as_ref()
        .and_then(|recording| recording["key"].as_str())
        .expect("a key");
    let month: Vec<&str> = key.split('/').skip(1).take(2).collect();
    let meter = world
        .api
        .send(Method::GET, &format!("/usage/{}", month.join("-")), None)
        .await
        .expect("a meter");
    assert_eq!(meter["calls"], 1, "{meter}");
    assert_eq!(
        meter["line_ms"],
        shown.usage.as_ref().expect("a receipt").line_ms,
        "{meter}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_edge_the_caller_hears_the_bots_apology() {
    let world = World::start().await;
    world.platform.edge.stop().await;
    let call = world.dial();
    let heard = carriers_words(&call).await;
    assert_eq!(heard, (local::demo::bot().apology, Webhook::Voice));
    assert_eq!(call.ended().await.0, CallStatus::Completed);
    assert!(
        world
            .api
            .call(&call.sid())
            .await
            .expect("the API answers")
            .is_some()
    );

    world.restart_edge().await;
    let again = world.dial();
    world.ask(&again, "for four people", "which day").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_voice_function_the_edge_says_sorry() {
    let world = World::start().await;
    world.platform.functions.down(Some("voice")).await;
    let call = world.dial();
    let (words, asked) = carriers_words(&call).await;
    assert!(words.contains("sorry"), "{words}");
    assert_eq!(asked, Webhook::Fallback);
    assert_eq!(call.ended().await.0, CallStatus::Completed);
    assert_eq!(world.requests(), [0; 3]);

    world.platform.functions.up(Some("voice"));
    let again = world.dial();
    world.ask(&again, "for four people", "which day").await;
    // The function goes away in the middle of a call, and the stream breaks: words again.
    world.platform.functions.down(Some("voice")).await;
    again.drop_socket();
    let (words, asked) = carriers_words(&again).await;
    assert!(words.contains("sorry"), "{words}");
    assert_eq!(asked, Webhook::Fallback);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_status_function_missed_it_is_told_later_once() {
    let world = World::start().await;
    let call = world.dial();
    world.ask(&call, "for four people", "which day").await;
    world.platform.functions.down(Some("status")).await;
    world.play(&call, "tomorrow").await;
    world
        .logged(&[
            call.sid().as_str(),
            "delivery failed and will be tried again",
        ])
        .await;
    world.platform.functions.up(Some("status"));
    let shown = delivered(&world, &call).await;
    assert_eq!(
        said(&shown, Speaker::Caller),
        ["for four people", "tomorrow"]
    );
    let bot = said(&shown, Speaker::Bot);
    assert_eq!(bot.len(), 3, "{bot:#?}");
    billed_once(&world, &shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_the_bucket_did_not_take_arrives_later() {
    let world = World::start().await;
    let call = world.dial();
    world.ask(&call, "for four people", "which day").await;
    world.platform.storage.server().close();
    call.hang_up();
    world
        .logged(&[
            call.sid().as_str(),
            "delivery failed and will be tried again",
        ])
        .await;
    // Without the bucket all the rest is there.
    let shown = world
        .shown(&call, "the receipt", |shown| {
            shown.usage.is_some() && shown.complete
        })
        .await;
    assert!(shown.recording.is_none());
    world.platform.storage.server().open();
    let shown = delivered(&world, &call).await;
    let wav = world.api.recording(&shown).await.expect("a recording");
    let (spec, samples) = audio::wav::read(&wav).expect("a WAV");
    assert!(
        spec.channels == 2 && samples.len() > 2 * 8_000 * 4,
        "{spec:?}, {} samples",
        samples.len()
    );
    billed_once(&world, &shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_come_twice_and_callbacks_in_any_order_make_one_call() {
    let world = World::start().await;
    world.carrier.behave(|behaviour| {
        behaviour.voice_webhook_twice = true;
        behaviour.delivery = Delivery {
            order: Order::Shuffled,
            delay_ms_max: 800,
            duplicate_percent: 100,
        };
    });
    let call = world.dial();
    world.ask(&call, "for four people", "which day").await;
    call.hang_up();
    let shown = world.told(&call).await;
    call.settled().await;
    let webhooks = call
        .log()
        .into_iter()
        .filter(|event| matches!(event.what, What::WebhookSent { .. }))
        .count();
    assert!(
        webhooks >= 8,
        "two for the voice, two each for the stream's two and the call's one: {webhooks}"
    );
    let shown = world
        .shown(&call, "the end", |now| {
            now.status == "completed" && now.turns.len() == shown.turns.len()
        })
        .await;
    assert!(shown.complete);
    assert_eq!(shown.streams, 1);
    let bot = said(&shown, Speaker::Bot);
    assert_eq!(
        (said(&shown, Speaker::Caller), bot.len()),
        (vec!["for four people"], 2),
        "{bot:#?}"
    );
    let calls = world
        .api
        .send(Method::GET, "/calls", None)
        .await
        .expect("the API answers");
    assert_eq!(
        calls["calls"].as_array().map(Vec::len),
        Some(1),
        "{calls:#}"
    );
    billed_once(&world, &shown).await;

    // An outbound call has callbacks of its own, which arrive the last first.
    world
        .carrier
        .behave(|behaviour| behaviour.delivery.order = Order::Reversed);
    world
        .api
        .place("mesa", &local::demo::caller(), &local::demo::number())
        .await
        .expect("it dials");
    let outbound = world.carrier.outbound().await.expect("a call");
    world.ask(&outbound, "for two people", "which day").await;
    outbound.hang_up();
    outbound.settled().await;
    let shown = world.told(&outbound).await;
    assert_eq!((shown.status.as_str(), shown.streams), ("completed", 1));
}
