//! Cost of a tick, without sockets: `cargo bench -p systems`.
//!
//! The sessions' queues are drained, and what happens next is queued, outside of the measured part.

use std::cell::RefCell;

use divan::Bencher;
use posbus::Message;
use systems::{Effect, WorldOptions};

// The helpers of the behaviour tests; a benchmark needs some of them.
#[allow(dead_code)]
use testkit::world::{
    ANN, Client, LAMP, MemoryWorld, WORLD, WorldBuilder, id, object, pose, transform,
};

fn main() {
    divan::main();
}

/// A world with `objects` objects.
fn world(objects: u128) -> MemoryWorld {
    let objects = (0..objects).map(|number| object(id(1_000_000 + number), WORLD));
    WorldBuilder::default().with(objects).open()
}

/// Nobody is there: what a loaded world costs that waits for people. Promised: 50 µs at most.
#[divan::bench]
fn idle(bencher: Bencher) {
    let mut stage = world(1_000);
    bencher.bench_local(|| {
        let report = stage.tick();
        assert!(report.users == 0 && !report.stopped);
    });
}

/// Nothing happens in a full room.
#[divan::bench]
fn still(bencher: Bencher) {
    let (mut stage, _clients) = crowd(1_000);
    bencher.bench_local(|| assert_eq!(stage.tick().users, 1_000));
}

/// Everybody moves in every tick, in a row along the x axis. Promised: 3 ms at most for 5,000.
#[divan::bench(args = [1_000, 5_000], sample_size = 1, sample_count = 100)]
fn moving(bencher: Bencher, users: u16) {
    let (stage, clients) = crowd(users);
    let stage = RefCell::new(stage);
    let mut step = 0.0;
    bencher
        .with_inputs(|| {
            step += 0.37;
            for (number, client) in clients.iter().enumerate() {
                client.drain();
                client
                    .link
                    .offer_pose(WORLD, pose(step + number as f32 / 3.0));
            }
        })
        .bench_local_values(|()| stage.borrow_mut().tick());
    for client in [clients.first(), clients.last()].into_iter().flatten() {
        assert!(told(client) > 100, "those near by at least");
    }
}

/// A user enters a world of 10,000 objects that somebody has entered before. Everything is encoded
/// already.
#[divan::bench(sample_size = 1, sample_count = 50)]
fn join_warm(bencher: Bencher) {
    join(bencher, |_| {});
}

/// A user enters a world of 10,000 objects of which one has moved since the last entry. All are
/// encoded anew.
#[divan::bench(sample_size = 1, sample_count = 50)]
fn join_cold(bencher: Bencher) {
    join(bencher, |stage| {
        stage.effect(Effect::ObjectTransform {
            object: LAMP,
            transform: transform(1.0),
        });
        // The move itself is not to be measured.
        stage.tick();
    });
}

fn join(bencher: Bencher, prepare: impl Fn(&mut MemoryWorld)) {
    const OBJECTS: u128 = 10_000;
    let stage = RefCell::new(world(OBJECTS));
    let mut last: Option<Client> = None;
    bencher
        .with_inputs(|| {
            let stage = &mut *stage.borrow_mut();
            if let Some(client) = last.take() {
                assert_eq!(shown(&client), OBJECTS as usize + 3);
                stage.leave(&client);
                stage.tick();
            } else {
                // Somebody has been here before.
                let first = stage.enter(ANN);
                stage.tick();
                stage.leave(&first);
                stage.tick();
            }
            prepare(stage);
            last = Some(stage.enter(ANN));
        })
        .bench_local_values(|()| assert_eq!(stage.borrow_mut().tick().users, 1));
}

/// A thousand users enter a world of 10,000 objects in one tick.
#[divan::bench(sample_size = 1, sample_count = 20)]
fn rush(bencher: Bencher) {
    const RUSH: u128 = 1_000;
    let stage = RefCell::new(world(10_000));
    let mut clients: Vec<Client> = Vec::new();
    bencher
        .with_inputs(|| {
            let stage = &mut *stage.borrow_mut();
            for client in &clients {
                client.drain();
                stage.leave(client);
            }
            stage.tick();
            clients = (0..RUSH)
                .map(|number| stage.enter(id(10_000 + number)))
                .collect();
        })
        .bench_local_values(|()| assert_eq!(stage.borrow_mut().tick().users, RUSH as usize));
    for client in [clients.first(), clients.last()].into_iter().flatten() {
        assert_eq!(shown(client), 10_003);
    }
}

/// A world with many users who have read everything there is.
fn crowd(users: u16) -> (MemoryWorld, Vec<Client>) {
    let mut scene = WorldBuilder::default();
    scene.options = WorldOptions {
        inbox_capacity: usize::from(users),
        // As if every session could take it all, in every tick.
        pose_budget: usize::MAX,
        ..scene.options
    };
    let mut stage = scene.open();
    let clients: Vec<Client> = (0..u128::from(users))
        .map(|number| stage.enter(id(10_000 + number)))
        .collect();
    stage.tick();
    for client in &clients {
        client.drain();
    }
    (stage, clients)
}

/// Number of users whose places a session has been told.
fn told(client: &Client) -> usize {
    let messages = client.read().into_iter();
    messages
        .map(|message| match message {
            Message::UsersTransformList(list) => list.value.len(),
            _ => 0,
        })
        .sum()
}

/// Number of objects that a session has been shown.
fn shown(client: &Client) -> usize {
    let messages = client.read().into_iter();
    messages
        .map(|message| match message {
            Message::AddObjects(list) => list.objects.len(),
            _ => 0,
        })
        .sum()
}
