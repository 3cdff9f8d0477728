//! Attribute writes: nothing is lost between parallel writers, and time moves on
//! (docs/spec/model.md §5.1; docs/regressions.md D12, D13).

use components::{AttributeId, AttributeTarget, ids};
use serde_json::{Value, json};
use store::StoreError;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, on_both};

on_both!(
    parallel_sub_writes_all_survive,
    every_kind_reads_what_was_written,
    every_write_advances_updated_at,
    writes_need_their_target_and_type,
    removal_deletes_the_row,
    keys_are_only_keys,
    a_nul_is_kept_or_refused,
);

async fn parallel_sub_writes_all_survive(fixture: Fixture) {
    const WRITERS: usize = 40;
    let world = fixture.world(fixture.user().await).await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = fixture.store.clone();
        writers.spawn(async move {
            let target = AttributeTarget::Object(world);
            store
                .set_sub_attribute(
                    target,
                    &core("events"),
                    &format!("key {writer}"),
                    &json!(writer),
                )
                .await
                .unwrap();
        });
    }
    writers.join_all().await;
    let record = fixture
        .store
        .attribute(AttributeTarget::Object(world), &core("events"))
        .await
        .unwrap()
        .unwrap();
    let value = record.value.unwrap();
    assert_eq!(value.len(), WRITERS);
    assert!((0..WRITERS).all(|writer| value[&format!("key {writer}")] == json!(writer)));
}

async fn every_kind_reads_what_was_written(fixture: Fixture) {
    let store = &fixture.store;
    let (user, other) = (fixture.user().await, fixture.user().await);
    let object = fixture.world(user).await;
    let value = map(json!({ "b": [1, 2.5, null], "a": { "ü": "ß" } }));
    for target in [
        AttributeTarget::Node,
        AttributeTarget::Object(object),
        AttributeTarget::User(user),
        AttributeTarget::ObjectUser { object, user },
        AttributeTarget::UserUser {
            source: user,
            target: other,
        },
    ] {
        assert_eq!(
            store.attribute(target, &core("high_five")).await.unwrap(),
            None
        );
        assert!(matches!(
            store
                .set_attribute_options(target, &core("high_five"), None)
                .await,
            Err(StoreError::AttributeNotFound)
        ));
        let written = store
            .set_attribute(target, &core("high_five"), &value)
            .await
            .unwrap();
        assert_eq!(written.value.as_ref(), Some(&value));
        assert_eq!(
            store.attribute(target, &core("high_five")).await.unwrap(),
            Some(written)
        );

        let options = map(json!({ "permissions": { "read": "any" } }));
        store
            .set_attribute_options(target, &core("high_five"), Some(&options))
            .await
            .unwrap();
        let replaced = store
            .set_attribute(target, &core("high_five"), &map(json!({})))
            .await
            .unwrap();
        assert_eq!(replaced.value, Some(map(json!({}))));
        assert_eq!(
            replaced.options,
            Some(options),
            "a new value keeps the options"
        );
        store
            .set_attribute_options(target, &core("high_five"), None)
            .await
            .unwrap();
        assert_eq!(
            store
                .attribute(target, &core("high_five"))
                .await
                .unwrap()
                .unwrap()
                .options,
            None
        );
    }
    let reverse = AttributeTarget::UserUser {
        source: other,
        target: user,
    };
    assert_eq!(
        store.attribute(reverse, &core("high_five")).await.unwrap(),
        None
    );
}

async fn every_write_advances_updated_at(fixture: Fixture) {
    let store = &fixture.store;
    let target = AttributeTarget::User(fixture.user().await);
    let id = core("timeline_last_seen");
    let read = async || store.attribute(target, &id).await.unwrap().unwrap();
    let first = store
        .set_attribute(target, &id, &map(json!({ "a": 1 })))
        .await
        .unwrap();
    assert_eq!(first.created_at, first.updated_at);
    let second = store
        .set_attribute(target, &id, &map(json!({ "a": 2 })))
        .await
        .unwrap();
    let third = store
        .set_sub_attribute(target, &id, "b", &Value::Null)
        .await
        .unwrap();
    let fourth = store
        .remove_sub_attribute(target, &id, "a")
        .await
        .unwrap()
        .unwrap();
    store
        .set_attribute_options(target, &id, None)
        .await
        .unwrap();
    let fifth = read().await;
    let times = [&first, &second, &third, &fourth, &fifth].map(|record| record.updated_at);
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert!(
        [second, third, fourth, fifth]
            .iter()
            .all(|record| record.created_at == first.created_at)
    );
}

async fn writes_need_their_target_and_type(fixture: Fixture) {
    let store = &fixture.store;
    let nobody = Uuid::now_v7();
    let user = fixture.user().await;
    let unknown = AttributeId {
        plugin: ids::CORE_PLUGIN,
        name: "no such attribute".to_owned(),
    };
    for (target, id) in [
        (AttributeTarget::Object(nobody), core("name")),
        (AttributeTarget::User(nobody), core("name")),
        (
            AttributeTarget::ObjectUser {
                object: fixture.node,
                user: nobody,
            },
            core("name"),
        ),
        (
            AttributeTarget::ObjectUser {
                object: nobody,
                user,
            },
            core("name"),
        ),
        (
            AttributeTarget::UserUser {
                source: user,
                target: nobody,
            },
            core("name"),
        ),
        (AttributeTarget::Node, unknown.clone()),
        (AttributeTarget::User(user), unknown),
    ] {
        let whole = store.set_attribute(target, &id, &map(json!({}))).await;
        let key = store.set_sub_attribute(target, &id, "key", &json!(1)).await;
        for result in [whole, key] {
            assert!(
                matches!(result, Err(StoreError::Dangling(_))),
                "{target:?} {result:?}"
            );
        }
    }
}

async fn removal_deletes_the_row(fixture: Fixture) {
    let store = &fixture.store;
    let target = AttributeTarget::User(fixture.user().await);
    store
        .set_attribute(target, &core("high_five"), &map(json!({ "counter": 1 })))
        .await
        .unwrap();
    assert!(
        store
            .remove_attribute(target, &core("high_five"))
            .await
            .unwrap()
    );
    assert_eq!(
        store.attribute(target, &core("high_five")).await.unwrap(),
        None
    );
    assert!(
        !store
            .remove_attribute(target, &core("high_five"))
            .await
            .unwrap()
    );
    assert_eq!(
        store
            .remove_sub_attribute(target, &core("high_five"), "counter")
            .await
            .unwrap(),
        None
    );
}

async fn keys_are_only_keys(fixture: Fixture) {
    let store = &fixture.store;
    let target = AttributeTarget::Object(fixture.node);
    let odd = [
        "a.b",
        "$.a",
        "it's \"quoted\"",
        "",
        "{}",
        "'; DROP TABLE object; --",
    ];
    for key in odd {
        store
            .set_sub_attribute(target, &core("events"), key, &json!({ "key": key }))
            .await
            .unwrap();
    }
    let value = store
        .attribute(target, &core("events"))
        .await
        .unwrap()
        .unwrap()
        .value
        .unwrap();
    assert_eq!(value.len(), odd.len());
    assert!(odd.iter().all(|key| value[*key]["key"] == **key));
    for key in odd {
        store
            .remove_sub_attribute(target, &core("events"), key)
            .await
            .unwrap()
            .unwrap();
    }
    let empty = store
        .attribute(target, &core("events"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        empty.value,
        Some(map(json!({}))),
        "the attribute stays when its last key goes"
    );
}

/// PostgreSQL cannot store the character; that is the caller's fault, not the server's.
async fn a_nul_is_kept_or_refused(fixture: Fixture) {
    let store = &fixture.store;
    let target = AttributeTarget::Object(fixture.node);
    let results = [
        store
            .set_sub_attribute(target, &core("events"), "a\0b", &json!(1))
            .await
            .map(drop),
        store
            .set_attribute(target, &core("events"), &map(json!({ "a": "\0" })))
            .await
            .map(drop),
        store.user_name_taken("\0").await.map(drop),
        store.challenges("\0", chrono::Utc::now()).await.map(drop),
    ];
    for result in results {
        assert!(
            matches!(result, Ok(()) | Err(StoreError::Invalid(_))),
            "{result:?}"
        );
    }
}
