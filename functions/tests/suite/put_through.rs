//! Callers who are put through to somebody: the carrier's time goes on after the bot's, and so do its costs and the call's place.

use std::sync::Arc;

use contract::{
    Closed, Dimension, EndReason, Farewell, Hours, Limits as Caps, Numbered, OpeningReply,
    OpeningState, Record,
};
use functions::clock::Month;
use functions::limits::Limits;
use functions::store::memory::Memory;
use functions::store::{CallEntry, Detail, Opened, Terms};
use serde_json::{Value, json};
use twilio::rest::CallResource;
use twilio::twiml::Verb;
use twilio::webhook::{CallStatus, CallStatusEvent};
use twilio::{Form, Party};

use crate::store::{Store, batch, dynamo, memory, opened, priced, usage};
use crate::storm::shuffle;
use crate::support::*;

const SOMEBODY: &str = "+12125551234";
const HOUR_S: u32 = 3_600;

pub(crate) fn transferred(number: u64) -> Numbered {
    Numbered {
        number,
        at_ms: NOW_MS,
        record: Record::Ended {
            reason: EndReason::Transferred,
            duration_ms: 61_000,
            usage: usage(),
        },
    }
}

fn told(sequence: u64, status: CallStatus) -> Form {
    CallStatusEvent {
        sequence_number: Some(sequence),
        call_duration_s: status.is_final().then_some(HOUR_S),
        ..CallStatusEvent::new(account(), call_sid(1), status)
    }
    .to_form()
}

/// Whether somebody else gets the only place.
async fn has_room(store: &Store, who: u64, now_ms: u64) -> bool {
    let limits = Limits {
        money: store.money.as_ref(),
        calls: store.calls.as_ref(),
        dials: store.dials.as_ref(),
    };
    let terms = Terms {
        limits: Caps {
            concurrent_calls_max: 1,
            ..Caps::default()
        },
        ..Terms::default()
    };
    let who = call_id(who).to_string();
    let admitted = limits.admit(&mesa(), &terms, &who, now_ms).await.unwrap();
    let came = admitted.is_ok();
    if came && who != call_id(1).to_string() {
        store.money.rise(&tenant(), &mesa().id, &who).await.unwrap();
    }
    came
}

/// A call has the only place, and is answered.
async fn begun(store: &Store) {
    assert!(has_room(store, 1, NOW_MS).await);
    let opened = Opened {
        seat: Some(call_id(1).to_string()),
        ..opened(1)
    };
    store.calls.open(&opened).await.unwrap();
}

async fn put_through(store: &Store) {
    let (call, to) = (call_id(1), number(SOMEBODY));
    let kept = store.calls.put_through(&call, &to, NOW_MS);
    kept.await.unwrap();
}

async fn detail(store: &Store) -> Detail {
    let detail = store.calls.detail(&tenant(), &call_id(1)).await;
    detail.unwrap().unwrap()
}

/// Of the carrier's lines: what, whose, and how many minutes.
fn minutes(cost: &Value) -> Vec<(String, String, String, u64)> {
    let word = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = cost["items"].as_array().unwrap().iter();
    let items = items.filter(|item| word(item, "dimension").ends_with("_minute"));
    let line = |item: &Value| {
        (
            word(item, "dimension"),
            word(item, "provider"),
            word(item, "model"),
            item["quantity"].as_u64().unwrap(),
        )
    };
    items.map(line).collect()
}

fn line(dimension: Dimension, provider: &str, quantity: u64) -> (String, String, String, u64) {
    let dimension = json!(dimension).as_str().unwrap().to_owned();
    (dimension, provider.to_owned(), "US".to_owned(), quantity)
}

/// The bot spoke for 61 seconds, and somebody else with the caller until the hour was full.
async fn is_counted_once(store: &Store) {
    let Detail { entry, receipt, .. } = detail(store).await;
    let receipt = receipt.unwrap();
    let lines = [
        line(Dimension::CarrierMinute, "inbound", 2),
        line(Dimension::LineMinute, "inbound", 58),
        line(Dimension::LineMinute, "outbound", 59),
    ];
    assert_eq!(minutes(&json!(receipt.cost)), lines);
    assert_eq!(receipt.usage.carrier_ms, u64::from(HOUR_S) * 1_000);
    let cost = priced(&usage()).total_micro_dollars + 58 * 8_500 + 59 * 14_000;
    assert_eq!(receipt.cost.total_micro_dollars, cost);
    let known: [u64; 2] = [entry.cost_micro_dollars(), entry.spent_micro_dollars];
    assert_eq!(known, [cost; 2]);
    let day = store.money.spent(&tenant(), NOW_MS).await.unwrap();
    assert_eq!((day.total, day.bots[&mesa().id]), (cost, cost));
    let month = store.money.month(&tenant(), Month::of(NOW_MS)).await;
    let meter = month.unwrap().remove(&mesa().id).unwrap();
    assert_eq!(
        (
            meter.calls,
            meter.carrier_ms,
            meter.cost.total_micro_dollars
        ),
        (1, u64::from(HOUR_S) * 1_000, cost)
    );
}

/// Forty callbacks and twenty batches, all at once, in any order.
async fn an_hour_after_a_transfer(store: Store, seed: u64) {
    let world = (fake_edge(), Arc::default(), fake_post());
    let status = status_on(store.clone(), Arc::new(Memory::default()), world).await;
    begun(&store).await;
    put_through(&store).await;
    let end = json!(batch(1, vec![transferred(1)]));
    let answered = post_sealed(&status, "/records", &end).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    // The bot has left, and the caller still takes the place.
    post_signed(&status, CALLBACK, &told(2, CallStatus::InProgress)).await;
    assert!(!has_room(&store, 2, NOW_MS).await);
    let four = [
        (0, CallStatus::Initiated),
        (1, CallStatus::Ringing),
        (2, CallStatus::InProgress),
        (3, CallStatus::Completed),
    ];
    let mut forms: Vec<_> = four.map(|(sequence, status)| told(sequence, status)).into();
    forms = std::iter::repeat_n(forms, 10).flatten().collect();
    shuffle(&mut forms, seed);
    let mut tasks = tokio::task::JoinSet::new();
    for (at, form) in forms.into_iter().enumerate() {
        let (status, end) = (status.clone(), end.clone());
        tasks.spawn(async move {
            if at.is_multiple_of(2) {
                post_sealed(&status, "/records", &end).await;
            }
            post_signed(&status, CALLBACK, &form).await.status.as_u16()
        });
    }
    while let Some(answered) = tasks.join_next().await {
        assert_eq!(answered.unwrap(), 204);
    }
    is_counted_once(&store).await;
    assert!(has_room(&store, 2, NOW_MS).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_minutes_after_a_transfer_are_counted_once_and_keep_the_place_in_memory() {
    for seed in 0..5 {
        an_hour_after_a_transfer(memory(), seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_minutes_after_a_transfer_are_counted_once_and_keep_the_place_on_dynamo() {
    for seed in 0..2 {
        an_hour_after_a_transfer(dynamo().await, seed).await;
    }
}

#[tokio::test]
async fn the_carrier_may_tell_the_end_before_the_edge_does() {
    for store in [memory(), dynamo().await] {
        let world = (fake_edge(), Arc::default(), fake_post());
        let status = status_on(store.clone(), Arc::new(Memory::default()), world).await;
        begun(&store).await;
        put_through(&store).await;
        post_signed(&status, CALLBACK, &told(3, CallStatus::Completed)).await;
        let end = json!(batch(1, vec![transferred(1)]));
        post_sealed(&status, "/records", &end).await;
        is_counted_once(&store).await;
        assert!(has_room(&store, 2, NOW_MS).await);
    }
}

#[tokio::test]
async fn an_end_that_the_carrier_never_tells_keeps_no_place_for_ever() {
    let hour = 3_600_000;
    for asked in [true, false] {
        let carrier: Arc<FakeCarrier> = Arc::default();
        let ended = CallResource {
            duration_s: Some(HOUR_S.into()),
            ..CallResource::new(account(), call_sid(1), CallStatus::Completed)
        };
        *carrier.known.lock().unwrap() = Some(ended);
        let (store, edge) = (memory(), fake_edge());
        let world = (edge.clone(), carrier, fake_post());
        let status = status_on(store.clone(), Arc::new(Memory::default()), world).await;
        begun(&store).await;
        put_through(&store).await;
        let filed = Numbered {
            number: 2,
            at_ms: NOW_MS,
            record: Record::Filed,
        };
        let end = json!(batch(1, vec![transferred(1), filed]));
        post_sealed(&status, "/records", &end).await;
        assert!(!has_room(&store, 2, NOW_MS + 24 * hour).await);
        if asked {
            // The edge reminds us, and Twilio is asked.
            let id = edge.errands.lock().unwrap()[0].id.clone();
            let body = json!({ "id": id, "attempt": 1 });
            let reply = post_sealed(&status, "/errands", &body).await;
            assert_eq!(reply.json()["state"], "done");
            assert!(has_room(&store, 2, NOW_MS).await);
            is_counted_once(&store).await;
        } else {
            assert!(has_room(&store, 2, NOW_MS + 26 * hour).await);
        }
    }
}

/// The bot's part is over, and somebody else is to speak with the caller.
fn hands_over(house: &House) {
    let farewell = Farewell::Transfer {
        to: number(SOMEBODY),
        say: None,
    };
    *house.edge.reply.lock().unwrap() = Some(OpeningReply {
        state: OpeningState::Ended,
        farewell: Some(farewell),
        streaming: false,
    });
}

#[tokio::test]
async fn to_whom_a_bot_puts_a_caller_through_is_kept_with_the_call() {
    let house = house().await;
    let shown = async || {
        let path = format!("/calls/{}", call_sid(1));
        ask(&house.calls, "GET", &path, None).await.json()
    };
    rings(&house, 1).await;
    assert_eq!(shown().await.get("put_through_to"), None);
    hands_over(&house);
    let resume = format!("{VOICE}/voice/resume");
    let form = inbound(1).to_form();
    let verbs = post_signed(&house.voice, &resume, &form).await.verbs();
    assert!(matches!(verbs[..], [Verb::Dial { .. }]));
    assert_eq!(shown().await["put_through_to"], SOMEBODY);
    // A store that is out of order keeps nobody waiting.
    house.memory.breaks(true);
    let verbs = post_signed(&house.voice, &resume, &form).await.verbs();
    assert!(matches!(verbs[..], [.., Verb::Hangup]));
}

#[tokio::test]
async fn who_is_put_through_has_what_is_left_of_the_longest_call() {
    for (duration_max_s, began_ms_ago, left_s) in [
        (1_800, 0, Some(1_800)),
        (1_800, 600_999, Some(1_200)),
        // Long enough to say that it is over.
        (1_800, 1_799_000, Some(60)),
        (1_800, 9_999_000, Some(60)),
        (0, 600_000, None),
    ] {
        let house = house().await;
        let opened = Opened {
            bot: contract::Bot {
                duration_max_s,
                ..mesa()
            },
            now_ms: NOW_MS - began_ms_ago,
            ..opened(1)
        };
        functions::store::Calls::open(house.memory.as_ref(), &opened)
            .await
            .unwrap();
        hands_over(&house);
        let form = inbound(1).to_form();
        let resume = format!("{VOICE}/voice/resume");
        let verbs = post_signed(&house.voice, &resume, &form).await.verbs();
        let [Verb::Dial { time_limit_s, .. }] = verbs[..] else {
            panic!("{verbs:?}")
        };
        assert_eq!(time_limit_s, left_s, "{duration_max_s} {began_ms_ago}");
    }
}

#[tokio::test]
async fn who_is_turned_away_to_a_number_costs_the_minutes_of_both_lines() {
    let closed = Closed {
        transfer: true,
        ..Closed::default()
    };
    let hours = Hours {
        time_zone: "UTC".to_owned(),
        open: vec![],
        closed,
    };
    let bot = contract::Bot {
        hours: Some(hours),
        fallback_number: Some(number(SOMEBODY)),
        ..mesa()
    };
    let house = house_of(bot).await;
    assert!(matches!(
        rings(&house, 1).await[..],
        [.., Verb::Dial { .. }]
    ));
    let event = CallStatusEvent {
        call_duration_s: Some(90),
        ..CallStatusEvent::new(account(), call_sid(1), CallStatus::Completed)
    };
    for _ in 0..3 {
        post_signed(&house.status, CALLBACK, &event.to_form()).await;
    }
    let path = format!("/calls/{}", call_sid(1));
    let shown = ask(&house.calls, "GET", &path, None).await.json();
    let lines = [
        line(Dimension::LineMinute, "inbound", 2),
        line(Dimension::LineMinute, "outbound", 2),
    ];
    assert_eq!(minutes(&shown["cost"]), lines);
    assert_eq!(shown["cost_micro_dollars"], 2 * (8_500 + 14_000));
    assert_eq!(shown["spent_micro_dollars"], 2 * (8_500 + 14_000));
}

#[tokio::test]
async fn minutes_that_we_dial_have_their_own_price() {
    let house = house().await;
    let dialled = Opened {
        direction: contract::Direction::Outbound,
        from: Party::parse(OUR_NUMBER),
        to: Party::parse("+34910000000"),
        ..opened(1)
    };
    functions::store::Calls::open(house.memory.as_ref(), &dialled)
        .await
        .unwrap();
    let end = json!(batch(1, vec![transferred(1)]));
    post_sealed(&house.status, "/records", &end).await;
    let path = format!("/calls/{}", call_sid(1));
    let shown = ask(&house.calls, "GET", &path, None).await.json();
    let spain = ("carrier_minute", "outbound", "ES", 2);
    let found = minutes(&shown["cost"]).remove(0);
    assert_eq!(
        (
            found.0.as_str(),
            found.1.as_str(),
            found.2.as_str(),
            found.3
        ),
        spain
    );
    let known: CallEntry = detail(&Store::of(house.memory.clone())).await.entry;
    let inbound = priced(&usage()).total_micro_dollars;
    assert_eq!(known.cost_micro_dollars(), inbound + 2 * (18_400 - 12_900));
}
