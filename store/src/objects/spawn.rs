//! Number of objects that a user has put below another.

use components::Umid;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::{Result, Store, entity::object};

impl Store {
    /// Number of direct children of an object that belong to a user.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn children_of_owner(&self, parent: Umid, owner: Umid) -> Result<u64> {
        Ok(object::Entity::find()
            .filter(object::Column::ParentId.eq(parent))
            .filter(object::Column::OwnerId.eq(owner))
            .filter(object::Column::ObjectId.ne(parent))
            .count(self.read())
            .await?)
    }
}
