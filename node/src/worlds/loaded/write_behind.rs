//! Coalesced writes of transforms and last positions (docs/spec/model.md §9): the newest of each,
//! at most a moment behind.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use components::{Transform, TransformNoScale, Umid};
use metrics::Gauge;
use parking_lot::Mutex;
use store::{LastPosition, Store, StoreError};
use systems::{PersistBatch, PersistSink};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Pause before a database that was away is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Rows to write. Their number grows with that of objects and users, not with the number of
/// their moves.
#[derive(Clone, Default)]
struct Pending {
    /// When the oldest of it was submitted.
    since: Option<Instant>,
    transforms: BTreeMap<Umid, Transform>,
    positions: BTreeMap<(Umid, Umid), TransformNoScale>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.transforms.len() + self.positions.len()
    }

    /// Puts back what could not be written, below what is newer.
    fn put_back(&mut self, older: Pending) {
        self.since = older.since.or(self.since);
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
    entries: Gauge,
    lag: Gauge,
}

/// A world's end of the write-behind.
pub(crate) struct Sink(pub(crate) Arc<WriteBehind>);

impl PersistSink for Sink {
    fn submit(&mut self, batch: PersistBatch) {
        let mut state = self.0.state.lock();
        state.pending.since.get_or_insert_with(Instant::now);
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
        let write_behind = Arc::new(Self {
            store,
            state: Mutex::default(),
            wake: Notify::new(),
            writer: tokio::sync::Mutex::default(),
            entries: metrics::gauge!("odyssey_write_behind_entries"),
            lag: metrics::gauge!("odyssey_write_behind_lag_seconds"),
        });
        tokio::spawn(Arc::clone(&write_behind).run(stop));
        write_behind
    }

    /// Place where a user left a world, if that is not in the database for sure.
    pub(crate) fn position(&self, world: Umid, user: Umid) -> Option<TransformNoScale> {
        let state = self.state.lock();
        let find = |pending: &Pending| pending.positions.get(&(world, user)).copied();
        find(&state.pending).or_else(|| find(&state.in_flight))
    }

    /// Brings its metrics up to date.
    pub(crate) fn record_metrics(&self) {
        let state = self.state.lock();
        let (pending, in_flight) = (&state.pending, &state.in_flight);
        self.entries.set((pending.len() + in_flight.len()) as f64);
        let oldest = in_flight.since.or(pending.since);
        self.lag
            .set(oldest.map_or(0.0, |since| since.elapsed().as_secs_f64()));
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
        let written = self.write(&batch).await;
        let mut state = self.state.lock();
        let batch = std::mem::take(&mut state.in_flight);
        // A write that the database refuses it would refuse for ever.
        if let Err(StoreError::Unavailable(_)) = written {
            state.pending.put_back(batch);
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
