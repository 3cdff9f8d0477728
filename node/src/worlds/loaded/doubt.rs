//! Commits that the database never answered. Memory follows what is stored, so what they may have
//! changed is read again as soon as the database is back.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use components::{Reason, Umid};
use store::ObjectLink;
use systems::Effect;
use tokio::time::sleep;

use super::{Inner, Worlds, slot::Slot};
use crate::{NodeError, Result};

/// Time between two attempts to read again. A database takes about a second to come back.
const RETRY: Duration = Duration::from_millis(100);

impl Worlds {
    /// Whether memory is what is stored, as far as the database has told.
    pub(crate) fn is_settled(&self) -> bool {
        let doubts = *self.inner.store.doubts().borrow();
        self.inner.settled.load(Ordering::Acquire) == doubts
    }
}

/// Settles all doubts as they come up.
pub(super) async fn settle_all(inner: Arc<Inner>) {
    let mut doubts = inner.store.doubts();
    let settle = async {
        while doubts.changed().await.is_ok() {
            loop {
                let known = *doubts.borrow_and_update();
                if inner.settle_node().await.is_ok() {
                    inner.settled.store(known, Ordering::Release);
                    tracing::info!("commits without an answer are settled");
                    break;
                }
                sleep(RETRY).await;
            }
        }
    };
    inner.stop.run_until_cancelled(settle).await;
}

impl Inner {
    /// Reads again what belongs to the node itself, and the worlds that are in doubt.
    async fn settle_node(&self) -> Result<()> {
        let nil_lock = self.directory.write_lock(Umid::nil()).lock().await;
        let unknown = self.directory.read_node(self.store.load_directory().await?);
        drop(nil_lock);
        let catalogue = self.directory.catalogue();
        for handle in self.handles() {
            super::send(&handle, vec![Effect::Catalogue(Arc::clone(&catalogue))]).await;
        }
        for world in unknown {
            self.slot(world).doubt();
        }
        let slots: Vec<_> = {
            let slots = self.slots.lock();
            slots
                .iter()
                .map(|(id, slot)| (*id, Arc::clone(slot)))
                .collect()
        };
        for (world, slot) in slots {
            // A change that is under way says whether it is in doubt before it gives the lock away.
            let _held = slot.write_lock.lock().await;
            self.settle(&slot, world).await?;
        }
        Ok(())
    }

    /// Reads a world again if it is in doubt. Who is in it comes back at once, as after a world
    /// that failed. The caller has the world's write lock.
    ///
    /// # Errors
    /// `Unavailable` if the database is away; then everything is as before.
    pub(super) async fn settle(&self, slot: &Arc<Slot>, world: Umid) -> Result<()> {
        if !slot.is_in_doubt() {
            return Ok(());
        }
        let objects = self.store.load_world(world).await?.unwrap_or_default();
        let admins = self.store.world_admins(world).await?;
        let links = objects.iter().map(|object| ObjectLink {
            id: object.id,
            parent: object.parent,
            owner: object.owner,
            object_type: object.object_type,
        });
        self.directory.read_world(world, links, &admins);
        slot.trust();
        let Some(handle) = slot.handle() else {
            return Ok(());
        };
        handle.stop(true).await;
        slot.clear();
        self.calendar.unload(world);
        match self.load(slot, world).await {
            // Without a world to come back to, and without a database that has one, it is loaded
            // when somebody enters it.
            Ok(_) | Err(NodeError::Refused(Reason::WorldNotFound) | NodeError::Unavailable) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
