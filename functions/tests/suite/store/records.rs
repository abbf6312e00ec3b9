//! What the edge tells, stored and counted once.

use contract::{
    Amount, Batch, Cost, Direction, EndReason, Event, Leg, Numbered, PriceTable, Record, Source,
    Speaker, TenantId, Turn, Usage, WorkStage,
};
use functions::clock::Month;

use super::{Store, both};
use crate::support::*;

both! {
    records_are_stored_once
    usage_is_counted_once_in_the_month_it_ended
}

pub(crate) fn turn(number: u64) -> Numbered {
    let turn = Turn {
        speaker: if number.is_multiple_of(2) {
            Speaker::Caller
        } else {
            Speaker::Bot
        },
        text: format!("turn {number}"),
        began_ms: number * 1_000,
        ended_ms: number * 1_000 + 900,
        interrupted: false,
        timing: None,
    };
    Numbered {
        number,
        at_ms: NOW_MS + number,
        record: Record::Turn(turn),
    }
}

pub(crate) fn usage() -> Usage {
    let mut usage = Usage {
        line_ms: 61_000,
        carrier_ms: 61_000,
        ..Usage::default()
    };
    let speech = Amount {
        requests: 3,
        listen_ms: 31_250,
        ..Amount::default()
    };
    usage.did(WorkStage::Listen, "openai", "gpt-transcribe", speech);
    let thought = Amount {
        requests: 3,
        input_tokens: 4_211,
        output_tokens: 177,
        ..Amount::default()
    };
    usage.did(WorkStage::Think, "openai", "gpt-6-luna", thought);
    usage
}

/// What that costs of a caller who dialled our number.
pub(crate) fn priced(usage: &Usage) -> Cost {
    let leg = Leg {
        direction: Some(Direction::Inbound),
        country: "US".to_owned(),
    };
    PriceTable::list().cost(usage, &leg)
}

pub(crate) fn ended(number: u64, at_ms: u64) -> Numbered {
    Numbered {
        number,
        at_ms,
        record: Record::Ended {
            reason: EndReason::CallerLeft,
            duration_ms: 61_000,
            usage: usage(),
        },
    }
}

/// Records as [`turn`] numbers them: every second one is the caller's.
pub(crate) fn batch(call: u64, records: Vec<Numbered>) -> Batch {
    let turns = records.iter().map(|record| {
        let is_turn = matches!(record.record, Record::Turn(_));
        record.number.saturating_sub(u64::from(!is_turn)) / 2
    });
    let turns = turns.max().unwrap_or_default();
    Batch {
        turns: turns.try_into().unwrap(),
        call: call_id(call),
        account: account(),
        tenant: TenantId::default(),
        bot: mesa().id,
        bot_version: 1,
        records,
        usage: Usage::default(),
    }
}

async fn record(store: &Store, batch: &Batch) -> u64 {
    store
        .calls
        .recorded(batch, &PriceTable::list(), NOW_MS)
        .await
        .unwrap()
}

async fn records_are_stored_once(store: Store) {
    assert_eq!(record(&store, &batch(1, vec![turn(1), turn(2)])).await, 2);
    let event = Event {
        name: "barge_in".to_owned(),
        detail: String::new(),
        at_ms: 5,
        source: Source::default(),
    };
    let other = Numbered {
        number: 2,
        at_ms: 0,
        record: Record::Event(event),
    };
    assert_eq!(record(&store, &batch(1, vec![other])).await, 2);
    assert_eq!(record(&store, &batch(1, vec![turn(3)])).await, 3);
    assert_eq!(record(&store, &batch(1, vec![turn(1)])).await, 3);
    assert_eq!(record(&store, &batch(1, vec![])).await, 3);
    let detail = store
        .calls
        .detail(&tenant(), &call_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.records, [turn(1), turn(2), turn(3)]);
    assert_eq!(
        (detail.entry.records, detail.entry.bot),
        (3, Some(mesa().id))
    );
    assert_eq!(detail.entry.turns, 1);
}

async fn usage_is_counted_once_in_the_month_it_ended(store: Store) {
    let december = 1_798_761_599_999;
    for _ in 0..3 {
        record(&store, &batch(1, vec![turn(1), ended(2, december)])).await;
    }
    record(&store, &batch(0xf, vec![ended(1, december)])).await;
    record(&store, &batch(3, vec![ended(1, december + 1)])).await;
    // Nobody has told how these came.
    let cost = PriceTable::list().cost(&usage(), &Leg::default());
    let month = async |month: &str| {
        let month = Month::parse(month).unwrap();
        let meters = store.money.month(&tenant(), month).await.unwrap();
        meters.get(&mesa().id).cloned().unwrap_or_default()
    };
    let meter = month("2026-12").await;
    assert_eq!(
        (meter.calls, meter.line_ms, meter.cost.total_micro_dollars),
        (2, 122_000, 2 * cost.total_micro_dollars)
    );
    let lines = meter.cost.items.iter().map(|item| item.micro_dollars);
    assert_eq!(lines.sum::<u64>(), 2 * cost.total_micro_dollars);
    assert_eq!(month("2027-01").await.calls, 1);
    assert_eq!(month("2026-11").await.calls, 0);
    let detail = store
        .calls
        .detail(&tenant(), &call_id(1))
        .await
        .unwrap()
        .unwrap();
    let ended = detail.entry.ended.unwrap();
    assert_eq!(
        (ended.reason, ended.duration_ms, ended.cost_micro_dollars),
        (EndReason::CallerLeft, 61_000, cost.total_micro_dollars)
    );
    let receipt = detail.receipt.unwrap();
    assert_eq!((receipt.usage, receipt.cost), (usage(), cost));
}
