//! Rows of a fresh database (docs/spec/model.md §4), row for row.
//!
//! Secrets are not among it: the attribute types `jwt_key` and `node_private_key` exist, nobody may
//! read them, and no value is stored under them (docs/regressions.md S1). `node_public_key` has no
//! value either until there is a key pair.

mod assets;
mod attribute_types;
mod catalogue;
mod plugins;
mod welcome;

use components::{JsonMap, Umid, ids};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, JsonValue, QueryFilter, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use uuid::Uuid;

use crate::{
    NewObjectRow, Result, Store,
    convert::now,
    database::schema::require_migrated,
    entity::{
        asset_2d, asset_3d, asset_3d_user, attribute_type, node_attribute, object, object_type,
        object_user_attribute, plugin, user, user_type,
    },
    objects,
};

pub use welcome::welcome_world;

/// Rows of a fresh database besides the constants of docs/spec/model.md §4.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// Public base URL; plugin bundles are served below it.
    pub base_url: String,
    /// The welcome world and its objects, parents first; a nil parent stands for the node.
    pub welcome: Vec<NewObjectRow>,
}

/// Result of seeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// The node.
    pub node: Umid,
    /// Whether this call created it.
    pub fresh: bool,
}

/// Key of the advisory lock that keeps two nodes from seeding one PostgreSQL database at once
/// ("seed" in hex).
const SEED_LOCK: i64 = 0x7365_6564;

impl Store {
    /// Fills in what is missing of the constants; a database without a node gets one, with its
    /// attributes and the welcome world. What is already there stays as it is. One transaction.
    ///
    /// # Errors
    /// `NotMigrated` on an empty database; `Dangling` when the welcome objects refer to what is not
    /// there.
    pub async fn seed(&self, seed: &Seed) -> Result<Seeded> {
        let transaction = self.begin().await?;
        if self.backend() == DbBackend::Postgres {
            let lock = format!("SELECT pg_advisory_xact_lock({SEED_LOCK})");
            transaction
                .query_one_raw(Statement::from_string(DbBackend::Postgres, lock))
                .await?;
        }
        require_migrated(&transaction).await?;
        let time = now();
        constants(&transaction, &seed.base_url, time.naive_utc()).await?;
        let seeded = match node(&transaction).await? {
            Some(node) => Seeded { node, fresh: false },
            None => {
                let node = Uuid::now_v7();
                insert_node(&transaction, node, time.naive_utc()).await?;
                let welcome: Vec<NewObjectRow> =
                    seed.welcome.iter().map(|new| below(node, new)).collect();
                objects::insert(&transaction, &welcome, time).await?;
                Seeded { node, fresh: true }
            }
        };
        library(&transaction, seeded.node, time.naive_utc()).await?;
        transaction.commit().await?;
        Ok(seeded)
    }
}

pub(crate) async fn node(transaction: &DatabaseTransaction) -> Result<Option<Umid>> {
    Ok(object::Entity::find()
        .select_only()
        .column(object::Column::ObjectId)
        .filter(Expr::col(object::Column::ObjectId).equals(object::Column::ParentId))
        .into_tuple()
        .one(transaction)
        .await?)
}

/// A welcome object whose parent is nil stands directly below the node.
fn below(node: Umid, new: &NewObjectRow) -> NewObjectRow {
    let parent = if new.parent.is_nil() {
        node
    } else {
        new.parent
    };
    NewObjectRow {
        parent,
        ..new.clone()
    }
}

type Time = chrono::NaiveDateTime;

async fn constants(transaction: &DatabaseTransaction, base_url: &str, time: Time) -> Result<()> {
    insert_missing::<plugin::Entity, _>(transaction, plugins::rows(base_url, time)).await?;
    insert_missing::<attribute_type::Entity, _>(transaction, attribute_types::rows()).await?;
    insert_missing::<asset_2d::Entity, _>(transaction, assets::rows_2d(base_url, time)).await?;
    insert_missing::<asset_3d::Entity, _>(transaction, assets::rows_3d(time)).await?;
    insert_missing::<user_type::Entity, _>(transaction, catalogue::user_types()).await?;
    insert_missing::<object_type::Entity, _>(transaction, catalogue::object_types(time)).await?;
    insert_missing::<user::Entity, _>(transaction, vec![catalogue::system_user(time)]).await
}

async fn library(transaction: &DatabaseTransaction, node: Umid, time: Time) -> Result<()> {
    insert_missing::<asset_3d_user::Entity, _>(transaction, assets::library(time)).await?;
    let skies = vec![assets::skies(node, time)];
    insert_missing::<object_user_attribute::Entity, _>(transaction, skies).await
}

async fn insert_node(transaction: &DatabaseTransaction, node: Umid, time: Time) -> Result<()> {
    insert_missing::<node_attribute::Entity, _>(transaction, catalogue::node_attributes(time))
        .await?;
    let row = object::Model {
        object_id: node,
        object_type_id: ids::NODE_TYPE,
        owner_id: ids::SYSTEM_USER,
        parent_id: node,
        asset_2d_id: None,
        asset_3d_id: None,
        options: None,
        transform: None,
        updated_at: time,
        created_at: time,
    };
    object::Entity::insert(row.into_active_model())
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Inserts the rows whose keys are not there yet. A row that another one stands in the way of, such
/// as an object type of the same name with an id of its own, is left out as well.
async fn insert_missing<E, A>(transaction: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<()>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E>,
{
    let then = OnConflict::new().do_nothing().to_owned();
    E::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
        .on_conflict(then)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// The attribute types that secrets were kept under by the existing platform, as they are here:
/// nobody reads or writes them.
pub(crate) fn sealed_attribute_types() -> impl Iterator<Item = attribute_type::Model> {
    attribute_types::rows()
        .into_iter()
        .filter(|row| row.options.as_ref() == Some(&attribute_types::sealed()))
}

/// A JSON object literal as the map it is; the literals of the seed are all objects.
fn object_literal(value: JsonValue) -> JsonMap {
    match value {
        JsonValue::Object(map) => map,
        _ => JsonMap::new(),
    }
}
