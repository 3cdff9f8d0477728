//! Owners of worlds as their tokens say, and worlds whose tokens are gone (docs/spec/chains.md §5).

use components::Umid;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{ExprTrait, OnConflict},
};

use crate::{
    ObjectRecord, Result, Store, StoreError,
    convert::now,
    entity::{archived_world, object, user_object},
    error::Referent,
    objects,
};

/// Rows of one statement: SQLite takes 32,766 values.
const BATCH: usize = 10_000;

/// A world with another owner.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOver {
    /// The owner before.
    pub from: Umid,
    /// Objects of the world that the owner before had, the world among them: now the new one's.
    pub objects: Vec<Umid>,
    /// The world.
    pub world: ObjectRecord,
}

impl Store {
    /// Gives a world to a user with everything in it that its owner had, and takes the roles of
    /// that one there. With `archived`, it is kept and not shown from then on.
    ///
    /// # Errors
    /// `ObjectNotFound`; `Dangling` without the heir.
    pub async fn hand_over_world(&self, world: Umid, to: Umid, archived: bool) -> Result<HandOver> {
        let transaction = self.begin().await?;
        let root = object::Entity::find_by_id(world).one(&transaction).await?;
        let from = root.ok_or(StoreError::ObjectNotFound)?.owner_id;
        let tree = self.lock_subtree(&transaction, world).await?;
        let mut handed = Vec::new();
        for batch in tree.chunks(BATCH).map(<[Umid]>::to_vec) {
            let owned = object::Column::ObjectId
                .is_in(batch.clone())
                .and(object::Column::OwnerId.eq(from));
            let ids: Vec<Umid> = object::Entity::find()
                .select_only()
                .column(object::Column::ObjectId)
                .filter(owned.clone())
                .into_tuple()
                .all(&transaction)
                .await?;
            handed.extend(ids);
            object::Entity::update_many()
                .set(object::ActiveModel {
                    owner_id: Set(to),
                    ..Default::default()
                })
                .filter(owned)
                .exec(&transaction)
                .await
                .map_err(|error| StoreError::from(error).dangling(Referent::Heir))?;
            user_object::Entity::delete_many()
                .filter(user_object::Column::ObjectId.is_in(batch))
                .filter(user_object::Column::UserId.eq(from))
                .exec(&transaction)
                .await?;
        }
        match archived {
            true => {
                let row = archived_world::Model {
                    object_id: world,
                    archived_at: now(),
                };
                let once = OnConflict::column(archived_world::Column::ObjectId)
                    .do_nothing()
                    .to_owned();
                archived_world::Entity::insert(row.into_active_model())
                    .on_conflict(once)
                    .exec_without_returning(&transaction)
                    .await?;
            }
            false => {
                archived_world::Entity::delete_by_id(world)
                    .exec(&transaction)
                    .await?;
            }
        }
        let record = objects::read(&transaction, world).await?;
        let record = record.ok_or(StoreError::ObjectNotFound)?;
        self.commit(transaction).await?;
        Ok(HandOver {
            from,
            objects: handed,
            world: record,
        })
    }
}
