//! Variants of pictures: made once, at the first request, kept within a budget.

use std::fmt;

use components::Reason;
use media::{Class, Digest, Encoding, Format, MediaError, Pixels, Urgency, Variant};
use store::{StoreError, VariantRow};

use super::{Library, MediaFile, Texture, serve::shared};
use crate::{Node, NodeError, Result};

/// The largest class for which AVIF is made while somebody waits: above it takes seconds.
const MAX_AVIF: &str = "s7";

/// Recipe by which a file is made of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Recipe {
    /// It is the content itself.
    Original,
    /// A size and an encoding.
    Still(Class, Encoding),
    /// An animation in a size.
    Animated(Class),
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recipe::Original => f.write_str("original"),
            Recipe::Still(class, encoding) => write!(f, "{class}-{}", encoding.name()),
            Recipe::Animated(class) => write!(f, "{class}-anim"),
        }
    }
}

/// The variant that a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantRequest {
    /// Size.
    pub class: Class,
    /// Encodings that the client reads, the best first; the baseline if none.
    pub encoding: Encoding,
    /// Whether an animation is to stay one.
    pub animated: bool,
}

impl VariantRequest {
    fn recipe(self, file: &MediaFile) -> Recipe {
        let moves = file.row.blob.frames.is_some_and(|frames| frames > 1);
        if self.animated && moves {
            return Recipe::Animated(self.class);
        }
        let large = Class::parse(MAX_AVIF).is_some_and(|most| self.class > most);
        match self.encoding {
            Encoding::Avif if large => Recipe::Still(self.class, Encoding::WebP),
            encoding => Recipe::Still(self.class, encoding),
        }
    }
}

impl Node {
    /// The tag of a variant: the same for the same bytes.
    pub fn variant_tag(&self, file: &MediaFile, variant: VariantRequest) -> String {
        format!("{}-{}", file.digest(), variant.recipe(file))
    }

    /// A variant of a picture; made now if there is none, by one request for all that wait.
    ///
    /// # Errors
    /// `Busy` if too many are being made, `FailedToGetTexture` if the picture is gone,
    /// `Unavailable`.
    pub async fn texture(&self, file: &MediaFile, variant: VariantRequest) -> Result<Texture> {
        let (digest, recipe) = (file.digest(), variant.recipe(file));
        let make = async {
            match self.load_variant(digest, recipe).await? {
                Some(texture) => Ok(texture),
                None => self.make_variant(file, recipe).await,
            }
        };
        let made = self.media.hot.try_get_with((digest, recipe), make).await;
        made.map_err(|error| match shared(&error) {
            NodeError::Refused(Reason::NotFound) => Reason::FailedToGetTexture.into(),
            other => other,
        })
    }

    /// A variant that lies in the storage.
    async fn load_variant(&self, digest: Digest, recipe: Recipe) -> Result<Option<Texture>> {
        let name = recipe.to_string();
        let Some(row) = self.store().media_variant(digest.bytes(), &name).await? else {
            return Ok(None);
        };
        let bytes = match self.media.storage.read(&variant_key(digest, &name)).await {
            Ok(bytes) => bytes,
            // It is made again.
            Err(MediaError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let hit = [(*digest.bytes(), name)];
        if let Err(error) = self.store().touch_variants(&hit).await {
            tracing::debug!(%error, "a hit of a variant was not noted");
        }
        count(recipe, "stored");
        Ok(Some(Texture {
            bytes,
            mime: row.mime.as_str().into(),
            width: row.width,
            height: row.height,
        }))
    }

    async fn make_variant(&self, file: &MediaFile, recipe: Recipe) -> Result<Texture> {
        let digest = file.digest();
        let format = Format::of_mime(&file.row.blob.mime).ok_or(Reason::FailedToGetTexture)?;
        let bytes = self.media.storage.read(&digest.blob_key()).await?;
        let limits = self.media.options.limits.pictures;
        let make = move || match recipe {
            Recipe::Original => Err(MediaError::NotFound),
            Recipe::Still(class, encoding) => {
                Pixels::decode(format, bytes, &limits)?.variant(class, encoding)
            }
            Recipe::Animated(class) => media::animated(format, &bytes, class, &limits),
        };
        let made = self.media.pool.run(Urgency::Now, make).await?;
        count(recipe, "made");
        self.keep_variant(digest, recipe, &made).await;
        Ok(texture(made))
    }

    /// Stores a variant. One that cannot be kept is served all the same.
    async fn keep_variant(&self, digest: Digest, recipe: Recipe, made: &Variant) {
        let name = recipe.to_string();
        let kept = async {
            let key = variant_key(digest, &name);
            self.media.storage.put(&key, made.bytes.clone()).await?;
            let row = VariantRow {
                digest: *digest.bytes(),
                recipe: name.clone(),
                mime: made.mime.to_owned(),
                size: made.bytes.len() as u64,
                width: made.width,
                height: made.height,
            };
            match self.store().record_variant(&row).await {
                // The picture was deleted meanwhile.
                Err(StoreError::Dangling(_)) => Ok(self.media.storage.delete(&key).await?),
                other => Ok::<_, NodeError>(other?),
            }
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, %digest, "a variant was not kept");
        }
    }

    /// Makes the sizes that clients ask for soonest, while nobody waits.
    pub(crate) async fn make_ahead(&self, file: &MediaFile) -> Result<()> {
        let digest = file.digest();
        let format = Format::of_mime(&file.row.blob.mime).ok_or(Reason::FailedToGetTexture)?;
        let known = self.store().media_recipes(digest.bytes()).await?;
        let wanted: Vec<(Class, Encoding)> = Class::eager()
            .flat_map(|class| [(class, Encoding::Baseline), (class, Encoding::WebP)])
            .filter(|(class, encoding)| {
                !known.contains(&Recipe::Still(*class, *encoding).to_string())
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let bytes = self.media.storage.read(&digest.blob_key()).await?;
        let limits = self.media.options.limits.pictures;
        let make = move || {
            let pixels = Pixels::decode(format, bytes, &limits)?;
            let variants = wanted.into_iter().map(|(class, encoding)| {
                Ok((
                    Recipe::Still(class, encoding),
                    pixels.variant(class, encoding)?,
                ))
            });
            variants.collect::<std::result::Result<Vec<_>, MediaError>>()
        };
        for (recipe, variant) in self.media.pool.run(Urgency::Later, make).await? {
            self.keep_variant(digest, recipe, &variant).await;
        }
        Ok(())
    }

    /// Deletes variants that nobody has asked for longest until the rest fits the budget; how many
    /// bytes.
    pub(super) async fn trim_variants(&self) -> Result<u64> {
        let mut bytes = self.store().media_totals().await?.variant_bytes;
        let mut trimmed = 0;
        while bytes > self.media.options.variants {
            let oldest = self.store().oldest_variants(100).await?;
            if oldest.is_empty() {
                break;
            }
            for row in oldest {
                if bytes <= self.media.options.variants {
                    break;
                }
                self.drop_variant(Digest::from(row.digest), &row.recipe)
                    .await?;
                bytes = bytes.saturating_sub(row.size);
                trimmed += row.size;
            }
        }
        Ok(trimmed)
    }

    async fn drop_variant(&self, digest: Digest, recipe: &str) -> Result<()> {
        self.store().forget_variant(digest.bytes(), recipe).await?;
        Ok(self
            .media
            .storage
            .delete(&variant_key(digest, recipe))
            .await?)
    }
}

impl Library {
    /// Forgets what is in memory of a content.
    pub(super) async fn forget(&self, digest: Digest) {
        // Its names are many, and what is forgotten in vain is only read once more.
        self.names.invalidate_all();
        let recipes = [Recipe::Original]
            .into_iter()
            .chain(Class::all().flat_map(|class| {
                let encodings = [
                    Encoding::Baseline,
                    Encoding::Png,
                    Encoding::Jpeg,
                    Encoding::WebP,
                    Encoding::Avif,
                ];
                let still = encodings.map(|encoding| Recipe::Still(class, encoding));
                still.into_iter().chain([Recipe::Animated(class)])
            }));
        for recipe in recipes {
            self.hot.invalidate(&(digest, recipe)).await;
        }
    }
}

fn variant_key(digest: Digest, recipe: &str) -> String {
    format!("{}{recipe}", digest.variants_key())
}

fn texture(variant: Variant) -> Texture {
    Texture {
        bytes: variant.bytes,
        mime: variant.mime.into(),
        width: variant.width,
        height: variant.height,
    }
}

fn count(recipe: Recipe, origin: &'static str) {
    if !matches!(recipe, Recipe::Original) {
        metrics::counter!("odyssey_media_variants_total", "origin" => origin).increment(1);
    }
}
