//! Members of objects (docs/spec/model.md §3.1).

use components::ids;
use serde_json::json;
use store::{MemberRow, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, on_both};

on_both!(members_come_and_go, both_sides_have_to_exist);

async fn members_come_and_go(fixture: Fixture) {
    let store = &fixture.store;
    let world = fixture.world(fixture.user().await).await;
    let profile = json!({ "name": "Grace", "avatar_hash": "ab12" });
    let named = fixture.user_of(ids::NORMAL_USER_TYPE, profile, None).await;
    let bare = fixture
        .user_of(ids::NORMAL_USER_TYPE, json!({ "name": null }), None)
        .await;
    for user in [named, bare, named] {
        store.set_member(world, user, "admin").await.unwrap();
    }
    let row = |user, name: &str, avatar: &str| MemberRow {
        object: world,
        user,
        name: name.to_owned(),
        avatar_hash: avatar.to_owned(),
        role: "admin".to_owned(),
    };
    assert_eq!(
        store.members(world).await.unwrap(),
        [row(named, "Grace", "ab12"), row(bare, "", "")]
    );
    let mut admins = store.load_directory().await.unwrap().admins;
    admins.sort();
    assert_eq!(admins, [(world, named), (world, bare)]);

    assert!(store.remove_member(world, named).await.unwrap());
    assert!(!store.remove_member(world, named).await.unwrap());
    assert_eq!(store.members(world).await.unwrap(), [row(bare, "", "")]);
}

async fn both_sides_have_to_exist(fixture: Fixture) {
    let user = fixture.user().await;
    let nobody = Uuid::now_v7();
    for (object, user) in [(fixture.node, nobody), (nobody, user)] {
        let result = fixture.store.set_member(object, user, "admin").await;
        assert!(matches!(result, Err(StoreError::Dangling(_))), "{result:?}");
    }
}
