//! The life of contents that nothing refers to: live, tombstoned, gone.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{BlobRow, BlobState, DigestBytes, digest_bytes};
use crate::{
    Result, Store,
    convert::now,
    entity::{media_alias, media_blob},
};

impl Store {
    /// Contents in a state since before `time` that do not ship with the program, by digest, after
    /// one of them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_in_state(
        &self,
        state: BlobState,
        time: DateTime<Utc>,
        after: Option<DigestBytes>,
        limit: u64,
    ) -> Result<Vec<BlobRow>> {
        let mut find = media_blob::Entity::find()
            .filter(media_blob::Column::State.eq(state.name()))
            .filter(media_blob::Column::ChangedAt.lt(time))
            .filter(media_blob::Column::Pinned.eq(0));
        if let Some(after) = after {
            find = find.filter(media_blob::Column::Digest.gt(after.to_vec()));
        }
        let rows = find
            .order_by_asc(media_blob::Column::Digest)
            .limit(limit)
            .all(self.read())
            .await?;
        rows.into_iter().map(BlobRow::try_from).collect()
    }

    /// All contents whatever their state, by digest, after one of them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_after(
        &self,
        after: Option<DigestBytes>,
        limit: u64,
    ) -> Result<Vec<BlobRow>> {
        let mut find = media_blob::Entity::find();
        if let Some(after) = after {
            find = find.filter(media_blob::Column::Digest.gt(after.to_vec()));
        }
        let rows = find
            .order_by_asc(media_blob::Column::Digest)
            .limit(limit)
            .all(self.read())
            .await?;
        rows.into_iter().map(BlobRow::try_from).collect()
    }

    /// Puts contents from one state into another; those that are in neither stay as they are.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn set_media_state(
        &self,
        digests: &[DigestBytes],
        from: &[BlobState],
        to: BlobState,
    ) -> Result<u64> {
        let transaction = self.begin().await?;
        let from: Vec<&str> = from.iter().map(|state| state.name()).collect();
        let digests: Vec<Vec<u8>> = digests.iter().map(|digest| digest.to_vec()).collect();
        let updated = media_blob::Entity::update_many()
            .set(media_blob::ActiveModel {
                state: Set(to.name().to_owned()),
                changed_at: Set(now()),
                ..Default::default()
            })
            .filter(media_blob::Column::Digest.is_in(digests))
            .filter(media_blob::Column::State.is_in(from))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(updated.rows_affected)
    }

    /// Forgets a tombstoned content with its names, owners and variants; whether it was still
    /// tombstoned.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn forget_media(&self, digest: &DigestBytes) -> Result<bool> {
        let transaction = self.begin().await?;
        let deleted = media_blob::Entity::delete_many()
            .filter(media_blob::Column::Digest.eq(digest.to_vec()))
            .filter(media_blob::Column::State.eq(BlobState::Tombstoned.name()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// All other names with their contents, after one of them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_names_after(
        &self,
        after: &str,
        limit: u64,
    ) -> Result<Vec<(String, DigestBytes)>> {
        let rows = media_alias::Entity::find()
            .filter(media_alias::Column::Alias.gt(after))
            .order_by_asc(media_alias::Column::Alias)
            .limit(limit)
            .all(self.read())
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.alias, digest_bytes(row.digest)?)))
            .collect()
    }
}
