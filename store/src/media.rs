//! Contents of worlds by their digests: what is known of each, names, owners and variants. The
//! bytes are elsewhere.

mod blocks;
mod collect;
mod references;
mod variants;

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    QueryFilter, QuerySelect, Statement, sea_query::OnConflict,
};
use serde_json::Value;

use crate::{
    Result, Store, StoreError,
    convert::now,
    database::sql::get,
    entity::{media_alias, media_blob, media_owner},
};

pub use variants::VariantRow;

/// A SHA-256.
pub type DigestBytes = [u8; 32];

/// State of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobState {
    /// It is served.
    Live,
    /// Nothing refers to it; it is deleted unless it is uploaded or referred to again.
    Tombstoned,
    /// Its bytes are not what they should be.
    Quarantined,
    /// An admin forbids it.
    Blocked,
}

impl BlobState {
    fn name(self) -> &'static str {
        match self {
            BlobState::Live => "live",
            BlobState::Tombstoned => "tombstoned",
            BlobState::Quarantined => "quarantined",
            BlobState::Blocked => "blocked",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        [
            BlobState::Live,
            BlobState::Tombstoned,
            BlobState::Quarantined,
            BlobState::Blocked,
        ]
        .into_iter()
        .find(|state| state.name() == name)
        .ok_or_else(|| StoreError::Invalid(format!("the state of a blob: {name}")))
    }
}

/// Facts about a content when it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBlob {
    /// SHA-256 of the bytes.
    pub digest: DigestBytes,
    /// Number of bytes.
    pub size: u64,
    /// Media type.
    pub mime: String,
    /// Kinds that it may be served as, a set of bits.
    pub kinds: i32,
    /// Width and height in pixels.
    pub size_px: Option<(u32, u32)>,
    /// Frames of an animation, 1 for a still picture.
    pub frames: Option<u32>,
    /// Length in milliseconds.
    pub duration_ms: Option<u64>,
    /// Triangles and vertices.
    pub geometry: Option<(u64, u64)>,
    /// Whether some pixel is not opaque.
    pub has_alpha: bool,
    /// Name of the bytes in IPFS.
    pub cid: String,
    /// Digests of the chunks of 1 MiB, if there are several; not read back.
    pub chunks: Vec<DigestBytes>,
    /// Reasons for which clients may not show it.
    pub warnings: Vec<String>,
    /// Whether it ships with the program and is never collected.
    pub pinned: bool,
}

/// A stored content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRow {
    /// Facts about it.
    pub blob: NewBlob,
    /// Its state.
    pub state: BlobState,
    /// When it was first stored.
    pub created_at: DateTime<Utc>,
}

/// Effect of recording a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The content as it is stored now.
    pub row: BlobRow,
    /// Whether it was there before.
    pub known: bool,
}

/// Numbers of contents and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaTotals {
    /// Contents that are served.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents that wait for their deletion.
    pub tombstoned: u64,
    /// Variants.
    pub variants: u64,
    /// Bytes of the variants.
    pub variant_bytes: u64,
}

impl Store {
    /// A content by its digest or any other name.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media(&self, name: &str) -> Result<Option<BlobRow>> {
        let digest = match hex_digest(name) {
            Some(digest) => Some(digest.to_vec()),
            None => media_alias::Entity::find_by_id(name)
                .one(self.read())
                .await?
                .map(|alias| alias.digest),
        };
        let Some(digest) = digest else {
            return Ok(None);
        };
        let row = media_blob::Entity::find_by_id(digest)
            .one(self.read())
            .await?;
        row.map(BlobRow::try_from).transpose()
    }

    /// Records a content that lies in the storage, its owner and its other names. What is known
    /// already gets more kinds, names and owners; what was tombstoned lives again.
    ///
    /// # Errors
    /// `Duplicate` if one of the names belongs to another content, `Dangling` without the user.
    pub async fn record_media(
        &self,
        new: &NewBlob,
        owner: Option<Umid>,
        aliases: &[String],
    ) -> Result<Recorded> {
        let transaction = self.begin().await?;
        let time = now();
        let mut find = media_blob::Entity::find_by_id(new.digest.to_vec());
        if self.backend() == DbBackend::Postgres {
            find = find.lock_exclusive();
        }
        let present = find.one(&transaction).await?;
        let known = present.is_some();
        match present {
            Some(row) => {
                let lives = BlobState::parse(&row.state)? == BlobState::Tombstoned;
                let mut update = media_blob::ActiveModel {
                    digest: Set(row.digest),
                    kinds: Set(row.kinds | new.kinds),
                    pinned: Set(row.pinned | i32::from(new.pinned)),
                    ..Default::default()
                };
                if lives {
                    update.state = Set(BlobState::Live.name().to_owned());
                }
                // Somebody who uploads again may refer to it only later: its time begins anew.
                update.changed_at = Set(time);
                media_blob::Entity::update(update)
                    .exec(&transaction)
                    .await?;
            }
            None => insert(&transaction, new, time).await?,
        }
        if let Some(user) = owner {
            let row = media_owner::ActiveModel {
                digest: Set(new.digest.to_vec()),
                user_id: Set(user),
                created_at: Set(time),
            };
            media_owner::Entity::insert(row)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(&transaction)
                .await?;
        }
        for alias in aliases {
            set_alias(&transaction, alias, &new.digest).await?;
        }
        let row = media_blob::Entity::find_by_id(new.digest.to_vec())
            .one(&transaction)
            .await?
            .ok_or_else(|| StoreError::Invalid("a blob that was just stored is gone".to_owned()))?;
        let row = BlobRow::try_from(row)?;
        self.commit(transaction).await?;
        Ok(Recorded { row, known })
    }

    /// Makes a name stand for a content, whatever it stood for before.
    ///
    /// # Errors
    /// `Dangling` if there is no such content.
    pub async fn point_media_alias(&self, alias: &str, digest: &DigestBytes) -> Result<()> {
        let transaction = self.begin().await?;
        let row = media_alias::ActiveModel {
            alias: Set(alias.to_owned()),
            digest: Set(digest.to_vec()),
        };
        let mut then = OnConflict::column(media_alias::Column::Alias);
        then.update_column(media_alias::Column::Digest);
        media_alias::Entity::insert(row)
            .on_conflict(then)
            .exec_without_returning(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(())
    }

    /// Bytes that count against a user's quota.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_usage(&self, user: Umid) -> Result<u64> {
        let select = "SELECT CAST(COALESCE(SUM(blob.size), 0) AS BIGINT) AS bytes FROM media_owner AS owner \
             JOIN media_blob AS blob ON blob.digest = owner.digest WHERE owner.user_id = $1";
        let statement = Statement::from_sql_and_values(self.backend(), select, [user.into()]);
        let row = self.read().query_one_raw(statement).await?;
        let bytes: i64 = row.map_or(Ok(0), |row| get(&row, "bytes"))?;
        Ok(bytes.unsigned_abs())
    }

    /// Takes a content out of what a user owns; whether it was there.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn disown_media(&self, digest: &DigestBytes, user: Umid) -> Result<bool> {
        let transaction = self.begin().await?;
        let deleted = media_owner::Entity::delete_by_id((digest.to_vec(), user))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Counts contents and bytes.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_totals(&self) -> Result<MediaTotals> {
        let select = "SELECT \
             (SELECT COUNT(*) FROM media_blob WHERE state = 'live') AS blobs, \
             (SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM media_blob) AS bytes, \
             (SELECT COUNT(*) FROM media_blob WHERE state = 'tombstoned') AS tombstoned, \
             (SELECT COUNT(*) FROM media_variant) AS variants, \
             (SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM media_variant) AS variant_bytes";
        let statement = Statement::from_string(self.backend(), select);
        let Some(row) = self.read().query_one_raw(statement).await? else {
            return Ok(MediaTotals::default());
        };
        let number = |column: &str| get::<i64>(&row, column).map(i64::unsigned_abs);
        Ok(MediaTotals {
            blobs: number("blobs")?,
            bytes: number("bytes")?,
            tombstoned: number("tombstoned")?,
            variants: number("variants")?,
            variant_bytes: number("variant_bytes")?,
        })
    }

    /// Those of the names that are names of contents, with the digests.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn media_aliases(&self, names: &[String]) -> Result<Vec<(String, DigestBytes)>> {
        let rows = media_alias::Entity::find()
            .filter(media_alias::Column::Alias.is_in(names.to_vec()))
            .all(self.read())
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.alias, digest_bytes(row.digest)?)))
            .collect()
    }
}

async fn insert(
    transaction: &DatabaseTransaction,
    new: &NewBlob,
    time: DateTime<Utc>,
) -> Result<()> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let pixels = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let row = media_blob::ActiveModel {
        digest: Set(new.digest.to_vec()),
        size: Set(number(new.size)),
        mime: Set(new.mime.clone()),
        kinds: Set(new.kinds),
        width: Set(new.size_px.map(|(width, _)| pixels(width))),
        height: Set(new.size_px.map(|(_, height)| pixels(height))),
        frames: Set(new.frames.map(pixels)),
        duration_ms: Set(new.duration_ms.map(number)),
        triangles: Set(new.geometry.map(|(triangles, _)| number(triangles))),
        vertices: Set(new.geometry.map(|(_, vertices)| number(vertices))),
        has_alpha: Set(new.has_alpha.into()),
        cid: Set(new.cid.clone()),
        warnings: Set((!new.warnings.is_empty()).then(|| Value::from(new.warnings.clone()))),
        pinned: Set(new.pinned.into()),
        state: Set(BlobState::Live.name().to_owned()),
        created_at: Set(time),
        changed_at: Set(time),
    };
    media_blob::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    blocks::insert(transaction, &new.digest, &new.chunks).await
}

/// Gives a content another name; a name that belongs to another content stays with it.
async fn set_alias(
    transaction: &DatabaseTransaction,
    alias: &str,
    digest: &DigestBytes,
) -> Result<()> {
    let present = media_alias::Entity::find_by_id(alias)
        .one(transaction)
        .await?;
    match present {
        Some(row) if row.digest == digest => Ok(()),
        Some(_) => Err(StoreError::Duplicate),
        None => {
            let row = media_alias::ActiveModel {
                alias: Set(alias.to_owned()),
                digest: Set(digest.to_vec()),
            };
            media_alias::Entity::insert(row)
                .exec_without_returning(transaction)
                .await?;
            Ok(())
        }
    }
}

/// The digest that a name spells.
fn hex_digest(name: &str) -> Option<DigestBytes> {
    if name.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, digits) in digest.iter_mut().zip(name.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(digest)
}

fn digest_bytes(bytes: Vec<u8>) -> Result<DigestBytes> {
    DigestBytes::try_from(bytes).map_err(|_| StoreError::Invalid("a stored digest".to_owned()))
}

impl TryFrom<media_blob::Model> for BlobRow {
    type Error = StoreError;

    fn try_from(row: media_blob::Model) -> Result<Self> {
        let pixels = |value: i32| value.unsigned_abs();
        let texts = |value: Value| match value {
            Value::Array(texts) => texts
                .into_iter()
                .filter_map(|text| text.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            state: BlobState::parse(&row.state)?,
            created_at: row.created_at,
            blob: NewBlob {
                digest: digest_bytes(row.digest)?,
                size: row.size.unsigned_abs(),
                mime: row.mime,
                kinds: row.kinds,
                size_px: row.width.map(pixels).zip(row.height.map(pixels)),
                frames: row.frames.map(pixels),
                duration_ms: row.duration_ms.map(i64::unsigned_abs),
                geometry: row
                    .triangles
                    .map(i64::unsigned_abs)
                    .zip(row.vertices.map(i64::unsigned_abs)),
                has_alpha: row.has_alpha != 0,
                cid: row.cid,
                chunks: Vec::new(),
                warnings: row.warnings.map(texts).unwrap_or_default(),
                pinned: row.pinned != 0,
            },
        })
    }
}
