//! Places objects without a transform of their own by their parent's rules (spec model §6.4).
use bevy_ecs::world::World;
use components::Umid;

pub(crate) fn place_all(_world: &mut World) {}
pub(crate) fn place_children(_world: &mut World, _parent: Umid) {}
