//! One bot: enters, moves along its path, and keeps book of what it hears of the others.

mod socket;

use std::{sync::Arc, time::Duration};

use posbus::{Message, MessageType, MyTransform, SignalType, UserData, Vec3};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use walks::{Path, Place};

use self::socket::Socket;
pub(crate) use self::socket::{Loss, Target};
use crate::{
    guests::Guest,
    ledger::{Presence, Stamp},
    run::Shared,
    sight::{self, Final, Sampled, Sight, Sights},
};

/// How long entering may take, from the first packet to the own name in the list of users.
pub(crate) const JOIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one message may take to be handed to the system.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// Time between two looks at what is known of the others.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Spreads phases: its multiples fill a period evenly, however many there are.
const GOLDEN_RATIO: f64 = 0.618_033_988_749_895;

/// What became of a bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Whether it was in the world.
    pub(crate) entered: bool,
    /// Whether it was one that stops reading.
    pub(crate) stalled: bool,
    /// Why it was not there to the end.
    pub(crate) loss: Option<Loss>,
    pub(crate) tally: Tally,
    pub(crate) end: Final,
}

/// What a bot counts: faults all the time, everything else during the measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Updates sent.
    pub(crate) sent: u64,
    /// Updates not sent because it was too late for them.
    pub(crate) skipped: u64,
    /// Updates of others seen that were sent during the measurement.
    pub(crate) seen: u64,
    /// Frames received.
    pub(crate) frames: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Positions received, own and repeated ones included.
    pub(crate) entries: u64,
    /// Bytes of the frames that brought them.
    pub(crate) entry_bytes: u64,
    pub(crate) sampled: Sampled,
    /// Older positions after newer ones.
    pub(crate) older: u64,
    /// Positions that nobody sent.
    pub(crate) wrong: u64,
    /// Others said to be gone who are there.
    pub(crate) removed: u64,
    /// Frames that could not be decoded.
    pub(crate) undecodable: u64,
}

impl Tally {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            skipped: self.skipped + other.skipped,
            seen: self.seen + other.seen,
            frames: self.frames + other.frames,
            bytes: self.bytes + other.bytes,
            entries: self.entries + other.entries,
            entry_bytes: self.entry_bytes + other.entry_bytes,
            sampled: Sampled {
                looked_at: self.sampled.looked_at + other.sampled.looked_at,
                fresh: self.sampled.fresh + other.sampled.fresh,
            },
            older: self.older + other.older,
            wrong: self.wrong + other.wrong,
            removed: self.removed + other.removed,
            undecodable: self.undecodable + other.undecodable,
        }
    }
}

/// Runs a bot to its end.
pub(crate) async fn run(shared: Arc<Shared>, number: u32, guest: Guest) -> Outcome {
    let mut bot = Bot::new(shared, number);
    let loss = bot.live(&guest).await.err();
    bot.shared.live.known(bot.sights.known(), 0);
    if loss.is_some() {
        bot.shared.live.lost(bot.entered);
        bot.shared.ledger.set_presence(number, Presence::Lost);
    }
    Outcome {
        entered: bot.entered,
        stalled: bot.stalls,
        loss,
        tally: bot.tally,
        end: bot.end,
    }
}

struct Bot {
    shared: Arc<Shared>,
    number: u32,
    path: Path,
    sights: Sights,
    /// Whether it is one that stops reading.
    stalls: bool,
    /// Whether it is in the world.
    entered: bool,
    tally: Tally,
    end: Final,
    /// Times of one frame, before they are recorded; here to reuse its memory.
    times: Vec<u32>,
    /// The same of those near by.
    near_times: Vec<u32>,
}

impl Bot {
    fn new(shared: Arc<Shared>, number: u32) -> Self {
        let options = &shared.options;
        Self {
            number,
            path: Path::new(
                options.seed,
                number,
                options.users,
                options.pattern,
                options.rate,
            ),
            sights: Sights::new(number, &shared.ledger),
            stalls: options.stalls(number),
            entered: false,
            tally: Tally::default(),
            end: Final::default(),
            times: Vec::new(),
            near_times: Vec::new(),
            shared,
        }
    }

    async fn live(&mut self, guest: &Guest) -> Result<(), Loss> {
        let began = Instant::now();
        let deadline = began + JOIN_TIMEOUT;
        let entering = async {
            let mut socket = Socket::connect(&self.shared.target, self.stalls).await?;
            socket.enter(guest, self.shared.options.world).await?;
            while !self.entered {
                let frame = socket.next().await?;
                self.receive(&frame)?;
            }
            Ok(socket)
        };
        let mut socket = timeout_at(deadline, entering)
            .await
            .map_err(|_| Loss::JoinTimeout)??;
        let took = began.elapsed().as_secs_f64() * f64::from(Stamp::PER_SECOND);
        self.shared
            .joining
            .record(self.number, &mut vec![took as u32]);
        self.shared.live.joined();
        self.shared
            .ledger
            .set_presence(self.number, Presence::Present);
        self.stay(&mut socket).await?;
        // A server that does not answer any more is not waited for.
        let _ = timeout(GOODBYE, socket.leave()).await;
        Ok(())
    }

    /// Moves and listens until the end of the run.
    async fn stay(&mut self, socket: &mut Socket) -> Result<(), Loss> {
        self.send(socket, self.path.place()).await?;
        let period = self.shared.options.period();
        let phase = (f64::from(self.number) * GOLDEN_RATIO).fract();
        let now = Instant::now();
        let mut next_move = Some(now + period.mul_f64(phase));
        let mut next_look = now + LOOK_INTERVAL.mul_f64(phase);
        let timer = sleep_until(now);
        tokio::pin!(timer);
        loop {
            let window = self.shared.window.get().copied();
            let deaf = self.stalls && window.is_some_and(|window| Instant::now() >= window.start);
            tokio::select! {
                biased;
                () = timer.as_mut() => {
                    let now = Instant::now();
                    if window.is_some_and(|window| now >= window.stop) {
                        self.end = self.sights.conclude(&self.shared.ledger);
                        return Ok(());
                    }
                    if window.is_some_and(|window| now >= window.end) {
                        next_move = None;
                    }
                    if let Some(due) = next_move.filter(|due| now >= *due) {
                        next_move = self.advance(socket, due, period).await?;
                    }
                    if now >= next_look {
                        self.look(now);
                        next_look = now + LOOK_INTERVAL;
                    }
                    let wake = [next_move, window.map(|window| window.stop), Some(next_look)];
                    timer.as_mut().reset(wake.into_iter().flatten().min().unwrap_or(next_look));
                }
                frame = socket.next(), if !deaf => self.receive(&frame?)?,
            }
        }
    }

    /// Goes on to the next place and tells when the one after it is due, if any.
    async fn advance(
        &mut self,
        socket: &mut Socket,
        due: Instant,
        period: Duration,
    ) -> Result<Option<Instant>, Loss> {
        let Some(place) = self.path.next_place() else {
            return Ok(None);
        };
        self.send(socket, place).await?;
        let now = Instant::now();
        let mut next = due + period;
        while next < now {
            next += period;
            self.tally.skipped += u64::from(self.shared.measures(now));
        }
        Ok(Some(next))
    }

    async fn send(&mut self, socket: &mut Socket, place: Place) -> Result<(), Loss> {
        let stamp = self.shared.ledger.stamp(Instant::now());
        let position = self
            .shared
            .ledger
            .send(self.number, (place.x, place.z), stamp);
        let message = MyTransform {
            position,
            rotation: Vec3::new(0.0, place.yaw, 0.0),
        };
        self.tally.sent += u64::from(self.shared.measured(Some(stamp)));
        let sent = timeout(SEND_TIMEOUT, socket.send(message)).await;
        sent.map_err(|_| Loss::SendTimeout)?
    }

    /// Samples what it knows of the others.
    fn look(&mut self, now: Instant) {
        if self.stalls || !self.shared.measures(now) {
            return;
        }
        let ledger = &self.shared.ledger;
        let sampled = self
            .sights
            .sample(ledger, ledger.stamp(now), &mut self.near_times);
        self.tally.sampled.looked_at += sampled.looked_at;
        self.tally.sampled.fresh += sampled.fresh;
        self.shared
            .age_near
            .record(self.number, &mut self.near_times);
    }

    fn receive(&mut self, frame: &[u8]) -> Result<(), Loss> {
        let now = Instant::now();
        let measured = self.shared.measures(now);
        let stamp = self.shared.ledger.stamp(now);
        let count = u64::from(measured);
        let bytes = frame.len() as u64 * count;
        self.tally.frames += count;
        self.tally.bytes += bytes;
        self.shared.live.frame();
        let message_type = frame
            .first_chunk()
            .and_then(|id| MessageType::from_id(u32::from_le_bytes(*id)));
        // What no bot looks at is not decoded either.
        if !matches!(
            message_type,
            Some(
                MessageType::UsersTransformList
                    | MessageType::AddUsers
                    | MessageType::RemoveUsers
                    | MessageType::Signal
            )
        ) {
            return Ok(());
        }
        let Ok(message) = posbus::decode(frame) else {
            self.tally.undecodable += 1;
            return Ok(());
        };
        let known = self.sights.known();
        match message {
            Message::UsersTransformList(list) => {
                self.tally.entries += list.value.len() as u64 * count;
                self.tally.entry_bytes += bytes;
                for entry in &list.value {
                    if let Some(bot) = self.shared.ledger.bot(entry.id) {
                        let position = entry.transform.position;
                        let sight = self.sights.observe(&self.shared.ledger, bot, position);
                        self.note(bot, sight, position, stamp);
                    }
                }
            }
            Message::AddUsers(list) => list
                .users
                .iter()
                .for_each(|user| self.announce(user, stamp)),
            Message::RemoveUsers(list) => {
                let gone = list
                    .users
                    .iter()
                    .filter_map(|user| self.shared.ledger.bot(*user));
                for bot in gone {
                    let there = self.shared.ledger.presence(bot) == Presence::Present
                        && !self.shared.ledger.stalls(bot);
                    self.tally.removed += u64::from(self.sights.remove(bot) && there);
                }
            }
            Message::Signal(signal) => match signal.value {
                SignalType::WORLD_DOES_NOT_EXIST => return Err(Loss::NoSuchWorld),
                SignalType::INVALID_TOKEN => return Err(Loss::InvalidToken),
                _ => {}
            },
            _ => {}
        }
        self.shared.live.known(known, self.sights.known());
        self.shared.latency.record(self.number, &mut self.times);
        self.shared
            .latency_near
            .record(self.number, &mut self.near_times);
        Ok(())
    }

    fn announce(&mut self, user: &UserData, stamp: Stamp) {
        let Some(bot) = self.shared.ledger.bot(user.id) else {
            return;
        };
        self.entered |= bot == self.number;
        let position = user.transform.position;
        let sight = self.sights.announce(&self.shared.ledger, bot, position);
        self.note(bot, sight, position, stamp);
    }

    fn note(&mut self, bot: u32, sight: Sight, position: Vec3, now: Stamp) {
        match sight {
            Sight::New(sent) => {
                // What is too old to be remembered was sent before anything measured here could have been: it counts
                // as the longest time, not as none.
                let measured =
                    self.shared.measured(sent) && !self.stalls && !self.shared.ledger.stalls(bot);
                self.tally.seen += u64::from(measured);
                self.shared.live.update();
                if measured {
                    let took = sent.map_or(u32::MAX, |sent| now.since(sent));
                    self.times.push(took);
                    if sight::is_near(self.shared.ledger.place(self.number), position) {
                        self.near_times.push(took);
                    }
                }
            }
            Sight::Older => self.tally.older += 1,
            Sight::Wrong => self.tally.wrong += 1,
            Sight::Repeated | Sight::Ignored => {}
        }
    }
}
