//! What carries bots: connections, and the threads or tasks that serve them.

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
use crate::{
    bot::Outcome,
    guests::Guest,
    lane::{Books, Lane},
    ledger::Stamp,
    world::World,
};

/// What carries all bots of a run.
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

    /// What became of all bots, once the run is over.
    pub(crate) async fn finish(self) -> (Vec<Outcome>, Books) {
        match self {
            Self::Sockets(sockets) => {
                let finished = tokio::task::spawn_blocking(|| sockets.finish()).await;
                finished.unwrap_or_else(|_| (Vec::new(), Books::new()))
            }
            Self::Tasks(tasks) => tasks.finish().await,
        }
    }
}

/// Threads that carry bots over WebSocket.
pub(crate) struct Sockets {
    world: Arc<World>,
    diallers: Vec<Dialler>,
    threads: Vec<JoinHandle<(Vec<Outcome>, Books)>>,
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
        let lane = number as usize % self.diallers.len().max(1);
        if let Some(dialler) = self.diallers.get(lane) {
            let began = self.world.ledger.now();
            dialler.dial(number, Some(guest), stalls, began, Stamp(0));
        }
    }

    fn finish(self) -> (Vec<Outcome>, Books) {
        let mut outcomes = Vec::new();
        let mut books = Books::new();
        for thread in self.threads {
            // Bots of a thread that failed are missing in the outcomes, which the report shows.
            if let Ok((ended, lane)) = thread.join() {
                outcomes.extend(ended);
                books = books.plus(&lane);
            }
        }
        (outcomes, books)
    }
}

/// Tasks that carry a bot each, over QUIC.
pub(crate) struct Tasks {
    world: Arc<World>,
    endpoints: Arc<Endpoints>,
    lanes: Vec<Arc<Mutex<Lane>>>,
    bots: JoinSet<Outcome>,
}

impl Tasks {
    pub(crate) fn new(world: &Arc<World>, endpoints: Endpoints) -> Self {
        let lanes: Vec<_> = (0..world.options.threads.max(1))
            .map(|_| Arc::new(Mutex::new(Lane::new())))
            .collect();
        for lane in lanes.iter().take(1) {
            tokio::spawn(quic::measure_lag(Arc::clone(world), Arc::clone(lane)));
        }
        Self {
            world: Arc::clone(world),
            endpoints: Arc::new(endpoints),
            lanes,
            bots: JoinSet::new(),
        }
    }

    fn enter(&mut self, number: u32, guest: Guest) {
        let lane = self.lanes.get(number as usize % self.lanes.len().max(1));
        if let Some(lane) = lane {
            let (world, endpoints) = (Arc::clone(&self.world), Arc::clone(&self.endpoints));
            let carried = quic::carry(world, Arc::clone(lane), endpoints, number, guest);
            self.bots.spawn(carried);
        }
    }

    async fn finish(mut self) -> (Vec<Outcome>, Books) {
        let mut outcomes = Vec::new();
        while let Some(ended) = self.bots.join_next().await {
            outcomes.extend(ended.ok());
        }
        let books = self.lanes.iter().map(|lane| lane.lock().close());
        (
            outcomes,
            books.fold(Books::new(), |sum, lane| sum.plus(&lane)),
        )
    }
}
