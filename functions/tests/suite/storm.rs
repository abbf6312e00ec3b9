//! Two hundred requests at once, doubled and shuffled: the totals are exact.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::{Amount, Batch, Bot, BotId, Numbered, Pricing, Record, TenantId, Usage, WorkStage};
use functions::clock::Month;
use functions::limits::Limits;
use functions::store::memory::Memory;
use functions::store::{Opened, Seat, Spent, Terms};
use serde_json::json;
use twilio::webhook::{CallStatus, CallStatusEvent};

use crate::store::{Store, batch, dynamo, ended, memory, opened, priced, turn, usage};
use crate::support::*;

const CALLS: u64 = 6;
const TURNS: u64 = 8;
/// The last millisecond of 2026.
const YEARS_END_MS: u64 = 1_798_761_599_999;

/// Who answers: of two tenants, and of two bots of each.
fn bot_of(call: u64) -> Bot {
    let tenant = if call.is_multiple_of(2) {
        "acme"
    } else {
        "default"
    };
    let id = if call.is_multiple_of(3) {
        "dawn"
    } else {
        "mesa"
    };
    Bot {
        id: BotId::new(id).unwrap(),
        tenant: TenantId::new(tenant).unwrap(),
        price: Pricing {
            per_call_micro_dollars: 50_000,
            per_minute_micro_dollars: 20_000,
            included_minutes: 1,
        },
        ..mesa()
    }
}

/// When it ends; its summary comes a millisecond later, which for some is another month.
fn ends_ms(call: u64) -> u64 {
    if call > 3 { YEARS_END_MS } else { NOW_MS }
}

fn summary_usage() -> Usage {
    let mut usage = Usage::default();
    let thought = Amount {
        requests: 1,
        input_tokens: 911,
        output_tokens: 57,
        ..Amount::default()
    };
    usage.did(WorkStage::Think, "openai", "gpt-6-luna", thought);
    usage
}

fn cost(usage: &Usage) -> u64 {
    priced(usage).total_micro_dollars
}

fn seat(call: u64, who: &str) -> Seat {
    let bot = bot_of(call);
    Seat {
        tenant: bot.tenant,
        bot: bot.id,
        who: who.to_owned(),
        tenant_max: 3,
        bot_max: 2,
        now_ms: NOW_MS,
    }
}

/// A fixed shuffle, so that a failure can be seen again.
pub(crate) fn shuffle<T>(items: &mut [T], mut seed: u64) {
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

/// All that the edge tells of a call, in pieces that overlap.
fn batches(call: u64) -> Vec<Batch> {
    let at_ms = ends_ms(call) + 1;
    let own = |number, record| Numbered {
        number,
        at_ms,
        record,
    };
    let text = "A table for four.".to_owned();
    let summary = Record::Summary {
        text,
        usage: summary_usage(),
    };
    let summary = own(TURNS + 2, summary);
    let filed = own(TURNS + 3, Record::Filed);
    let end = ended(TURNS + 1, ends_ms(call));
    let mut records: Vec<Vec<Numbered>> = (1..=TURNS)
        .step_by(2)
        .map(|first| vec![turn(first), turn(first + 1)])
        .collect();
    records.push(vec![turn(TURNS), end.clone()]);
    records.push(vec![end, summary.clone()]);
    records.push(vec![summary, filed]);
    let bot = bot_of(call);
    let whole = |records| Batch {
        tenant: bot.tenant.clone(),
        bot: bot.id.clone(),
        // What was used so far is told along the way, and must not be counted on top of the end.
        usage: usage(),
        turns: u32::try_from(TURNS / 2).unwrap(),
        ..batch(call, records)
    };
    let mut all: Vec<Batch> = records.into_iter().map(whole).collect();
    for (at, early) in (1_u32..).zip(all.iter_mut().take(4)) {
        early.turns = at;
    }
    all
}

async fn storm(store: Store, seed: u64) {
    let world = (fake_edge(), Arc::default(), fake_post());
    let status = status_on(store.clone(), Arc::new(Memory::default()), world).await;
    for call in 1..=CALLS {
        let id = call_id(call);
        assert_eq!(store.money.sit(&seat(call, id.as_str())).await, Ok(Ok(())));
        let opened = Opened {
            bot: bot_of(call),
            seat: Some(id.to_string()),
            ..opened(call)
        };
        store.calls.open(&opened).await.unwrap();
    }
    let mut forms: Vec<_> = callbacks().iter().map(CallStatusEvent::to_form).collect();
    let mut batches: Vec<_> = (1..=CALLS)
        .flat_map(batches)
        .map(|batch| json!(batch))
        .collect();
    // 24 forms and 42 batches, four times over: 264 requests.
    forms = std::iter::repeat_n(forms, 4).flatten().collect();
    batches = std::iter::repeat_n(batches, 4).flatten().collect();
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

/// By tenant, month and bot: calls, cost and price. And by tenant: what the day has cost.
type Expected = (
    BTreeMap<(TenantId, String, BotId), (u64, u64, u64)>,
    BTreeMap<TenantId, Spent>,
);

fn expected() -> Expected {
    let (mut months, mut days): Expected = Expected::default();
    let (call_cost, summary_cost) = (cost(&usage()), cost(&summary_usage()));
    for call in 1..=CALLS {
        let bot = bot_of(call);
        let mut count = |at_ms: u64, calls: u64, cost: u64, price: u64| {
            let month = Month::of(at_ms).to_string();
            let key = (bot.tenant.clone(), month, bot.id.clone());
            let counts = months.entry(key).or_default();
            *counts = (counts.0 + calls, counts.1 + cost, counts.2 + price);
        };
        // A call of 61 s, with one of its two minutes included.
        count(ends_ms(call), 1, call_cost, 70_000);
        count(ends_ms(call) + 1, 0, summary_cost, 0);
        let day = days.entry(bot.tenant).or_default();
        day.total += call_cost + summary_cost;
        *day.bots.entry(bot.id).or_default() += call_cost + summary_cost;
    }
    (months, days)
}

async fn exact(store: &Store) {
    for call in 1..=CALLS {
        let whose = bot_of(call).tenant;
        let detail = store.calls.detail(&whose, &call_id(call)).await;
        let detail = detail.unwrap().unwrap();
        assert_eq!(detail.entry.status, Some(CallStatus::Completed));
        assert_eq!(detail.entry.carrier_duration_s, Some(61));
        assert_eq!(
            detail.entry.cost_micro_dollars(),
            cost(&usage()) + cost(&summary_usage())
        );
        assert_eq!(
            (detail.entry.records, u64::from(detail.entry.turns)),
            (TURNS + 3, TURNS / 2)
        );
        assert_eq!(
            (detail.news.len(), detail.records.len() as u64),
            (4, TURNS + 3)
        );
        assert!(detail.entry.is_complete() && detail.entry.filed);
        let receipt = detail.receipt.unwrap();
        assert_eq!(
            receipt.cost.total_micro_dollars,
            detail.entry.cost_micro_dollars()
        );
    }
    let (months, days) = expected();
    let mut found = BTreeMap::new();
    for (whose, spent) in &days {
        assert_eq!(store.money.spent(whose, NOW_MS).await.unwrap(), *spent);
        for month in ["2026-10", "2026-11", "2026-12", "2027-01"] {
            let meters = store.money.month(whose, Month::parse(month).unwrap()).await;
            for (bot, meter) in meters.unwrap() {
                let (cost, price) = (&meter.cost, &meter.price);
                let counts = (
                    meter.calls,
                    cost.total_micro_dollars,
                    price.total_micro_dollars,
                );
                found.insert((whose.clone(), month.to_owned(), bot), counts);
            }
        }
    }
    assert_eq!(found, months);
    // Every place is free again, and there are no more than before.
    for call in 1..=CALLS {
        let (sat, who) = (seat(call, ""), format!("next-{call}"));
        let sat = store.money.sit(&Seat { who, ..sat }).await;
        assert_eq!(sat, Ok(Ok(())), "{call}");
    }
    assert!(
        store
            .money
            .sit(&seat(1, "one too many"))
            .await
            .unwrap()
            .is_err()
    );
}

/// All places were taken long ago by functions that died, and forty calls come at once, each twice: those get in who may,
/// no more, and no place stays lost.
async fn storm_for_lost_places(store: Store, ms_ago: u64) -> usize {
    for lost in 0..3 {
        // Two of the bot that is called, and one of another of its tenant's.
        let bot = if lost < 2 { mesa() } else { bot_of(3) };
        let sat = Seat {
            tenant: tenant(),
            bot: bot.id,
            now_ms: NOW_MS - ms_ago,
            ..seat(1, call_sid(100 + lost).as_str())
        };
        assert_eq!(store.money.sit(&sat).await, Ok(Ok(())));
    }
    let terms = Terms {
        limits: capped(3),
        ..Terms::default()
    };
    let bot = Bot {
        limits: capped(2),
        ..mesa()
    };
    let mut tasks = tokio::task::JoinSet::new();
    for call in (1..=40).chain(1..=40) {
        let (store, terms, bot) = (store.clone(), terms.clone(), bot.clone());
        tasks.spawn(async move {
            let limits = Limits {
                money: store.money.as_ref(),
                calls: store.calls.as_ref(),
                dials: store.dials.as_ref(),
            };
            let who = call_id(call).to_string();
            let admitted = limits.admit(&bot, &terms, &who, NOW_MS).await.unwrap();
            if let Ok(seat) = admitted {
                let opened = Opened {
                    seat,
                    ..opened(call)
                };
                store.calls.open(&opened).await.unwrap();
                return Some(call);
            }
            None
        });
    }
    let mut came = BTreeSet::new();
    while let Some(done) = tasks.join_next().await {
        came.extend(done.unwrap());
    }
    came.len()
}

fn capped(concurrent_calls_max: u32) -> contract::Limits {
    contract::Limits {
        concurrent_calls_max,
        ..contract::Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_calls_gets_lost_places_back_and_no_others() {
    for (ms_ago, come) in [(61_000, 2), (59_000, 0)] {
        assert_eq!(storm_for_lost_places(memory(), ms_ago).await, come);
        assert_eq!(storm_for_lost_places(dynamo().await, ms_ago).await, come);
    }
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
