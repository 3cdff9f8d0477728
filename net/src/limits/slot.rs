//! The connections of all addresses together.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

/// A place among the connections of the server, shared by a connection and the session that it
/// becomes. The place is free again when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Slot(#[expect(dead_code, reason = "only held")] Arc<OwnedSemaphorePermit>);

impl Slot {
    pub(crate) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(permit))
    }
}
