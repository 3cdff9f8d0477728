//! The carriers of bots: connections, and the threads or tasks that serve them.

pub(crate) mod agenda;
pub(crate) mod dial;
pub(crate) mod frame;
pub(crate) mod line;
pub(crate) mod quic;
pub(crate) mod worker;

use std::{
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use parking_lot::Mutex;
use tokio::task::JoinSet;

use self::{
    dial::{Dialler, Target},
    quic::endpoint::Endpoints,
    worker::Worker,
};
use crate::swarm::{
    bot::Outcome,
    guests::Guest,
    sent::Stamp,
    stats::{BotThread, Stats},
    world::World,
};

/// The carrier of all bots of a run.
pub(crate) enum Fleet {
    /// Threads of sockets.
    Sockets(Sockets),
    /// A task for each bot.
    Tasks(Tasks),
}

impl Fleet {
    /// Lets a bot in.
    pub(crate) fn enter(&mut self, number: u32, guest: Guest) {
        match self {
            Self::Sockets(sockets) => sockets.enter(number, guest),
            Self::Tasks(tasks) => tasks.enter(number, guest),
        }
    }

    /// Outcomes of all bots, once the run is over.
    pub(crate) async fn finish(self) -> (Vec<Outcome>, Stats) {
        match self {
            Self::Sockets(sockets) => {
                let finished = tokio::task::spawn_blocking(|| sockets.finish()).await;
                finished.unwrap_or_else(|_| (Vec::new(), Stats::new()))
            }
            Self::Tasks(tasks) => tasks.finish().await,
        }
    }
}

/// Threads that carry bots over WebSocket.
pub(crate) struct Sockets {
    world: Arc<World>,
    diallers: Vec<Dialler>,
    threads: Vec<JoinHandle<(Vec<Outcome>, Stats)>>,
}

impl Sockets {
    /// Starts the threads, each without a bot.
    pub(crate) fn start(world: &Arc<World>, target: Target) -> io::Result<Self> {
        let target = Arc::new(target);
        let runtime = tokio::runtime::Handle::current();
        let (mut diallers, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..world.options.threads.max(1) {
            let (sender, arrivals) = mpsc::channel();
            let dialler = Dialler {
                runtime: runtime.clone(),
                target: Arc::clone(&target),
                arrivals: sender,
            };
            let worker = Worker::new(Arc::clone(world), dialler.clone(), arrivals)?;
            diallers.push(dialler);
            threads.push(std::thread::spawn(|| worker.run()));
        }
        Ok(Self {
            world: Arc::clone(world),
            diallers,
            threads,
        })
    }

    fn enter(&self, number: u32, guest: Guest) {
        let stalls = self.world.options.stalls(number);
        let thread = number as usize % self.diallers.len().max(1);
        if let Some(dialler) = self.diallers.get(thread) {
            let began = self.world.sent.now();
            dialler.dial(number, Some(guest), stalls, began, Stamp(0));
        }
    }

    fn finish(self) -> (Vec<Outcome>, Stats) {
        let mut outcomes = Vec::new();
        let mut stats = Stats::new();
        for thread in self.threads {
            // Bots of a thread that failed are missing in the outcomes, which the report shows.
            if let Ok((ended, thread)) = thread.join() {
                outcomes.extend(ended);
                stats = stats.plus(&thread);
            }
        }
        (outcomes, stats)
    }
}

/// Tasks that carry a bot each, over QUIC.
pub(crate) struct Tasks {
    world: Arc<World>,
    endpoints: Arc<Endpoints>,
    threads: Vec<Arc<Mutex<BotThread>>>,
    bots: JoinSet<Outcome>,
}

impl Tasks {
    pub(crate) fn new(world: &Arc<World>, endpoints: Endpoints) -> Self {
        let threads: Vec<_> = (0..world.options.threads.max(1))
            .map(|_| Arc::new(Mutex::new(BotThread::new())))
            .collect();
        for thread in threads.iter().take(1) {
            tokio::spawn(quic::measure_lag(Arc::clone(world), Arc::clone(thread)));
        }
        Self {
            world: Arc::clone(world),
            endpoints: Arc::new(endpoints),
            threads,
            bots: JoinSet::new(),
        }
    }

    fn enter(&mut self, number: u32, guest: Guest) {
        let thread = self
            .threads
            .get(number as usize % self.threads.len().max(1));
        if let Some(thread) = thread {
            let (world, endpoints) = (Arc::clone(&self.world), Arc::clone(&self.endpoints));
            let carried = quic::carry(world, Arc::clone(thread), endpoints, number, guest);
            self.bots.spawn(carried);
        }
    }

    async fn finish(mut self) -> (Vec<Outcome>, Stats) {
        let mut outcomes = Vec::new();
        while let Some(ended) = self.bots.join_next().await {
            outcomes.extend(ended.ok());
        }
        let stats = self.threads.iter().map(|thread| thread.lock().close());
        (
            outcomes,
            stats.fold(Stats::new(), |sum, thread| sum.plus(&thread)),
        )
    }
}
