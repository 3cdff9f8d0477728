//! One world of a certain size, and the people in it.

use std::hash::{DefaultHasher, Hasher};

use components::{JsonMap, ObjectState, Transform, Umid, Vec3};
use systems::{Batch, WorldEnded, WorldOptions};
use testkit::world::{self, Client, MemoryWorld, NODE, WORLD, WorldBuilder, try_queue};

use crate::{
    tick::{
        TickOptions,
        person::{Person, id},
        received::Received,
        run::BenchError,
    },
    trajectories::{Path, Pattern},
};

/// Moves per second of those who move: what a good client sends.
const MOVES_PER_SECOND: u32 = 10;
/// Number of people who enter in one tick, before anything is measured.
const ENTER_AT_ONCE: usize = 500;
/// Number of sessions that are decoded, spread evenly: enough for a mean, few enough to take no
/// time.
const WATCHERS: usize = 64;

/// Objects have numbers from here on, people from 0.
const FIRST_OBJECT: u64 = 1 << 40;
/// Their places come from other numbers than those of people.
const OBJECT_SEED: u64 = 0x006f_626a_6563_7473;

/// Frames given to all sessions since the counting began.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
}

/// A world with people in it.
pub(crate) struct Scene {
    pub(crate) world: MemoryWorld,
    settings: WorldOptions,
    options: TickOptions,
    people: Vec<Person>,
    received: Vec<Received>,
    /// Every so many-th person is watched.
    stride: usize,
    /// Number of people who have ever entered.
    entered: u64,
    /// Index of the person who leaves next.
    leaver: usize,
    /// Missing part of a whole person to leave, in people times ticks per second.
    owed: u32,
    tick: u32,
    pub(crate) given: Given,
    batch: Batch,
}

impl Scene {
    /// A world with `objects` objects, and nobody in it yet.
    pub(crate) fn new(options: &TickOptions, users: u32, objects: u32) -> Self {
        let settings = WorldOptions::default();
        let mut states = vec![object(WORLD, NODE, Vec3::ZERO, 0)];
        states.extend((0..objects).map(|number| {
            let path = Path::new(
                options.seed ^ OBJECT_SEED,
                number,
                users,
                Pattern::Idle,
                1.0,
            );
            let place = path.place();
            let id = id(FIRST_OBJECT + u64::from(number));
            object(id, WORLD, Vec3::new(place.x, 0.0, place.z), number)
        }));
        let builder = WorldBuilder {
            objects: states,
            options: settings.clone(),
            ..WorldBuilder::default()
        };
        let mut world = builder.open_unrecorded();
        world.world.time_sets();
        Self {
            world,
            settings,
            options: options.clone(),
            people: Vec::new(),
            received: Vec::new(),
            // Odd, so that they are of both dialects where people are in turn of one and of the
            // other.
            stride: (users as usize).div_ceil(WATCHERS) | 1,
            entered: 0,
            leaver: 0,
            owed: 0,
            tick: 0,
            given: Given::default(),
            batch: Batch::default(),
        }
    }

    /// Lets everybody enter.
    pub(crate) fn fill(&mut self, users: u32) -> Result<(), BenchError> {
        while self.people.len() < users as usize {
            let rest = users as usize - self.people.len();
            for _ in 0..rest.min(ENTER_AT_ONCE) {
                let person = self.newcomer(self.people.len() as u32, users);
                self.enter(&person)?;
                if self.people.len().is_multiple_of(self.stride) {
                    self.received.push(Received::default());
                }
                self.people.push(person);
            }
            self.world.tick();
            self.drain()?;
        }
        Ok(())
    }

    fn enter(&self, person: &Person) -> Result<(), BenchError> {
        let entrant = person.client.entrant(Some(person.pose()));
        queue(self.world.handle.enter(entrant))
    }

    /// A person who has not entered.
    fn newcomer(&mut self, place: u32, users: u32) -> Person {
        let number = self.entered;
        self.entered += 1;
        // A person who enters in another's place walks elsewhere.
        let seed = self
            .options
            .seed
            .wrapping_add(number / u64::from(users.max(1)));
        let rate = f64::from(MOVES_PER_SECOND);
        let path = Path::new(seed, place, users, self.options.pattern, rate);
        let dialect = self.options.protocol.dialect(place);
        let user = id(number);
        Person::new(self.world.connect(user, user, dialect), path)
    }

    /// Lets people move, leave and enter as they do between two ticks. Answers how many moved.
    pub(crate) fn live_on(&mut self) -> Result<usize, BenchError> {
        let every = (self.settings.tick_rate / MOVES_PER_SECOND).max(1);
        let first = self.tick % every;
        self.tick += 1;
        let mut moved = 0;
        let movers = self.people.iter_mut().skip(first as usize);
        for person in movers.step_by(every as usize) {
            moved += usize::from(person.walk(WORLD));
        }
        self.owed += self.options.joins;
        while self.owed >= self.settings.tick_rate {
            self.owed -= self.settings.tick_rate;
            self.replace_one()?;
        }
        Ok(moved)
    }

    /// Somebody leaves, somebody else enters. Those who are watched stay, if there are others.
    fn replace_one(&mut self) -> Result<(), BenchError> {
        let users = self.people.len();
        self.leaver = (self.leaver + 1) % users.max(1);
        if self.stride > 1 && self.leaver.is_multiple_of(self.stride) {
            self.leaver = (self.leaver + 1) % users.max(1);
        }
        let newcomer = self.newcomer(self.leaver as u32, users as u32);
        self.enter(&newcomer)?;
        if let Some(place) = self.people.get_mut(self.leaver) {
            let leaver = std::mem::replace(place, newcomer);
            let Client {
                user, connection, ..
            } = leaver.client;
            queue(self.world.handle.leave(user, connection))?;
        }
        Ok(())
    }

    /// Takes what all sessions were given, and looks at some of it.
    pub(crate) fn drain(&mut self) -> Result<(), BenchError> {
        let given = &mut self.given;
        for (number, person) in self.people.iter().enumerate() {
            let mut received = (number % self.stride == 0)
                .then(|| self.received.get_mut(number / self.stride))
                .flatten();
            let closed = person.client.drain_with(&mut self.batch, |batch| {
                let frames = || batch.frames.iter().chain(&batch.datagrams);
                given.frames += frames().count() as u64;
                given.bytes += frames().map(|frame| frame.len() as u64).sum::<u64>();
                if let Some(received) = &mut received {
                    received.read(batch);
                }
            });
            if let Some(cause) = closed {
                return Err(BenchError::Closed(cause.label()));
            }
        }
        Ok(())
    }

    /// Forgets what was counted so far.
    pub(crate) fn start_over(&mut self) {
        self.given = Given::default();
        self.received.iter_mut().for_each(Received::start_over);
        for person in &mut self.people {
            person.counted = true;
            person.moved = false;
        }
    }

    /// Of the others who were there all the time and moved, the share that the worst informed of
    /// those who are watched has heard of; `None` if nobody did.
    pub(crate) fn heard_of(&self) -> Option<f64> {
        let watchers = self.people.iter().step_by(self.stride);
        let shares = watchers
            .zip(&self.received)
            .filter_map(|(watcher, received)| {
                let others = || {
                    let moved = self
                        .people
                        .iter()
                        .filter(|person| person.counted && person.moved);
                    moved.filter(|person| person.client.user != watcher.client.user)
                };
                let heard = others()
                    .filter(|person| received.saw(person.client.user))
                    .count();
                let all = others().count();
                (all > 0).then(|| heard as f64 / all as f64)
            });
        shares.reduce(f64::min)
    }

    /// Views of the watched sessions.
    pub(crate) fn received(&self) -> &[Received] {
        &self.received
    }

    /// A hash of what they were given.
    pub(crate) fn trace(&self) -> u64 {
        let mut all = DefaultHasher::new();
        for received in &self.received {
            all.write_u64(received.trace());
        }
        all.finish()
    }

    /// Ticks per second.
    pub(crate) fn tick_rate(&self) -> u32 {
        self.settings.tick_rate
    }
}

/// Queues a request of a person; the next tick applies it.
fn queue(request: impl Future<Output = Result<(), WorldEnded>>) -> Result<(), BenchError> {
    match try_queue(request) {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) => Err(BenchError::Ended),
        None => Err(BenchError::InboxFull),
    }
}

fn object(id: Umid, parent: Umid, position: Vec3, number: u32) -> ObjectState {
    let mut name = JsonMap::new();
    name.insert("name".to_owned(), format!("Object {number}").into());
    ObjectState {
        transform: Some(Transform {
            position,
            rotation: Vec3::ZERO,
            scale: Vec3::ONE,
        }),
        attributes: vec![world::attribute("name", name.into())],
        created_at: i64::from(number),
        ..world::object(id, parent)
    }
}
