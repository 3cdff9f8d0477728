//! The steady state of a tick takes no memory: what it needs, it keeps.

use systems::Dialect;
use testkit::world::*;

/// Allocations and bytes sent of one tick, after it has run often enough to have what it needs.
fn allocations(stage: &mut MemoryWorld, clients: &[Client], moving: bool) -> (u64, usize) {
    let mut found = (0, 0);
    for step in 0..60 {
        let mut bytes = 0;
        for (number, client) in clients.iter().enumerate() {
            for batch in client.drain_batches() {
                let frames = batch.frames.iter().chain(&batch.datagrams);
                bytes += frames.map(|frame| frame.len()).sum::<usize>();
            }
            if moving {
                // Nobody goes far, but some look out from another cell now and then.
                let x = (number * 3) as f32 + (step % 10) as f32;
                client.link.offer_pose(WORLD, pose(x));
            }
        }
        let counted = allocation_counter::measure(|| {
            stage.tick();
        });
        found = (counted.count_total, bytes);
    }
    found
}

fn crowd(stage: &mut MemoryWorld, dialects: &[Dialect]) -> Vec<Client> {
    let users = 0..1_000;
    let users = users.zip(dialects.iter().cycle());
    let clients = users.map(|(number, dialect)| stage.enter_in(id(10_000 + number), *dialect));
    let clients = clients.collect();
    stage.tick();
    clients
}

#[test]
fn a_tick_in_which_nothing_happens() {
    let mut stage = WorldBuilder::default().open();
    let clients = stage.settle([ANN, BOB, EVE]);
    assert_eq!(allocations(&mut stage, &clients, false), (0, 0));
}

#[test]
fn a_tick_in_which_everybody_moves() {
    for dialects in [
        &[Dialect::V1][..],
        &[Dialect::V2],
        &[Dialect::V2Datagrams],
        &[Dialect::V1, Dialect::V2, Dialect::V2Datagrams],
    ] {
        let mut scene = WorldBuilder::default();
        scene.options.pose_budget = usize::MAX;
        let mut stage = scene.open();
        let clients = crowd(&mut stage, dialects);
        let (allocations, bytes) = allocations(&mut stage, &clients, true);
        assert!(bytes > 100_000, "{bytes} bytes: they see each other");
        assert_eq!(allocations, 0, "{dialects:?}");
    }
}
