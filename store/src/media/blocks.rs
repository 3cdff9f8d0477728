//! Chunks of contents, by which IPFS asks for them.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
};

use super::{DigestBytes, digest_bytes};
use crate::{Result, Store, entity::media_block};

/// Rows of one statement.
const BATCH: usize = 500;

/// Remembers the chunks of a content.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    digest: &DigestBytes,
    chunks: &[DigestBytes],
) -> Result<()> {
    let rows = chunks
        .iter()
        .zip(0_i64..)
        .map(|(block, position)| media_block::ActiveModel {
            digest: Set(digest.to_vec()),
            position: Set(position),
            block: Set(block.to_vec()),
        });
    let rows: Vec<_> = rows.collect();
    for batch in rows.chunks(BATCH) {
        media_block::Entity::insert_many(batch.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

impl Store {
    /// A content that has a chunk, and the place of the chunk in it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_with_block(
        &self,
        block: &DigestBytes,
    ) -> Result<Option<(DigestBytes, u64)>> {
        let row = media_block::Entity::find()
            .filter(media_block::Column::Block.eq(block.to_vec()))
            .one(self.read())
            .await?;
        row.map(|row| Ok((digest_bytes(row.digest)?, row.position.unsigned_abs())))
            .transpose()
    }

    /// Chunks of a content in order.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_blocks(&self, digest: &DigestBytes) -> Result<Vec<DigestBytes>> {
        let rows = media_block::Entity::find()
            .filter(media_block::Column::Digest.eq(digest.to_vec()))
            .order_by_asc(media_block::Column::Position)
            .all(self.read())
            .await?;
        rows.into_iter()
            .map(|row| digest_bytes(row.block))
            .collect()
    }
}
