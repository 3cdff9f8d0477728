//! What is made of the database once, and kept for as long as nothing in it changes.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use crate::{Store, StoreError, Version};

/// One thing that is made of rows. It is never stale: whoever takes it asks the database for its version first, which any
/// commit changes, whoever made it.
#[derive(Debug)]
pub struct Kept<T> {
    /// Whoever makes it; the others wait and take what came of it.
    turn: Mutex<()>,
    made: ArcSwapOption<Made<T>>,
}

#[derive(Debug)]
struct Made<T> {
    /// Taken before anything was read.
    version: Version,
    value: Arc<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            turn: Mutex::default(),
            made: ArcSwapOption::empty(),
        }
    }
}

impl<T> Kept<T> {
    /// What is kept, or what `make` comes to if the database has changed since.
    ///
    /// # Errors
    /// Those of `make`, and of the database when it is asked for its version.
    pub async fn get<E: From<StoreError>>(
        &self,
        store: &Store,
        make: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        if let Some(value) = self.at(&store.version().await?) {
            return Ok(value);
        }
        let _turn = self.turn.lock().await;
        // Somebody else may have made it meanwhile.
        let version = store.version().await?;
        if let Some(value) = self.at(&version) {
            return Ok(value);
        }
        let value = Arc::new(make.await?);
        self.made.store(Some(Arc::new(Made {
            version,
            value: Arc::clone(&value),
        })));
        Ok(value)
    }

    /// What is kept of a version.
    pub fn at(&self, version: &Version) -> Option<Arc<T>> {
        let made = self.made.load();
        let made = made.as_ref().filter(|made| made.version == *version);
        made.map(|made| Arc::clone(&made.value))
    }

    /// What is kept, with its version.
    pub fn newest(&self) -> Option<(Version, Arc<T>)> {
        let made = self.made.load();
        made.as_ref()
            .map(|made| (made.version.clone(), Arc::clone(&made.value)))
    }
}
