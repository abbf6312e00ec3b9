//! A phrase spoken before is not paid for again: neither in the same process, nor in one that begins anew, and what is
//! broken where it is kept is made anew.

use std::fs;
use std::path::PathBuf;

use contract::{Amount, Bot, WorkStage};
use e2e::{World, said, until};
use local::demo;
use local::speech::Voice;

const GREETING: &str = "Thank you for calling Mesa. How can I help you?";

/// What the bot says in set words: greeting, filler, apology, idle prompt, goodbye.
const SET_PHRASES: usize = 5;

/// The files of kept speech.
fn kept(world: &World) -> Vec<PathBuf> {
    let storage = &world.platform.storage;
    let folders = world.platform.buckets.iter();
    let folders = folders.map(|bucket| storage.path(bucket, "audio"));
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok());
    files
        .flatten()
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.len() == 64))
        .collect()
}

fn spoken(world: &World) -> u64 {
    let [_, _, speak] = world.requests();
    speak
}

/// A caller who hears the greeting and leaves. What text-to-speech did for that.
async fn listen_to_greeting(world: &World) -> Amount {
    let call = world.dial();
    // A pause is no end: it may be the machine's.
    let is_greeted = |shown: &demo::Shown| !said(shown, contract::Speaker::Bot).is_empty();
    world.shown(&call, "the greeting", is_greeted).await;
    call.hang_up();
    let shown = world.told(&call).await;
    assert_eq!(said(&shown, contract::Speaker::Bot), [GREETING]);
    let usage = shown.usage.expect("the call's usage");
    usage.total(WorkStage::Speak)
}

#[tokio::test(flavor = "multi_thread")]
async fn set_phrases_are_paid_for_once_whatever_becomes_of_the_process() {
    let world = World::with(|options| {
        options.bot = Bot {
            greeting: GREETING.to_owned(),
            ..demo::bot()
        };
    })
    .await;
    let chars = GREETING.chars().count() as u64;

    // Whoever asks for one of them has to be answered within a second: the voice has said them all before.
    let bot = demo::bot();
    for phrase in [
        GREETING,
        &bot.filler,
        &bot.apology,
        &bot.idle.prompt,
        &bot.goodbye,
    ] {
        let said = world.speech.speaker().say(phrase, Voice::default()).await;
        said.expect("flite speaks");
    }
    let first = world.dial();
    until("all set phrases to be kept", || {
        kept(&world).len() == SET_PHRASES
    })
    .await;
    first.hang_up();
    let usage = world.told(&first).await.usage.expect("the call's usage");
    let first = usage.total(WorkStage::Speak);
    assert!(first.chars > chars, "{first:?}");
    assert_eq!((first.requests, first.cached_chars), (5, 0), "{first:?}");
    assert_eq!(spoken(&world), 5);

    let free = Amount {
        cached_chars: chars,
        ..Amount::default()
    };
    assert_eq!(listen_to_greeting(&world).await, free, "from memory");
    world.restart_edge().await;
    // Nobody waits long for the bucket: on a busy machine the greeting may be made anew, but nothing else is.
    let again = listen_to_greeting(&world).await;
    assert!(again == free || again.requests == 1, "{again:?}");

    for file in kept(&world) {
        fs::write(file, b"ulaw8k/1 is how it begins, and no more").expect("a broken entry");
    }
    world.restart_edge().await;
    let anew = listen_to_greeting(&world).await;
    assert_eq!(anew.cached_chars, 0, "{anew:?}");
    assert!(anew.chars >= chars, "{anew:?}");
}
