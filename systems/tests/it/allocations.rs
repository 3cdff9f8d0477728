//! The steady state of a tick takes no memory: what it needs, it keeps.

use crate::harness::*;

/// Allocations of one tick, after it has run often enough to have what it needs.
fn allocations(stage: &mut Stage, clients: &[Client], moving: bool) -> u64 {
    let mut found = 0;
    for step in 0..20 {
        for (number, client) in clients.iter().enumerate() {
            client.drain();
            if moving {
                client
                    .link
                    .offer_pose(WORLD, pose((step * 1_000 + number) as f32));
            }
        }
        found = allocation_counter::measure(|| {
            stage.tick();
        })
        .count_total;
    }
    found
}

#[test]
fn a_tick_in_which_nothing_happens() {
    let mut stage = Scene::default().open();
    let clients = stage.settle([ANN, BOB, EVE]);
    assert_eq!(allocations(&mut stage, &clients, false), 0);
}

#[test]
fn a_tick_in_which_everybody_moves() {
    let mut scene = Scene::default();
    scene.options.pose_budget = usize::MAX;
    let mut stage = scene.open();
    let clients: Vec<Client> = (0..1_000)
        .map(|number| stage.enter(id(10_000 + number)))
        .collect();
    stage.tick();
    assert_eq!(allocations(&mut stage, &clients, true), 0);
}
