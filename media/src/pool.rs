//! Threads for work that costs time and memory: decoding, scaling, drawing.
//!
//! They are few, so that a world always finds a free core; what waits is bounded, and what somebody
//! waits for comes before what is made ahead. A task that panics fails alone.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::{MediaError, Result};

/// Niceness of the threads: while worlds need all cores, they get about a tenth of one.
const NICE: i32 = 10;

type Task = Box<dyn FnOnce() + Send>;

/// Urgency of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits.
    Now,
    /// Made ahead.
    Later,
}

/// The threads; they end when the last handle is dropped.
#[derive(Clone)]
pub struct Pool {
    handle: Arc<Handle>,
}

/// The part that all clones of a pool share; the threads do not, so they end with it.
struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    queues: Mutex<Queues>,
    wake: Condvar,
    waiting: usize,
}

#[derive(Default)]
struct Queues {
    now: VecDeque<Task>,
    later: VecDeque<Task>,
    closed: bool,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts threads; of either urgency at most `waiting` tasks wait.
    ///
    /// # Errors
    /// `Io` if a thread cannot be started.
    pub fn start(threads: usize, waiting: usize) -> Result<Self> {
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            wake: Condvar::new(),
            waiting,
        });
        for n in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("media-{n}"))
                .spawn(move || {
                    // Below the ticks of worlds. Where that is not allowed they are equals.
                    let _ = rustix::process::nice(NICE);
                    while let Some(task) = shared.next() {
                        task();
                    }
                })?;
        }
        let handle = Arc::new(Handle { shared });
        Ok(Self { handle })
    }

    /// Runs a task.
    ///
    /// # Errors
    /// `Busy` if too much waits, `Internal` if the task panics, else those of the task.
    pub async fn run<T, F>(&self, urgency: Urgency, task: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let task = Box::new(move || {
            // Nobody waits any more: the work is for nobody.
            if answer.is_closed() {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(task));
            let done = done.unwrap_or_else(|_| {
                Err(MediaError::Internal(
                    "a task of the media pool panicked".to_owned(),
                ))
            });
            let _ = answer.send(done);
        });
        {
            let mut queues = self.handle.shared.queues.lock();
            let queue = match urgency {
                Urgency::Now => &mut queues.now,
                Urgency::Later => &mut queues.later,
            };
            if queue.len() >= self.handle.shared.waiting {
                return Err(MediaError::Busy);
            }
            queue.push_back(task);
        }
        self.handle.shared.wake.notify_one();
        answered
            .await
            .map_err(|_| MediaError::Internal("the media pool has ended".to_owned()))?
    }

    /// Tasks that wait.
    pub fn waiting(&self) -> usize {
        let queues = self.handle.shared.queues.lock();
        queues.now.len() + queues.later.len()
    }
}

impl Shared {
    /// Waits for the next task.
    fn next(&self) -> Option<Task> {
        let mut queues = self.queues.lock();
        loop {
            if queues.closed {
                return None;
            }
            let queue = &mut *queues;
            if let Some(task) = queue.now.pop_front().or_else(|| queue.later.pop_front()) {
                return Some(task);
            }
            self.wake.wait(&mut queues);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queues.lock().closed = true;
        self.shared.wake.notify_all();
    }
}
