//! Orders to dial.

use functions::store::{Begun, Dial, DialId, DialState};

use super::{Store, both};
use crate::support::*;

both! {
    an_order_to_dial_is_obeyed_once
    an_order_joins_the_call_it_became
    an_order_that_was_given_again_is_not_let_go_by_a_late_write
}

fn dial(key: &str) -> Dial {
    Dial {
        id: DialId::of_key(&tenant(), key),
        fingerprint: "f".to_owned(),
        bot: mesa(),
        to: number("+15005550001"),
        from: number(OUR_NUMBER),
        metadata: std::collections::BTreeMap::default(),
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
    store.dials.settle(&order, &answered).await.unwrap();
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

    store.dials.settle(&order, &DialState::Free).await.unwrap();
    assert_eq!(store.dials.begin(&order, NOW_MS).await.unwrap(), Begun::New);
    assert_eq!(
        store.dials.begin(&dial("another"), NOW_MS).await.unwrap(),
        Begun::New
    );
}

async fn an_order_that_was_given_again_is_not_let_go_by_a_late_write(store: Store) {
    let first = dial("k");
    let again = Dial {
        began_ms: NOW_MS + 1,
        ..first.clone()
    };
    let settle = async |dial: &Dial| {
        let settled = store.dials.settle(dial, &DialState::Free).await;
        settled.unwrap();
        store.dials.dial(&dial.id).await.unwrap().unwrap().state
    };
    store.dials.begin(&first, NOW_MS).await.unwrap();
    assert_eq!(settle(&first).await, DialState::Free);
    let begun = store.dials.begin(&again, NOW_MS + 1).await.unwrap();
    assert_eq!(begun, Begun::New);
    assert_eq!(settle(&first).await, DialState::Pending);
    assert_eq!(settle(&again).await, DialState::Free);
}

async fn an_order_joins_the_call_it_became(store: Store) {
    let order = dial("k");
    store.dials.joined(&order.id, &call_id(1)).await.unwrap();
    assert_eq!(store.dials.dial(&order.id).await.unwrap(), None);
    store.dials.begin(&order, NOW_MS).await.unwrap();
    store.dials.joined(&order.id, &call_id(1)).await.unwrap();
    store.dials.joined(&order.id, &call_id(2)).await.unwrap();
    assert_eq!(
        store.dials.dial(&order.id).await.unwrap().unwrap().call,
        Some(call_id(1))
    );
}
