//! Bots and numbers.

use contract::{Bot, BotId, TenantId};
use twilio::PhoneNumber;

use super::{Store, both};
use crate::support::*;

both! {
    a_bot_is_kept_and_counts_its_changes
    changes_at_once_each_get_a_version
    a_number_finds_its_bot_and_a_bot_its_number
    what_a_tenant_has_no_other_touches
}

async fn a_bot_is_kept_and_counts_its_changes(store: Store) {
    assert_eq!(store.bots.bot(&tenant(), &mesa().id).await.unwrap(), None);
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
        store
            .bots
            .bot(&tenant(), &mesa().id)
            .await
            .unwrap()
            .unwrap(),
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
    let assign = async |number: &PhoneNumber, bot: &BotId| {
        store.bots.assign(number, &tenant(), bot).await.unwrap()
    };
    let whose = |bot: &BotId| Some((tenant(), bot.clone()));
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), None);
    assert!(assign(&first, &mesa().id).await);
    assert!(assign(&second, &mesa().id).await);
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), whose(&mesa().id));
    let from = store.bots.number_of(&tenant(), &mesa().id).await.unwrap();
    assert_eq!(from, Some(second));
    let other = BotId::new("other").unwrap();
    assert!(assign(&first, &other).await);
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), whose(&other));
}

async fn what_a_tenant_has_no_other_touches(store: Store) {
    let (ours, other) = (number(OUR_NUMBER), TenantId::new("other").unwrap());
    store.bots.put_bot(&mesa()).await.unwrap();
    store
        .bots
        .assign(&ours, &tenant(), &mesa().id)
        .await
        .unwrap();
    assert_eq!(store.bots.bot(&other, &mesa().id).await.unwrap(), None);
    let theirs = Bot {
        tenant: other.clone(),
        greeting: "Theirs.".to_owned(),
        ..mesa()
    };
    assert_eq!(store.bots.put_bot(&theirs).await.unwrap().version, 1);
    let kept = store.bots.bot(&tenant(), &mesa().id).await.unwrap();
    assert_eq!(kept, Some(mesa()));
    assert!(!store.bots.assign(&ours, &other, &mesa().id).await.unwrap());
    let whose = store.bots.bot_of(&ours).await.unwrap();
    assert_eq!(whose, Some((tenant(), mesa().id)));
    let from = store.bots.number_of(&other, &mesa().id).await.unwrap();
    assert_eq!(from, None);
}
