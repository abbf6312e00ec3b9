//! The tape of a real call, run through the engine again by `callbox replay`, gives the conversation that the API shows, to
//! the millisecond.

use e2e::{World, happens};
use local::demo::Shown;
use local::twilio::{Call, What};
use serde_json::{Value, json};

use super::operator::operator;

/// What `callbox replay` says of a call that is over: its steps, and the verdict.
async fn replayed(world: &World, call: &Call) -> (Vec<Value>, Value) {
    let id = call.sid().to_string();
    let ran = operator(world).run(&["--json", "replay", &id]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.err, ran.out);
    let mut steps = ran.json();
    let last = steps.pop().expect("a verdict");
    (steps, last["replay"].clone())
}

/// The conversation as the API shows it.
fn told(shown: &Shown) -> Value {
    let turns = shown.turns.iter().map(|shown| contract::Turn {
        timing: None,
        ..shown.turn.clone()
    });
    json!(turns.collect::<Vec<_>>())
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
    let (steps, verdict) = replayed(&world, &call).await;
    assert_eq!(verdict["turns"], told(&shown));
    assert_eq!(verdict["engines"], 1);
    assert!(
        shown.turns.iter().any(|shown| shown.turn.interrupted),
        "{:#?}",
        shown.turns
    );
    let takes_back = |step: &Value| step["effects"].to_string().contains("takes back");
    assert!(steps.iter().any(takes_back), "{steps:#?}");
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
    let (_, verdict) = replayed(&world, &call).await;
    assert_eq!(verdict["engines"], 2);
    assert_eq!(verdict["turns"], told(&shown));

    // The tape can be kept, and run where there is no platform; and one that was cut says so.
    let program = operator(&world);
    let id = call.sid().to_string();
    let kept = program.run(&["replay", &id, "--save", "odd.tape"]).await;
    assert_eq!(kept.code, 0, "{}", kept.err);
    assert!(kept.out.contains("to the millisecond"), "{}", kept.out);
    let alone = program
        .run(&["--json", "replay", "--file", "odd.tape"])
        .await;
    let last = alone.json().pop().unwrap_or_default();
    assert_eq!(last["replay"]["turns"], told(&shown));
    let path = program.home().join("odd.tape");
    let tape = std::fs::read(&path).expect("a tape");
    std::fs::write(&path, &tape[..tape.len() - 1]).expect("a file");
    let cut = program
        .run(&["--json", "replay", "--file", "odd.tape"])
        .await;
    assert_eq!((cut.code, cut.error().as_str()), (1, "tape_damaged"));
}
