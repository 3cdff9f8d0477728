//! The database goes away and comes back; a process dies and its database opens again.

use std::{fs, time::Duration};

use components::{AttributeTarget, ids};
use serde_json::json;
use store::{ObjectPatch, Store, StoreError, StoreOptions};
use testkit::{Database, PostgresServer, store_options};
use tokio::task::JoinSet;

use crate::fixture::{Fixture, core, map, object};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_postgres_is_unavailable_until_it_is_back() {
    let mut server = PostgresServer::start();
    let fixture = Fixture::seeded(Database::on(&server, "outage")).await;
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;

    server.stop();
    let unavailable = [
        store.ping().await,
        store.load_world(world).await.map(drop),
        store.user_by_wallet("0x1").await.map(drop),
        store
            .insert_objects(&[object(ids::CUSTOM_OBJECT_TYPE, owner, world)])
            .await
            .map(drop),
        store
            .update_object(world, &ObjectPatch::default())
            .await
            .map(drop),
        store
            .set_attribute(
                AttributeTarget::Object(world),
                &core("name"),
                &map(json!({})),
            )
            .await
            .map(drop),
    ];
    for result in unavailable {
        assert!(
            matches!(result, Err(StoreError::Unavailable(_))),
            "{result:?}"
        );
    }

    server.restart();
    let world = store.load_world(world).await.unwrap().unwrap();
    assert_eq!(world.len(), 1, "what was refused was not applied");
    store.ping().await.unwrap();
    store
        .set_attribute(
            AttributeTarget::Object(world[0].id),
            &core("name"),
            &map(json!({})),
        )
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_two_calls_goes_unnoticed() {
    let mut server = PostgresServer::start();
    let fixture = Fixture::seeded(Database::on(&server, "restart")).await;
    let user = fixture.user().await;
    server.restart();
    assert!(fixture.store.user(user).await.unwrap().is_some());
    fixture
        .store
        .update_profile(user, &map(json!({ "name": "Grace" })))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_unreachable_postgres_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let host = directory.path().display().to_string().replace('/', "%2F");
    let options = StoreOptions {
        acquire_timeout: Duration::from_millis(200),
        ..store_options()
    };
    let result = Store::open(&format!("postgres://nobody@{host}/odyssey"), &options).await;
    assert!(
        matches!(result, Err(StoreError::Unavailable(_))),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_unwritable_sqlite_is_unavailable() {
    let result = Store::open(
        "sqlite:///no/such/directory/odyssey.db?mode=rwc",
        &store_options(),
    )
    .await;
    assert!(
        matches!(result, Err(StoreError::Unavailable(_))),
        "{result:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_none_is_invalid() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("odyssey.db");
    fs::write(
        &path,
        "not a database, only some text of more than a hundred bytes ".repeat(9),
    )
    .unwrap();
    let result = Store::open(
        &format!("sqlite://{}?mode=rwc", path.display()),
        &store_options(),
    )
    .await;
    assert!(matches!(result, Err(StoreError::Invalid(_))), "{result:?}");
}

/// A copy of the files at any moment is what a crash leaves behind.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_opens_after_a_crash_with_everything_acknowledged() {
    let fixture = Fixture::sqlite().await;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let directory = fixture.database().folder();
    let crashed = tempfile::tempdir().unwrap();
    for name in ["odyssey.db", "odyssey.db-wal"] {
        fs::copy(directory.join(name), crashed.path().join(name)).unwrap();
    }
    let url = format!(
        "sqlite://{}?mode=rw",
        crashed.path().join("odyssey.db").display()
    );
    let store = Store::open(&url, &store_options()).await.unwrap();
    assert!(
        store
            .migration_status()
            .await
            .unwrap()
            .iter()
            .all(|m| m.applied)
    );
    assert_eq!(
        store.load_world(world).await.unwrap().unwrap()[0].owner,
        owner
    );
    store.close().await;
    assert!(
        !crashed.path().join("odyssey.db-wal").exists(),
        "closing leaves one file"
    );
}

/// More writers than connections, while readers hold snapshots.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_sqlite_writers_never_fail() {
    let fixture = Fixture::sqlite().await;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let mut tasks = JoinSet::new();
    for n in 0..60 {
        let store = fixture.store.clone();
        tasks.spawn(async move {
            if n % 3 == 0 {
                store.load_world(world).await.unwrap().unwrap();
            } else {
                store
                    .insert_objects(&[object(ids::CUSTOM_OBJECT_TYPE, owner, world)])
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(
        fixture
            .store
            .load_world(world)
            .await
            .unwrap()
            .unwrap()
            .len(),
        41
    );
}
