//! Two hundred requests at once, doubled and shuffled: the totals are exact.

use std::sync::Arc;

use contract::PriceTable;
use functions::clock::Month;
use functions::store::memory::Memory;
use serde_json::json;
use twilio::webhook::{CallStatus, CallStatusEvent};

use crate::store::{Store, batch, dynamo, ended, memory, turn, usage};
use crate::support::*;

const CALLS: u64 = 5;
const TURNS: u64 = 8;
const CALLBACK: &str = "https://status.example.com/twilio/call";

/// A fixed shuffle, so that a failure can be seen again.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for at in (1..items.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (seed >> 33) as usize % (at + 1));
    }
}

fn callbacks() -> Vec<CallStatusEvent> {
    let told = |call, (sequence, status)| CallStatusEvent {
        sequence_number: Some(sequence),
        call_duration_s: (status == CallStatus::Completed).then_some(61),
        ..CallStatusEvent::new(account(), call_sid(call), status)
    };
    let four = [
        (0, CallStatus::Initiated),
        (1, CallStatus::Ringing),
        (2, CallStatus::InProgress),
        (3, CallStatus::Completed),
    ];
    (1..=CALLS)
        .flat_map(|call| four.into_iter().map(move |news| told(call, news)))
        .collect()
}

async fn storm(store: Store, seed: u64) {
    let world = (fake_edge(), Arc::default(), fake_post());
    let status = status_on(store.clone(), Arc::new(Memory::default()), world).await;
    let mut forms: Vec<_> = callbacks().iter().map(CallStatusEvent::to_form).collect();
    let mut batches = Vec::new();
    for call in 1..=CALLS {
        for first in (1..=TURNS).step_by(2) {
            batches.push(json!(batch(call, vec![turn(first), turn(first + 1)])));
        }
        batches.push(json!(batch(
            call,
            vec![turn(TURNS), ended(TURNS + 1, NOW_MS)]
        )));
    }
    // 20 forms and 25 batches, five times over: 225 requests.
    forms = std::iter::repeat_n(forms, 5).flatten().collect();
    batches = std::iter::repeat_n(batches, 5).flatten().collect();
    shuffle(&mut forms, seed);
    shuffle(&mut batches, seed + 1);
    let mut tasks = tokio::task::JoinSet::new();
    for form in forms {
        let status = status.clone();
        tasks.spawn(async move { post_signed(&status, CALLBACK, &form).await.status.as_u16() });
    }
    for body in batches {
        let status = status.clone();
        tasks.spawn(async move {
            post_sealed(&status, "/records", &body)
                .await
                .status
                .as_u16()
        });
    }
    while let Some(answered) = tasks.join_next().await {
        let answered = answered.unwrap();
        assert!(answered == 200 || answered == 204, "{answered}");
    }
    exact(&store).await;
}

async fn exact(store: &Store) {
    let cost = PriceTable::list().cost(&usage()).total_micro_dollars;
    for call in 1..=CALLS {
        let detail = store
            .calls
            .detail(&tenant(), &call_id(call))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(detail.entry.status, Some(CallStatus::Completed));
        assert_eq!(detail.entry.carrier_duration_s, Some(61));
        assert_eq!(detail.entry.ended.unwrap().cost_micro_dollars, cost);
        assert_eq!(detail.entry.records, TURNS + 1);
        assert_eq!(
            (detail.news.len(), detail.records.len() as u64),
            (4, TURNS + 1)
        );
        assert!(detail.entry.is_complete());
    }
    let month = store.money.month(&tenant(), Month::of(NOW_MS)).await;
    let meter = month.unwrap().remove(&mesa().id).unwrap();
    assert_eq!(
        (meter.calls, meter.cost.total_micro_dollars),
        (CALLS, CALLS * cost)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_repeats_counts_once_in_memory() {
    for seed in 0..5 {
        storm(memory(), seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_repeats_counts_once_on_dynamo() {
    for seed in 0..2 {
        storm(dynamo().await, seed).await;
    }
}
