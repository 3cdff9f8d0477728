//! A world in memory: no sockets, no threads, no clock. Two users see each other move.
//!
//! `cargo run --example world_in_memory`

use posbus::{Message, Vec3};
use testkit::world::{ANN, BOB, WORLD, WorldBuilder, pose};

#[allow(dead_code, reason = "tests call `meet`")]
fn main() {
    println!("Bob sees Ann at {:?}", meet());
}

/// Lets Ann walk; answers the place where Bob sees her.
pub(crate) fn meet() -> Option<Vec3> {
    let mut world = WorldBuilder::default().open();
    // Both enter and read their snapshots.
    let [ann, bob] = world.settle([ANN, BOB]);

    // A pose waits in the link of its session until the next tick takes it.
    ann.link.offer_pose(WORLD, pose(3.0));
    world.tick();

    bob.read().into_iter().find_map(|message| match message {
        Message::UsersTransformList(moved) => {
            let of_ann = moved.value.into_iter().find(|moved| moved.id == ANN);
            of_ann.map(|moved| moved.transform.position)
        }
        _ => None,
    })
}
