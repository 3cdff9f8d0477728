//! Versions: the same as long as nothing is written, another one after every commit, whoever
//! commits.

use components::{AttributeTarget, ids};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::fixture::{Fixture, core, map, on_both};

on_both!(every_commit_makes_a_new_version);

async fn every_commit_makes_a_new_version(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let quiet = store.version().await.unwrap();
    store.worlds(true, 10).await.unwrap();
    store.load_world(world).await.unwrap();
    // The other databases of a PostgreSQL server, which count as well, are those of other tests.
    if fixture.database().is_sqlite() {
        assert_eq!(
            store.version().await.unwrap(),
            quiet,
            "reading changes nothing"
        );
    }

    let mut last = quiet;
    let value = map(json!({ "name": "new" }));
    let target = AttributeTarget::Object(world);
    for number in 0..3 {
        store
            .set_attribute(target, &core("name"), &value)
            .await
            .unwrap();
        let version = store.version().await.unwrap();
        assert_ne!(version, last, "write {number}");
        last = version;
    }

    let other = fixture.database().open().await;
    let before_other = other.version().await.unwrap();
    fixture.guest().await;
    assert_ne!(other.version().await.unwrap(), before_other);
    assert_ne!(store.version().await.unwrap(), last);
    last = store.version().await.unwrap();
    let raw = fixture.raw().await;
    raw.execute_unprepared("UPDATE \"user\" SET profile = '{}'")
        .await
        .unwrap();
    assert_ne!(
        store.version().await.unwrap(),
        last,
        "others write past the store"
    );
    let users = store.latest_users(ids::NORMAL_USER_TYPE, true, 10).await;
    assert!(users.unwrap().iter().all(|user| user.profile.is_empty()));
}
