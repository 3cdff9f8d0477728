//! The same commands give the same bytes.

use std::hash::{DefaultHasher, Hasher};

use components::{ObjectState, Profile, TransformNoScale, Vec3};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use systems::{ClientAction, Dialect, Effect, PersistBatch, QueueLimits, SessionLink};
use testkit::world::*;

/// More than eight minutes of a world's time.
const TICKS: u64 = 10_000;
const PEOPLE: u128 = 24;
/// They are anywhere within so many metres of the middle: some near each other, some out of sight.
const REACH: f32 = 300.0;

/// Every session's bytes, in the order of the sessions, and all that was to be stored; and how much
/// of both there was.
struct Trace {
    hash: DefaultHasher,
    bytes: usize,
    batches: usize,
}

impl Trace {
    fn read(&mut self, client: &Client) {
        let (frames, closed) = client.drain();
        self.hash.write_u64(client.connection);
        for frame in frames {
            self.hash.write(&frame);
            self.bytes += frame.len();
        }
        self.hash
            .write(closed.map_or("", |cause| cause.label()).as_bytes());
    }

    fn store(&mut self, batches: &[PersistBatch]) {
        self.batches += batches.len();
        for batch in batches {
            // It has floats, which are written so that no two look alike.
            self.hash.write(format!("{batch:?}").as_bytes());
        }
    }
}

/// Runs a world on a script drawn from a seed, with a clock looking on or without one.
fn run(seed: u64, ticks: u64, timed: bool) -> Trace {
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = WorldBuilder::default();
    scene.objects[1].options = Some(map(json!({"child_placement": {
        "00000000-0000-0000-0000-000000000000": {"algo": "circular"}
    }})));
    let mut stage = scene.open();
    if timed {
        stage.world.time_sets();
    }
    for person in 0..PEOPLE / 2 {
        stage
            .authority
            .write()
            .set_admin(LAMP, id(1_000 + person), true);
    }
    let mut clients: Vec<Client> = Vec::new();
    let mut trace = Trace {
        hash: DefaultHasher::new(),
        bytes: 0,
        batches: 0,
    };
    for tick in 0..ticks {
        for _ in 0..random.random_range(0..6) {
            step(&mut stage, &mut clients, &mut random, tick);
        }
        for client in clients
            .iter()
            .filter(|client| client.connection % 2 == tick % 2)
        {
            client.link.offer_pose(WORLD, place(&mut random));
        }
        stage.tick();
        trace.store(&stage.saved());
        for client in &clients {
            // Some read in every tick, some now and then.
            if client.connection % 3 != 0 || tick % 7 == 0 {
                trace.read(client);
            }
        }
    }
    for client in &clients {
        trace.read(client);
    }
    trace
}

fn place(random: &mut StdRng) -> TransformNoScale {
    let mut number = |reach: f32| random.random_range(-reach..reach);
    TransformNoScale {
        position: Vec3::new(number(REACH), number(5.0), number(REACH)),
        rotation: Vec3::new(0.0, number(3.1), 0.0),
    }
}

/// Somebody enters, perhaps in place of an earlier connection, with one dialect or another.
fn enter(stage: &mut MemoryWorld, random: &mut StdRng, connection: u64) -> Client {
    let dialects = [Dialect::V1, Dialect::V2, Dialect::V2Datagrams];
    let client = Client {
        user: id(1_000 + random.random_range(0..PEOPLE)),
        session_id: id(2_000 + random.random_range(0..2_u128)),
        connection,
        link: SessionLink::new(
            QueueLimits::default(),
            dialects[random.random_range(0..dialects.len())],
        ),
    };
    let known = random.random_bool(0.5).then(|| place(random));
    stage.enter_again(&client, known);
    client
}

fn step(stage: &mut MemoryWorld, clients: &mut Vec<Client>, random: &mut StdRng, tick: u64) {
    let things = [LAMP, SHADE, id(500), id(501), id(502)];
    let thing = things[random.random_range(0..things.len())];
    let x: f32 = random.random_range(-100.0..100.0);
    let choice = random.random_range(0..12);
    if clients.is_empty() || choice == 0 {
        let connection = 1 + clients.last().map_or(0, |client| client.connection);
        clients.push(enter(stage, random, connection));
        // A client that was displaced or left long ago is not read any more.
        if clients.len() > 3 * PEOPLE as usize {
            clients.remove(0);
        }
        return;
    }
    let client = &clients[random.random_range(0..clients.len())];
    match choice {
        1 => stage.leave(client),
        2 => stage.act(client, ClientAction::Lock(thing)),
        3 => stage.act(client, ClientAction::Unlock(thing)),
        4 => stage.act(client, ClientAction::MoveObject(thing, transform(x))),
        5 => stage.act(client, ClientAction::HighFive {
            receiver: id(1_000 + random.random_range(0..PEOPLE)),
            message: format!("tick {tick}"),
        }),
        6 => stage.effect(object_attribute(
            thing,
            "state",
            json!({"x": x}),
            json!({
                "posbus_auto": {"scope": ["world"]},
                "permissions": {"read": "admin", "write": "admin"},
                "render_auto": {"slot_type": "number", "content_type": "number", "value_field": "x"},
            }),
        )),
        7 => stage.effect(Effect::Object(Box::new(ObjectState {
            transform: None,
            ..object(thing, LAMP)
        }))),
        8 if thing != LAMP => stage.effect(Effect::RemoveObjects {
            root: thing,
            removed: vec![thing],
        }),
        9 => stage.effect(Effect::Profile(Profile {
            user: client.user,
            name: format!("name {tick}"),
            avatar: String::new(),
            is_guest: false,
        })),
        _ => client.link.offer_pose(WORLD, place(random)),
    }
}

#[test]
fn the_same_script_gives_the_same_bytes() {
    let first = run(7, TICKS, false);
    assert!(first.bytes > 10_000_000, "only {} bytes", first.bytes);
    assert!(first.batches > 100, "only {} batches", first.batches);
    let again = run(7, TICKS, true);
    assert_eq!((again.bytes, again.batches), (first.bytes, first.batches));
    assert_eq!(again.hash.finish(), first.hash.finish());
    let [one, other] = [7, 8].map(|seed| run(seed, TICKS / 20, false).hash.finish());
    assert_ne!(one, other, "another script, other bytes");
}
