//! What is to be told: kept once, tried by one at a time, settled once.

use contract::TenantId;
use functions::hook::{Happening, HookId};
use functions::store::{Delivery, DeliveryState};

use super::{Store, both};
use crate::support::*;

both! {
    an_event_is_kept_once_and_tried_by_one_at_a_time
    what_was_delivered_stays_so_until_somebody_asks_again
    deliveries_are_listed_by_tenant_newest_first
}

fn id(call: u64, happening: Happening) -> HookId {
    HookId {
        call: call_id(call),
        happening,
    }
}

async fn told(store: &Store, call: u64, happening: Happening, now_ms: u64) -> Delivery {
    let delivery = Delivery::new(id(call, happening), tenant(), now_ms);
    store.outbox.tell(&delivery).await.unwrap()
}

async fn an_event_is_kept_once_and_tried_by_one_at_a_time(store: Store) {
    let first = told(&store, 1, Happening::Ended, NOW_MS).await;
    assert_eq!(told(&store, 1, Happening::Ended, NOW_MS + 9).await, first);
    let id = first.id;
    let attempt = async |round: u32, now_ms: u64| {
        let begun = store.outbox.attempt(&id, round, now_ms, now_ms + 30_000);
        begun.await.unwrap().map(|delivery| delivery.attempts)
    };
    assert_eq!(attempt(1, NOW_MS).await, Some(1));
    assert_eq!(attempt(1, NOW_MS + 29_999).await, None);
    assert_eq!(attempt(2, NOW_MS + 30_000).await, None);
    assert_eq!(attempt(1, NOW_MS + 30_000).await, Some(2));
    let outbox = &store.outbox;
    let failed = outbox.attempted(&id, 1, DeliveryState::Pending, "503", NOW_MS + 30_001);
    failed.await.unwrap();
    assert_eq!(attempt(1, NOW_MS + 30_002).await, Some(3));
    store.outbox.reminded(&id, 7).await.unwrap();
    assert!(!outbox.delivery(&id).await.unwrap().unwrap().reminded);
    store.outbox.reminded(&id, 1).await.unwrap();
    let known = outbox.delivery(&id).await.unwrap().unwrap();
    assert_eq!(
        (known.reminded, known.last.as_deref(), known.last_ms),
        (true, Some("503"), Some(NOW_MS + 30_001))
    );
}

async fn what_was_delivered_stays_so_until_somebody_asks_again(store: Store) {
    let id = told(&store, 1, Happening::Started, NOW_MS).await.id;
    let settle = async |round: u32, state: DeliveryState| {
        let settled = store.outbox.attempted(&id, round, state, "200", NOW_MS);
        settled.await.unwrap();
        store.outbox.delivery(&id).await.unwrap().unwrap().state
    };
    let (delivered, given_up) = (DeliveryState::Delivered, DeliveryState::GivenUp);
    assert_eq!(settle(1, delivered).await, delivered);
    assert_eq!(settle(1, given_up).await, delivered);
    let begun = store.outbox.attempt(&id, 1, NOW_MS, NOW_MS + 1).await;
    assert_eq!(begun.unwrap(), None);
    let other = TenantId::new("other").unwrap();
    let again = async |tenant: &TenantId| store.outbox.again(tenant, &id, NOW_MS + 5).await;
    assert_eq!(again(&other).await.unwrap(), None);
    let anew = again(&tenant()).await.unwrap().unwrap();
    assert_eq!(
        (anew.round, anew.state, anew.round_ms, anew.reminded),
        (2, DeliveryState::Pending, NOW_MS + 5, false)
    );
    // An answer to the first round comes late.
    assert_eq!(settle(1, given_up).await, DeliveryState::Pending);
    assert_eq!(settle(2, delivered).await, delivered);
}

async fn deliveries_are_listed_by_tenant_newest_first(store: Store) {
    for call in 1..=3 {
        told(&store, call, Happening::Started, NOW_MS + call).await;
    }
    let other = TenantId::new("other").unwrap();
    let theirs = Delivery::new(id(9, Happening::Ended), other.clone(), NOW_MS);
    store.outbox.tell(&theirs).await.unwrap();
    let list = async |tenant: &TenantId, after: Option<&str>| {
        let page = store.outbox.deliveries(tenant, 2, after).await.unwrap();
        let calls: Vec<_> = page.hooks.iter().map(|hook| hook.id.call).collect();
        (calls, page.next)
    };
    let (calls, next) = list(&tenant(), None).await;
    assert_eq!(calls, [call_id(3), call_id(2)]);
    let (calls, next) = list(&tenant(), next.as_deref()).await;
    assert_eq!((calls, next), (vec![call_id(1)], None));
    assert_eq!(list(&other, None).await.0, [call_id(9)]);
}
