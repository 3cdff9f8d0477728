//! Activities: pages, counts, edits, and that they go with what they are about (docs/spec/model.md
//! §8.1).

use components::{ActivityData, ActivityKind, AttributeTarget, Umid, Vec3, ids};
use sea_orm::ConnectionTrait;
use serde_json::json;
use store::{ActivityEdit, Feed, NewActivity, StoreError, WorldLabel, stake_activity_id};
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, on_both};

on_both!(
    pages_are_newest_first,
    unstaking_is_never_shown,
    a_stake_is_told_once,
    an_edit_changes_what_it_names,
    activities_go_with_their_object_and_user,
    worlds_have_labels,
);

fn activity(user: Umid, object: Umid, kind: ActivityKind) -> NewActivity {
    NewActivity {
        id: Uuid::now_v7(),
        user,
        object,
        kind,
        data: ActivityData {
            position: Some(Vec3::new(1.5, -2.0, 3.25)),
            hash: Some("ab12".to_owned()),
            ..ActivityData::default()
        },
        created_at: None,
    }
}

async fn insert(fixture: &Fixture, user: Umid, object: Umid, kind: ActivityKind) -> Umid {
    let new = activity(user, object, kind);
    assert!(fixture.store.insert_activity(&new).await.unwrap());
    new.id
}

async fn pages_are_newest_first(fixture: Fixture) {
    let store = &fixture.store;
    let profile = json!({ "name": "Ada", "avatar_hash": "cd34" });
    let ada = fixture.user_of(ids::NORMAL_USER_TYPE, profile, None).await;
    let nameless = fixture
        .user_of(ids::NORMAL_USER_TYPE, json!({}), None)
        .await;
    let (one, two) = (fixture.world(ada).await, fixture.world(ada).await);
    let mut newest_first = Vec::new();
    for number in 0..5 {
        let (user, world) = if number % 2 == 0 {
            (ada, one)
        } else {
            (nameless, two)
        };
        let kind = ActivityKind::ALL[number % 4];
        newest_first.insert(0, insert(&fixture, user, world, kind).await);
    }
    let (all, count) = store.activities(Feed::News, 0, 100).await.unwrap();
    let ids = |rows: &[store::ActivityRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!((ids(&all), count), (newest_first.clone(), 5));
    assert_eq!(all[0].user_name, "Ada");
    assert_eq!(all[0].avatar_hash.as_deref(), Some("cd34"));
    assert_eq!(
        (all[1].user_name.as_str(), &all[1].avatar_hash),
        ("", &None)
    );
    assert_eq!(all[0].data.position, Some(Vec3::new(1.5, -2.0, 3.25)));

    let (middle, count) = store.activities(Feed::News, 1, 2).await.unwrap();
    assert_eq!((ids(&middle), count), (newest_first[1..3].to_vec(), 5));
    for start in [5, u64::MAX] {
        let (beyond, count) = store.activities(Feed::News, start, 2).await.unwrap();
        assert_eq!((beyond, count), (Vec::new(), 5));
    }
    // Timelines show posts only: of world one a video, world_created is left out, then a stake is
    // of world two.
    let (timeline, count) = store.activities(Feed::Timeline(one), 0, 10).await.unwrap();
    let kinds: Vec<_> = timeline.iter().map(|row| row.kind).collect();
    assert_eq!((kinds, count), (vec![ActivityKind::Video; 2], 2));
    let (timeline, count) = store.activities(Feed::Timeline(two), 0, 10).await.unwrap();
    let kinds: Vec<_> = timeline.iter().map(|row| row.kind).collect();
    assert_eq!((kinds, count), (vec![ActivityKind::Screenshot], 1));
}

async fn unstaking_is_never_shown(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let world = fixture.world(user).await;
    let shown = insert(&fixture, user, world, ActivityKind::Stake).await;
    let hidden = insert(&fixture, user, world, ActivityKind::Stake).await;
    fixture
        .raw()
        .await
        .execute_unprepared(&format!(
            "UPDATE activity SET type = 'unstake' WHERE activity_id = {}",
            fixture.literal(hidden)
        ))
        .await
        .unwrap();
    let (rows, count) = store.activities(Feed::News, 0, 10).await.unwrap();
    assert_eq!((rows.len(), count), (1, 1));
    assert_eq!(rows[0].id, shown);
    assert_eq!(store.activity(world, hidden).await.unwrap(), None);
}

async fn a_stake_is_told_once(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let world = fixture.world(user).await;
    let stake = |log_index| NewActivity {
        id: stake_activity_id("0xAA", log_index),
        ..activity(user, world, ActivityKind::Stake)
    };
    assert!(store.insert_activity(&stake("1")).await.unwrap());
    assert!(!store.insert_activity(&stake("1")).await.unwrap());
    assert!(store.insert_activity(&stake("2")).await.unwrap());
    assert_eq!(store.activities(Feed::News, 0, 10).await.unwrap().1, 2);
}

async fn an_edit_changes_what_it_names(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let (world, other) = (fixture.world(user).await, fixture.world(user).await);
    let id = insert(&fixture, user, world, ActivityKind::Video).await;
    let before = store.activity(world, id).await.unwrap().unwrap();
    let edit = ActivityEdit {
        description: Some("a “quote”".to_owned()),
        ..ActivityEdit::default()
    };
    let after = store.update_activity(world, id, &edit).await.unwrap();
    assert_eq!(after.data.description.as_deref(), Some("a “quote”"));
    assert_eq!(after.data.hash, before.data.hash);
    assert_eq!(after.data.position, before.data.position);
    assert_eq!(
        (after.kind, after.created_at),
        (before.kind, before.created_at)
    );
    let edit = ActivityEdit {
        kind: Some(ActivityKind::Screenshot),
        hash: Some("ef56".to_owned()),
        description: None,
    };
    let last = store.update_activity(world, id, &edit).await.unwrap();
    assert_eq!(last.kind, ActivityKind::Screenshot);
    assert_eq!(last.data.hash.as_deref(), Some("ef56"));
    assert_eq!(last.data.description, after.data.description);
    assert_eq!(store.activity(world, id).await.unwrap(), Some(last));

    for (object, id) in [(other, id), (world, Uuid::now_v7())] {
        assert_eq!(store.activity(object, id).await.unwrap(), None);
        let refused = store.update_activity(object, id, &edit).await;
        assert!(matches!(refused, Err(StoreError::ActivityNotFound)));
        assert!(!store.delete_activity(object, id).await.unwrap());
    }
    assert!(store.delete_activity(world, id).await.unwrap());
    assert_eq!(store.activities(Feed::News, 0, 10).await.unwrap().1, 0);
}

async fn activities_go_with_their_object_and_user(fixture: Fixture) {
    let store = &fixture.store;
    let (owner, guest) = (fixture.user().await, fixture.guest().await);
    let world = fixture.world(owner).await;
    let object = fixture.object(owner, world).await;
    insert(&fixture, owner, object, ActivityKind::Video).await;
    insert(&fixture, guest, world, ActivityKind::Video).await;
    let stays = insert(&fixture, owner, world, ActivityKind::Video).await;
    assert_eq!(store.activities(Feed::News, 0, 10).await.unwrap().1, 3);
    store.delete_object(object).await.unwrap();
    fixture
        .raw()
        .await
        .execute_unprepared(&format!(
            "DELETE FROM \"user\" WHERE user_id = {}",
            fixture.literal(guest)
        ))
        .await
        .unwrap();
    let (rows, count) = store.activities(Feed::News, 0, 10).await.unwrap();
    assert_eq!((rows.len(), count), (1, 1));
    assert_eq!(rows[0].id, stays);
    for (user, object) in [(guest, world), (owner, object)] {
        let refused = store
            .insert_activity(&activity(user, object, ActivityKind::Video))
            .await;
        assert!(
            matches!(refused, Err(StoreError::Dangling(_))),
            "{refused:?}"
        );
    }
}

async fn worlds_have_labels(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let (one, two) = (fixture.world(owner).await, fixture.world(owner).await);
    for (name, value) in [
        ("name", json!({ "value": "One" })),
        ("world_avatar", json!({ "render_hash": "ab12" })),
    ] {
        store
            .set_attribute(AttributeTarget::Object(one), &core(name), &map(value))
            .await
            .unwrap();
    }
    let labels = store.world_labels(&[one, two]).await.unwrap();
    let label = WorldLabel {
        name: "One".to_owned(),
        avatar_hash: Some("ab12".to_owned()),
    };
    assert_eq!(labels.get(&one), Some(&label));
    assert_eq!(labels.get(&two), None);
}
