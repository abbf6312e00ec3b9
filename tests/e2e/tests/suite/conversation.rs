//! Conversations over the whole road, with real speech both ways.

use contract::Speaker;
use e2e::{World, said};
use local::twilio::Call;
use twilio::webhook::CallStatus;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_booked_in_spite_of_the_menu() {
    let world = World::start().await;
    a_table_is_booked(&world, &world.dial()).await;
}

/// Books a table of the demo bot, who hangs up in the end. How the bot is heard makes no difference.
pub(super) async fn a_table_is_booked(world: &World, call: &Call) {
    let outcomes = world
        .say(
            call,
            "what's on the menu|*wait can i book a table|for four people|no thank you goodbye",
        )
        .await;
    assert_eq!(call.ended().await.0, CallStatus::Completed);
    let shown = world.told(call).await;
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
    let last = said(&shown, Speaker::Bot).pop().unwrap_or_default();
    assert!(last.contains("Goodbye"), "{last}");
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
