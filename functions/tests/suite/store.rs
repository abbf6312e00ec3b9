//! One suite for the store in memory and the store on DynamoDB's protocol, so that the first can stand for the second.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use contract::{
    Batch, Bot, BotId, Direction, EndReason, Event, Numbered, PriceTable, Record, Speaker, Turn,
    Usage,
};
use functions::clock::Month;
use functions::store::dynamo::Dynamo;
use functions::store::memory::Memory;
use functions::store::{
    Begun, Bots, Calls, Dial, DialId, DialState, Dials, Filter, News, Note, Opened, Progress,
};
use twilio::Party;
use twilio::webhook::{AnsweredBy, CallStatus};

use crate::support::*;

/// A store, whichever.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) bots: Arc<dyn Bots>,
    pub(crate) calls: Arc<dyn Calls>,
    pub(crate) dials: Arc<dyn Dials>,
}

impl Store {
    fn of<S: Bots + Calls + Dials + 'static>(store: S) -> Self {
        let store = Arc::new(store);
        Self {
            bots: store.clone(),
            calls: store.clone(),
            dials: store,
        }
    }
}

pub(crate) fn memory() -> Store {
    Store::of(Memory::default())
}

/// A database of its own, in this process, reached as in production: by HTTP, through the SDK.
pub(crate) async fn dynamo() -> Store {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        dynoxide::Database::memory().unwrap(),
    ));
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("none", "none", None, None, "test"))
        .http_client(http)
        .build();
    let client = Client::from_conf(config);
    create(&client, "config", &[]).await;
    create(&client, "calls", &["1", "2", "3"]).await;
    Store::of(Dynamo::new(client, "config", "calls"))
}

fn keys(pk: &str, sk: &str) -> Vec<KeySchemaElement> {
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    vec![key(pk, KeyType::Hash), key(sk, KeyType::Range)]
}

async fn create(client: &Client, name: &str, indexes: &[&str]) {
    let mut attributes = vec!["pk".to_owned(), "sk".to_owned()];
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for index in indexes {
        let (pk, sk) = (format!("g{index}pk"), format!("g{index}sk"));
        let projection = Projection::builder()
            .projection_type(ProjectionType::All)
            .build();
        let made = GlobalSecondaryIndex::builder()
            .index_name(format!("gs{index}"))
            .set_key_schema(Some(keys(&pk, &sk)))
            .projection(projection);
        request = request.global_secondary_indexes(made.build().unwrap());
        attributes.extend([pk, sk]);
    }
    for name in attributes {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(attribute.build().unwrap());
    }
    request
        .set_key_schema(Some(keys("pk", "sk")))
        .send()
        .await
        .unwrap();
}

/// Each of these holds of both stores.
macro_rules! both {
    ($($name:ident)+) => {
        mod in_memory { $(#[tokio::test] async fn $name() { super::$name(super::memory()).await; })+ }
        mod on_dynamo { $(#[tokio::test] async fn $name() { super::$name(super::dynamo().await).await; })+ }
    };
}

both! {
    a_bot_is_kept_and_counts_its_changes
    changes_at_once_each_get_a_version
    a_number_finds_its_bot_and_a_bot_its_number
    a_call_begins_once_with_one_bot
    a_final_status_is_never_left
    all_orders_of_four_callbacks_end_the_same
    a_status_before_the_call_is_opened_is_kept
    news_are_kept_once_and_in_order
    records_are_stored_once
    usage_is_counted_once_in_the_month_it_ended
    calls_are_listed_newest_first_page_by_page
    calls_are_listed_by_bot_and_by_status
    resumes_are_counted_by_the_minute
    an_order_to_dial_is_obeyed_once
    an_order_joins_the_call_it_became
}

fn opened(call: u64) -> Opened {
    Opened {
        call: call_sid(call),
        account: account(),
        bot: mesa(),
        from: Party::parse("+15005550001"),
        to: Party::parse(OUR_NUMBER),
        direction: Direction::Inbound,
        status: CallStatus::Ringing,
        now_ms: NOW_MS + call,
    }
}

pub(crate) fn progress(call: u64, status: CallStatus, sequence: Option<u64>) -> Progress {
    Progress {
        call: call_sid(call),
        account: account(),
        status,
        sequence,
        from: Some(Party::parse("+15005550006")),
        to: Some(Party::parse("+15005550001")),
        direction: Some(twilio::webhook::Direction::OutboundApi),
        duration_s: status.is_final().then_some(42),
        sip_response_code: status.is_final().then_some(200),
        answered_by: None,
        timestamp: None,
        now_ms: NOW_MS,
    }
}

async fn entry(store: &Store, call: u64) -> functions::store::CallEntry {
    store.calls.call(&call_sid(call)).await.unwrap().unwrap().0
}

async fn a_bot_is_kept_and_counts_its_changes(store: Store) {
    assert_eq!(store.bots.bot(&mesa().id).await.unwrap(), None);
    let given = Bot {
        version: 77,
        ..mesa()
    };
    assert_eq!(store.bots.put_bot(&given).await.unwrap(), mesa());
    assert_eq!(store.bots.put_bot(&given).await.unwrap().version, 1);
    let changed = Bot {
        greeting: "Ahoy.".to_owned(),
        ..mesa()
    };
    assert_eq!(store.bots.put_bot(&changed).await.unwrap().version, 2);
    assert_eq!(
        store.bots.bot(&mesa().id).await.unwrap().unwrap(),
        Bot {
            version: 2,
            ..changed
        }
    );
    store.bots.reachable().await.unwrap();
}

async fn changes_at_once_each_get_a_version(store: Store) {
    let changes = (0..8).map(|number| {
        let store = store.clone();
        async move {
            store
                .bots
                .put_bot(&Bot {
                    greeting: format!("Hello {number}."),
                    ..mesa()
                })
                .await
                .unwrap()
                .version
        }
    });
    let mut versions = futures_util::future::join_all(changes).await;
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
}

async fn a_number_finds_its_bot_and_a_bot_its_number(store: Store) {
    let (first, second) = (number("+15005550006"), number("+15005550007"));
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), None);
    store.bots.assign(&first, &mesa().id).await.unwrap();
    store.bots.assign(&second, &mesa().id).await.unwrap();
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), Some(mesa().id));
    assert_eq!(
        store.bots.number_of(&mesa().id).await.unwrap(),
        Some(second)
    );
    let other = BotId::new("other").unwrap();
    store.bots.assign(&first, &other).await.unwrap();
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), Some(other));
}

async fn a_call_begins_once_with_one_bot(store: Store) {
    assert_eq!(store.calls.call(&call_sid(1)).await.unwrap(), None);
    assert_eq!(store.calls.open(&opened(1)).await.unwrap(), mesa());
    let later = Opened {
        bot: Bot {
            version: 2,
            ..mesa()
        },
        now_ms: NOW_MS + 9_000,
        ..opened(1)
    };
    assert_eq!(store.calls.open(&later).await.unwrap(), mesa());
    let (entry, bot) = store.calls.call(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!(bot, Some(mesa()));
    assert_eq!((entry.began_ms, entry.bot_version), (NOW_MS + 1, Some(1)));
    assert_eq!(
        (entry.from, entry.to),
        (Some(opened(1).from), Some(opened(1).to))
    );
    assert_eq!(
        (entry.status, entry.direction, entry.account),
        (
            Some(CallStatus::Ringing),
            Some(Direction::Inbound),
            Some(account())
        )
    );
}

async fn a_final_status_is_never_left(store: Store) {
    store.calls.open(&opened(1)).await.unwrap();
    for (status, sequence) in [
        (CallStatus::Completed, Some(3)),
        (CallStatus::InProgress, Some(9)),
        (CallStatus::InProgress, None),
        (CallStatus::Completed, None),
        (CallStatus::NoAnswer, Some(2)),
    ] {
        store
            .calls
            .progressed(&progress(1, status, sequence))
            .await
            .unwrap();
        assert_eq!(entry(&store, 1).await.status, Some(CallStatus::Completed));
    }
    assert_eq!(entry(&store, 1).await.carrier_duration_s, Some(42));
}

const FOUR: [CallStatus; 4] = [
    CallStatus::Initiated,
    CallStatus::Ringing,
    CallStatus::InProgress,
    CallStatus::Completed,
];

/// All orders of the numbers below `count`.
pub(crate) fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![vec![]];
    };
    orders(last)
        .into_iter()
        .flat_map(|order| (0..=last).map(move |at| [&order[..at], &[last], &order[at..]].concat()))
        .collect()
}

async fn all_orders_of_four_callbacks_end_the_same(store: Store) {
    let all = orders(4);
    assert_eq!(all.len(), 24);
    for (call, order) in (100..).zip(all) {
        for at in order.iter().chain(&order) {
            store
                .calls
                .progressed(&progress(call, FOUR[*at], Some(*at as u64)))
                .await
                .unwrap();
        }
        let detail = store.calls.detail(&call_sid(call)).await.unwrap().unwrap();
        assert_eq!(
            detail.entry.status,
            Some(CallStatus::Completed),
            "{order:?}"
        );
        assert_eq!(
            (detail.entry.sequence, detail.entry.sip_response_code),
            (3, Some(200)),
            "{order:?}"
        );
        let names: Vec<_> = detail.news.iter().map(|news| news.name.as_str()).collect();
        assert_eq!(
            names,
            ["initiated", "ringing", "in-progress", "completed"],
            "{order:?}"
        );
    }
    let page = store
        .calls
        .list(&Filter::Status(CallStatus::Completed), 100, None)
        .await
        .unwrap();
    assert_eq!(page.calls.len(), 24);
}

async fn a_status_before_the_call_is_opened_is_kept(store: Store) {
    store
        .calls
        .progressed(&progress(1, CallStatus::InProgress, Some(2)))
        .await
        .unwrap();
    let outbound = Opened {
        direction: Direction::Outbound,
        status: CallStatus::Queued,
        ..opened(1)
    };
    assert_eq!(store.calls.open(&outbound).await.unwrap(), mesa());
    let entry = entry(&store, 1).await;
    assert_eq!(
        (entry.status, entry.began_ms, entry.bot),
        (Some(CallStatus::InProgress), NOW_MS, Some(mesa().id))
    );
    let by_bot = store
        .calls
        .list(&Filter::Bot(mesa().id), 10, None)
        .await
        .unwrap();
    assert_eq!(by_bot.calls.len(), 1);
}

async fn news_are_kept_once_and_in_order(store: Store) {
    let note = |key: &str, answered_by| Note {
        call: call_sid(1),
        key: key.to_owned(),
        news: News {
            name: key.to_owned(),
            detail: String::new(),
            timestamp: None,
        },
        answered_by,
        now_ms: NOW_MS,
    };
    for _ in 0..2 {
        store.calls.noted(&note("b", None)).await.unwrap();
        store
            .calls
            .noted(&note("a", Some(AnsweredBy::MachineStart)))
            .await
            .unwrap();
    }
    let detail = store.calls.detail(&call_sid(1)).await.unwrap().unwrap();
    let names: Vec<_> = detail.news.iter().map(|news| news.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(detail.entry.answered_by, Some(AnsweredBy::MachineStart));
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
    Usage {
        line_ms: 61_000,
        listen_ms: 20_000,
        speak_chars: 400,
        think_input_tokens: 900,
        ..Usage::default()
    }
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

pub(crate) fn batch(call: u64, records: Vec<Numbered>) -> Batch {
    Batch {
        call: call_sid(call),
        account: account(),
        bot: mesa().id,
        bot_version: 1,
        records,
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
    let detail = store.calls.detail(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!(detail.records, [turn(1), turn(2), turn(3)]);
    assert_eq!(
        (detail.entry.records, detail.entry.bot),
        (3, Some(mesa().id))
    );
}

async fn usage_is_counted_once_in_the_month_it_ended(store: Store) {
    let december = 1_798_761_599_999;
    for _ in 0..3 {
        record(&store, &batch(1, vec![turn(1), ended(2, december)])).await;
    }
    record(&store, &batch(0xf, vec![ended(1, december)])).await;
    record(&store, &batch(3, vec![ended(1, december + 1)])).await;
    let cost = PriceTable::list().cost(usage());
    let meter = store
        .calls
        .meter(Month::parse("2026-12").unwrap())
        .await
        .unwrap();
    assert_eq!(
        (meter.calls, meter.line_ms, meter.micro_dollars),
        (2, 122_000, 2 * cost.total_micro_dollars)
    );
    assert_eq!(
        store
            .calls
            .meter(Month::parse("2027-01").unwrap())
            .await
            .unwrap()
            .calls,
        1
    );
    assert_eq!(
        store
            .calls
            .meter(Month::parse("2026-11").unwrap())
            .await
            .unwrap()
            .calls,
        0
    );
    let detail = store.calls.detail(&call_sid(1)).await.unwrap().unwrap();
    let ended = detail.entry.ended.unwrap();
    assert_eq!(
        (ended.reason, ended.duration_ms, ended.cost_micro_dollars),
        (EndReason::CallerLeft, 61_000, cost.total_micro_dollars)
    );
    let receipt = detail.receipt.unwrap();
    assert_eq!((receipt.usage, receipt.cost), (usage(), cost));
}

async fn calls_are_listed_newest_first_page_by_page(store: Store) {
    for call in 1..=7 {
        store.calls.open(&opened(call)).await.unwrap();
    }
    let (mut seen, mut after, mut pages) = (vec![], None, 0);
    loop {
        let page = store
            .calls
            .list(&Filter::All, 3, after.as_deref())
            .await
            .unwrap();
        seen.extend(page.calls.iter().map(|entry| entry.call));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (1..=7).rev().map(call_sid).collect::<Vec<_>>());
    let whole = store.calls.list(&Filter::All, 7, None).await.unwrap();
    assert_eq!((whole.calls.len(), whole.next), (7, None));
}

async fn calls_are_listed_by_bot_and_by_status(store: Store) {
    for call in 1..=4 {
        let bot = Bot {
            id: BotId::new(if call % 2 == 0 { "even" } else { "odd" }).unwrap(),
            ..mesa()
        };
        store
            .calls
            .open(&Opened {
                bot,
                ..opened(call)
            })
            .await
            .unwrap();
    }
    store
        .calls
        .progressed(&progress(1, CallStatus::Completed, Some(3)))
        .await
        .unwrap();
    let listed = async |filter: Filter| {
        let page = store.calls.list(&filter, 10, None).await.unwrap();
        page.calls
            .into_iter()
            .map(|entry| entry.call)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listed(Filter::Bot(BotId::new("odd").unwrap())).await,
        [call_sid(3), call_sid(1)]
    );
    assert_eq!(listed(Filter::Bot(BotId::new("none").unwrap())).await, []);
    assert_eq!(
        listed(Filter::Status(CallStatus::Completed)).await,
        [call_sid(1)]
    );
    assert_eq!(
        listed(Filter::Status(CallStatus::Ringing)).await,
        [call_sid(4), call_sid(3), call_sid(2)]
    );
}

async fn resumes_are_counted_by_the_minute(store: Store) {
    for times in 1..=3 {
        assert_eq!(store.calls.resumed(&call_sid(1), 7).await.unwrap(), times);
    }
    assert_eq!(store.calls.resumed(&call_sid(1), 8).await.unwrap(), 1);
    assert_eq!(store.calls.resumed(&call_sid(2), 7).await.unwrap(), 1);
}

fn dial(key: &str) -> Dial {
    Dial {
        id: DialId::of_key(key),
        fingerprint: "f".to_owned(),
        bot: mesa(),
        to: number("+15005550001"),
        from: number(OUR_NUMBER),
        began_ms: NOW_MS,
        state: DialState::Pending,
        call: None,
    }
}

async fn an_order_to_dial_is_obeyed_once(store: Store) {
    let order = dial("k");
    let begun = (0..20).map(|_| {
        let (store, order) = (store.clone(), order.clone());
        async move { store.dials.begin(&order, NOW_MS).await.unwrap() }
    });
    let begun = futures_util::future::join_all(begun).await;
    assert_eq!(
        begun.iter().filter(|begun| **begun == Begun::New).count(),
        1
    );
    assert!(begun.contains(&Begun::Known(Box::new(order.clone()))));

    let answered = DialState::Answered {
        status: 201,
        body: "{}".to_owned(),
    };
    store.dials.settle(&order.id, &answered).await.unwrap();
    assert_eq!(
        store.dials.begin(&order, NOW_MS).await.unwrap(),
        Begun::Known(Box::new(Dial {
            state: answered,
            ..order.clone()
        }))
    );
    assert_eq!(
        store
            .dials
            .begin(&order, NOW_MS + 86_400_000)
            .await
            .unwrap(),
        Begun::New
    );

    store
        .dials
        .settle(&order.id, &DialState::Free)
        .await
        .unwrap();
    assert_eq!(store.dials.begin(&order, NOW_MS).await.unwrap(), Begun::New);
    assert_eq!(
        store.dials.begin(&dial("another"), NOW_MS).await.unwrap(),
        Begun::New
    );
}

async fn an_order_joins_the_call_it_became(store: Store) {
    let order = dial("k");
    store.dials.joined(&order.id, &call_sid(1)).await.unwrap();
    assert_eq!(store.dials.dial(&order.id).await.unwrap(), None);
    store.dials.begin(&order, NOW_MS).await.unwrap();
    store.dials.joined(&order.id, &call_sid(1)).await.unwrap();
    store.dials.joined(&order.id, &call_sid(2)).await.unwrap();
    assert_eq!(
        store.dials.dial(&order.id).await.unwrap().unwrap().call,
        Some(call_sid(1))
    );
}
