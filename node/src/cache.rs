//! Values that depend on the database alone, reused until it changes.

use std::sync::Arc;

use store::{StoreError, VersionedCache};

use crate::{Node, NodeError};

/// Error of a computation, or of the database that is asked whether it has to run.
struct CacheError<E>(E);

impl<E: From<NodeError>> From<StoreError> for CacheError<E> {
    fn from(error: StoreError) -> Self {
        Self(NodeError::from(error).into())
    }
}

impl Node {
    /// Returns the value of `cache`, or computes it if the database has changed since.
    ///
    /// # Errors
    /// Those of `compute`; `Unavailable`.
    pub async fn cached<T, E: From<NodeError>>(
        &self,
        cache: &VersionedCache<T>,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let compute = async { compute.await.map_err(CacheError) };
        let value = cache.get(&self.store, compute).await;
        value.map_err(|CacheError(error)| error)
    }
}
