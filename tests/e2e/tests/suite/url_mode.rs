//! A bot that is heard from files: the stream only listens, and Twilio plays the replies from their URLs. Whatever happens to a
//! call happens as it does to one whose bot speaks through its stream.

use contract::{Bot, Do, ReplyMode, Speaker};
use e2e::{World, happens, occurrences, said, story};
use local::caller::Step;
use local::demo;
use local::twilio::{Call, Event, Webhook, What};

use super::conversation::a_table_is_booked;
use super::crash::{another_stream, dies_in_mid_reply, loses_its_socket_in_mid_reply};
use super::orders::{fresh, handed_over, order, speaks};

async fn world() -> World {
    let bot = Bot {
        reply: ReplyMode::Url,
        ..e2e::bot()
    };
    World::with(|options| options.bot = bot).await
}

/// The URL of a file, if this is the moment from which it is played.
fn file(event: &Event) -> Option<&str> {
    match &event.what {
        What::Played { what } if what.starts_with("http") => Some(what),
        _ => None,
    }
}

/// The sound behind a URL, as Twilio plays it.
async fn sound(url: &str) -> Vec<u8> {
    let answer = reqwest::get(url).await.expect("the bucket answers");
    let file = answer.bytes().await.expect("a file");
    let (spec, samples) = audio::wav::read(&file).expect("a WAV");
    assert_eq!((spec.channels, spec.rate_hz), (1, 8_000));
    audio::mulaw::encode_all(&samples)
}

/// A fifth of a second that is nothing else: the first one that is loud, from there on.
fn stretch(sound: &[u8], from: usize) -> &[u8] {
    let is_loud = |part: &&[u8]| part.iter().filter(|byte| **byte & 0x7f < 0x40).count() > 400;
    let parts = sound[from..].chunks_exact(1_600);
    parts.into_iter().find(is_loud).expect("a loud part")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_table_is_booked_and_what_was_cut_off_is_never_heard() {
    let world = world().await;
    let call = world.dial();
    a_table_is_booked(&world, &call).await;
    let log = call.log();
    let mut streams = 0;
    for event in &log {
        match &event.what {
            What::StreamStarted { two_way, .. } => {
                assert!(!two_way);
                streams += 1;
            }
            What::BotAudioQueued { .. } => panic!("sound went into the stream: {}", story(&call)),
            What::Error { .. } | What::Warning { .. } => panic!("a complaint: {}", story(&call)),
            _ => (),
        }
    }
    assert_eq!(streams, 1);

    let cleared = log
        .iter()
        .position(
            |event| matches!(event.what, What::Clear { discarded_ms } if discarded_ms > 1_000),
        )
        .expect("a reply was cut off");
    let cut_off = log[..cleared].iter().rev().find_map(file);
    let cut_off = sound(cut_off.expect("a file")).await;
    let whole = sound(log.iter().find_map(file).expect("the greeting")).await;
    let heard = call.heard_from(0);
    assert_eq!(occurrences(&heard, stretch(&whole, whole.len() / 2)), 1);
    assert_eq!(occurrences(&heard, stretch(&cut_off, 0)), 1);
    assert_eq!(
        occurrences(&heard, stretch(&cut_off, cut_off.len() - 8_000)),
        0,
        "what was cut off was heard: {}",
        story(&call)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_heard_from_files_outlives_the_process_that_dies_in_mid_reply() {
    dies_in_mid_reply(world().await, Webhook::Redirect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_heard_from_files_outlives_its_socket() {
    loses_its_socket_in_mid_reply(world().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_pressed_and_callers_handed_over_where_the_stream_only_listens() {
    let world = world().await;
    let call = world.dial();
    speaks(&call).await;
    let keys = "1w2";
    let press = Do::SendKeys {
        keys: keys.to_owned(),
    };
    assert!(fresh(&order(&world, &call, "o-1", press).await));
    pressed(&call, keys).await;
    another_stream(&call).await;
    world
        .ask(&call, "what are your opening hours", "every day but Monday")
        .await;
    let transfer = Do::Transfer { to: demo::human() };
    assert!(fresh(&order(&world, &call, "o-2", transfer).await));
    handed_over(&call).await;
    call.hang_up();
}

/// Waits until the greeting is over and Twilio knows what comes next, which is to listen for keys.
async fn greeted(call: &Call) {
    let mut is_over = false;
    happens(call, "what comes after the greeting", |event| {
        is_over |= event.what == What::BotSilent;
        let is_known = matches!(
            event.what,
            What::WebhookAnswered {
                status: Some(200),
                webhook: Webhook::Action | Webhook::Redirect,
                ..
            }
        );
        (is_over && is_known).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_may_answer_with_keys_though_the_stream_does_not_bring_them() {
    let world = world().await;
    let call = world.dial();
    greeted(&call).await;
    world.say(&call, "#1").await;
    call.key('2');
    let is_answered = |shown: &demo::Shown| {
        said(shown, Speaker::Caller) == ["12"] && said(shown, Speaker::Bot).len() == 2
    };
    world
        .shown(&call, "an answer to the keys", is_answered)
        .await;
    call.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_heard_though_the_voice_function_was_away_when_it_was_ready() {
    let world = world().await;
    let call = world.dial();
    let question = world.script("what are your opening hours").await;
    let Some(Step::Say(question)) = question.into_iter().next() else {
        panic!("nothing to say");
    };
    greeted(&call).await;
    call.speak(question.sound.bytes());
    happens(&call, "the question", |event| {
        matches!(event.what, What::CallerVoiceStarted { .. }).then_some(())
    })
    .await;
    // Before anything can be ready.
    world.platform.functions.down(Some("voice")).await;
    world
        .logged(&[call.sid().as_str(), "the carrier was not told to play"])
        .await;
    world.platform.functions.up(Some("voice"));
    let is_answered = |shown: &demo::Shown| {
        let bot = said(shown, Speaker::Bot);
        bot.len() == 2 && bot[1].contains("every day but Monday")
    };
    world.shown(&call, "the answer", is_answered).await;
    call.hang_up();
    assert_eq!(world.told(&call).await.streams, 1);
}

async fn pressed(call: &Call, keys: &str) {
    happens(call, "the keys", |event| {
        matches!(&event.what, What::Played { what } if what == keys).then_some(())
    })
    .await;
}
