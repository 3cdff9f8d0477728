//! Accounts and profiles (docs/spec/model.md §7.1).

use components::ids;
use serde_json::{Value, json};
use store::{NewUser, Referent, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, map, on_both};

on_both!(
    a_profile_changes_by_key,
    users_come_in_the_order_asked,
    names_are_found,
    an_id_is_taken_once
);

async fn a_profile_changes_by_key(fixture: Fixture) {
    let store = &fixture.store;
    let profile = json!({ "name": "Ada", "bio": "first", "onboarded": false });
    let id = fixture.user_of(ids::NORMAL_USER_TYPE, profile, None).await;
    let before = store.user(id).await.unwrap().unwrap();
    assert_eq!(
        (before.user_type, before.last_seen),
        (ids::NORMAL_USER_TYPE, None)
    );
    let after = store
        .update_profile(id, &map(json!({ "bio": "second", "avatar_hash": "ab" })))
        .await
        .unwrap();
    let expected =
        json!({ "name": "Ada", "bio": "second", "avatar_hash": "ab", "onboarded": true });
    assert_eq!(Value::from(after.profile.clone()), expected);
    assert!(after.updated_at > before.updated_at);
    assert_eq!(store.user(id).await.unwrap(), Some(after));
    let nobody = store.update_profile(Uuid::now_v7(), &map(json!({}))).await;
    assert!(matches!(nobody, Err(StoreError::UserNotFound)));
}

async fn users_come_in_the_order_asked(fixture: Fixture) {
    let store = &fixture.store;
    let (a, b, c) = (
        fixture.user().await,
        fixture.user().await,
        fixture.user().await,
    );
    fixture.guest().await;
    let ids_of =
        |users: Vec<store::UserRow>| users.into_iter().map(|user| user.id).collect::<Vec<_>>();
    assert_eq!(
        ids_of(
            store
                .users_by_ids(&[c, Uuid::now_v7(), a, c])
                .await
                .unwrap()
        ),
        [c, a]
    );
    assert!(store.users_by_ids(&[]).await.unwrap().is_empty());
    let latest = async |newest_first, limit| {
        let users = store.latest_users(ids::NORMAL_USER_TYPE, newest_first, limit);
        let users = users.await.unwrap();
        assert!(users.iter().all(|user| user.profile["name"] == "Ada"));
        users.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(latest(true, 2).await, [c, b]);
    assert_eq!(latest(false, 9).await, [a, b, c]);
    assert_eq!(store.user(Uuid::now_v7()).await.unwrap(), None);
}

async fn names_are_found(fixture: Fixture) {
    fixture
        .user_of(
            ids::GUEST_USER_TYPE,
            json!({ "name": "Visitor_0000001" }),
            None,
        )
        .await;
    assert!(
        fixture
            .store
            .user_name_taken("Visitor_0000001")
            .await
            .unwrap()
    );
    for free in ["Visitor_0000002", "", "' OR 1 = 1 --"] {
        assert!(
            !fixture.store.user_name_taken(free).await.unwrap(),
            "{free:?}"
        );
    }
}

async fn an_id_is_taken_once(fixture: Fixture) {
    let id = fixture.user().await;
    let again = NewUser {
        id,
        user_type: ids::NORMAL_USER_TYPE,
        profile: map(json!({})),
        wallet: None,
    };
    assert!(matches!(
        fixture.store.insert_user(&again).await,
        Err(StoreError::UserExists)
    ));
    let untyped = NewUser {
        id: Uuid::now_v7(),
        user_type: Uuid::now_v7(),
        ..again
    };
    assert!(matches!(
        fixture.store.insert_user(&untyped).await,
        Err(StoreError::Dangling(Referent::UserType))
    ));
}
