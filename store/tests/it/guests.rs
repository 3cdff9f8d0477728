//! Guests go, what they made stays (docs/regressions.md D1–D3).

use chrono::{TimeDelta, Utc};
use components::{AttributeTarget, ids};
use serde_json::json;
use store::{Referent, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, TYPES, core, map, on_both};

on_both!(
    a_deleted_guest_hands_its_objects_over,
    only_absent_guests_expire,
    an_heir_has_to_exist,
    a_wallet_attached_meanwhile_keeps_the_guest,
);

async fn a_deleted_guest_hands_its_objects_over(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let guest = fixture.guest().await;
    let mut made = vec![
        fixture.object(guest, world).await,
        fixture.object(guest, world).await,
    ];
    made.sort();
    let below = fixture.object(owner, made[0]).await;
    store.set_member(world, guest, "admin").await.unwrap();
    store
        .set_attribute(
            AttributeTarget::User(guest),
            &core("high_five"),
            &map(json!({})),
        )
        .await
        .unwrap();
    let position = AttributeTarget::ObjectUser {
        object: world,
        user: guest,
    };
    store
        .set_attribute(position, &core("last_known_position"), &map(json!({})))
        .await
        .unwrap();
    let before = store.object(made[0]).await.unwrap().unwrap();

    assert_eq!(
        store.delete_guest(guest, ids::SYSTEM_USER).await.unwrap(),
        made
    );
    assert_eq!(store.user(guest).await.unwrap(), None);
    assert!(store.members(world).await.unwrap().is_empty());
    assert_eq!(
        store
            .attribute(position, &core("last_known_position"))
            .await
            .unwrap(),
        None
    );
    for id in made {
        let object = store.object(id).await.unwrap().unwrap();
        assert_eq!(object.owner, ids::SYSTEM_USER);
        assert!(object.updated_at > before.updated_at);
    }
    assert_eq!(store.object(below).await.unwrap().unwrap().owner, owner);
    assert!(matches!(
        store.delete_guest(guest, ids::SYSTEM_USER).await,
        Err(StoreError::UserNotFound)
    ));
}

async fn only_absent_guests_expire(fixture: Fixture) {
    let store = &fixture.store;
    let (never, long_ago, just_now) = (
        fixture.guest().await,
        fixture.guest().await,
        fixture.guest().await,
    );
    let user = fixture.user().await;
    let now = Utc::now();
    store
        .touch_users(&[
            (long_ago, now - TimeDelta::hours(2)),
            (just_now, now),
            (user, now - TimeDelta::hours(2)),
            (Uuid::now_v7(), now),
        ])
        .await
        .unwrap();
    assert_eq!(
        store
            .user(just_now)
            .await
            .unwrap()
            .unwrap()
            .last_seen
            .unwrap()
            .timestamp_micros(),
        now.timestamp_micros()
    );

    let expired = store
        .expired_guests(ids::GUEST_USER_TYPE, now - TimeDelta::minutes(20), 10)
        .await
        .unwrap();
    assert_eq!(
        expired,
        [long_ago],
        "one created just now has not been away yet"
    );
    let mut expired = store
        .expired_guests(ids::GUEST_USER_TYPE, now + TimeDelta::minutes(20), 10)
        .await
        .unwrap();
    let mut all = vec![never, long_ago, just_now];
    expired.sort();
    all.sort();
    assert_eq!(expired, all);
    assert_eq!(
        store
            .expired_guests(ids::GUEST_USER_TYPE, now + TimeDelta::minutes(20), 2)
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn an_heir_has_to_exist(fixture: Fixture) {
    let store = &fixture.store;
    let guest = fixture.guest().await;
    let world = fixture.world(fixture.user().await).await;
    let object = fixture.object(guest, world).await;
    for heir in [guest, Uuid::now_v7()] {
        assert!(matches!(
            store.delete_guest(guest, heir).await,
            Err(StoreError::InvalidHeir | StoreError::Dangling(Referent::Heir))
        ));
    }
    assert_eq!(
        store.object(object).await.unwrap().unwrap().owner,
        guest,
        "nothing is half applied"
    );
    assert!(store.user(guest).await.unwrap().is_some());
}

/// A sweep looks at many guests before it deletes the first of them.
async fn a_wallet_attached_meanwhile_keeps_the_guest(fixture: Fixture) {
    let store = &fixture.store;
    let guest = fixture.guest().await;
    let wallet = "0x00000000000000000000000000000000000000cc";
    store.attach_wallet(guest, wallet, TYPES).await.unwrap();
    assert!(matches!(
        store.delete_guest(guest, ids::SYSTEM_USER).await,
        Err(StoreError::HasWallet)
    ));
    assert_eq!(store.user_by_wallet(wallet).await.unwrap(), Some(guest));
}
