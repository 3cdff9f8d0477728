//! Places objects without a transform of their own by their parent's rules (docs/spec/model.md
//! §4.4).
//!
//! The results are never stored: the rules give the same places at the next load.

use std::collections::BTreeMap;

use bevy_ecs::{prelude::Entity, world::World};
use components::{
    Anchor, ChildPlacement, Id, Options, Parent, Placed, Placement, Transform, TypeRef, Umid, Vec3,
};

use crate::{
    simulation::objects::{self, Children, ObjectIndex},
    world::{events::TickEvents, live::Identity},
};

/// Places all objects at load. No events are recorded, as nobody is in the world.
pub(crate) fn place_all(world: &mut World) {
    // Parents come before their children, so each child finds its parent in place.
    for parent in objects::depth_first(world, world.resource::<Identity>().world) {
        if let Some(rules) = rules(world, parent) {
            place_directly_below(world, parent, &rules);
        }
    }
    world.resource_mut::<TickEvents>().clear();
}

/// Places the descendants of an object that follow rules; moved ones are sent at the end of the
/// tick.
pub(crate) fn place_children(world: &mut World, parent: Umid) {
    let entity = world.resource::<ObjectIndex>().get(parent);
    let mut open: Vec<Entity> = entity.into_iter().collect();
    while let Some(parent) = open.pop() {
        if let Some(rules) = rules(world, parent) {
            open.extend(place_directly_below(world, parent, &rules));
        }
    }
}

/// Applies the rules of a moved object and of its parent at once, with the result of the next load.
/// Not called during a drag: the children would follow it, with one message each per tick.
pub(crate) fn settle(world: &mut World, object: Umid) {
    let entity = world.resource::<ObjectIndex>().get(object);
    let parent = entity.and_then(|entity| world.get::<Parent>(entity));
    // An object that no longer follows a rule leaves a gap among its siblings.
    if let Some(parent) = parent.map(|parent| parent.0) {
        place_children(world, parent);
    }
    place_children(world, object);
}

/// Places the children of an object that has lost its rules as the next load will.
pub(crate) fn reset_children(world: &mut World, parent: Umid) {
    if let Some(parent) = world.resource::<ObjectIndex>().get(parent) {
        place_directly_below(world, parent, &ChildPlacement::default());
    }
}

fn rules(world: &World, parent: Entity) -> Option<ChildPlacement> {
    let rules = world.get::<Options>(parent)?.0.child_placement.as_ref()?;
    let (rules, ignored) = ChildPlacement::parse(rules);
    for error in ignored {
        let object = world.get::<Id>(parent).map(|id| id.0);
        tracing::warn!(?object, %error, "placement rule ignored");
    }
    Some(rules)
}

/// Places the automatic children of one object, those without a rule at the origin. Returns those
/// that a rule placed.
fn place_directly_below(world: &mut World, parent: Entity, rules: &ChildPlacement) -> Vec<Entity> {
    let (Some(id), Some(placed)) = (world.get::<Id>(parent), world.get::<Placed>(parent)) else {
        return Vec::new();
    };
    let anchor = Anchor {
        position: placed.transform.position,
        heading: placed.heading,
    };
    let mut groups: BTreeMap<Umid, (Placement, Vec<(Entity, Umid)>)> = BTreeMap::new();
    let mut ruleless = Vec::new();
    let index = world.resource::<ObjectIndex>();
    for child in world.resource::<Children>().of(id.0) {
        let Some(entity) = index.get(child) else {
            continue;
        };
        let automatic = world
            .get::<Placed>(entity)
            .is_some_and(|placed| placed.automatic);
        if !automatic {
            continue;
        }
        let rule = world
            .get::<TypeRef>(entity)
            .and_then(|type_ref| rules.group(type_ref.0));
        match rule {
            Some((group, placement)) => {
                let group = groups.entry(group).or_insert((*placement, Vec::new()));
                group.1.push((entity, child));
            }
            None => ruleless.push((entity, child)),
        }
    }
    for (entity, child) in ruleless {
        set_place(world, entity, child, Vec3::ZERO, 0.0);
    }
    let mut by_rule = Vec::new();
    for (placement, members) in groups.into_values() {
        let count = members.len();
        for (index, (entity, child)) in members.into_iter().enumerate() {
            let Some((position, heading)) = placement.place(anchor, index, count) else {
                continue;
            };
            set_place(world, entity, child, position, heading);
            by_rule.push(entity);
        }
    }
    by_rule
}

fn set_place(world: &mut World, entity: Entity, id: Umid, position: Vec3, heading: f64) {
    let Some(mut placed) = world.get_mut::<Placed>(entity) else {
        return;
    };
    placed.heading = heading;
    let transform = Transform {
        position,
        rotation: Vec3::ZERO,
        scale: Vec3::ONE,
    };
    if placed.transform != transform {
        objects::place(world, entity, id, transform);
    }
}
