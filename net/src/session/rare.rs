//! Rare events of a session while it waits for its client. Each of these futures is polled
//! when it has something to say, not whenever a message comes: most of them look at what all
//! sessions share, and each look takes a lock.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{AbortHandle, abortable, pending},
    stream::FuturesUnordered,
};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// The event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rarity {
    /// The client has been silent for too long.
    Silence,
    /// The world has ended, or it is time to try to get back into one that has.
    WorldEnded,
    /// All sessions are to end.
    Shutdown,
}

type Waiting = Pin<Box<dyn Future<Output = Option<Rarity>> + Send>>;

/// Events that a session awaits besides its client.
pub(super) struct Rare {
    waiting: FuturesUnordered<Waiting>,
    /// Ends the waiting for the world that the session was in before.
    world: Option<AbortHandle>,
    started: Instant,
    /// When the client was last heard of, in milliseconds from then on.
    heard: Arc<AtomicU64>,
}

impl Rare {
    /// Waits for the end of all sessions and, if a client may be silent for so long only, for that.
    pub(super) fn new(stop: &CancellationToken, patience: Option<Duration>) -> Self {
        let (started, heard) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let waiting: FuturesUnordered<Waiting> = FuturesUnordered::new();
        let stopped = stop.clone().cancelled_owned();
        waiting.push(Box::pin(async move {
            stopped.await;
            Some(Rarity::Shutdown)
        }));
        if let Some(patience) = patience {
            let heard = Arc::clone(&heard);
            waiting.push(Box::pin(async move {
                silence(started, &heard, patience).await;
                Some(Rarity::Silence)
            }));
        }
        Self {
            waiting,
            world: None,
            started,
            heard,
        }
    }

    /// The client was heard of.
    pub(super) fn hear(&self) {
        let now = self.started.elapsed().as_millis() as u64;
        self.heard.store(now, Ordering::Relaxed);
    }

    /// Waits for the end of a world, or for the time to try again, instead of the one before.
    pub(super) fn watch(&mut self, ended: impl Future<Output = ()> + Send + 'static) {
        self.unwatch();
        let (ended, handle) = abortable(ended);
        self.world = Some(handle);
        self.waiting.push(Box::pin(async move {
            ended.await.ok().map(|()| Rarity::WorldEnded)
        }));
    }

    /// There is no world to wait for.
    pub(super) fn unwatch(&mut self) {
        if let Some(handle) = self.world.take() {
            handle.abort();
        }
    }

    /// The next event. Cancel safe.
    pub(super) async fn next(&mut self) -> Rarity {
        loop {
            match self.waiting.next().await {
                Some(Some(rarity)) => return rarity,
                // The world before.
                Some(None) => {}
                None => pending().await,
            }
        }
    }
}

/// Returns once the client has been silent for so long.
async fn silence(started: Instant, heard: &AtomicU64, patience: Duration) {
    loop {
        let heard = started + Duration::from_millis(heard.load(Ordering::Relaxed));
        let end = heard + patience;
        if end <= Instant::now() {
            return;
        }
        sleep_until(end).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::oneshot, time::Instant};
    use tokio_util::sync::CancellationToken;

    use super::{Rare, Rarity};

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_the_last_sign_of_life() {
        let started = Instant::now();
        let mut rare = Rare::new(&CancellationToken::new(), Some(Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(45)).await;
        rare.hear();
        assert_eq!(rare.next().await, Rarity::Silence);
        assert_eq!(started.elapsed().as_secs(), 105);
    }

    #[tokio::test]
    async fn only_the_present_world_counts() {
        let stop = CancellationToken::new();
        let mut rare = Rare::new(&stop, None);
        let (old_ends, old) = oneshot::channel::<()>();
        rare.watch(async move { old.await.unwrap_or_default() });
        let (new_ends, new) = oneshot::channel::<()>();
        rare.watch(async move { new.await.unwrap_or_default() });
        drop(old_ends);
        stop.cancel();
        assert_eq!(rare.next().await, Rarity::Shutdown);
        drop(new_ends);
        assert_eq!(rare.next().await, Rarity::WorldEnded);
    }
}
