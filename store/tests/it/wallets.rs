//! A wallet belongs to one user, whatever its spelling and whatever attributes say
//! (docs/regressions.md S7, S9).

use components::{AttributeId, AttributeTarget, ids};
use serde_json::{Value, json};
use store::{NewUser, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, TYPES, core, map, on_both};

on_both!(
    a_wallet_is_unique_whatever_its_case,
    a_planted_attribute_captures_nobody,
    wallets_keep_order_and_spelling,
    the_last_wallet_stays,
    no_text_is_too_odd_to_ask_for,
    parallel_logins_make_one_account,
    a_guest_with_a_wallet_is_no_guest,
);

const FIRST: &str = "0xAbCdEf0123456789aBcDeF0123456789AbCdEf01";
const SECOND: &str = "0x00000000000000000000000000000000000000aA";
const THIRD: &str = "0x00000000000000000000000000000000000000Bb";

fn new_user(wallet: &str) -> NewUser {
    NewUser {
        id: Uuid::now_v7(),
        user_type: ids::NORMAL_USER_TYPE,
        profile: map(json!({ "name": "" })),
        wallet: Some(wallet.to_owned()),
    }
}

fn wallet_attribute() -> AttributeId {
    AttributeId {
        plugin: ids::WALLET_PLUGIN,
        name: "wallet".to_owned(),
    }
}

async fn a_wallet_is_unique_whatever_its_case(fixture: Fixture) {
    let store = &fixture.store;
    let owner = store.insert_user(&new_user(FIRST)).await.unwrap();
    assert_eq!(owner.wallets, [FIRST]);
    for spelling in [FIRST.to_owned(), FIRST.to_lowercase(), FIRST.to_uppercase()] {
        assert_eq!(
            store.user_by_wallet(&spelling).await.unwrap(),
            Some(owner.id)
        );
        let thief = new_user(&spelling);
        assert!(matches!(
            store.insert_user(&thief).await,
            Err(StoreError::WalletTaken)
        ));
        assert_eq!(
            store.user(thief.id).await.unwrap(),
            None,
            "no account without its wallet"
        );
        let other = fixture.user().await;
        for user in [other, owner.id] {
            assert!(matches!(
                store.attach_wallet(user, &spelling, TYPES).await,
                Err(StoreError::WalletTaken)
            ));
        }
    }
    assert_eq!(store.user_by_wallet(SECOND).await.unwrap(), None);
}

async fn a_planted_attribute_captures_nobody(fixture: Fixture) {
    let store = &fixture.store;
    let victim = store.insert_user(&new_user(FIRST)).await.unwrap().id;
    let thief = fixture.user().await;
    let planted = map(json!({ "wallet": [FIRST, SECOND] }));
    for id in [core("high_five"), wallet_attribute()] {
        store
            .set_attribute(AttributeTarget::User(thief), &id, &planted)
            .await
            .unwrap();
    }
    let broken = map(json!({ "wallet": 7 }));
    store
        .set_attribute(AttributeTarget::User(victim), &wallet_attribute(), &broken)
        .await
        .unwrap();
    assert_eq!(store.user_by_wallet(FIRST).await.unwrap(), Some(victim));
    assert_eq!(store.user_by_wallet(SECOND).await.unwrap(), None);
    assert!(store.user(thief).await.unwrap().unwrap().wallets.is_empty());
    assert_eq!(
        store.user(victim).await.unwrap().unwrap().wallets,
        [FIRST.to_lowercase()]
    );
}

async fn wallets_keep_order_and_spelling(fixture: Fixture) {
    let store = &fixture.store;
    let user = store.insert_user(&new_user(SECOND)).await.unwrap().id;
    assert_eq!(
        store
            .attach_wallet(user, FIRST, TYPES)
            .await
            .unwrap()
            .wallets,
        [SECOND, FIRST]
    );
    assert_eq!(
        store
            .attach_wallet(user, THIRD, TYPES)
            .await
            .unwrap()
            .wallets,
        [SECOND, FIRST, THIRD]
    );
    assert_eq!(
        store
            .detach_wallet(user, &FIRST.to_lowercase())
            .await
            .unwrap(),
        [SECOND, THIRD]
    );
    assert_eq!(
        store
            .attach_wallet(user, FIRST, TYPES)
            .await
            .unwrap()
            .wallets,
        [SECOND, THIRD, FIRST]
    );
    assert_eq!(
        store.user(user).await.unwrap().unwrap().wallets,
        [SECOND, THIRD, FIRST]
    );
    let mirror = store
        .attribute(AttributeTarget::User(user), &wallet_attribute())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        Value::from(mirror.value),
        json!({ "wallet": [SECOND, THIRD, FIRST] })
    );
    assert!(matches!(
        store.attach_wallet(Uuid::now_v7(), "0x1", TYPES).await,
        Err(StoreError::UserNotFound)
    ));
}

async fn the_last_wallet_stays(fixture: Fixture) {
    let store = &fixture.store;
    let user = store.insert_user(&new_user(FIRST)).await.unwrap().id;
    assert!(matches!(
        store.detach_wallet(user, FIRST).await,
        Err(StoreError::LastWallet)
    ));
    assert!(matches!(
        store.detach_wallet(user, SECOND).await,
        Err(StoreError::WalletNotFound)
    ));
    assert_eq!(store.user_by_wallet(FIRST).await.unwrap(), Some(user));
}

async fn parallel_logins_make_one_account(fixture: Fixture) {
    let logins: Vec<_> = (0..10)
        .map(|n| {
            let store = fixture.store.clone();
            let wallet = if n % 2 == 0 {
                FIRST.to_owned()
            } else {
                FIRST.to_lowercase()
            };
            tokio::spawn(async move { store.insert_user(&new_user(&wallet)).await })
        })
        .collect();
    let mut made = 0;
    for login in logins {
        match login.await.unwrap() {
            Ok(_) => made += 1,
            Err(StoreError::WalletTaken) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(made, 1);
}

async fn no_text_is_too_odd_to_ask_for(fixture: Fixture) {
    for text in ["", "\0", "0x00\0", "'; --", "\u{130}"] {
        assert_eq!(fixture.store.user_by_wallet(text).await.unwrap(), None);
    }
}

async fn a_guest_with_a_wallet_is_no_guest(fixture: Fixture) {
    let store = &fixture.store;
    let guest = fixture.guest().await;
    let user = store.attach_wallet(guest, FIRST, TYPES).await.unwrap();
    assert_eq!(user.user_type, ids::NORMAL_USER_TYPE);
    assert_eq!(store.user(guest).await.unwrap().unwrap(), user);
    let other = NewUser {
        user_type: ids::NORMAL_USER_TYPE,
        ..new_user(SECOND)
    };
    let other = store.insert_user(&other).await.unwrap().id;
    let types = store::AccountTypes {
        normal: ids::GUEST_USER_TYPE,
        ..TYPES
    };
    let user = store.attach_wallet(other, THIRD, types).await.unwrap();
    assert_eq!(user.user_type, ids::NORMAL_USER_TYPE, "only guests change");
}
