//! Effects of a changed attribute: names, render slots and messages (docs/spec/posbus.md §5.4,
//! §5.6).

use bevy_ecs::{prelude::Entity, world::World};
use components::{
    AttributeOptions, AttributeState, Attributes, Catalogue, ContentType, Id, JsonMap, Name,
    RenderAuto, RenderSlots, Role, Roles, Scope, SlotValue, Umid, ids,
};
use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    simulation::{
        objects::{self, ObjectIndex, Types},
        presence::UserIndex,
    },
    world::{
        command::AttributeChange,
        events::{Audience, TickEvents, WorldEvent},
        live::{Identity, Rights},
    },
};

/// Applies and records a changed attribute of an object.
pub(crate) fn change_object_attribute(world: &mut World, object: Umid, change: AttributeChange) {
    let Some(entity) = world.resource::<ObjectIndex>().get(object) else {
        return;
    };
    let options = effective(world, &change);
    store(world, entity, &change);
    if change.attribute == ids::core("name") {
        rename(world, entity);
    }
    if let Some(render) = &options.render_auto {
        update_slot(world, entity, object, render, &change);
    }
    record(
        world,
        &options,
        change,
        Target {
            id: object,
            object: Some(object),
            owner: None,
        },
    );
}

/// Records a changed attribute of a user in an object. The node is an object, too, but nobody is in
/// it: attributes of users there reach these users alone, in any world.
pub(crate) fn change_object_user_attribute(
    world: &mut World,
    object: Umid,
    user: Umid,
    change: AttributeChange,
) {
    let mut options = effective(world, &change);
    if object == world.resource::<Identity>().node {
        let scopes = options.posbus_auto.iter_mut();
        scopes.for_each(|auto| auto.scopes.retain(|scope| *scope == Scope::User));
    } else if world.resource::<ObjectIndex>().get(object).is_none() {
        return;
    }
    record(
        world,
        &options,
        change,
        Target {
            id: object,
            object: Some(object),
            owner: Some(user),
        },
    );
}

/// Records a changed attribute of a user in the worlds that the user is in.
pub(crate) fn change_user_attribute(world: &mut World, user: Umid, change: AttributeChange) {
    if world.resource::<UserIndex>().get(user).is_none() {
        return;
    }
    let options = effective(world, &change);
    record(
        world,
        &options,
        change,
        Target {
            id: user,
            object: None,
            owner: Some(user),
        },
    );
}

/// Records a changed attribute from one user to another in the worlds that the source is in, and
/// for the target.
pub(crate) fn change_user_user_attribute(
    world: &mut World,
    source: Umid,
    target: Umid,
    change: AttributeChange,
) {
    let options = effective(world, &change);
    let Some(auto) = &options.posbus_auto else {
        return;
    };
    let users = world.resource::<UserIndex>();
    let here = users.get(source).is_some();
    let roles = |user: Umid| {
        let roles = Roles::AUTHENTICATED.with_if(Role::UserOwner, user == source);
        roles.with_if(Role::TargetUser, user == target)
    };
    let receives = |user: Umid| {
        let in_world = here && auto.scopes.contains(&Scope::World);
        let personally = auto.scopes.contains(&Scope::User) && (user == source || user == target);
        (in_world || personally) && options.may_read(roles(user))
    };
    let receivers: Vec<Umid> = users.users().filter(|user| receives(*user)).collect();
    if receivers.is_empty() {
        return;
    }
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::AttributeChanged {
            audience: Audience::Users(receivers),
            target,
            stored_in: None,
            change,
        });
}

/// The object or user that an attribute belongs to.
struct Target {
    /// The id in the message.
    id: Umid,
    /// The object, if it belongs to one.
    object: Option<Umid>,
    /// The user, if it belongs to one.
    owner: Option<Umid>,
}

/// Records a change for its receivers: each once, whichever scopes name it, and only those who may
/// read the attribute (docs/regressions.md W21).
fn record(world: &mut World, options: &AttributeOptions, change: AttributeChange, target: Target) {
    let stored_in = target
        .object
        .filter(|object| target.owner.is_none() && is_here(world, *object));
    let audience = audience(world, options, &target);
    if stored_in.is_none() && audience.is_nobody() {
        return;
    }
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::AttributeChanged {
            audience,
            target: target.id,
            stored_in,
            change,
        });
}

fn is_here(world: &World, object: Umid) -> bool {
    world.resource::<ObjectIndex>().get(object).is_some()
}

fn audience(world: &World, options: &AttributeOptions, target: &Target) -> Audience {
    let Some(auto) = &options.posbus_auto else {
        return Audience::Users(Vec::new());
    };
    // Users are only ever inside worlds, so being in an object means being in its world. Users are
    // no objects.
    let in_object = target.object.is_some() && auto.scopes.contains(&Scope::Object);
    let everybody = in_object || auto.scopes.contains(&Scope::World);
    let personally = auto.scopes.contains(&Scope::User);
    if everybody && options.may_read(Roles::AUTHENTICATED) {
        return Audience::Everybody;
    }
    let rights = world.resource::<Rights>().0.read();
    let node = world.resource::<Identity>().node;
    let receives = |user: &Umid| {
        let addressed = everybody || (personally && target.owner == Some(*user));
        let object = target.object.unwrap_or(node);
        addressed && rights.may_hear(options, *user, object, target.owner)
    };
    Audience::Users(
        world
            .resource::<UserIndex>()
            .users()
            .filter(receives)
            .collect(),
    )
}

fn effective(world: &World, change: &AttributeChange) -> AttributeOptions {
    world
        .resource::<Types>()
        .0
        .attribute_options(&change.attribute, change.options.as_ref())
}

/// Stores a change in the attributes of an object.
pub(crate) fn store(world: &mut World, entity: Entity, change: &AttributeChange) {
    let Some(mut attributes) = world.get_mut::<Attributes>(entity) else {
        return;
    };
    if change.removed {
        attributes.0.remove(&change.attribute);
    } else {
        let AttributeChange {
            attribute,
            value,
            options,
            ..
        } = change;
        let state = AttributeState {
            id: attribute.clone(),
            value: value.clone(),
            options: options.clone(),
        };
        attributes.0.insert(attribute.clone(), state);
    }
}

fn rename(world: &mut World, entity: Entity) {
    let (Some(id), Some(attributes)) = (
        world.get::<Id>(entity).copied(),
        world.get::<Attributes>(entity),
    ) else {
        return;
    };
    let name = Name(objects::display_name(id.0, &attributes.0));
    if world.get::<Name>(entity) != Some(&name) {
        world.entity_mut(entity).insert(name);
        objects::record_change(world, id.0);
    }
}

/// Sets a slot to the value of its attribute. Without one, another attribute may fill the same
/// slot; else the slot is emptied (docs/regressions.md W29).
fn update_slot(
    world: &mut World,
    entity: Entity,
    object: Umid,
    render: &RenderAuto,
    change: &AttributeChange,
) {
    let (slot_type, slot_name) = (&render.slot_type, &render.slot_name);
    let new_value = change
        .value
        .as_ref()
        .and_then(|value| slot_value(render, value))
        .or_else(|| {
            let types = &world.resource::<Types>().0;
            let attributes = world.get::<Attributes>(entity)?;
            let mut slots = slots(types, attributes.0.values());
            slots.get_mut(slot_type)?.swap_remove(slot_name)
        });
    let Some(mut slots) = world.get_mut::<RenderSlots>(entity) else {
        return;
    };
    let (value, emptied) = match new_value {
        Some(value) => {
            set_slot(&mut slots, slot_type, slot_name, value.clone());
            (value, false)
        }
        None if empty_slot(&mut slots, slot_type, slot_name) => (empty(render), true),
        None => return,
    };
    world
        .resource_mut::<TickEvents>()
        .record(WorldEvent::SlotChanged {
            object,
            slot_type: slot_type.clone(),
            slot_name: slot_name.clone(),
            value,
            emptied,
        });
}

/// Sets the value of a slot.
pub(crate) fn set_slot(slots: &mut RenderSlots, slot_type: &str, name: &str, value: SlotValue) {
    let of_type = slots.0.entry(slot_type.to_owned()).or_default();
    of_type.insert(name.to_owned(), value);
}

/// Empties a slot. Returns whether it had a value.
pub(crate) fn empty_slot(slots: &mut RenderSlots, slot_type: &str, name: &str) -> bool {
    let of_type = slots.0.get_mut(slot_type);
    if of_type.is_none_or(|names| names.shift_remove(name).is_none()) {
        return false;
    }
    slots.0.retain(|_, names| !names.is_empty());
    true
}

/// All slots of an object, as its attributes declare them.
pub(crate) fn slots<'a>(
    types: &Catalogue,
    attributes: impl Iterator<Item = &'a AttributeState>,
) -> IndexMap<String, IndexMap<String, SlotValue>> {
    let mut slots: IndexMap<String, IndexMap<String, SlotValue>> = IndexMap::new();
    for attribute in attributes {
        let options = types.attribute_options(&attribute.id, attribute.options.as_ref());
        let (Some(render), Some(value)) = (options.render_auto, &attribute.value) else {
            continue;
        };
        if let Some(slot) = slot_value(&render, value) {
            slots
                .entry(render.slot_type)
                .or_default()
                .insert(render.slot_name, slot);
        }
    }
    slots
}

/// The value of a slot, made from that of an attribute; `None` leaves the slot empty.
fn slot_value(render: &RenderAuto, value: &JsonMap) -> Option<SlotValue> {
    let field = |key: &str| value.get(key);
    match render.content_type {
        ContentType::Image | ContentType::String => field(&render.value_field)
            .filter(|value| value.is_string())
            .cloned(),
        ContentType::Number => field(&render.value_field)
            .filter(|value| value.is_number())
            .cloned(),
        ContentType::Text | ContentType::Video => field("auto_render_hash")
            .filter(|value| value.is_string())
            .cloned(),
        ContentType::Audio => Some(Value::Object(value.clone())),
    }
}

/// The value that clients get for an emptied slot.
fn empty(render: &RenderAuto) -> SlotValue {
    match render.content_type {
        ContentType::Audio | ContentType::Number => Value::Null,
        ContentType::Image | ContentType::Text | ContentType::Video | ContentType::String => {
            Value::String(String::new())
        }
    }
}
