//! Tenants, keys and counts.

use aws_sdk_dynamodb::types::AttributeValue;
use contract::TenantId;
use functions::account::{Key, KeyText, Scope, Tenant};
use functions::store::Deleted;

use super::{Store, both, dynamo_and_client};
use crate::support::*;

both! {
    a_tenant_is_made_once_and_changed
    keys_are_a_tenants_own_and_stay_revoked
    what_is_counted_is_never_more_than_allowed
}

fn named(name: &str) -> Tenant {
    Tenant::unnamed(TenantId::new(name).unwrap())
}

fn key(of: &TenantId, byte: u8) -> Key {
    let text = KeyText::new([byte; 40]);
    Key {
        id: text.id().clone(),
        tenant: of.clone(),
        name: "test".to_owned(),
        scopes: [Scope::Talk].into(),
        hash: text.hash(),
        created_ms: NOW_MS,
        used_ms: None,
        revoked_ms: None,
    }
}

async fn a_tenant_is_made_once_and_changed(store: Store) {
    let accounts = &store.accounts;
    for tenant in [named("b"), named("a"), named("c")] {
        assert!(accounts.replace_tenant(None, &tenant).await.unwrap());
    }
    let changed = Tenant {
        name: "A".to_owned(),
        ..named("a")
    };
    assert!(!accounts.replace_tenant(None, &changed).await.unwrap());
    let late = accounts.replace_tenant(Some(&named("b")), &changed).await;
    assert!(!late.unwrap());
    assert_eq!(
        accounts.tenant(&changed.id).await.unwrap(),
        Some(named("a"))
    );
    let replaced = accounts.replace_tenant(Some(&named("a")), &changed).await;
    assert!(replaced.unwrap());
    let two = accounts.tenants(2, None).await.unwrap();
    assert_eq!(two, [changed.clone(), named("b")]);
    let rest = accounts.tenants(9, Some(&named("b").id)).await.unwrap();
    assert_eq!(rest, [named("c")]);

    let bot = contract::Bot {
        tenant: changed.id.clone(),
        ..mesa()
    };
    store.bots.put_bot(&bot).await.unwrap();
    let delete = async || accounts.delete_tenant(&changed.id, NOW_MS).await.unwrap();
    assert_eq!(delete().await, Deleted::InUse);
    store.bots.delete_bot(&changed.id, &bot.id).await.unwrap();
    assert_eq!(delete().await, Deleted::Done);
    assert_eq!(delete().await, Deleted::Missing);

    // It is nowhere to be seen, and its id is nobody's for ever.
    assert_eq!(accounts.tenant(&changed.id).await.unwrap(), None);
    let anew = accounts.replace_tenant(None, &named("a")).await;
    assert!(!anew.unwrap());
    let late = accounts.replace_tenant(Some(&changed), &named("a")).await;
    assert!(!late.unwrap());
    assert_eq!(accounts.tenant(&changed.id).await.unwrap(), None);
    // Pages of a list are full nevertheless.
    let one = accounts.tenants(1, None).await.unwrap();
    assert_eq!(one, [named("b")]);
    let two = accounts.tenants(2, None).await.unwrap();
    assert_eq!(two, [named("b"), named("c")]);
    let all = accounts.tenants(9, None).await.unwrap();
    assert_eq!(all, two);
}

async fn keys_are_a_tenants_own_and_stay_revoked(store: Store) {
    let accounts = &store.accounts;
    let (ours, theirs) = (tenant(), TenantId::new("other").unwrap());
    let (first, second, foreign) = (key(&ours, 1), key(&ours, 2), key(&theirs, 3));
    for key in [&second, &first, &foreign] {
        accounts.create_key(key).await.unwrap();
    }
    assert_eq!(accounts.key(&first.id).await.unwrap(), Some(first.clone()));
    let listed = async |after| accounts.keys(&ours, 9, after).await.unwrap();
    assert_eq!(listed(None).await, [first.clone(), second.clone()]);
    assert_eq!(listed(Some(&first.id)).await, [second]);
    let rename = async |key: &Key| {
        let changed = accounts.change_key(&ours, &key.id, Some("renamed"), None);
        changed.await.unwrap()
    };
    assert_eq!(rename(&foreign).await, None);
    let renamed = first.clone().changed(Some("renamed"), None);
    assert_eq!(rename(&first).await, Some(renamed.clone()));
    assert_eq!(accounts.key(&first.id).await.unwrap(), Some(renamed));
    assert!(!accounts.revoke(&ours, &foreign.id, NOW_MS).await.unwrap());
    accounts.used(&first.id, NOW_MS + 1).await.unwrap();
    for at_ms in [NOW_MS + 2, NOW_MS + 3] {
        assert!(accounts.revoke(&ours, &first.id, at_ms).await.unwrap());
    }
    let kept = accounts.key(&first.id).await.unwrap().unwrap();
    assert_eq!(
        (kept.used_ms, kept.revoked_ms),
        (Some(NOW_MS + 1), Some(NOW_MS + 2))
    );
    assert!(kept.fits(&KeyText::new([1; 40])) && !kept.fits(&KeyText::new([2; 40])));

    accounts
        .replace_tenant(None, &named("other"))
        .await
        .unwrap();
    accounts.delete_tenant(&theirs, NOW_MS).await.unwrap();
    let kept = accounts.key(&foreign.id).await.unwrap().unwrap();
    assert_eq!(kept.revoked_ms, Some(NOW_MS));
}

#[tokio::test]
async fn an_entry_whose_key_was_never_made_hides_no_later_page() {
    let (store, client) = dynamo_and_client().await;
    let mut keys: Vec<Key> = (1..=5).map(|byte| key(&tenant(), byte)).collect();
    keys.sort_by(|one, other| one.id.cmp(&other.id));
    // As an interrupted version left it: the second and third are on the list, and are no keys.
    for orphan in keys.drain(1..3) {
        let text = |text: String| AttributeValue::S(text);
        let put = client
            .put_item()
            .table_name("config")
            .item("pk", text(format!("TEN#{}", tenant())))
            .item("sk", text(format!("KEY#{}", orphan.id)));
        put.send().await.unwrap();
    }
    for key in &keys {
        store.accounts.create_key(key).await.unwrap();
    }
    let page = async |limit, after: Option<&Key>| {
        let after = after.map(|key| &key.id);
        store.accounts.keys(&tenant(), limit, after).await.unwrap()
    };
    assert_eq!(page(2, None).await, keys[..2]);
    assert_eq!(page(2, Some(&keys[0])).await, keys[1..]);
    assert_eq!(page(9, None).await, keys);
    assert_eq!(page(2, Some(&keys[2])).await, []);
    // Neither is made twice.
    assert!(store.accounts.create_key(&keys[0]).await.is_err());
}

async fn what_is_counted_is_never_more_than_allowed(store: Store) {
    let at_once = (0..20).map(|_| {
        let accounts = store.accounts.clone();
        async move {
            accounts
                .count("key:1", "calls", 7, 1, Some(5))
                .await
                .unwrap()
        }
    });
    let counted = futures_util::future::join_all(at_once).await;
    let mut allowed: Vec<u32> = counted.into_iter().flatten().collect();
    allowed.sort_unstable();
    assert_eq!(allowed, [1, 2, 3, 4, 5]);
    let count = async |subject, minute, times, max| {
        let counted = store.accounts.count(subject, "calls", minute, times, max);
        counted.await.unwrap()
    };
    assert_eq!(count("key:1", 7, 1, None).await, Some(6));
    assert_eq!(count("key:1", 8, 3, Some(2)).await, None);
    assert_eq!(count("key:2", 7, 3, Some(3)).await, Some(3));
    assert_eq!(count("key:2", 7, 1, Some(0)).await, None);
    let counted = store.accounts.counted("key:1", "calls", 7).await.unwrap();
    assert_eq!(counted, 6);
    let none = store.accounts.counted("key:1", "calls", 9).await.unwrap();
    assert_eq!(none, 0);
}
