//! Libraries of 3D assets (docs/spec/model.md §6.4).

use components::{Umid, ids};
use sea_orm::ConnectionTrait;
use serde_json::json;
use store::StoreError;
use uuid::uuid;

use crate::fixture::{Fixture, on_both};

on_both!(
    private_entries_are_listed_to_their_owners_only,
    entries_change_and_go
);

const CUBE: Umid = uuid!("5b5bd872-0328-e38c-1b54-bf2bfa70fc85");
const ORB: Umid = uuid!("2dc7df8e-a34a-829c-e3ca-b73bfe99faf0");
const SHAPES: usize = 13;

/// Puts an asset into a library, as an upload would.
async fn link(fixture: &Fixture, asset: Umid, user: Umid, private: bool) {
    let sql = format!(
        "INSERT INTO asset_3d_user (asset_3d_id, user_id, meta, is_private, created_at, updated_at) \
         VALUES ($1, $2, '{{\"name\": \"Mine\", \"category\": \"basic\"}}', {private}, '2030-01-01 00:00:00', \
         '2030-01-01 00:00:00')"
    );
    let raw = fixture.raw().await;
    let backend = raw.get_database_backend();
    let insert = sea_orm::Statement::from_sql_and_values(backend, sql, [asset.into(), user.into()]);
    raw.execute_raw(insert).await.unwrap();
}

async fn private_entries_are_listed_to_their_owners_only(fixture: Fixture) {
    let (ada, bob) = (fixture.user().await, fixture.user().await);
    link(&fixture, CUBE, ada, true).await;
    link(&fixture, ORB, ada, false).await;
    for (user, category, expected) in [
        (ada, None, SHAPES + 2),
        (ada, Some("basic"), SHAPES),
        (ada, Some("explorer"), 2),
        (bob, None, SHAPES + 1),
        (bob, Some("basic"), SHAPES - 1),
        (bob, Some("explorer"), 2),
        (bob, Some("custom"), 0),
        (bob, Some("' OR 1=1 --"), 0),
    ] {
        let rows = fixture.store.library(user, category, 100, 0).await.unwrap();
        assert_eq!(rows.len(), expected, "{category:?}");
        assert!(rows.iter().all(|row| !row.is_private || row.user == user));
    }
    let rows = fixture.store.library(ada, None, 100, 0).await.unwrap();
    assert_eq!([rows[0].user, rows[1].user], [ada, ada], "own ones first");
    assert!(rows[2..].iter().all(|row| row.user == ids::SYSTEM_USER));
    let mut paged = Vec::new();
    for offset in (0..20).step_by(4) {
        paged.extend(fixture.store.library(ada, None, 4, offset).await.unwrap());
    }
    assert_eq!(paged, rows);
}

async fn entries_change_and_go(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (fixture.user().await, fixture.user().await);
    link(&fixture, CUBE, ada, true).await;
    let before = store.library(ada, None, 1, 0).await.unwrap().remove(0);
    let after = store
        .update_library_entry(CUBE, ada, Some(false), |mut meta| {
            meta.insert("name".to_owned(), json!("Box"));
            Ok(meta)
        })
        .await
        .unwrap();
    assert_eq!(after.meta["name"], "Box");
    assert_eq!(after.base_meta["category"], "basic");
    assert!(!after.is_private);
    assert_ne!(after.updated_at, before.updated_at);
    assert_eq!(store.library(ada, None, 1, 0).await.unwrap(), [after]);

    let foreign = store.update_library_entry(CUBE, bob, None, Ok).await;
    assert!(matches!(foreign, Err(StoreError::AssetNotFound)));
    assert!(!store.remove_library_entry(CUBE, bob).await.unwrap());
    assert!(store.remove_library_entry(CUBE, ada).await.unwrap());
    let left = store.library(ada, None, 100, 0).await.unwrap();
    assert_eq!(left.len(), SHAPES, "the shape itself is still there");
}
