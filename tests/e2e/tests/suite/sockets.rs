//! Whoever listens over a socket, on the whole road: real speech, through the real edge, to a stand-in that speaks the
//! provider's own protocol.

#![allow(clippy::expect_used, reason = "helpers of tests are tests")]

use contract::{Bot, Fallback, Speaker, WorkStage};
use e2e::{World, said};
use local::demo::{self, Shown};
use local::speech::{Fault, Kind, Stage};

const WORDS: &str = "for four people|no thank you goodbye";

/// The demo bot, which hears by `provider`; and by the OpenAI-shaped stand-in when that one fails.
fn bot(provider: &str) -> Bot {
    let mut bot = demo::bot();
    provider.clone_into(&mut bot.listen.provider);
    bot.listen.fallbacks = vec![Fallback {
        provider: "openai".to_owned(),
        ..Fallback::default()
    }];
    bot
}

async fn world(provider: &str) -> World {
    let bot = bot(provider);
    World::with(|options| options.bot = bot).await
}

fn listened(shown: &Shown) -> Vec<(String, u64)> {
    let usage = shown.usage.as_ref().expect("what was used");
    let work = usage.work.iter();
    work.filter(|work| work.stage == WorkStage::Listen)
        .map(|work| (work.provider.clone(), work.amount.listen_ms))
        .collect()
}

/// The caller is understood, and nobody else was asked.
async fn understands(provider: &str) {
    let world = world(provider).await;
    let call = world.dial();
    world.play(&call, WORDS).await;
    let shown = world.told(&call).await;
    assert_eq!(
        said(&shown, Speaker::Caller),
        ["for four people", "no thank you goodbye"],
        "{:#?}",
        shown.events
    );
    let used = listened(&shown);
    assert!(
        used.iter().any(|(who, ms)| who == provider && *ms > 500),
        "{used:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nova_hears_a_conversation() {
    understands("deepgram-nova").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scribe_hears_a_conversation() {
    understands("elevenlabs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn assemblyai_hears_a_conversation() {
    understands("assemblyai").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flux_hears_a_conversation() {
    understands("deepgram-flux").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_its_key_is_replaced_within_the_utterance() {
    let world = world("deepgram-nova").await;
    let refused = Kind::Status {
        status: 401,
        retry_after_s: None,
    };
    world
        .speech
        .desk()
        .arm(Fault::next(Stage::Listen, refused, 1));
    let call = world.dial();
    world.play(&call, WORDS).await;
    let shown = world.told(&call).await;
    assert_eq!(
        said(&shown, Speaker::Caller),
        ["for four people", "no thank you goodbye"]
    );
    let names: Vec<&str> = shown
        .events
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert!(names.contains(&"provider_failed"), "{names:?}");
    assert!(names.contains(&"provider_rested"), "{names:?}");
    let used = listened(&shown);
    assert!(used.iter().any(|(who, _)| who == "openai"), "{used:?}");
}
