//! Money and places: counted once each, whoever comes at the same time.

use contract::{BotId, TenantId};
use functions::store::{Seat, Sitter, Spent};

use super::{Store, both};
use crate::support::*;

both! {
    what_a_call_costs_is_added_to_its_day_once
    many_calls_at_once_spend_exactly_what_they_cost
    a_place_is_kept_by_who_has_it_and_never_given_twice
    a_place_tells_since_when_it_is_taken_and_is_taken_away_only_as_it_was_seen
    never_more_calls_than_places
}

fn other_bot() -> BotId {
    BotId::new("dawn").unwrap()
}

async fn spent(store: &Store, tenant: &TenantId, now_ms: u64) -> Spent {
    store.money.spent(tenant, now_ms).await.unwrap()
}

async fn what_a_call_costs_is_added_to_its_day_once(store: Store) {
    let midnight = NOW_MS + 12 * 3_600_000;
    let spend = async |call: u64, bot: &BotId, so_far: u64, now_ms: u64| {
        let call = call_id(call);
        let whose = tenant();
        let counted = store.money.spend(&whose, bot, &call, so_far, now_ms);
        counted.await.unwrap()
    };
    for (so_far, added) in [(100, 100), (100, 0), (250, 150), (200, 0)] {
        assert_eq!(spend(1, &mesa().id, so_far, NOW_MS).await, added);
    }
    spend(2, &other_bot(), 40, NOW_MS).await;
    // Only what is new counts on the next day.
    spend(1, &mesa().id, 300, midnight).await;
    let day = spent(&store, &tenant(), NOW_MS).await;
    assert_eq!(day.total, 290);
    assert_eq!((day.bots[&mesa().id], day.bots[&other_bot()]), (250, 40));
    assert_eq!(spent(&store, &tenant(), midnight).await.total, 50);
    let other = TenantId::new("other").unwrap();
    assert_eq!(spent(&store, &other, NOW_MS).await, Spent::default());
}

async fn many_calls_at_once_spend_exactly_what_they_cost(store: Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for so_far in 1..=10 {
        for call in 1..=4 {
            let money = store.money.clone();
            tasks.spawn(async move {
                let call = call_id(call);
                let (whose, bot) = (tenant(), mesa().id);
                let counted = money.spend(&whose, &bot, &call, so_far * 7, NOW_MS);
                counted.await.unwrap()
            });
        }
    }
    let mut added = 0;
    while let Some(done) = tasks.join_next().await {
        added += done.unwrap();
    }
    assert_eq!(added, 4 * 70);
    assert_eq!(spent(&store, &tenant(), NOW_MS).await.total, 4 * 70);
}

fn seat(who: &str, tenant_max: u32, bot_max: u32) -> Seat {
    Seat {
        tenant: tenant(),
        bot: mesa().id,
        who: who.to_owned(),
        tenant_max,
        bot_max,
        now_ms: NOW_MS,
    }
}

fn sitter(who: &str, since_ms: u64) -> Sitter {
    Sitter {
        since_ms,
        who: who.to_owned(),
    }
}

async fn a_place_is_kept_by_who_has_it_and_never_given_twice(store: Store) {
    let sit = async |seat: Seat| store.money.sit(&seat).await.unwrap();
    assert_eq!(sit(seat("a", 2, 1)).await, Ok(()));
    assert_eq!(sit(seat("a", 2, 1)).await, Ok(()));
    assert_eq!(sit(seat("b", 2, 1)).await, Err(vec![sitter("a", NOW_MS)]));
    let elsewhere = Seat {
        bot: other_bot(),
        ..seat("b", 2, 1)
    };
    assert_eq!(sit(elsewhere).await, Ok(()));
    // The tenant's places are all taken, and the bot's own is given back.
    let third = Seat {
        bot: BotId::new("dusk").unwrap(),
        ..seat("c", 2, 1)
    };
    let taken = sit(third.clone()).await.unwrap_err();
    assert_eq!(taken, [sitter("a", NOW_MS), sitter("b", NOW_MS)]);
    store.money.rise(&tenant(), &mesa().id, "a").await.unwrap();
    store.money.rise(&tenant(), &mesa().id, "a").await.unwrap();
    assert_eq!(sit(third).await, Ok(()));
    assert_eq!(sit(seat("any", 0, 0)).await, Ok(()));
}

async fn a_place_tells_since_when_it_is_taken_and_is_taken_away_only_as_it_was_seen(store: Store) {
    let at = |who: &str, now_ms: u64| Seat {
        now_ms,
        ..seat(who, 2, 2)
    };
    let sit = async |seat: Seat| store.money.sit(&seat).await.unwrap();
    let (whose, bot) = (tenant(), mesa().id);
    let evict = async |seen: &Sitter| {
        let evicted = store.money.evict(&whose, &bot, seen);
        evicted.await.unwrap();
    };
    assert_eq!(sit(at("late", NOW_MS + 5)).await, Ok(()));
    assert_eq!(sit(at("early", NOW_MS)).await, Ok(()));
    let seen = sit(at("third", NOW_MS + 9)).await.unwrap_err();
    assert_eq!(seen, [sitter("early", NOW_MS), sitter("late", NOW_MS + 5)]);
    // It asks again before it is turned out, and so keeps its place.
    assert_eq!(sit(at("early", NOW_MS + 10)).await, Ok(()));
    evict(&seen[0]).await;
    let seen = sit(at("third", NOW_MS + 11)).await.unwrap_err();
    assert_eq!(
        seen,
        [sitter("late", NOW_MS + 5), sitter("early", NOW_MS + 10)]
    );
    evict(&seen[0]).await;
    evict(&seen[0]).await;
    assert_eq!(sit(at("third", NOW_MS + 12)).await, Ok(()));
    assert!(sit(at("fourth", NOW_MS + 13)).await.is_err());
}

async fn never_more_calls_than_places(store: Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for who in 0..40 {
        let money = store.money.clone();
        let seat = seat(&format!("call-{who}"), 9, 7);
        tasks.spawn(async move { money.sit(&seat).await.unwrap().is_ok() });
    }
    let mut seated = 0;
    while let Some(sat) = tasks.join_next().await {
        seated += usize::from(sat.unwrap());
    }
    assert_eq!(seated, 7);
}
