//! The same commands give the same bytes.

use std::hash::{DefaultHasher, Hasher};

use components::ObjectState;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use systems::{ClientAction, Effect};

use crate::harness::*;

const TICKS: u64 = 2_000;
const PEOPLE: u128 = 24;

/// Every session's bytes, in the order of the sessions, and how many bytes there were.
struct Trace {
    hash: DefaultHasher,
    bytes: usize,
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
}

/// Runs a world on a script drawn from a seed.
fn run(seed: u64) -> (u64, usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = Scene::default();
    scene.objects[1].options = Some(map(json!({"child_placement": {
        "00000000-0000-0000-0000-000000000000": {"algo": "circular"}
    }})));
    let mut stage = scene.open();
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
    };
    for tick in 0..TICKS {
        for _ in 0..random.random_range(0..6) {
            step(&mut stage, &mut clients, &mut random, tick);
        }
        stage.tick();
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
    (trace.hash.finish(), trace.bytes)
}

fn step(stage: &mut Stage, clients: &mut Vec<Client>, random: &mut StdRng, tick: u64) {
    let things = [LAMP, SHADE, id(500), id(501), id(502)];
    let thing = things[random.random_range(0..things.len())];
    let x: f32 = random.random_range(-100.0..100.0);
    let choice = random.random_range(0..12);
    if clients.is_empty() || choice == 0 {
        let user = id(1_000 + random.random_range(0..PEOPLE));
        let session = id(2_000 + random.random_range(0..2_u128));
        clients.push(stage.enter_with(user, session, None));
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
        9 => stage.effect(Effect::Profile {
            user: client.user,
            name: format!("name {tick}"),
            avatar: String::new(),
        }),
        _ => client.link.offer_pose(WORLD, pose(x)),
    }
}

#[test]
fn the_same_script_gives_the_same_bytes() {
    let first = run(7);
    assert!(first.1 > 1_000_000, "only {} bytes", first.1);
    assert_eq!(run(7), first);
    assert_ne!(run(8).0, first.0, "another script, other bytes");
}
