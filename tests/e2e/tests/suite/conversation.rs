//! Conversations over the whole road, with real speech both ways.

use contract::Speaker;
use e2e::World;
use local::demo::Shown;

fn said(shown: &Shown, speaker: Speaker) -> Vec<&str> {
    let of = shown
        .turns
        .iter()
        .filter(|shown| shown.turn.speaker == speaker);
    of.map(|shown| shown.turn.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_booked_in_spite_of_the_menu() {
    let world = World::start().await;
    let call = world.dial();
    let outcomes = world
        .play(
            &call,
            "what's on the menu|*wait can i book a table|for four people|no thank you goodbye",
        )
        .await;
    let shown = world.told(&call).await;
    assert_eq!(
        said(&shown, Speaker::Caller),
        [
            "what's on the menu",
            "wait can i book a table",
            "for four people",
            "no thank you goodbye"
        ]
    );
    assert!(
        said(&shown, Speaker::Bot)
            .concat()
            .contains("how many people"),
        "{:#?}",
        shown.turns
    );
    assert!(shown.turns.iter().any(|shown| shown.turn.interrupted));
    assert!(
        outcomes
            .iter()
            .any(|outcome| outcome.cleared_after_ms.is_some())
    );
    let cost = shown.cost.as_ref().expect("a receipt");
    let sum: u64 = cost.items.iter().map(|item| item.micro_dollars).sum();
    assert_eq!(sum, cost.total_micro_dollars);
    let wav = world.api.recording(&shown).await.expect("a recording");
    let (spec, _) = audio::wav::read(&wav).expect("a WAV");
    assert_eq!((spec.channels, spec.rate_hz), (2, 8_000));
}
