//! What carries bots: connections, and the threads or tasks that serve them.

pub(crate) mod agenda;
pub(crate) mod dial;
pub(crate) mod frame;
pub(crate) mod line;
pub(crate) mod worker;

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use self::{
    dial::{Dialler, Target},
    worker::Worker,
};
use crate::{bot::Outcome, guests::Guest, lane::Books, ledger::Stamp, world::World};

/// The threads that carry all bots of a run.
pub(crate) struct Fleet {
    world: Arc<World>,
    diallers: Vec<Dialler>,
    threads: Vec<JoinHandle<(Vec<Outcome>, Books)>>,
}

impl Fleet {
    /// Starts the threads, each without a bot.
    pub(crate) fn start(world: &Arc<World>, target: Target) -> std::io::Result<Self> {
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

    /// Lets a bot in.
    pub(crate) fn enter(&self, number: u32, guest: Guest) {
        let stalls = self.world.options.stalls(number);
        let lane = number as usize % self.diallers.len().max(1);
        if let Some(dialler) = self.diallers.get(lane) {
            let began = self.world.ledger.now();
            dialler.dial(number, Some(guest), stalls, began, Stamp(0));
        }
    }

    /// What became of all bots, once the run is over.
    pub(crate) fn finish(self) -> (Vec<Outcome>, Books) {
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
