//! A value that is computed from the database once and reused until the database changes.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use crate::{Store, StoreError, Version};

/// A value computed from rows. It is never stale: each read asks the database for its version
/// first, which any commit changes, whoever made it.
#[derive(Debug)]
pub struct VersionedCache<T> {
    /// Held by the task that computes the value; the others wait and take its result.
    computing: Mutex<()>,
    entry: ArcSwapOption<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    /// Taken before anything was read.
    version: Version,
    value: Arc<T>,
}

impl<T> Default for VersionedCache<T> {
    fn default() -> Self {
        Self {
            computing: Mutex::default(),
            entry: ArcSwapOption::empty(),
        }
    }
}

impl<T> VersionedCache<T> {
    /// Returns the cached value, or computes it if the database has changed since.
    ///
    /// # Errors
    /// Those of `compute`, and of the database when it is asked for its version.
    pub async fn get<E: From<StoreError>>(
        &self,
        store: &Store,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        if let Some(value) = self.at(&store.version().await?) {
            return Ok(value);
        }
        let _computing = self.computing.lock().await;
        // Another task may have computed it meanwhile.
        let version = store.version().await?;
        if let Some(value) = self.at(&version) {
            return Ok(value);
        }
        let value = Arc::new(compute.await?);
        self.entry.store(Some(Arc::new(Entry {
            version,
            value: Arc::clone(&value),
        })));
        Ok(value)
    }

    /// Returns the value cached for a version.
    pub fn at(&self, version: &Version) -> Option<Arc<T>> {
        let entry = self.entry.load();
        let entry = entry.as_ref().filter(|entry| entry.version == *version);
        entry.map(|entry| Arc::clone(&entry.value))
    }

    /// Returns the cached value with its version.
    pub fn newest(&self) -> Option<(Version, Arc<T>)> {
        let entry = self.entry.load();
        entry
            .as_ref()
            .map(|entry| (entry.version.clone(), Arc::clone(&entry.value)))
    }
}
