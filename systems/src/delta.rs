//! From who moved to what each session gets: encoded once in each dialect, put together once for all who look out from the
//! same cell.

mod arena;
mod catch_up;
mod gather;
mod pieces;

pub(crate) use catch_up::CatchUp;
pub(crate) use gather::{Gathered, begin_tick};
pub(crate) use pieces::{Encoded, encode_poses};

use bevy_ecs::world::World;

pub(crate) fn insert_resources(world: &mut World) {
    world.init_resource::<Encoded>();
    world.init_resource::<Gathered>();
}
