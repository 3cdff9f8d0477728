//! A thread of bots over WebSocket: waits for no one of them, reads what is there, does what is
//! due.
//!
//! It looks once a millisecond instead of being woken for every frame. With thousands of bots a
//! wake-up for each would be the better part of what they cost, on the side of the server too; so
//! latencies include up to a millisecond of waiting here.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{
    agenda::{Agenda, Entry},
    dial::{Arrival, Dialler},
    line::{Line, READ_BUFFER},
};
use crate::swarm::{
    bot::{Bot, Errand, JOIN_TIMEOUT, Loss, Outcome},
    lag::Probe,
    sent::Stamp,
    stats::{BotThread, Stats},
    world::{Window, World},
};

/// Time from one round to the next, in units of 10 µs.
const ROUND: u32 = 100;
/// A run is over when nothing has arrived in so many rounds after its end,
const QUIET_ROUNDS: u32 = 50;
/// or this much later all the same, in units of 10 µs: somebody who is no bot may go on moving.
const PATIENCE: u32 = 5 * Stamp::PER_SECOND;
/// Sockets that one round looks at.
const EVENTS: usize = 1_024;
/// After so many sockets it is looked whether something is due.
const BURST: usize = 16;
/// Time for which the server may not read before a bot gives up, in units of 10 µs.
const SEND_TIMEOUT: u32 = 10 * Stamp::PER_SECOND;

/// A thread of bots.
pub(crate) struct Worker {
    world: Arc<World>,
    dialler: Dialler,
    arrivals: Receiver<Arrival>,
    poll: Poll,
    thread: BotThread,
    agenda: Agenda,
    slots: Vec<Slot>,
    by_number: HashMap<u32, usize>,
    buffer: Vec<u8>,
    /// Known once everybody is there.
    window: Option<Window>,
    probe: Option<Probe>,
    /// Those who never were connected.
    absent: Vec<Outcome>,
}

/// A bot and its connection.
struct Slot {
    bot: Bot,
    line: Option<Line>,
    /// Connections so far.
    connection: u32,
    loss: Option<Loss>,
}

impl Worker {
    pub(crate) fn new(
        world: Arc<World>,
        dialler: Dialler,
        arrivals: Receiver<Arrival>,
    ) -> io::Result<Self> {
        Ok(Self {
            world,
            dialler,
            arrivals,
            poll: Poll::new()?,
            thread: BotThread::new(),
            agenda: Agenda::default(),
            slots: Vec::new(),
            by_number: HashMap::new(),
            buffer: vec![0; READ_BUFFER],
            window: None,
            probe: None,
            absent: Vec::new(),
        })
    }

    /// Carries the bots until the run is over.
    pub(crate) fn run(mut self) -> (Vec<Outcome>, Stats) {
        let mut events = Events::with_capacity(EVENTS);
        let mut quiet_rounds = 0;
        loop {
            let began = self.world.sent.now();
            // This thread or the server may have had to wait for the processor: what is on its way
            // counts all the same.
            let over = self.window.is_some_and(|window| {
                let quiet = quiet_rounds >= QUIET_ROUNDS;
                began >= window.stop && (quiet || began >= window.stop.plus(PATIENCE))
            });
            if over {
                break;
            }
            self.look_at_window();
            self.welcome();
            self.turn();
            // Being interrupted is the only way in which it can fail, and the next round is near.
            let _ = self.poll.poll(&mut events, Some(Duration::ZERO));
            for (count, event) in events.iter().enumerate() {
                if count % BURST == BURST - 1 {
                    self.turn();
                }
                self.serve(event.token().0, event.is_writable());
            }
            quiet_rounds = if events.is_empty() {
                quiet_rounds + 1
            } else {
                0
            };
            let now = self.world.sent.now();
            let took = now.since(began);
            if !events.is_empty() && self.world.measures(began) {
                self.thread.stats.rounds.record(took);
            }
            let rest = Duration::from_micros(u64::from(ROUND.saturating_sub(took)) * 10);
            if events.iter().count() < EVENTS && !rest.is_zero() {
                std::thread::sleep(rest);
            }
        }
        self.close()
    }

    fn close(mut self) -> (Vec<Outcome>, Stats) {
        let now = self.world.sent.now();
        let mut outcomes = self.absent;
        for mut slot in self.slots.drain(..) {
            if let Some(line) = &mut slot.line {
                line.say_goodbye(now);
            } else if slot.loss.is_none() {
                // It cut its connection and did not come back.
                slot.loss = Some(Loss::JoinTimeout);
            }
            outcomes.push(slot.bot.conclude(slot.loss));
        }
        (outcomes, self.thread.close())
    }

    /// Notices that measuring is going to begin, and begins.
    fn look_at_window(&mut self) {
        if self.window.is_some() {
            return;
        }
        self.window = self.world.window.get().copied();
        let Some(window) = self.window else {
            return;
        };
        self.probe = Some(Probe::new(window.start, window.end));
        for number in 0..self.slots.len() {
            let plan = self
                .slots
                .get(number)
                .map(|slot| slot.bot.plan(&window))
                .unwrap_or_default();
            self.note(number, plan);
        }
    }

    fn note(&mut self, number: usize, errands: Vec<(Stamp, Errand)>) {
        let connection = self.slots.get(number).map_or(0, |slot| slot.connection);
        for (due, errand) in errands {
            self.agenda.add(Entry {
                due,
                slot: number,
                connection,
                errand,
            });
        }
    }

    /// Takes over who is connected.
    fn welcome(&mut self) {
        while let Ok(arrival) = self.arrivals.try_recv() {
            let number = match (self.by_number.get(&arrival.number), arrival.guest) {
                (Some(slot), _) => *slot,
                (None, Some(guest)) => {
                    let world = Arc::clone(&self.world);
                    self.slots.push(Slot {
                        bot: Bot::new(world, arrival.number, guest, arrival.began),
                        line: None,
                        connection: 0,
                        loss: None,
                    });
                    let slot = self.slots.len() - 1;
                    self.by_number.insert(arrival.number, slot);
                    slot
                }
                (None, None) => continue,
            };
            if let Err(loss) = self.connect(number, arrival.connected) {
                self.lose(number, loss);
            }
        }
    }

    fn connect(
        &mut self,
        number: usize,
        connected: Result<std::net::TcpStream, Loss>,
    ) -> Result<(), Loss> {
        let Some(slot) = self.slots.get_mut(number) else {
            return Ok(());
        };
        let now = self.world.sent.now();
        let mut line = Line::new(TcpStream::from_std(connected?), slot.bot.number);
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry
            .register(line.stream(), Token(number), interest)
            .map_err(|_| Loss::Connect)?;
        let hello = slot.bot.hello();
        slot.connection += 1;
        let line = slot.line.insert(line);
        hello
            .iter()
            .try_for_each(|message| line.send(message, now))?;
        self.note(number, vec![(now.plus(JOIN_TIMEOUT), Errand::Deadline)]);
        Ok(())
    }

    fn lose(&mut self, number: usize, loss: Loss) {
        if let Some(slot) = self.slots.get_mut(number) {
            slot.line = None;
            if slot.loss.is_none() {
                slot.loss = Some(loss);
                slot.bot.lose();
            }
        }
    }

    /// Reads what is there for a bot, and sends what could not be sent before.
    fn serve(&mut self, number: usize, writable: bool) {
        let Some(slot) = self.slots.get_mut(number) else {
            return;
        };
        let Some(line) = &mut slot.line else {
            return;
        };
        let now = self.world.sent.now();
        let deaf = slot.bot.stalls && self.window.is_some_and(|window| now >= window.start);
        let mut entered = false;
        let mut answers = Vec::new();
        let sent = if writable { line.flush() } else { Ok(()) };
        let served = sent.and_then(|()| {
            if deaf {
                return Ok(());
            }
            line.read(&mut self.buffer, now, |message| {
                let heard = slot.bot.receive(&mut self.thread, message, now)?;
                entered |= heard.entered;
                answers.extend(heard.answer);
                Ok(())
            })
        });
        let arrived = served.and_then(|()| {
            answers
                .iter()
                .try_for_each(|answer| line.send(answer, now))?;
            if !entered {
                return Ok(Vec::new());
            }
            let place = slot.bot.tell_place();
            line.send(&place, now)?;
            Ok(slot.bot.errands(now))
        });
        match arrived {
            Ok(errands) => self.note(number, errands),
            Err(loss) => self.lose(number, loss),
        }
    }

    /// Does everything that is due.
    fn turn(&mut self) {
        let now = self.world.sent.now();
        if let Some(probe) = &mut self.probe {
            probe.look(now, &mut self.thread.stats.lag);
        }
        while let Some(entry) = self.agenda.take(now) {
            match self.act(entry) {
                Ok(Some(due)) => self.agenda.add(Entry { due, ..entry }),
                Ok(None) => {}
                Err(loss) => self.lose(entry.slot, loss),
            }
        }
    }

    /// Does something for a bot; tells when to do the same again.
    fn act(&mut self, entry: Entry) -> Result<Option<Stamp>, Loss> {
        let Some(slot) = self.slots.get_mut(entry.slot) else {
            return Ok(None);
        };
        if slot.connection != entry.connection || slot.loss.is_some() {
            return Ok(None);
        }
        let Some(line) = &mut slot.line else {
            return Ok(None);
        };
        let now = self.world.sent.now();
        match entry.errand {
            Errand::Move => {
                line.flush()?;
                if let Some(since) = line.stuck() {
                    let waited = now.since(since);
                    return (waited < SEND_TIMEOUT)
                        .then(|| Some(slot.bot.skip(entry.due)))
                        .ok_or(Loss::SendTimeout);
                }
                let (message, next) = slot.bot.step(entry.due, now);
                if let Some(message) = message {
                    line.send(&message, now)?;
                }
                Ok(next)
            }
            Errand::Look => Ok(slot.bot.look(now, &mut self.thread.stats)),
            Errand::Watch => Ok(slot.bot.turn_watch(now, &mut self.thread)),
            Errand::Cut => {
                slot.line = None;
                let away = slot.bot.absence();
                let began = now.plus(away);
                slot.bot.cut(now, began);
                let number = slot.bot.number;
                self.dialler.dial(number, None, false, began, Stamp(away));
                Ok(None)
            }
            Errand::Deadline if slot.bot.is_present() => Ok(None),
            Errand::Deadline => Err(Loss::JoinTimeout),
        }
    }
}
