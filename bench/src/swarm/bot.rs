//! One bot: enters, moves along its path, and keeps book of what it hears of the others. It does no
//! I/O: it is handed what arrived and when to do something, and says what to send.

mod loss;
mod stats;

use std::sync::Arc;

use posbus::{
    HandShake, Message, MyTransform, SignalType, TeleportRequest, Umid, Vec3,
    v2::{MyPose, Welcome},
};

use crate::{
    swarm::{
        Transport,
        frames::{Content, Poses},
        guests::Guest,
        known::{self, Final, KnownBots, Observation},
        sent::{Presence, Stamp},
        stats::{BotThread, Stats},
        watch::{self, Terms, Watch},
        world::{Window, World},
    },
    trajectories::{Path, Pattern, Place},
};

pub(crate) use self::{
    loss::Loss,
    stats::{BotStats, Outcome},
};

/// Longest time of entering, from the first packet to the own name in the list of users, in units
/// of 10 µs.
pub(crate) const JOIN_TIMEOUT: u32 = 30 * Stamp::PER_SECOND;
/// Time between two looks at what is known of the others, in units of 10 µs.
const LOOK_INTERVAL: u32 = Stamp::PER_SECOND;
/// Longest time for which a bot that cut its connection stays away, in units of 10 µs.
const AWAY: u32 = 5 * Stamp::PER_SECOND;
/// Bots that are watched at once: with 36 others near each that is some 70,000 expected updates a
/// second at 10 Hz.
const WATCHED: u32 = 200;
/// Distance that a mover has to keep from the edge of what a server calls near to count, in metres:
/// who is told of whom depends on cells, which are not left at once (docs/architecture.md,
/// Interest).
const MARGIN: f32 = 8.0;
/// A step that is longer than this is a jump, in metres: what was sent before it was sent to
/// another place.
const JUMP: f32 = 8.0;
/// Spreads phases: its multiples fill a period evenly, however many there are.
const GOLDEN_RATIO: f64 = 0.618_033_988_749_895;

/// Something that a bot does at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Errand {
    /// Go on to the next place.
    Move,
    /// Sample what it knows of the others.
    Look,
    /// Begin or end to note all that arrives.
    Watch,
    /// Cut the connection.
    Cut,
    /// Be in the world by now.
    Deadline,
}

/// Consequence of what a bot heard.
pub(crate) struct Heard {
    /// It is in the world now and was not before.
    pub(crate) entered: bool,
    /// Answer of the bot to that.
    pub(crate) answer: Option<Vec<u8>>,
}

/// Stage of the life of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for its own name in the list of users.
    Entering,
    /// Is in the world.
    Present,
    /// Is not any more.
    Gone,
}

pub(crate) struct Bot {
    world: Arc<World>,
    pub(crate) number: u32,
    guest: Guest,
    /// By which the server knows it when it comes back.
    session: Umid,
    path: Path,
    known: KnownBots,
    terms: Terms,
    /// Whether it is one that stops reading.
    pub(crate) stalls: bool,
    stage: Stage,
    /// Whether it was told what holds in this session, in version 2.
    welcomed: bool,
    /// Number of its last `MyPose` in this session.
    pose: u32,
    /// The newest tick it was shown.
    tick: u64,
    /// When it began to connect.
    began: Stamp,
    /// Whether it was ever in the world.
    entered: bool,
    /// Its position, in metres along x and z, and the time since which it has not jumped.
    place: (f32, f32),
    arrived: Stamp,
    watch: Option<Watch>,
    stats: BotStats,
    end: Final,
}

impl Bot {
    pub(crate) fn new(world: Arc<World>, number: u32, guest: Guest, began: Stamp) -> Self {
        let options = &world.options;
        Self {
            number,
            guest,
            session: Umid::now_v7(),
            path: Path::new(
                options.seed,
                number,
                options.users,
                options.pattern,
                options.rate,
            ),
            known: KnownBots::new(number, &world.sent),
            terms: Terms {
                reach: reach(options.pattern),
                ..Terms::default()
            },
            stalls: options.stalls(number),
            stage: Stage::Entering,
            welcomed: false,
            pose: 0,
            tick: 0,
            began,
            entered: false,
            place: (0.0, 0.0),
            arrived: Stamp(0),
            watch: None,
            stats: BotStats::default(),
            end: Final::default(),
            world,
        }
    }

    /// Whether it is in the world.
    pub(crate) fn is_present(&self) -> bool {
        self.stage == Stage::Present
    }

    /// The user and the world to enter: said first, at once (docs/spec/posbus.md §5.1). A
    /// session of version 2 that comes back is where it was without asking.
    pub(crate) fn hello(&mut self) -> Vec<Vec<u8>> {
        (self.welcomed, self.pose, self.tick) = (false, 0, 0);
        let handshake = HandShake {
            handshake_version: 1,
            protocol_version: i64::from(self.world.options.protocol),
            token: self.guest.token.clone(),
            user_id: self.guest.id,
            session_id: self.session,
        };
        let mut hello = vec![Message::from(handshake).encode()];
        if !(self.entered && self.speaks_version_2()) {
            hello.push(self.teleport());
        }
        hello
    }

    fn teleport(&self) -> Vec<u8> {
        let target = self.world.options.world;
        Message::from(TeleportRequest { target }).encode()
    }

    fn speaks_version_2(&self) -> bool {
        self.world.options.protocol >= 2
    }

    /// Begins the activities of a bot that has entered.
    pub(crate) fn errands(&self, now: Stamp) -> Vec<(Stamp, Errand)> {
        let look = now.plus((f64::from(LOOK_INTERVAL) * self.phase()) as u32);
        let mut errands = vec![(look, Errand::Look), (self.next_turn(now), Errand::Move)];
        if self.stats.returns > 0 {
            // Having come back it is watched again, once it has heard of everybody.
            errands.push((now.plus(2 * self.terms.slowest), Errand::Watch));
        }
        errands
    }

    /// Activities that serve a measurement.
    pub(crate) fn plan(&self, window: &Window) -> Vec<(Stamp, Errand)> {
        let mut errands = Vec::new();
        if !self.stalls {
            let spare = f64::from(self.cycle() - watch::WATCH - watch::GRACE);
            let first = window.start.plus((spare * self.phase()) as u32);
            errands.push((first, Errand::Watch));
        }
        if self.world.options.drops(self.number) {
            let half = window.end.since(window.start) / 2;
            errands.push((window.start.plus(half), Errand::Cut));
        }
        errands
    }

    /// Time for which it stays away once it cut its connection, in units of 10 µs.
    pub(crate) fn absence(&self) -> u32 {
        let whole = self
            .world
            .window
            .get()
            .map_or(0, |window| window.end.since(window.start));
        AWAY.min(whole / 4)
    }

    /// Goes on to the next place. Gives the message to send, if any, and when the turn after it is.
    pub(crate) fn step(&mut self, due: Stamp, now: Stamp) -> (Option<Vec<u8>>, Option<Stamp>) {
        let over = self.world.window.get().is_some_and(|w| now >= w.end);
        if self.stage != Stage::Present || over || self.path.next_place().is_none() {
            return (None, None);
        }
        (Some(self.tell_place()), Some(self.turn_after(due)))
    }

    /// Cannot send at its turn; tells when the next one is.
    pub(crate) fn skip(&mut self, due: Stamp) -> Stamp {
        self.stats.skipped += u64::from(self.world.measures(due));
        self.turn_after(due)
    }

    /// The next turn that is not past; those between are skipped.
    fn turn_after(&mut self, due: Stamp) -> Stamp {
        let now = self.world.sent.now();
        let period = self.world.options.period();
        let mut next = due.plus(period);
        while next < now {
            self.stats.skipped += u64::from(self.world.measures(next));
            next = next.plus(period);
        }
        next
    }

    /// The message that says where it is; it counts as sent now.
    pub(crate) fn tell_place(&mut self) -> Vec<u8> {
        let sent = &self.world.sent;
        let place = self.path.place();
        let now = sent.now();
        if known::distance(self.place, (place.x, place.z)) > JUMP {
            self.arrived = now;
        }
        self.place = (place.x, place.z);
        let position = Vec3::new(place.x, height(&place), place.z);
        let rotation = sent.send(self.number, position, now);
        self.stats.sent += u64::from(self.world.measures(now));
        if !self.speaks_version_2() {
            return Message::from(MyTransform { position, rotation }).encode();
        }
        self.pose += 1;
        let pose = MyPose {
            sequence: self.pose,
            position,
            rotation,
        };
        pose.encode()
    }

    /// Samples what it knows of the others; tells when to look again.
    pub(crate) fn look(&mut self, now: Stamp, stats: &mut Stats) -> Option<Stamp> {
        if self.stage != Stage::Present {
            return None;
        }
        if !self.stalls && self.world.measures(now) {
            let sampled = self.known.sample(
                &self.world.sent,
                now,
                2 * self.terms.slowest,
                self.terms.near,
                &mut stats.age,
            );
            self.stats.sampled.looked_at += sampled.looked_at;
            self.stats.sampled.fresh += sampled.fresh;
        }
        Some(now.plus(LOOK_INTERVAL))
    }

    /// Begins or ends to note everything that arrives; tells when to do the other.
    pub(crate) fn turn_watch(&mut self, now: Stamp, thread: &mut BotThread) -> Option<Stamp> {
        let window = *self.world.window.get()?;
        if let Some(watch) = self.watch.take() {
            let found = watch.evaluate(
                &self.world.sent,
                self.number,
                &self.known,
                self.terms,
                &mut thread.scratch,
            );
            thread.stats.expectations = thread.stats.expectations.plus(found);
            let rest = self.cycle() - watch::WATCH - watch::GRACE;
            return Some(now.plus(rest)).filter(|next| *next < window.end);
        }
        if self.stage != Stage::Present || now >= window.end {
            return None;
        }
        let from = now.max(window.start);
        let watch = Watch::new(from, from.plus(watch::WATCH).min(window.end));
        let ends = watch.ends();
        self.watch = Some(watch);
        Some(ends)
    }

    /// Cuts its connection; it comes back then.
    pub(crate) fn cut(&mut self, now: Stamp, back: Stamp) {
        self.stage = Stage::Entering;
        self.began = back;
        self.watch = None;
        self.stats.cuts += 1;
        self.world.sent.cut(self.number, now);
        let known = self.known.known();
        self.known.forget();
        self.world.live.known(known, 0);
    }

    /// Hears a message; tells what follows from it.
    ///
    /// # Errors
    /// If it is told that it cannot stay.
    pub(crate) fn receive(
        &mut self,
        thread: &mut BotThread,
        frame: &[u8],
        about_now: Stamp,
    ) -> Result<Heard, Loss> {
        let content = thread.decoder.read(frame, &self.world, about_now);
        // After decoding, as whoever sees a position has decoded it.
        let now = self.world.sent.now();
        let window = self.world.window.get().filter(|_| !self.stalls);
        let count = u64::from(window.is_some_and(|window| window.contains(now)));
        let bytes = frame.len() as u64 * count;
        self.stats.frames += count;
        self.stats.bytes += bytes;
        self.world.live.frame(frame.len());
        let known = self.known.known();
        let mut entered = false;
        let mut answer = None;
        let bound = !self.speaks_version_2();
        match content {
            Content::Poses(poses) => {
                self.stats.entries += u64::from(poses.positions) * count;
                self.stats.entry_bytes += bytes;
                let window = window.copied();
                self.see(poses, now, window, &mut thread.stats);
            }
            Content::Added(_) if !bound && !self.welcomed => return Err(Loss::NoVersion2),
            Content::Added(added) => {
                for (bot, sequence) in added {
                    entered |= *bot == self.number;
                    let new = self.known.announce(*bot, *sequence, bound);
                    let blinked =
                        !new && *bot != self.number && self.world.sent.was_cut(*bot).is_some();
                    self.stats.blinks += u64::from(blinked);
                }
            }
            // Those of a thread that is done leave while another still reads.
            Content::Removed(_) if window.is_some_and(|window| now >= window.stop) => {}
            Content::Removed(bots) => {
                for bot in bots {
                    let sent = &self.world.sent;
                    let presence = sent.presence(*bot);
                    let known = self.known.remove(*bot) && !sent.stalls(*bot);
                    self.stats.removed += u64::from(known && presence == Presence::Present);
                    self.stats.blinks += u64::from(known && presence == Presence::Detached);
                }
            }
            Content::Bound(bots, contradictions) => {
                bots.iter().for_each(|bot| self.known.bind(*bot));
                self.stats.handles += u64::from(*contradictions);
            }
            Content::Welcome(welcome) => answer = self.be_welcomed(welcome),
            Content::Signal(SignalType::WORLD_DOES_NOT_EXIST) => return Err(Loss::NoSuchWorld),
            Content::Signal(SignalType::INVALID_TOKEN) => return Err(Loss::InvalidToken),
            Content::Undecodable => self.stats.undecodable += 1,
            Content::Signal(_) | Content::Other => {}
        }
        self.world.live.known(known, self.known.known());
        let entered = entered && self.enter(now, &mut thread.stats);
        Ok(Heard { entered, answer })
    }

    /// Learns what holds in this session; asks to be let into the world if it is not back in it.
    fn be_welcomed(&mut self, welcome: &Welcome) -> Option<Vec<u8>> {
        self.welcomed = true;
        self.session = welcome.resume_token;
        let standard = Terms::default();
        let near = welcome.near_metres as f32 - MARGIN;
        self.terms = Terms {
            near: standard.near.min(near.max(0.0)),
            tick: Stamp::PER_SECOND / welcome.tick_rate.max(1),
            slowest: welcome.slowest_ms.saturating_mul(Stamp::PER_SECOND / 1_000),
            reach: self.terms.reach,
        };
        if !self.entered || welcome.resumed {
            return None;
        }
        self.stats.strangers += 1;
        Some(self.teleport())
    }

    /// It is in the world; false if it was before.
    fn enter(&mut self, now: Stamp, stats: &mut Stats) -> bool {
        if self.stage != Stage::Entering {
            return false;
        }
        self.stage = Stage::Present;
        let took = now.since(self.began);
        if self.entered {
            stats.resuming.record(took);
            self.stats.returns += 1;
        } else {
            stats.joining.record(took);
            self.entered = true;
            self.world.live.joined();
        }
        let sent = &self.world.sent;
        sent.set_presence(self.number, Presence::Present);
        true
    }

    fn see(&mut self, poses: &Poses, now: Stamp, window: Option<Window>, stats: &mut Stats) {
        let tick = poses.tick.unwrap_or(0);
        self.stats.ticks_back += u64::from(self.is_ordered() && tick < self.tick);
        self.tick = self.tick.max(tick);
        let near = self.terms.near * self.terms.near;
        let (mut new, mut seen, mut older) = (0, 0, 0);
        for heard in &poses.updates {
            match self.known.observe(heard.bot, heard.sequence) {
                Observation::New => {
                    new += 1;
                    if let Some(watch) = &mut self.watch {
                        watch.note(heard.bot, heard.sequence, now);
                    }
                    if !window.is_some_and(|window| window.contains(heard.sent)) {
                        continue;
                    }
                    seen += 1;
                    let took = now.since(heard.sent);
                    stats.latency_all.record(took);
                    let (x, z) = (heard.place.0 - self.place.0, heard.place.1 - self.place.1);
                    if x * x + z * z <= near && heard.sent >= self.arrived {
                        stats.latency.record(took);
                    }
                }
                Observation::Older => older += 1,
                Observation::Repeated | Observation::Ignored => {}
            }
        }
        self.stats.seen += seen;
        let out_of_order = if self.is_ordered() {
            &mut self.stats.older
        } else {
            &mut self.stats.late
        };
        *out_of_order += older;
        self.stats.wrong += u64::from(poses.wrong);
        self.world.live.updates(new);
    }

    /// Whether what it hears comes in the order in which it was sent; datagrams need not.
    fn is_ordered(&self) -> bool {
        self.world.options.transport == Transport::WebSocket
    }

    /// It is over: compares what it knows with the truth, unless it was lost.
    pub(crate) fn conclude(mut self, loss: Option<Loss>) -> Outcome {
        if loss.is_none() {
            self.end = self.known.conclude(&self.world.sent);
        }
        Outcome {
            entered: self.entered,
            stalled: self.stalls,
            loss,
            stats: self.stats,
            end: self.end,
        }
    }

    /// It is lost, for others to know.
    pub(crate) fn lose(&mut self) {
        self.stage = Stage::Gone;
        self.world.live.known(self.known.known(), 0);
        self.world.live.lost(self.entered);
        self.world.sent.set_presence(self.number, Presence::Lost);
    }

    /// Its share of a period, so that not all do the same at once.
    fn phase(&self) -> f64 {
        (f64::from(self.number) * GOLDEN_RATIO).fract()
    }

    /// Its next turn to move: turns of all bots are spread over the period, whenever they entered.
    fn next_turn(&self, now: Stamp) -> Stamp {
        let period = self.world.options.period().max(1);
        let offset = (f64::from(period) * self.phase()) as u32;
        now.plus((offset + period - now.0 % period) % period)
    }

    /// Time from one watch of this bot to the next one, in units of 10 µs.
    fn cycle(&self) -> u32 {
        let rounds = self.world.options.users.div_ceil(WATCHED).max(1);
        (watch::WATCH + watch::GRACE).saturating_mul(rounds)
    }
}

/// Distance that a bot that was near during a watch can have at its end, in metres: two runners go
/// apart at 10 m/s for its 3 s. Jumpers can be anywhere.
fn reach(pattern: Pattern) -> f32 {
    match pattern {
        Pattern::Walk | Pattern::Crowd | Pattern::Idle => 48.0 + 40.0,
        Pattern::Teleport | Pattern::Mixed => f32::INFINITY,
    }
}

/// Height of the ground in metres: gentle slopes between 1 m and 7 m.
fn height(place: &Place) -> f32 {
    4.0 + 2.0 * (place.x / 40.0).sin() + (place.z / 55.0).cos()
}
