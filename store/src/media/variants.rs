//! Variants of pictures: what there is, and what was not asked for longest.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};

use super::{DigestBytes, digest_bytes};
use crate::{Result, Store, convert::now, entity::media_variant};

/// A variant that lies in the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantRow {
    /// The picture that it was made of.
    pub digest: DigestBytes,
    /// Recipe by which it was made.
    pub recipe: String,
    /// Media type.
    pub mime: String,
    /// Number of bytes.
    pub size: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Store {
    /// A variant.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_variant(
        &self,
        digest: &DigestBytes,
        recipe: &str,
    ) -> Result<Option<VariantRow>> {
        let key = (digest.to_vec(), recipe.to_owned());
        let row = media_variant::Entity::find_by_id(key)
            .one(self.read())
            .await?;
        row.map(VariantRow::try_from).transpose()
    }

    /// Names of the variants of a picture.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_recipes(&self, digest: &DigestBytes) -> Result<Vec<String>> {
        let rows = media_variant::Entity::find()
            .filter(media_variant::Column::Digest.eq(digest.to_vec()))
            .order_by_asc(media_variant::Column::Recipe)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(|row| row.recipe).collect())
    }

    /// Records variants that lie in the storage.
    ///
    /// # Errors
    /// `Dangling` if the picture is gone.
    pub async fn record_variant(&self, variant: &VariantRow) -> Result<()> {
        let row = media_variant::ActiveModel {
            digest: Set(variant.digest.to_vec()),
            recipe: Set(variant.recipe.clone()),
            mime: Set(variant.mime.clone()),
            size: Set(i64::try_from(variant.size).unwrap_or(i64::MAX)),
            width: Set(i32::try_from(variant.width).unwrap_or(i32::MAX)),
            height: Set(i32::try_from(variant.height).unwrap_or(i32::MAX)),
            last_hit: Set(now()),
        };
        let mut then =
            OnConflict::columns([media_variant::Column::Digest, media_variant::Column::Recipe]);
        then.update_columns([
            media_variant::Column::Mime,
            media_variant::Column::Size,
            media_variant::Column::Width,
            media_variant::Column::Height,
            media_variant::Column::LastHit,
        ]);
        let transaction = self.begin().await?;
        media_variant::Entity::insert(row)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(())
    }

    /// Notes that variants were asked for.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn touch_variants(&self, hit: &[(DigestBytes, String)]) -> Result<()> {
        let transaction = self.begin().await?;
        for (digest, recipe) in hit {
            media_variant::Entity::update_many()
                .set(media_variant::ActiveModel {
                    last_hit: Set(now()),
                    ..Default::default()
                })
                .filter(media_variant::Column::Digest.eq(digest.to_vec()))
                .filter(media_variant::Column::Recipe.eq(recipe.as_str()))
                .exec(&transaction)
                .await?;
        }
        self.commit(transaction).await?;
        Ok(())
    }

    /// Variants that nobody has asked for longest.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn oldest_variants(&self, limit: u64) -> Result<Vec<VariantRow>> {
        let rows = media_variant::Entity::find()
            .order_by_asc(media_variant::Column::LastHit)
            .limit(limit)
            .all(self.read())
            .await?;
        rows.into_iter().map(VariantRow::try_from).collect()
    }

    /// Forgets a variant.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn forget_variant(&self, digest: &DigestBytes, recipe: &str) -> Result<()> {
        let transaction = self.begin().await?;
        forget(&transaction, digest, recipe).await?;
        self.commit(transaction).await?;
        Ok(())
    }
}

async fn forget<C: ConnectionTrait>(db: &C, digest: &DigestBytes, recipe: &str) -> Result<()> {
    media_variant::Entity::delete_by_id((digest.to_vec(), recipe.to_owned()))
        .exec(db)
        .await?;
    Ok(())
}

impl TryFrom<media_variant::Model> for VariantRow {
    type Error = crate::StoreError;

    fn try_from(row: media_variant::Model) -> Result<Self> {
        Ok(Self {
            digest: digest_bytes(row.digest)?,
            recipe: row.recipe,
            mime: row.mime,
            size: row.size.unsigned_abs(),
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
        })
    }
}
