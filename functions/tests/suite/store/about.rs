//! What is looked for among calls, said about them, and concluded.

use contract::{Direction, TenantId};
use functions::store::{Filter, Opened, Progress};
use twilio::webhook::CallStatus;

use super::calls::{entry, opened, progress};
use super::{Store, both};
use crate::support::*;

both! {
    all_filters_hold_at_once_page_by_page
    a_note_and_metadata_stay_with_their_tenants_call
    a_concluded_end_gives_way_to_a_told_one
}

async fn all_filters_hold_at_once_page_by_page(store: Store) {
    for call in 1..=12 {
        let direction = if call % 2 == 0 {
            Direction::Inbound
        } else {
            Direction::Outbound
        };
        let began = Opened {
            direction,
            now_ms: NOW_MS + call * 1_000,
            ..opened(call)
        };
        store.calls.open(&began).await.unwrap();
        if call > 6 {
            let done = progress(call, CallStatus::Completed, Some(3));
            store.calls.progressed(&done).await.unwrap();
        }
    }
    let filter = Filter {
        bot: Some(mesa().id),
        status: Some(CallStatus::Completed),
        direction: Some(Direction::Inbound),
        from_ms: Some(NOW_MS + 8_000),
        to_ms: Some(NOW_MS + 12_000),
    };
    for filter in [
        filter.clone(),
        Filter {
            bot: None,
            ..filter.clone()
        },
    ] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store
                .calls
                .list(&tenant(), &filter, 1, after.as_deref())
                .await
                .unwrap();
            found.extend(page.calls.iter().map(|entry| entry.call));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, [call_id(10), call_id(8)]);
    }
    let never = Filter {
        from_ms: Some(NOW_MS + 5_000),
        to_ms: Some(NOW_MS + 5_000),
        ..Filter::default()
    };
    let page = store.calls.list(&tenant(), &never, 9, None).await.unwrap();
    assert_eq!(page.calls, []);
}

async fn a_note_and_metadata_stay_with_their_tenants_call(store: Store) {
    store.calls.open(&opened(1)).await.unwrap();
    let other = TenantId::new("other").unwrap();
    let annotate = async |tenant: &TenantId, call: u64| {
        let call = call_id(call);
        store
            .calls
            .annotate(tenant, &call, "call back")
            .await
            .unwrap()
    };
    assert!(!annotate(&other, 1).await);
    assert!(!annotate(&tenant(), 2).await);
    assert!(annotate(&tenant(), 1).await);
    assert!(store.calls.call(&call_id(2)).await.unwrap().is_none());
    let entry = entry(&store, 1).await;
    assert_eq!(
        (entry.note.as_str(), &entry.metadata),
        ("call back", &opened(1).metadata)
    );
}

async fn a_concluded_end_gives_way_to_a_told_one(store: Store) {
    store.calls.open(&opened(1)).await.unwrap();
    let concluded = Progress {
        inferred: true,
        duration_s: None,
        ..progress(1, CallStatus::Completed, None)
    };
    store.calls.progressed(&concluded).await.unwrap();
    let known = entry(&store, 1).await;
    assert_eq!(
        (known.status, known.inferred),
        (Some(CallStatus::Completed), true)
    );
    let told = progress(1, CallStatus::Failed, Some(3));
    store.calls.progressed(&told).await.unwrap();
    store.calls.progressed(&concluded).await.unwrap();
    let known = entry(&store, 1).await;
    assert_eq!(
        (known.status, known.inferred, known.carrier_duration_s),
        (Some(CallStatus::Failed), false, Some(42))
    );
}
