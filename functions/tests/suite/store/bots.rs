//! Bots and numbers.

use contract::{Bot, BotId, TenantId};
use functions::store::{Assigned, Claim, Deleted};
use twilio::PhoneNumber;

use super::{Store, both};
use crate::support::*;

both! {
    a_bot_is_kept_and_counts_its_changes
    of_many_who_make_a_bot_at_once_one_does
    a_bot_is_replaced_only_as_it_was_read
    changes_at_once_each_get_a_version
    a_number_finds_its_bot_and_a_bot_its_number
    what_a_tenant_has_no_other_touches
    a_bot_in_use_stays_and_a_deleted_one_gets_no_number
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

async fn of_many_who_make_a_bot_at_once_one_does(store: Store) {
    let makers = (0..8).map(|number| {
        let store = store.clone();
        async move {
            let bot = Bot {
                greeting: format!("Hello {number}."),
                ..mesa()
            };
            store.bots.replace_bot(None, &bot).await.unwrap()
        }
    });
    let made = futures_util::future::join_all(makers).await;
    let made: Vec<Bot> = made.into_iter().flatten().collect();
    let kept = store.bots.bot(&tenant(), &mesa().id).await.unwrap();
    assert_eq!((made.len(), made.first()), (1, kept.as_ref()));
    assert_eq!(kept.unwrap().version, 1);
}

async fn a_bot_is_replaced_only_as_it_was_read(store: Store) {
    let replace = async |known: Option<&Bot>, greeting: &str| {
        let next = Bot {
            greeting: greeting.to_owned(),
            ..mesa()
        };
        store.bots.replace_bot(known, &next).await.unwrap()
    };
    assert_eq!(replace(Some(&mesa()), "Early.").await, None);
    let first = replace(None, "One.").await.unwrap();
    let second = replace(Some(&first), "Two.").await.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    // Nothing new is no new version.
    assert_eq!(replace(Some(&second), "Two.").await, Some(second));
    assert_eq!(replace(Some(&first), "Late.").await, None);
    assert_eq!(replace(None, "Late.").await, None);
    let kept = store.bots.bot(&tenant(), &mesa().id).await.unwrap();
    assert_eq!(kept.unwrap().greeting, "Two.");
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
    let (mesa, other) = (mesa().id, BotId::new("other").unwrap());
    let assign = async |number: &PhoneNumber, bot: &BotId, at_ms| {
        let assigned = store
            .bots
            .assign(number, &tenant(), bot, Claim::Free, at_ms)
            .await;
        assigned.unwrap()
    };
    let whose = |bot: &BotId| Some((tenant(), bot.clone()));
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), None);
    assert_eq!(assign(&first, &mesa, 1).await, Assigned::NoBot);
    for id in [&mesa, &other] {
        let bot = Bot {
            id: id.clone(),
            ..Bot::default()
        };
        store.bots.put_bot(&bot).await.unwrap();
    }
    // Who may not take what nobody has, may move what the tenant has.
    let move_own = async |bot: &BotId| {
        let (bots, tenant) = (&store.bots, tenant());
        let moved = bots.assign(&second, &tenant, bot, Claim::Own, 1).await;
        moved.unwrap()
    };
    assert_eq!(move_own(&mesa).await, Assigned::Unclaimed);
    assert_eq!(store.bots.bot_of(&second).await.unwrap(), None);
    assert_eq!(assign(&second, &other, 1).await, Assigned::Done);
    assert_eq!(move_own(&mesa).await, Assigned::Done);
    // The last one it was given is the one it dials from, whatever its digits.
    assert_eq!(assign(&second, &mesa, 1).await, Assigned::Done);
    assert_eq!(assign(&first, &mesa, 2).await, Assigned::Done);
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), whose(&mesa));
    let from = store.bots.number_of(&tenant(), &mesa).await.unwrap();
    assert_eq!(from.as_ref(), Some(&first));
    assert_eq!(assign(&first, &other, 3).await, Assigned::Done);
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), whose(&other));
    let from = store.bots.number_of(&tenant(), &mesa).await.unwrap();
    assert_eq!(from.as_ref(), Some(&second));
    let listed = async |limit, after| {
        let numbers = store.bots.numbers(&tenant(), limit, after).await;
        numbers.unwrap()
    };
    let both = [(mesa.clone(), second.clone()), (other, first.clone())];
    assert_eq!(listed(10, None).await, both);
    assert_eq!(listed(1, None).await, both[..1]);
    assert_eq!(listed(10, Some((&mesa, &second))).await, both[1..]);
    assert!(store.bots.release(&first, &tenant()).await.unwrap());
    assert!(!store.bots.release(&first, &tenant()).await.unwrap());
    assert_eq!(store.bots.bot_of(&first).await.unwrap(), None);
    assert_eq!(listed(10, None).await, both[..1]);
}

async fn what_a_tenant_has_no_other_touches(store: Store) {
    let (ours, other) = (number(OUR_NUMBER), TenantId::new("other").unwrap());
    store.bots.put_bot(&mesa()).await.unwrap();
    let assign = async |tenant: &TenantId| {
        let (bots, id) = (&store.bots, mesa().id);
        let assigned = bots.assign(&ours, tenant, &id, Claim::Free, NOW_MS).await;
        assigned.unwrap()
    };
    assert_eq!(assign(&tenant()).await, Assigned::Done);
    assert_eq!(store.bots.bot(&other, &mesa().id).await.unwrap(), None);
    let theirs = Bot {
        tenant: other.clone(),
        greeting: "Theirs.".to_owned(),
        ..mesa()
    };
    assert_eq!(store.bots.put_bot(&theirs).await.unwrap().version, 1);
    let kept = store.bots.bot(&tenant(), &mesa().id).await.unwrap();
    assert_eq!(kept, Some(mesa()));
    assert_eq!(assign(&other).await, Assigned::Taken);
    assert!(!store.bots.release(&ours, &other).await.unwrap());
    let whose = store.bots.bot_of(&ours).await.unwrap();
    assert_eq!(whose, Some((tenant(), mesa().id)));
    let from = store.bots.number_of(&other, &mesa().id).await.unwrap();
    assert_eq!(from, None);
    let listed = store.bots.bots(&other, 10, None).await.unwrap();
    assert_eq!(listed, [theirs]);
    let deleted = store.bots.delete_bot(&other, &mesa().id).await.unwrap();
    assert_eq!(deleted, Deleted::Done);
    assert!(
        store
            .bots
            .bot(&tenant(), &mesa().id)
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_bot_in_use_stays_and_a_deleted_one_gets_no_number(store: Store) {
    store.bots.put_bot(&mesa()).await.unwrap();
    let (bots, id) = (store.bots.clone(), mesa().id);
    let assign = async |at_ms| {
        bots.assign(&number(OUR_NUMBER), &tenant(), &id, Claim::Free, at_ms)
            .await
    };
    let delete = async || bots.delete_bot(&tenant(), &id).await;
    assert_eq!(assign(1).await.unwrap(), Assigned::Done);
    assert_eq!(delete().await.unwrap(), Deleted::InUse);
    bots.release(&number(OUR_NUMBER), &tenant()).await.unwrap();
    // At once: either the bot stays and has the number, or it goes and has none.
    let (assigned, deleted) = tokio::join!(assign(2), delete());
    let answers = bots.bot_of(&number(OUR_NUMBER)).await.unwrap().is_some();
    let stays = bots.bot(&tenant(), &id).await.unwrap().is_some();
    assert_eq!(answers, stays);
    assert_eq!(answers, assigned.unwrap() == Assigned::Done);
    assert_eq!(stays, deleted.unwrap() != Deleted::Done);
}
