//! A migrated and seeded database of either kind, for one test.

use components::{Umid, ids};
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use store::{AccountTypes, NewObjectRow, NewUser, Store};
use testkit::{Database, new_object};
use uuid::Uuid;

pub(crate) use testkit::world::{core, map};

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
    pub(crate) node: Umid,
    database: Database,
}

impl Fixture {
    pub(crate) async fn sqlite() -> Fixture {
        Self::seeded(Database::sqlite()).await
    }

    pub(crate) async fn postgres() -> Fixture {
        Self::seeded(Database::postgres()).await
    }

    pub(crate) async fn seeded(database: Database) -> Fixture {
        let (store, node) = database.seed("https://node.example", Vec::new()).await;
        Fixture {
            store,
            node,
            database,
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// A connection past the store, to arrange what only the harvester or time could.
    pub(crate) async fn raw(&self) -> DatabaseConnection {
        sea_orm::Database::connect(self.database.url())
            .await
            .unwrap()
    }

    /// An id as either database spells it in a statement.
    pub(crate) fn literal(&self, id: Umid) -> String {
        if self.database.is_sqlite() {
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

/// The user types that the seed makes for guests and others.
pub(crate) const TYPES: AccountTypes = AccountTypes {
    guest: ids::GUEST_USER_TYPE,
    normal: ids::NORMAL_USER_TYPE,
};

pub(crate) fn object(object_type: Umid, owner: Umid, parent: Umid) -> NewObjectRow {
    new_object(Uuid::now_v7(), object_type, owner, parent)
}
