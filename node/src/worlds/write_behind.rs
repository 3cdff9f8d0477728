//! Coalesced writes of transforms and last positions (design §5): the newest of each, at most a moment behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use components::{Transform, TransformNoScale, Umid};
use metrics::Gauge;
use parking_lot::Mutex;
use store::{LastPosition, Store, StoreError};
use systems::{PersistBatch, PersistSink};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long to wait before trying a database again that was away.
const RETRY: Duration = Duration::from_millis(500);

/// What is to be written. It grows with the number of objects and users, not with the number of their moves.
#[derive(Clone, Default)]
struct Pending {
    transforms: BTreeMap<Umid, Transform>,
    positions: BTreeMap<(Umid, Umid), TransformNoScale>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.transforms.is_empty() && self.positions.is_empty()
    }

    /// Puts back what could not be written, below what is newer.
    fn put_back(&mut self, older: Pending) {
        for (object, transform) in older.transforms {
            self.transforms.entry(object).or_insert(transform);
        }
        for (key, position) in older.positions {
            self.positions.entry(key).or_insert(position);
        }
    }
}

#[derive(Default)]
struct State {
    pending: Pending,
    /// Being written: not in the database for sure yet, so still to be looked at.
    in_flight: Pending,
}

/// The write-behind of a node.
pub(crate) struct WriteBehind {
    store: Store,
    state: Mutex<State>,
    wake: Notify,
    /// Held while writing, so that a flush waits for a write that is under way.
    writer: tokio::sync::Mutex<()>,
    waiting: Gauge,
}

/// A world's end of the write-behind.
pub(crate) struct Sink(pub(crate) Arc<WriteBehind>);

impl PersistSink for Sink {
    fn submit(&mut self, batch: PersistBatch) {
        let mut state = self.0.state.lock();
        state.pending.transforms.extend(batch.transforms);
        let positions = batch
            .positions
            .into_iter()
            .map(|position| ((batch.world, position.user), position.transform));
        state.pending.positions.extend(positions);
        drop(state);
        self.0.wake.notify_one();
    }
}

impl WriteBehind {
    pub(crate) fn start(store: Store, stop: CancellationToken) -> Arc<Self> {
        let waiting = metrics::gauge!("odyssey_write_behind_entries");
        let write_behind = Arc::new(Self {
            store,
            state: Mutex::default(),
            wake: Notify::new(),
            writer: tokio::sync::Mutex::default(),
            waiting,
        });
        tokio::spawn(Arc::clone(&write_behind).run(stop));
        write_behind
    }

    /// Where a user left a world, if that is not in the database for sure.
    pub(crate) fn position(&self, world: Umid, user: Umid) -> Option<TransformNoScale> {
        let state = self.state.lock();
        let find = |pending: &Pending| pending.positions.get(&(world, user)).copied();
        find(&state.pending).or_else(|| find(&state.in_flight))
    }

    /// Writes everything that was submitted before the call.
    ///
    /// # Errors
    /// Those of the store; what could not be written stays pending.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let _writer = self.writer.lock().await;
        let batch = {
            let mut state = self.state.lock();
            // A write that was given up half-way left its batch here.
            let abandoned = std::mem::take(&mut state.in_flight);
            state.pending.put_back(abandoned);
            state.in_flight = std::mem::take(&mut state.pending);
            state.in_flight.clone()
        };
        if batch.is_empty() {
            return Ok(());
        }
        self.waiting
            .set((batch.transforms.len() + batch.positions.len()) as f64);
        let written = self.write(&batch).await;
        let mut state = self.state.lock();
        let batch = std::mem::take(&mut state.in_flight);
        match written {
            Ok(()) => self.waiting.set(0.0),
            Err(StoreError::Unavailable(_)) => state.pending.put_back(batch),
            // A batch that the database refuses would be refused for ever.
            Err(_) => {}
        }
        written
    }

    async fn write(&self, batch: &Pending) -> Result<(), StoreError> {
        if !batch.transforms.is_empty() {
            let transforms: Vec<_> = batch
                .transforms
                .iter()
                .map(|(id, transform)| (*id, *transform))
                .collect();
            self.store.save_object_transforms(&transforms).await?;
        }
        if !batch.positions.is_empty() {
            let position =
                |(&(world, user), &transform): (&(Umid, Umid), &TransformNoScale)| LastPosition {
                    world,
                    user,
                    transform,
                };
            let positions: Vec<_> = batch.positions.iter().map(position).collect();
            self.store.save_last_positions(&positions).await?;
        }
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop
            .run_until_cancelled(self.wake.notified())
            .await
            .is_some()
        {
            if let Err(error) = self.flush().await {
                tracing::warn!(%error, "transforms and positions could not be saved");
                if stop
                    .run_until_cancelled(tokio::time::sleep(RETRY))
                    .await
                    .is_none()
                {
                    return;
                }
                self.wake.notify_one();
            }
        }
    }
}
