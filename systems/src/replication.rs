//! From what changed in a world to the frames of each of its sessions.

pub(crate) mod assemble;
pub(crate) mod deliver;
mod frame_pool;
pub(crate) mod handles;
pub(crate) mod interest;
pub(crate) mod resync;
pub(crate) mod runs;
pub(crate) mod snapshot;

use bevy_ecs::world::World;

pub(crate) fn insert_resources(world: &mut World) {
    snapshot::insert_resources(world);
    interest::insert_resources(world);
    world.init_resource::<runs::RunsByDialect>();
    world.init_resource::<assemble::CellFrames>();
}
