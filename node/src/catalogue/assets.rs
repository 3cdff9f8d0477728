//! 2D assets, and the libraries of 3D assets (docs/spec/model.md §6.4).

use components::{JsonMap, Reason, Umid, merge};
use serde_json::Value;
use store::{AssetRow, LibraryRow, StoreError};
use systems::Effect;
use tokio::time::timeout;

use super::plugins::is_absent;
use crate::{
    Caller, Node, NodeError, Result,
    attributes::{PATIENCE, values::check_storable},
};

/// Entries of a library in one answer, at most. Clients show all they get, and the shapes alone are
/// a dozen.
pub const MAX_LIBRARY: u32 = 1000;
/// Largest description of an entry in bytes of JSON: a name, a hash, and what clients may add.
const MAX_META: usize = 16 * 1024;
/// Longest category that is looked for in bytes.
const MAX_CATEGORY: usize = 64;

/// The part of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryPage {
    /// Only assets of this category.
    pub category: Option<String>,
    /// Entries at most; more than [`MAX_LIBRARY`] counts as that.
    pub limit: u64,
    /// Entries to leave out at the beginning.
    pub offset: u64,
}

impl Node {
    /// A 2D asset. If its plugin has a bundle, `scopeName` and `scriptUrl` are those of the bundle
    /// that is active; without one it has neither.
    ///
    /// # Errors
    /// `Asset2dNotFound`.
    pub fn asset_2d(&self, asset: Umid) -> Result<AssetRow> {
        let asset = self.directory().asset_2d(asset);
        let mut asset = asset.ok_or(NodeError::Refused(Reason::Asset2dNotFound))?;
        if let Some(script) = asset.meta.get("scriptUrl").cloned() {
            let plugin = asset.meta.get("pluginId").and_then(Value::as_str);
            let plugin = plugin.and_then(|id| id.parse().ok());
            let bundle = plugin.and_then(|id| self.bundle_of(id));
            if let Some((scope, url)) = bundle {
                asset.meta.insert("scopeName".to_owned(), scope.into());
                asset.meta.insert("scriptUrl".to_owned(), url.into());
            } else if is_absent(&script) {
                asset.meta.remove("scopeName");
                asset.meta.remove("scriptUrl");
            }
        }
        Ok(asset)
    }

    /// Finds of the caller in the library of 3D assets: own entries, then those that others show.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn library(&self, caller: Caller, page: &LibraryPage) -> Result<Vec<LibraryRow>> {
        let category = page.category.as_deref();
        // No asset has such a category, and not every database takes NUL in a text.
        if category.is_some_and(|text| text.len() > MAX_CATEGORY || text.contains('\0')) {
            return Ok(Vec::new());
        }
        let limit = u32::try_from(page.limit)
            .unwrap_or(u32::MAX)
            .min(MAX_LIBRARY);
        let offset = u32::try_from(page.offset).unwrap_or(u32::MAX);
        let rows = self.store().library(caller.user, category, limit, offset);
        Ok(rows.await?)
    }

    /// Puts an uploaded model into the caller's library.
    ///
    /// # Errors
    /// `InvalidRequestBody` for names that are too long and previews that are no hash.
    pub async fn add_to_library(
        &self,
        caller: Caller,
        model: Umid,
        name: &str,
        preview_hash: Option<&str>,
        is_private: bool,
    ) -> Result<LibraryRow> {
        let mut meta = JsonMap::new();
        meta.insert("name".to_owned(), name.into());
        if let Some(hash) = preview_hash {
            meta.insert("preview_hash".to_owned(), hash.into());
        }
        check_storable(&Value::Object(meta.clone()), MAX_META)?;
        let lock = self.directory().write_lock(Umid::nil());
        let _held = timeout(PATIENCE, lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        let base = match self.directory().asset_3d(model) {
            Some(known) => known.meta,
            None => custom_model(),
        };
        let entry = self
            .store()
            .add_library_entry(model, &base, caller.user, &meta, is_private)
            .await?;
        let added = self.directory().add_asset_3d(AssetRow {
            id: model,
            meta: entry.base_meta.clone(),
            options: Some(JsonMap::new()),
        });
        if let Some(catalogue) = added {
            // Before anybody makes an object of it.
            self.worlds()
                .announce(vec![Effect::Catalogue(catalogue)])
                .await;
        }
        Ok(entry)
    }

    /// Changes the caller's own entry; given keys of `meta` replace those that are there.
    ///
    /// # Errors
    /// `NotFound` if the caller has no such entry, `InvalidRequestBody` if the description
    /// would be too large or cannot be stored.
    pub async fn update_library_entry(
        &self,
        caller: Caller,
        asset: Umid,
        meta: Option<JsonMap>,
        is_private: Option<bool>,
    ) -> Result<LibraryRow> {
        let meta = Value::Object(meta.unwrap_or_default());
        check_storable(&meta, MAX_META)?;
        let change = |present: JsonMap| {
            let merged = merge(&meta, &Value::Object(present));
            match (check_storable(&merged, MAX_META), merged) {
                (Ok(()), Value::Object(merged)) => Ok(merged),
                _ => Err(StoreError::TooLarge),
            }
        };
        let updated = self
            .store()
            .update_library_entry(asset, caller.user, is_private, change);
        updated.await.map_err(|error| match error {
            StoreError::AssetNotFound => NodeError::Refused(Reason::NotFound),
            StoreError::TooLarge => NodeError::invalid(Reason::InvalidRequestBody, TOO_LARGE),
            other => other.into(),
        })
    }

    /// Takes an asset out of the caller's library; the asset itself stays.
    ///
    /// # Errors
    /// `Asset3dNotRemoved` if the caller has no such entry.
    pub async fn remove_library_entry(&self, caller: Caller, asset: Umid) -> Result<()> {
        let removed = self.store().remove_library_entry(asset, caller.user);
        if removed.await? {
            Ok(())
        } else {
            Err(Reason::Asset3dNotRemoved.into())
        }
    }
}

/// Description of a model that somebody has uploaded (docs/spec/model.md §6.4).
fn custom_model() -> JsonMap {
    /// A glTF file.
    const GLTF: u8 = 1;
    let mut meta = JsonMap::new();
    meta.insert("type".to_owned(), GLTF.into());
    meta.insert("category".to_owned(), "custom".into());
    meta
}

const TOO_LARGE: &str = "the description of the asset is too large";
