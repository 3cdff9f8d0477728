//! Users' libraries of 3D assets (docs/spec/model.md §6.4).

use chrono::{DateTime, NaiveDateTime, Utc};
use components::{JsonMap, Umid};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    FromQueryResult, JsonValue, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
    sea_query::OnConflict,
};

use crate::{
    Result, Store, StoreError,
    convert::{map, now},
    entity::{asset_3d, asset_3d_user, media_alias},
    media::DigestBytes,
};

/// A 2D or 3D asset.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetRow {
    /// The asset; for a 3D asset the MD5 of its file.
    pub id: Umid,
    /// Descriptor (docs/spec/model.md §6.4).
    pub meta: JsonMap,
    /// Options.
    pub options: Option<JsonMap>,
}

/// A 3D asset in somebody's library.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryRow {
    /// The asset.
    pub asset: Umid,
    /// Owner of the library.
    pub user: Umid,
    /// Descriptor of the asset itself.
    pub base_meta: JsonMap,
    /// The user's description of it: name, preview.
    pub meta: JsonMap,
    /// Whether only this user sees the entry.
    pub is_private: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Finds of a user in the library: all own entries, then those of others that are not
    /// private, each part oldest first. `category` is that of the asset itself.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn library(
        &self,
        user: Umid,
        category: Option<&str>,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<LibraryRow>> {
        // Either part alone may fill the page.
        let reach = i64::from(limit) + i64::from(offset);
        let mut values: Vec<Value> = vec![
            user.into(),
            reach.into(),
            i64::from(limit).into(),
            i64::from(offset).into(),
        ];
        if let Some(category) = category {
            values.push(category.into());
        }
        let own = part(0, "entry.user_id = $1", category.is_some());
        let public = "entry.is_private = FALSE AND entry.user_id <> $1";
        let public = part(1, public, category.is_some());
        let select = format!(
            "SELECT * FROM ({own} UNION ALL {public}) AS library \
             ORDER BY part, created_at, asset_3d_id, user_id LIMIT $3 OFFSET $4"
        );
        let statement = Statement::from_sql_and_values(self.backend(), select, values);
        let found = Found::find_by_statement(statement).all(self.read()).await?;
        found.into_iter().map(LibraryRow::try_from).collect()
    }

    /// Changes a user's entry for an asset: `change` gets the meta as it is and returns what it
    /// shall be. Nobody else changes the entry meanwhile.
    ///
    /// # Errors
    /// `AssetNotFound` if the asset is not in this user's library.
    pub async fn update_library_entry<F>(
        &self,
        asset: Umid,
        user: Umid,
        is_private: Option<bool>,
        change: F,
    ) -> Result<LibraryRow>
    where
        F: FnOnce(JsonMap) -> Result<JsonMap>,
    {
        let transaction = self.begin().await?;
        let mut find = asset_3d_user::Entity::find_by_id((asset, user));
        if self.backend() == DbBackend::Postgres {
            find = find.lock_exclusive();
        }
        let mut row = find
            .one(&transaction)
            .await?
            .ok_or(StoreError::AssetNotFound)?;
        row.meta = JsonValue::Object(change(map(row.meta)?)?);
        row.is_private = is_private.unwrap_or(row.is_private);
        row.updated_at = now().naive_utc();
        asset_3d_user::Entity::update_many()
            .set(asset_3d_user::ActiveModel {
                meta: Set(row.meta.clone()),
                is_private: Set(row.is_private),
                updated_at: Set(row.updated_at),
                ..Default::default()
            })
            .filter(asset_3d_user::Column::Asset3dId.eq(asset))
            .filter(asset_3d_user::Column::UserId.eq(user))
            .exec(&transaction)
            .await?;
        let updated = read_entry(&transaction, asset, user).await?;
        self.commit(transaction).await?;
        Ok(updated)
    }

    /// Puts an uploaded model into a user's library. The asset itself is made with `base_meta` if
    /// it is new; an entry that the user has already gets the new description.
    ///
    /// # Errors
    /// `Dangling` without the user.
    pub async fn add_library_entry(
        &self,
        asset: Umid,
        base_meta: &JsonMap,
        user: Umid,
        meta: &JsonMap,
        is_private: bool,
    ) -> Result<LibraryRow> {
        let transaction = self.begin().await?;
        let time = now().naive_utc();
        add_asset_3d(&transaction, asset, base_meta).await?;
        let entry = asset_3d_user::ActiveModel {
            asset_3d_id: Set(asset),
            user_id: Set(user),
            meta: Set(JsonValue::Object(meta.clone())),
            is_private: Set(is_private),
            created_at: Set(time),
            updated_at: Set(time),
        };
        let mut then = OnConflict::columns([
            asset_3d_user::Column::Asset3dId,
            asset_3d_user::Column::UserId,
        ]);
        then.update_columns([
            asset_3d_user::Column::Meta,
            asset_3d_user::Column::IsPrivate,
            asset_3d_user::Column::UpdatedAt,
        ]);
        asset_3d_user::Entity::insert(entry)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await?;
        let row = read_entry(&transaction, asset, user).await?;
        self.commit(transaction).await?;
        Ok(row)
    }

    /// Models that somebody shares in the library, by id.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn shared_models(&self) -> Result<Vec<Umid>> {
        let ids = asset_3d_user::Entity::find()
            .select_only()
            .column(asset_3d_user::Column::Asset3dId)
            .distinct()
            .filter(asset_3d_user::Column::IsPrivate.eq(false))
            .order_by_asc(asset_3d_user::Column::Asset3dId)
            .into_tuple()
            .all(self.read())
            .await?;
        Ok(ids)
    }

    /// Whether a content is a model that nobody shares, and somebody keeps for himself.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn is_private_model(&self, digest: &DigestBytes) -> Result<bool> {
        let names = media_alias::Entity::find()
            .filter(media_alias::Column::Digest.eq(digest.to_vec()))
            .all(self.read())
            .await?;
        let ids = names
            .iter()
            .filter_map(|name| Umid::parse_str(&name.alias).ok());
        let entries = asset_3d_user::Entity::find()
            .filter(asset_3d_user::Column::Asset3dId.is_in(ids))
            .all(self.read())
            .await?;
        Ok(!entries.is_empty() && entries.iter().all(|entry| entry.is_private))
    }

    /// Takes an asset out of a user's library; whether it was there. The asset itself stays: others
    /// may have it, and objects may show it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_library_entry(&self, asset: Umid, user: Umid) -> Result<bool> {
        let transaction = self.begin().await?;
        let deleted = asset_3d_user::Entity::delete_by_id((asset, user))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(deleted.rows_affected > 0)
    }
}

/// Adds an asset; one that is there stays as it is.
pub(crate) async fn add_asset_3d(
    transaction: &DatabaseTransaction,
    id: Umid,
    meta: &JsonMap,
) -> Result<()> {
    let time = now().naive_utc();
    let row = asset_3d::ActiveModel {
        asset_3d_id: Set(id),
        meta: Set(JsonValue::Object(meta.clone())),
        options: Set(Some(JsonValue::Object(JsonMap::new()))),
        created_at: Set(time),
        updated_at: Set(time),
    };
    asset_3d::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Those entries that meet a condition, in the order of the list, as many as are needed for the
/// page.
fn part(number: u8, condition: &str, of_category: bool) -> String {
    let category = if of_category {
        " AND asset.meta ->> 'category' = $5"
    } else {
        ""
    };
    format!(
        "SELECT * FROM (SELECT {number} AS part, entry.asset_3d_id, entry.user_id, entry.meta, entry.is_private, \
         entry.created_at, entry.updated_at, asset.meta AS base_meta \
         FROM asset_3d_user AS entry JOIN asset_3d AS asset ON asset.asset_3d_id = entry.asset_3d_id \
         WHERE {condition}{category} \
         ORDER BY entry.created_at, entry.asset_3d_id, entry.user_id LIMIT $2) AS part_{number}"
    )
}

async fn read_entry<C: ConnectionTrait>(db: &C, asset: Umid, user: Umid) -> Result<LibraryRow> {
    let row = asset_3d_user::Entity::find_by_id((asset, user))
        .one(db)
        .await?
        .ok_or(StoreError::AssetNotFound)?;
    let base = asset_3d::Entity::find_by_id(asset)
        .one(db)
        .await?
        .ok_or(StoreError::AssetNotFound)?;
    Found {
        asset_3d_id: row.asset_3d_id,
        user_id: row.user_id,
        meta: row.meta,
        is_private: row.is_private,
        created_at: row.created_at,
        updated_at: row.updated_at,
        base_meta: base.meta,
    }
    .try_into()
}

#[derive(FromQueryResult)]
struct Found {
    asset_3d_id: Umid,
    user_id: Umid,
    meta: JsonValue,
    is_private: bool,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    base_meta: JsonValue,
}

impl TryFrom<Found> for LibraryRow {
    type Error = StoreError;

    fn try_from(row: Found) -> Result<Self> {
        Ok(LibraryRow {
            asset: row.asset_3d_id,
            user: row.user_id,
            base_meta: map(row.base_meta)?,
            meta: map(row.meta)?,
            is_private: row.is_private,
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
        })
    }
}
