//! Docks between the worlds of two users: the wishes of either side, and the portals and roles that
//! come of two of them (docs/spec/model.md §4.8).

use chrono::{DateTime, Utc};
use components::{Umid, ids};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, JsonValue,
    PaginatorTrait, QueryFilter, QueryOrder, Statement,
    sea_query::{OnConflict, Query},
};

use crate::{
    NewObjectRow, Result, Store, StoreError,
    convert::now,
    database::sql::BATCH,
    entity::{
        dock_wish::{self, Column},
        object, object_attribute, user_object,
    },
    objects::{self, members},
    users,
};

/// The worlds of two users that are to be docked, or docked no longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Docking {
    /// The two users.
    pub users: [Umid; 2],
    /// Admins to be added or removed: (world, user).
    pub admins: [(Umid, Umid); 2],
}

/// The role that comes of a dock.
const ADMIN: &str = "admin";
/// Description of the target of a portal.
const DESTINATION: &str = "DestinationWorldID";

impl Store {
    /// The oldest world a user owns.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn first_world(&self, owner: Umid) -> Result<Option<Umid>> {
        let select = "SELECT o.object_id FROM object n \
             JOIN object o ON o.parent_id = n.object_id AND o.object_id <> n.object_id \
             WHERE n.object_id = n.parent_id AND o.owner_id = $1 \
             ORDER BY o.created_at, o.object_id LIMIT 1";
        let select = Statement::from_sql_and_values(self.backend(), select, [owner.into()]);
        let row = self.read().query_one_raw(select).await?;
        Ok(row.map(|row| row.try_get("", "object_id")).transpose()?)
    }

    /// Notes that `user` wishes a dock with `other` until `expires`. Answers whether `other` wishes
    /// it, too. Forgets all wishes that have expired.
    ///
    /// # Errors
    /// `UserNotFound` if one of them is gone, `TooManyWishes` if `user` has `most` open ones.
    pub async fn put_dock_wish(
        &self,
        user: Umid,
        other: Umid,
        expires: DateTime<Utc>,
        most: u64,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        // Two wishes at once would not see each other otherwise.
        lock_both(&transaction, [user, other]).await?;
        dock_wish::Entity::delete_many()
            .filter(Column::ExpiresAt.lte(now()))
            .exec(&transaction)
            .await?;
        let open = dock_wish::Entity::find()
            .filter(Column::UserId.eq(user))
            .filter(Column::OtherId.ne(other))
            .count(&transaction)
            .await?;
        if open >= most {
            return Err(StoreError::TooManyWishes);
        }
        let row = dock_wish::ActiveModel {
            user_id: Set(user),
            other_id: Set(other),
            expires_at: Set(expires),
        };
        let mut then = OnConflict::columns([Column::UserId, Column::OtherId]);
        then.update_column(Column::ExpiresAt);
        dock_wish::Entity::insert(row)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await?;
        let answer = dock_wish::Entity::find_by_id((other, user))
            .one(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(answer.is_some())
    }

    /// The portals of a type below an object that lead to a world, by id.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn portals(
        &self,
        station: Umid,
        object_type: Umid,
        destination: Umid,
    ) -> Result<Vec<Umid>> {
        let below = Query::select()
            .column(object::Column::ObjectId)
            .from(object::Entity)
            .and_where(object::Column::ParentId.eq(station))
            .and_where(object::Column::ObjectTypeId.eq(object_type))
            .to_owned();
        let rows = object_attribute::Entity::find()
            .filter(object_attribute::Column::PluginId.eq(ids::CORE_PLUGIN))
            .filter(object_attribute::Column::AttributeName.eq("teleport"))
            .filter(object_attribute::Column::ObjectId.in_subquery(below))
            .order_by_asc(object_attribute::Column::ObjectId)
            .all(self.read())
            .await?;
        let leads_there = |row: &object_attribute::Model| {
            let value = row.value.as_ref()?;
            let text = value.get(DESTINATION).and_then(JsonValue::as_str)?;
            Some(Umid::parse_str(text).ok()? == destination)
        };
        let portals = rows.iter().filter(|row| leads_there(row) == Some(true));
        Ok(portals.map(|row| row.object_id).collect())
    }

    /// Puts the portals and gives the roles that two users wish, and forgets their wishes. Returns
    /// the time of creation of the portals; `None` if not both wish it any more, be it that
    /// somebody was faster.
    ///
    /// # Errors
    /// `Dangling` if a user, world or type is gone, `UserNotFound`.
    pub async fn dock(
        &self,
        docking: &Docking,
        portals: &[NewObjectRow],
    ) -> Result<Option<DateTime<Utc>>> {
        let time = now();
        let transaction = self.begin().await?;
        lock_both(&transaction, docking.users).await?;
        let valid = Condition::all().add(Column::ExpiresAt.gt(time));
        if forget_wishes(&transaction, docking.users, valid).await? != 2 {
            return Ok(None);
        }
        objects::insert(&transaction, portals, time).await?;
        for (world, user) in docking.admins {
            members::set(&transaction, world, user, ADMIN).await?;
        }
        self.commit(transaction).await?;
        Ok(Some(time))
    }

    /// Takes portals, with all below them, and roles away, and forgets what the two users wished of
    /// each other. Returns the ids deleted for each portal, which comes first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn undock(
        &self,
        users: [Umid; 2],
        admins: &[(Umid, Umid)],
        portals: &[Umid],
    ) -> Result<Vec<Vec<Umid>>> {
        let transaction = self.begin().await?;
        forget_wishes(&transaction, users, Condition::all()).await?;
        let mut removed = Vec::with_capacity(portals.len());
        for portal in portals {
            let ids = self.lock_subtree(&transaction, *portal).await?;
            // Leaves first, so that no cascade has to recurse.
            for batch in ids.rchunks(BATCH).map(<[Umid]>::to_vec) {
                object::Entity::delete_many()
                    .filter(object::Column::ObjectId.is_in(batch))
                    .exec(&transaction)
                    .await?;
            }
            removed.push(ids);
        }
        for (world, user) in admins {
            user_object::Entity::delete_by_id((*world, *user))
                .exec(&transaction)
                .await?;
        }
        self.commit(transaction).await?;
        Ok(removed)
    }
}

/// Always in the same order, or two transactions could wait for each other.
async fn lock_both(transaction: &DatabaseTransaction, mut users: [Umid; 2]) -> Result<()> {
    users.sort_unstable();
    for user in users {
        users::lock(transaction, user).await?;
    }
    Ok(())
}

async fn forget_wishes(
    transaction: &DatabaseTransaction,
    [one, other]: [Umid; 2],
    which: Condition,
) -> Result<u64> {
    let between = |from: Umid, to: Umid| {
        Condition::all()
            .add(Column::UserId.eq(from))
            .add(Column::OtherId.eq(to))
    };
    let forgotten = dock_wish::Entity::delete_many()
        .filter(
            Condition::any()
                .add(between(one, other))
                .add(between(other, one)),
        )
        .filter(which)
        .exec(transaction)
        .await?;
    Ok(forgotten.rows_affected)
}
