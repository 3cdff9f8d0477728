//! One attribute over many owners, and who may see it (docs/spec/model.md §5.6).

use chrono::TimeDelta;
use components::{AttributeTarget, Umid};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;
use store::{MAX_VALUES, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, on_both};

on_both!(
    a_subtree_lists_what_has_a_value,
    users_are_listed_and_counted_by_attribute_and_object,
    counts_follow_the_last_write,
    lists_are_bounded_in_bytes,
    permissions_are_set_with_or_without_a_row,
);

/// P2, Z8: who writes waits for those who write the same row, and for nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_being_written_blocks_no_other() {
    let fixture = Fixture::postgres().await;
    let (ann, bob) = (fixture.user().await, fixture.user().await);
    let object = fixture.world(ann).await;
    let of = move |user| AttributeTarget::ObjectUser { object, user };
    let (id, value) = (core("comments"), map(json!({ "a": 1 })));
    fixture
        .store
        .set_attribute(of(ann), &id, &value)
        .await
        .unwrap();
    let slow = fixture.raw().await.begin().await.unwrap();
    slow.execute_unprepared("UPDATE object_user_attribute SET options = '{}'")
        .await
        .unwrap();
    for target in [of(bob), AttributeTarget::User(ann)] {
        fixture
            .store
            .set_sub_attribute(target, &id, "b", &json!(2))
            .await
            .unwrap();
    }
    let store = fixture.store.clone();
    let same = tokio::spawn(async move {
        let key = json!(3);
        store
            .set_sub_attribute(of(ann), &core("comments"), "c", &key)
            .await
    });
    slow.rollback().await.unwrap();
    let both = same.await.unwrap().unwrap().value;
    assert_eq!(both, Some(map(json!({ "a": 1, "c": 3 }))));
}

async fn a_subtree_lists_what_has_a_value(fixture: Fixture) {
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let other = fixture.world(owner).await;
    let (near, bare) = (
        fixture.object(owner, world).await,
        fixture.object(owner, world).await,
    );
    let far = fixture.object(owner, bare).await;
    for (object, value) in [(world, 1), (near, 2), (far, 3), (other, 4)] {
        fixture
            .store
            .set_attribute(
                AttributeTarget::Object(object),
                &core("shaders"),
                &map(json!({ "n": value })),
            )
            .await
            .unwrap();
    }
    let below = async |root| {
        let found = fixture
            .store
            .attributes_below(root, &core("shaders"))
            .await
            .unwrap();
        found
            .into_iter()
            .map(|(object, value)| (object, value["n"].as_i64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(below(world).await, [(world, 1), (near, 2), (far, 3)]);
    assert_eq!(below(bare).await, [(far, 3)]);
    assert_eq!(below(fixture.node).await.len(), 4);
    assert_eq!(below(Uuid::now_v7()).await, []);
}

async fn users_are_listed_and_counted_by_attribute_and_object(fixture: Fixture) {
    let store = &fixture.store;
    let users = [
        fixture.user().await,
        fixture.user().await,
        fixture.guest().await,
    ];
    let (object, other) = (fixture.world(users[0]).await, fixture.world(users[0]).await);
    let write = async |object, user, name: &str| {
        let target = AttributeTarget::ObjectUser { object, user };
        let value = map(json!({ "by": user }));
        store
            .set_attribute(target, &core(name), &value)
            .await
            .unwrap();
    };
    for user in users {
        write(object, user, "vote").await;
    }
    write(object, users[0], "comments").await;
    write(other, users[1], "vote").await;
    let count = async |object, name: &str| store.count_users(object, &core(name), None).await;
    assert_eq!(count(object, "vote").await.unwrap(), 3);
    assert_eq!(count(object, "comments").await.unwrap(), 1);
    assert_eq!(count(other, "vote").await.unwrap(), 1);
    assert_eq!(count(other, "comments").await.unwrap(), 0);

    let list = async |limit, offset| {
        let found = store
            .attributes_of_users(object, &core("vote"), limit, offset)
            .await
            .unwrap();
        assert!(found.iter().all(|(user, value)| value["by"] == json!(user)));
        found.into_iter().map(|(user, _)| user).collect::<Vec<_>>()
    };
    let last_first: Vec<Umid> = users.into_iter().rev().collect();
    assert_eq!(list(MAX_VALUES, 0).await, last_first);
    assert_eq!(list(1, 1).await, [users[1]]);
    assert!(list(u64::MAX, u64::MAX).await.is_empty());

    let target = AttributeTarget::ObjectUser {
        object,
        user: users[0],
    };
    store.remove_attribute(target, &core("vote")).await.unwrap();
    assert_eq!(count(object, "vote").await.unwrap(), 2);
    assert!(!list(10, 0).await.contains(&users[0]));
}

async fn counts_follow_the_last_write(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let object = fixture.world(user).await;
    let target = AttributeTarget::ObjectUser { object, user };
    let id = core("vote");
    let first = store
        .set_attribute(target, &id, &map(json!({})))
        .await
        .unwrap();
    let since = first.updated_at + TimeDelta::microseconds(1);
    let count = async |since| store.count_users(object, &id, Some(since)).await.unwrap();
    assert_eq!(count(first.updated_at).await, 1);
    assert_eq!(count(since).await, 0);
    store
        .set_sub_attribute(target, &id, "again", &json!(true))
        .await
        .unwrap();
    assert_eq!(count(since).await, 1, "a write brings it up to date");
    for far in [
        chrono::DateTime::<chrono::Utc>::MIN_UTC,
        chrono::DateTime::<chrono::Utc>::UNIX_EPOCH,
    ] {
        assert_eq!(
            store.count_users(object, &id, Some(far)).await.unwrap_or(1),
            1
        );
    }
}

async fn lists_are_bounded_in_bytes(fixture: Fixture) {
    const EACH: usize = 1024 * 1024;
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let large = map(json!({ "text": "x".repeat(EACH) }));
    for _ in 0..6 {
        let target = AttributeTarget::ObjectUser {
            object: world,
            user: fixture.guest().await,
        };
        store
            .set_attribute(target, &core("comments"), &large)
            .await
            .unwrap();
        let object = AttributeTarget::Object(fixture.object(owner, world).await);
        store
            .set_attribute(object, &core("shaders"), &large)
            .await
            .unwrap();
    }
    let of_users = store
        .attributes_of_users(world, &core("comments"), MAX_VALUES, 0)
        .await
        .unwrap();
    let below = store
        .attributes_below(world, &core("shaders"))
        .await
        .unwrap();
    assert_eq!((of_users.len(), below.len()), (3, 3), "what 4 MiB hold");
}

async fn permissions_are_set_with_or_without_a_row(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let object = fixture.world(owner).await;
    let target = AttributeTarget::Object(object);
    let open = map(json!({ "read": "any", "write": "user" }));

    let made = store
        .set_permissions(object, &core("shaders"), &open)
        .await
        .unwrap();
    assert_eq!(made.value, None);
    assert_eq!(made.options, Some(map(json!({ "permissions": open }))));
    let set = store
        .set_sub_attribute(target, &core("shaders"), "a", &json!(1))
        .await
        .unwrap();
    assert_eq!(set.value, Some(map(json!({ "a": 1 }))));
    assert_eq!(set.options, made.options);

    let value = map(json!({ "render_hash": "ab" }));
    store
        .set_attribute(target, &core("texture"), &value)
        .await
        .unwrap();
    let own = map(json!({ "cloneable": {}, "permissions": { "read": "admin", "write": "" } }));
    store
        .set_attribute_options(target, &core("texture"), Some(&own))
        .await
        .unwrap();
    let kept = store
        .set_permissions(object, &core("texture"), &open)
        .await
        .unwrap();
    assert_eq!(kept.value, Some(value));
    assert_eq!(
        kept.options,
        Some(map(json!({ "cloneable": {}, "permissions": open })))
    );

    let nowhere = store
        .set_permissions(Uuid::now_v7(), &core("shaders"), &open)
        .await;
    assert!(
        matches!(nowhere, Err(StoreError::Dangling(_))),
        "{nowhere:?}"
    );
}
