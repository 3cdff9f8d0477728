//! A migrated and seeded database of either kind, for one test.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use components::{AttributeId, JsonMap, Umid, ids};
use postgres_fixture::PostgresServer;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use store::{AccountTypes, NewObjectRow, NewUser, Seed, Store, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

/// Declares that each named `async fn(Fixture)` is a test on either database.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$test(crate::fixture::Fixture::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$test(crate::fixture::Fixture::postgres().await).await;
            }
        }
    )*};
}
pub(crate) use on_both;

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) node: Umid,
    /// Where the SQLite file is; goes with the fixture.
    pub(crate) directory: Option<TempDir>,
}

impl Fixture {
    pub(crate) async fn sqlite() -> Fixture {
        let (directory, url) = sqlite_url();
        Fixture {
            directory: Some(directory),
            ..Self::seeded(url).await
        }
    }

    pub(crate) async fn postgres() -> Fixture {
        Self::seeded(postgres_url()).await
    }

    pub(crate) async fn seeded(url: String) -> Fixture {
        let store = Store::open(&url, &options()).await.unwrap();
        store.migrate().await.unwrap();
        let seeded = store
            .seed(&Seed {
                base_url: "https://node.example".to_owned(),
                welcome: vec![],
            })
            .await
            .unwrap();
        Fixture {
            store,
            url,
            node: seeded.node,
            directory: None,
        }
    }

    /// A connection past the store, to arrange what only the harvester or time could.
    pub(crate) async fn raw(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }

    /// An id as either database spells it in a statement.
    pub(crate) fn literal(&self, id: Umid) -> String {
        if self.directory.is_some() {
            format!("x'{}'", id.simple())
        } else {
            format!("'{id}'")
        }
    }

    pub(crate) async fn user(&self) -> Umid {
        self.user_of(ids::NORMAL_USER_TYPE, json!({ "name": "Ada" }), None)
            .await
    }

    pub(crate) async fn guest(&self) -> Umid {
        self.user_of(ids::GUEST_USER_TYPE, json!({ "name": "Visitor" }), None)
            .await
    }

    pub(crate) async fn user_of(
        &self,
        user_type: Umid,
        profile: Value,
        wallet: Option<&str>,
    ) -> Umid {
        let user = NewUser {
            id: Uuid::now_v7(),
            user_type,
            profile: map(profile),
            wallet: wallet.map(str::to_owned),
        };
        self.store.insert_user(&user).await.unwrap().id
    }

    pub(crate) async fn world(&self, owner: Umid) -> Umid {
        let world = object(ids::WORLD_TYPE, owner, self.node);
        self.store
            .insert_objects(std::slice::from_ref(&world))
            .await
            .unwrap();
        world.id
    }

    /// An ordinary object.
    pub(crate) async fn object(&self, owner: Umid, parent: Umid) -> Umid {
        let object = object(ids::CUSTOM_OBJECT_TYPE, owner, parent);
        self.store
            .insert_objects(std::slice::from_ref(&object))
            .await
            .unwrap();
        object.id
    }
}

/// Few connections, so that tests that run at once do not starve each other of the server's.
/// What the seed calls guests and others.
pub(crate) const TYPES: AccountTypes = AccountTypes {
    guest: ids::GUEST_USER_TYPE,
    normal: ids::NORMAL_USER_TYPE,
};

pub(crate) fn options() -> StoreOptions {
    StoreOptions {
        max_connections: 5,
        ..StoreOptions::default()
    }
}

pub(crate) fn sqlite_url() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}?mode=rwc",
        directory.path().join("odyssey.db").display()
    );
    (directory, url)
}

/// A database of its own on the server that all tests of the process share.
pub(crate) fn postgres_url() -> String {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(PostgresServer::start);
    server.database(&format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

pub(crate) fn object(object_type: Umid, owner: Umid, parent: Umid) -> NewObjectRow {
    NewObjectRow {
        id: Uuid::now_v7(),
        object_type,
        owner,
        parent,
        asset_2d: None,
        asset_3d: None,
        options: None,
        transform: None,
        attributes: vec![],
    }
}

pub(crate) fn map(value: Value) -> JsonMap {
    value.as_object().cloned().unwrap()
}

pub(crate) fn core(name: &str) -> AttributeId {
    ids::core(name)
}
