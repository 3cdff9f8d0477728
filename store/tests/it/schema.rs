//! Migrations go up, down and up again; a database from the future is left alone.

use sea_orm::ConnectionTrait;
use store::{Result, Seed, Store, StoreError};
use testkit::Database;

use crate::fixture::{Fixture, on_both};

on_both!(
    migrates_up_down_and_up,
    refuses_a_newer_schema,
    migrates_once_when_two_nodes_start
);

async fn migrates_up_down_and_up(fixture: Fixture) {
    let store = fixture.store;
    let all = store.migration_status().await.unwrap();
    assert!(all.len() >= 2 && all.iter().all(|m| m.applied), "{all:?}");

    store.migrate_down(1).await.unwrap();
    let status = store.migration_status().await.unwrap();
    let (newest, older) = status.split_last().unwrap();
    assert!(
        !newest.applied && older.iter().all(|m| m.applied),
        "{status:?}"
    );

    store.migrate_down(u32::MAX).await.unwrap();
    assert!(
        store
            .migration_status()
            .await
            .unwrap()
            .iter()
            .all(|m| !m.applied)
    );
    assert!(matches!(
        store.load_directory().await,
        Err(StoreError::NotMigrated)
    ));

    store.migrate().await.unwrap();
    assert_eq!(store.migration_status().await.unwrap(), all);
    assert!(
        store.seed(&Seed::default()).await.unwrap().fresh,
        "the data went with the tables"
    );
}

async fn refuses_a_newer_schema(fixture: Fixture) {
    let insert = "INSERT INTO odyssey_migration (version, applied_at) VALUES ('m9999_future', 0)";
    fixture
        .raw()
        .await
        .execute_unprepared(insert)
        .await
        .unwrap();
    let refused = |result: Result<()>| match result {
        Err(StoreError::TooNew { found }) => assert_eq!(found, "m9999_future"),
        other => panic!("{other:?}"),
    };
    refused(fixture.store.migrate().await);
    refused(fixture.store.migrate_down(1).await);
    refused(fixture.store.migration_status().await.map(drop));
}

async fn migrates_once_when_two_nodes_start(fixture: Fixture) {
    let (store, database) = (&fixture.store, fixture.database());
    store.migrate_down(u32::MAX).await.unwrap();
    let other = database.open().await;
    let seed = Seed::default();
    let (a, b) = tokio::join!(
        async {
            store.migrate().await.unwrap();
            store.seed(&seed).await.unwrap()
        },
        async {
            other.migrate().await.unwrap();
            other.seed(&seed).await.unwrap()
        },
    );
    assert_eq!(a.node, b.node);
    assert_ne!(a.fresh, b.fresh, "the node is made once");
}

#[tokio::test]
async fn an_unmigrated_database_says_so() {
    for database in [Database::sqlite(), Database::postgres()] {
        let store = database.open().await;
        assert!(matches!(
            store.seed(&Seed::default()).await,
            Err(StoreError::NotMigrated)
        ));
        assert!(
            store
                .migration_status()
                .await
                .unwrap()
                .iter()
                .all(|m| !m.applied)
        );
        store.close().await;
    }
}

#[tokio::test]
async fn refuses_other_databases() {
    for url in ["mysql://localhost/odyssey", "odyssey.db", ""] {
        assert!(
            matches!(
                Store::open(url, &testkit::store_options()).await,
                Err(StoreError::Invalid(_))
            ),
            "{url:?}"
        );
    }
}
