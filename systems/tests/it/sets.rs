//! Each set of the schedule does its own work and no other's. Probes between the sets read what has
//! been built, encoded and delivered so far.

use std::sync::Arc;

use bevy_ecs::world::World;
use components::{TransformNoScale, Umid, Vec3};
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use systems::{
    ClientAction, Dialect, Effect, ExtensionBuilder, InterestOptions, Link, ReplicationWork,
    WorldOptions, WorldSet,
};
use testkit::world::*;

const DIALECTS: [Dialect; 3] = [Dialect::V1, Dialect::V2, Dialect::V2Datagrams];

/// Work done and bytes delivered when a set has run.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    work: ReplicationWork,
    delivered: usize,
}

/// One reading for each set of the last tick, in order.
type Readings = Arc<Mutex<Vec<Reading>>>;

/// Adds a probe behind each set.
fn probe(stage: &mut MemoryWorld) -> Readings {
    let readings = Readings::default();
    let shared = Arc::clone(&readings);
    stage.world.extend(&move |world: &mut ExtensionBuilder| {
        for set in WorldSet::ALL {
            let readings = Arc::clone(&shared);
            let read = move |world: &mut World| {
                let work = ReplicationWork::of(world);
                let mut links = world.query::<&Link>();
                let delivered = links.iter(world).map(|link| link.0.queued_bytes()).sum();
                readings.lock().push(Reading { work, delivered });
            };
            world.add_systems(set, read);
        }
    });
    readings
}

/// A world in which few users are near each other, so that who is told of whom takes a grid.
fn wide_world() -> MemoryWorld {
    let scene = WorldBuilder {
        options: WorldOptions {
            interest: InterestOptions {
                all_near: 4,
                ..InterestOptions::default()
            },
            ..WorldOptions::default()
        },
        ..WorldBuilder::default()
    };
    scene.open()
}

fn at(x: f32, z: f32) -> TransformNoScale {
    TransformNoScale {
        position: Vec3::new(x, 0.0, z),
        rotation: Vec3::ZERO,
    }
}

/// Lets users enter, leave, move, edit, lock, drag and greet.
fn act(stage: &mut MemoryWorld, clients: &mut Vec<Client>, random: &mut SmallRng, next: &mut u128) {
    if clients.len() < 40 || random.random_range(0..10) == 0 {
        let user = if *next == 1_000 { OWNER } else { id(*next) };
        let dialect = DIALECTS[(*next % 3) as usize];
        clients.push(stage.enter_in(user, dialect));
        *next += 1;
    }
    if clients.len() > 40 {
        let gone = random.random_range(1..clients.len());
        stage.leave(&clients.swap_remove(gone));
    }
    for client in clients.iter() {
        if random.random_range(0..3) == 0 {
            let place = at(
                random.random_range(-300.0..300.0),
                random.random_range(-300.0..300.0),
            );
            client.link.offer_pose(WORLD, place);
        }
    }
    let owner = &clients[0];
    match random.random_range(0..6) {
        0 => stage.act(owner, ClientAction::Lock(LAMP)),
        1 => {
            let place = transform(random.random_range(-9.0..9.0));
            stage.act(owner, ClientAction::MoveObject(LAMP, place));
        }
        2 => stage.act(owner, ClientAction::Unlock(LAMP)),
        3 => {
            let name = json!({ "name": format!("lamp {}", random.random_range(0..9)) });
            stage.effect(object_attribute(LAMP, "name", name, json!({})));
        }
        4 => stage.effect(Effect::Notice {
            user: OWNER,
            text: "a notice".to_owned(),
        }),
        _ => {
            let receiver: Umid = clients[random.random_range(0..clients.len())].user;
            let message = "hello".to_owned();
            stage.act(owner, ClientAction::HighFive { receiver, message });
        }
    }
}

#[test]
fn each_set_does_its_own_work_only() {
    let mut stage = wide_world();
    let readings = probe(&mut stage);
    let mut random = SmallRng::seed_from_u64(7);
    let (mut clients, mut next) = (Vec::new(), 1_000);
    let mut last = Reading::default();
    for tick in 0..300 {
        act(&mut stage, &mut clients, &mut random, &mut next);
        stage.tick();
        let [ingest, simulate, interest, encode, publish, persist] = readings.lock()[..] else {
            panic!("one reading for each set");
        };
        readings.lock().clear();

        // Ingest and Simulate record events: they build no grid, encode and queue nothing.
        for early in [ingest, simulate] {
            assert_eq!(early.work.grids_built, last.work.grids_built, "tick {tick}");
            assert_eq!(
                early.work.frames_encoded, last.work.frames_encoded,
                "tick {tick}"
            );
            assert_eq!(early.work.frames_queued, 0, "tick {tick}");
            assert_eq!(early.work.snapshots_waiting, 0, "tick {tick}");
        }
        // Interest decides: it may build the grid, once, and encodes nothing.
        assert!(
            interest.work.grids_built <= last.work.grids_built + 1,
            "tick {tick}"
        );
        assert_eq!(
            interest.work.frames_encoded, last.work.frames_encoded,
            "tick {tick}"
        );
        assert_eq!(interest.work.frames_queued, 0, "tick {tick}");
        // Encode makes all frames and looks at no grid of its own.
        assert_eq!(
            encode.work.grids_built, interest.work.grids_built,
            "tick {tick}"
        );
        // Nothing has been delivered up to here. Publish delivers all of it and makes nothing.
        assert_eq!(encode.delivered, 0, "tick {tick}");
        assert_eq!(
            publish.work.grids_built, interest.work.grids_built,
            "tick {tick}"
        );
        assert_eq!(
            publish.work.frames_encoded, encode.work.frames_encoded,
            "tick {tick}"
        );
        assert_eq!(publish.work.frames_queued, 0, "tick {tick}");
        assert_eq!(publish.work.snapshots_waiting, 0, "tick {tick}");
        assert_eq!(publish.work.sessions_ending, 0, "tick {tick}");
        let waiting = encode.work.frames_queued + encode.work.snapshots_waiting;
        assert_eq!(waiting > 0, publish.delivered > 0, "tick {tick}");
        assert_eq!(persist.work, publish.work, "tick {tick}");
        assert_eq!(persist.delivered, publish.delivered, "tick {tick}");
        last = persist;

        for client in &clients {
            client.drain();
        }
    }
    assert!(last.work.grids_built > 100, "{last:?}");
    assert!(last.work.frames_encoded > 1_000, "{last:?}");
}

#[test]
fn movement_is_not_encoded_for_cells_in_which_nobody_listens() {
    let mut stage = wide_world();
    let readings = probe(&mut stage);
    let clients: Vec<Client> = (1_000..1_040).map(|user| stage.enter(id(user))).collect();
    stage.tick();
    // No session reads its snapshot, so that all writers stay busy.
    let before = *readings.lock().last().expect("a reading");
    for tick in 0..50 {
        for (index, client) in clients.iter().enumerate() {
            let place = at(tick as f32, 20.0 * index as f32);
            client.link.offer_pose(WORLD, place);
        }
        stage.tick();
    }
    let after = *readings.lock().last().expect("a reading");
    assert_eq!(after.work.frames_encoded, before.work.frames_encoded);
}

#[test]
fn a_world_that_stands_still_builds_no_grid() {
    let mut stage = wide_world();
    let readings = probe(&mut stage);
    let clients: Vec<Client> = (1_000..1_040).map(|user| stage.enter(id(user))).collect();
    let tick = |stage: &mut MemoryWorld| {
        stage.tick();
        clients.iter().for_each(|client| drop(client.drain()));
        let last = *readings.lock().last().expect("a reading");
        last.work
    };
    // The rounds in which the last movement reaches everybody.
    let settled = (0..200).map(|_| tick(&mut stage)).last();
    let later = (0..200).map(|_| tick(&mut stage)).last();
    assert_eq!(later, settled);
}
