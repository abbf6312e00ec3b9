//! Calls, what the carrier tells about them, and lists of them.

use contract::{Bot, BotId, Direction, Source, TenantId};
use functions::store::{CallEntry, Filter, Metadata, News, Note, Opened, Progress};
use twilio::Party;
use twilio::webhook::{AnsweredBy, CallStatus};

use super::{Store, both};
use crate::support::*;

both! {
    a_call_begins_once_with_one_bot
    a_final_status_is_never_left
    all_orders_of_four_callbacks_end_the_same
    a_status_before_the_call_is_opened_is_kept
    news_are_kept_once_and_in_order
    calls_are_listed_newest_first_page_by_page
    calls_are_listed_by_bot_and_by_status
    resumes_are_counted_by_the_minute
    a_call_is_seen_by_its_own_tenant_only
    a_call_stands_in_the_index_of_its_status_whoever_tells_first
}

pub(crate) fn opened(call: u64) -> Opened {
    Opened {
        call: call_id(call),
        account: account(),
        bot: mesa(),
        from: Party::parse("+15005550001"),
        to: Party::parse(OUR_NUMBER),
        direction: Direction::Inbound,
        status: CallStatus::Ringing,
        metadata: Metadata::from([("order".to_owned(), call.to_string())]),
        seat: None,
        source: None,
        now_ms: NOW_MS + call,
    }
}

fn of_bot(bot: BotId) -> Filter {
    Filter {
        bot: Some(bot),
        ..Filter::default()
    }
}

fn of_status(status: CallStatus) -> Filter {
    Filter {
        status: Some(status),
        ..Filter::default()
    }
}

pub(crate) fn progress(call: u64, status: CallStatus, sequence: Option<u64>) -> Progress {
    Progress {
        sequence,
        from: Some(Party::parse("+15005550006")),
        to: Some(Party::parse("+15005550001")),
        direction: Some(twilio::webhook::Direction::OutboundApi),
        duration_s: status.is_final().then_some(42),
        sip_response_code: status.is_final().then_some(200),
        ..Progress::new(call_id(call), account(), status, NOW_MS)
    }
}

pub(crate) async fn entry(store: &Store, call: u64) -> CallEntry {
    store.calls.call(&call_id(call)).await.unwrap().unwrap().0
}

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

const FOUR: [CallStatus; 4] = [
    CallStatus::Initiated,
    CallStatus::Ringing,
    CallStatus::InProgress,
    CallStatus::Completed,
];

async fn a_call_begins_once_with_one_bot(store: Store) {
    assert_eq!(store.calls.call(&call_id(1)).await.unwrap(), None);
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
    let (entry, bot) = store.calls.call(&call_id(1)).await.unwrap().unwrap();
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
        // Whose it is becomes known last.
        store.calls.open(&opened(call)).await.unwrap();
        let detail = store
            .calls
            .detail(&tenant(), &call_id(call))
            .await
            .unwrap()
            .unwrap();
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
        .list(&tenant(), &of_status(CallStatus::Completed), 100, None)
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
        .list(&tenant(), &of_bot(mesa().id), 10, None)
        .await
        .unwrap();
    assert_eq!(by_bot.calls.len(), 1);
}

async fn news_are_kept_once_and_in_order(store: Store) {
    let note = |key: &str, at_ms, answered_by| Note {
        call: call_id(1),
        key: key.to_owned(),
        news: News {
            name: key.to_owned(),
            detail: String::new(),
            timestamp: None,
            at_ms,
            duration_s: None,
            source: Source::default(),
        },
        answered_by,
        now_ms: NOW_MS,
    };
    for _ in 0..2 {
        store.calls.noted(&note("b", 1, None)).await.unwrap();
        store
            .calls
            .noted(&note("a", 2, Some(AnsweredBy::MachineStart)))
            .await
            .unwrap();
    }
    store.calls.open(&opened(1)).await.unwrap();
    let detail = store
        .calls
        .detail(&tenant(), &call_id(1))
        .await
        .unwrap()
        .unwrap();
    let names: Vec<_> = detail.news.iter().map(|news| news.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(detail.entry.answered_by, Some(AnsweredBy::MachineStart));
}

async fn calls_are_listed_newest_first_page_by_page(store: Store) {
    for call in 1..=7 {
        store.calls.open(&opened(call)).await.unwrap();
    }
    let (mut seen, mut after, mut pages) = (vec![], None, 0);
    loop {
        let page = store
            .calls
            .list(&tenant(), &Filter::default(), 3, after.as_deref())
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
    assert_eq!(seen, (1..=7).rev().map(call_id).collect::<Vec<_>>());
    let whole = store
        .calls
        .list(&tenant(), &Filter::default(), 7, None)
        .await
        .unwrap();
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
        let page = store
            .calls
            .list(&tenant(), &filter, 10, None)
            .await
            .unwrap();
        page.calls
            .into_iter()
            .map(|entry| entry.call)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listed(of_bot(BotId::new("odd").unwrap())).await,
        [call_id(3), call_id(1)]
    );
    assert_eq!(listed(of_bot(BotId::new("none").unwrap())).await, []);
    assert_eq!(listed(of_status(CallStatus::Completed)).await, [call_id(1)]);
    assert_eq!(
        listed(of_status(CallStatus::Ringing)).await,
        [call_id(4), call_id(3), call_id(2)]
    );
}

async fn resumes_are_counted_by_the_minute(store: Store) {
    for times in 1..=3 {
        assert_eq!(store.calls.resumed(&call_id(1), 7).await.unwrap(), times);
    }
    assert_eq!(store.calls.resumed(&call_id(1), 8).await.unwrap(), 1);
    assert_eq!(store.calls.resumed(&call_id(2), 7).await.unwrap(), 1);
}

async fn a_call_is_seen_by_its_own_tenant_only(store: Store) {
    let other = TenantId::new("other").unwrap();
    let theirs = Opened {
        bot: Bot {
            tenant: other.clone(),
            ..mesa()
        },
        ..opened(2)
    };
    store.calls.open(&opened(1)).await.unwrap();
    store.calls.open(&theirs).await.unwrap();
    for (tenant, call) in [(tenant(), 1), (other, 2)] {
        for filter in [
            Filter::default(),
            of_bot(mesa().id),
            of_status(CallStatus::Ringing),
        ] {
            let page = store.calls.list(&tenant, &filter, 10, None).await.unwrap();
            let listed: Vec<_> = page.calls.iter().map(|entry| entry.call).collect();
            assert_eq!(listed, [call_id(call)], "{filter:?}");
        }
        let seen = async |call| store.calls.detail(&tenant, &call_id(call)).await.unwrap();
        assert!(seen(call).await.is_some());
        assert!(seen(3 - call).await.is_none());
    }
}

/// The carrier's callback and the call's opening, at once: the index must follow the status all the same.
async fn a_call_stands_in_the_index_of_its_status_whoever_tells_first(store: Store) {
    for call in 1..=20 {
        let (opened, told) = (
            opened(call),
            progress(call, CallStatus::InProgress, Some(2)),
        );
        let (open, tell) = tokio::join!(store.calls.open(&opened), store.calls.progressed(&told));
        open.unwrap();
        tell.unwrap();
    }
    let listed = async |status| {
        let filter = of_status(status);
        let page = store.calls.list(&tenant(), &filter, 100, None).await;
        page.unwrap().calls.len()
    };
    assert_eq!(listed(CallStatus::InProgress).await, 20);
    assert_eq!(listed(CallStatus::Ringing).await, 0);
}
