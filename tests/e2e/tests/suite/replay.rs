//! The tape of a real call, run through the engine again, gives the conversation that the API shows, to the millisecond.

use call::{Output, Record, Tape, Taped};
use contract::Speaker;
use e2e::{World, happens};
use local::demo::Shown;
use local::twilio::What;

/// Who said what, from when to when, and whether it was cut off.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Said {
    speaker: Speaker,
    text: String,
    began_ms: u64,
    ended_ms: u64,
    interrupted: bool,
}

/// What a line of the journal makes of the conversation.
fn said(record: &Record) -> Option<Said> {
    match record {
        Record::Caller { text, began, ended } => Some(Said {
            speaker: Speaker::Caller,
            text: text.clone(),
            began_ms: began.as_ms(),
            ended_ms: ended.as_ms(),
            interrupted: false,
        }),
        // Of what nobody heard there is no turn.
        Record::Replied {
            text,
            began: Some(began),
            ended,
            interrupted,
            ..
        } if !text.is_empty() => Some(Said {
            speaker: Speaker::Bot,
            text: text.clone(),
            began_ms: began.as_ms(),
            ended_ms: ended.as_ms(),
            interrupted: *interrupted,
        }),
        _ => None,
    }
}

/// The conversation as the API shows it.
fn told(shown: &Shown) -> Vec<Said> {
    let turns = shown.turns.iter().map(|shown| Said {
        speaker: shown.turn.speaker,
        text: shown.turn.text.clone(),
        began_ms: shown.turn.began_ms,
        ended_ms: shown.turn.ended_ms,
        interrupted: shown.turn.interrupted,
    });
    turns.collect()
}

/// The call's tape, as it lies in the bucket.
fn tape(world: &World, shown: &Shown) -> Tape {
    let files = shown.json["files"].as_array().expect("files");
    let key = files
        .iter()
        .find(|file| file["name"] == "tape")
        .and_then(|file| file["key"].as_str())
        .expect("a tape");
    let bucket = world.platform.buckets.first().expect("a bucket");
    Tape::from_bytes(std::fs::read(world.platform.storage.path(bucket, key)).expect("it is stored"))
}

/// The conversation as it comes out of the tape, engine by engine; of a later one with what its journal knew before.
fn replayed(tape: &Tape) -> Vec<Vec<Said>> {
    let mut engines: Vec<Vec<Said>> = Vec::new();
    for line in tape.replay() {
        let (line, outputs) = line.expect("a sound tape");
        match &line.what {
            Taped::Begun(_) => engines.push(Vec::new()),
            Taped::Resumed(journal) => engines.push(journal.iter().filter_map(said).collect()),
            Taped::Input(_) => {}
        }
        let engine = engines.last_mut().expect("a tape begins with its engine");
        engine.extend(outputs.iter().filter_map(|output| match output {
            Output::Persist(record) => said(record),
            _ => None,
        }));
    }
    engines
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tape_of_a_call_gives_the_same_conversation_again() {
    let world = World::start().await;
    let call = world.dial();
    world
        .say(
            &call,
            "what's on the menu|*wait can i book a table|for four people",
        )
        .await;
    // A stream that breaks is on the tape like all else.
    call.drop_socket();
    happens(&call, "another stream", {
        let mut streams = 0;
        move |event| {
            streams += usize::from(matches!(event.what, What::StreamStarted { .. }));
            (streams == 2).then_some(())
        }
    })
    .await;
    world.play(&call, "no thank you goodbye").await;
    let shown = world.told(&call).await;
    let engines = replayed(&tape(&world, &shown));
    assert_eq!(engines, [told(&shown)]);
    assert!(
        told(&shown).iter().any(|said| said.interrupted),
        "{:#?}",
        shown.turns
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_tape_goes_on_with_the_journal() {
    let world = World::start().await;
    let call = world.dial();
    world.ask(&call, "for four people", "which day").await;
    world.platform.edge.kill_hard().await;
    world.restart_edge().await;
    world.ask(&call, "tomorrow", "what time").await;
    call.hang_up();
    let shown = world.told(&call).await;
    let engines = replayed(&tape(&world, &shown));
    let [before, after] = engines.as_slice() else {
        panic!("{engines:#?}");
    };
    assert_eq!(*after, told(&shown));
    // What the first engine did in its last seconds is lost with it; the journal has it.
    assert!(
        !before.is_empty() && after.starts_with(before),
        "{before:#?}"
    );
}
