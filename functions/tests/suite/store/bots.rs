//! Bots and numbers.

use contract::{Bot, BotId};

use super::{Store, both};
use crate::support::*;

both! {
    a_bot_is_kept_and_counts_its_changes
    changes_at_once_each_get_a_version
    a_number_finds_its_bot_and_a_bot_its_number
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
