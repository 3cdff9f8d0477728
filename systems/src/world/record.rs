//! Objects and whole worlds as serialisable values, for copies of a world.

use bevy_ecs::{prelude::Entity, world::World};
use components::{
    Assets, AttributeState, Attributes, CreatedAt, Id, Name, ObjectBundle, ObjectOptions, Options,
    Owner, Parent, Placed, Pose, Profile, RenderSlots, SlotValue, Transform, TransformNoScale,
    TypeRef, Umid,
};
use indexmap::IndexMap;
use posbus::{Asset3dType, ObjectDefinition};
use serde::{Deserialize, Serialize};

use crate::{
    simulation::{
        objects::{self, Types},
        presence::UserIndex,
    },
    world::{
        events::{TickEvents, WorldEvent},
        live::{Identity, Tick},
    },
};

/// All state of an object that clients may get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectRecord {
    /// The object as clients see it, with the assets of its type at that moment.
    pub definition: ObjectDefinition,
    /// The user who owns it.
    pub owner: Umid,
    /// Its object type.
    pub object_type: Umid,
    /// Own 2D asset.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset.
    pub asset_3d: Option<Umid>,
    /// Creation time in microseconds since the Unix epoch; orders siblings.
    pub created_at: i64,
    /// Its attributes.
    pub attributes: Vec<AttributeState>,
    /// Its render slots: slot type → slot name → value.
    pub slots: IndexMap<String, IndexMap<String, SlotValue>>,
}

/// A user in a [`WorldSnapshot`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRecord {
    /// Name and avatar.
    pub profile: Profile,
    /// Place of the user.
    pub transform: TransformNoScale,
}

/// The state of a world after a tick. A [`Replica`](crate::Replica) starts from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorldSnapshot {
    /// The world.
    pub world: Umid,
    /// The node that the world belongs to.
    pub node: Umid,
    /// The tick after which it was taken.
    pub tick: u64,
    /// The world object first, every parent before its children.
    pub objects: Vec<ObjectRecord>,
    /// Users in the world, by id.
    pub users: Vec<UserRecord>,
}

/// One tick of a world: its events and moves. Applied in order of ticks, frames keep a
/// [`Replica`](crate::Replica) equal to the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorldFrame {
    /// The tick; frames of a world have consecutive ticks.
    pub tick: u64,
    /// Events in the order in which they happened.
    pub events: Vec<WorldEvent>,
    /// Places of the users who moved in this tick.
    pub moves: Vec<(Umid, TransformNoScale)>,
}

impl ObjectRecord {
    /// The present state of an object.
    pub(crate) fn of(world: &World, entity: Entity) -> Option<Self> {
        let object = world.get_entity(entity).ok()?;
        let assets = object.get::<Assets>()?;
        Some(Self {
            definition: definition(world, entity)?,
            owner: object.get::<Owner>()?.0,
            object_type: object.get::<TypeRef>()?.0,
            asset_2d: assets.d2,
            asset_3d: assets.d3,
            created_at: object.get::<CreatedAt>()?.0,
            attributes: object.get::<Attributes>()?.0.values().cloned().collect(),
            slots: object.get::<RenderSlots>()?.0.clone(),
        })
    }

    /// The components of the object in a replica: placement rules and locks stay with the world
    /// that simulates it.
    pub(crate) fn into_bundle(self) -> ObjectBundle {
        let definition = self.definition;
        let attributes = self.attributes.into_iter();
        ObjectBundle {
            id: Id(definition.id),
            parent: Parent(definition.parent_id),
            owner: Owner(self.owner),
            type_ref: TypeRef(self.object_type),
            assets: Assets {
                d2: self.asset_2d,
                d3: self.asset_3d,
            },
            name: Name(definition.name),
            options: Options(ObjectOptions {
                editable: definition.is_editable,
                minimap: definition.show_on_minimap,
                ..ObjectOptions::default()
            }),
            placed: Placed {
                transform: definition.transform,
                heading: 0.0,
                automatic: false,
            },
            created_at: CreatedAt(self.created_at),
            attributes: Attributes(attributes.map(|state| (state.id.clone(), state)).collect()),
            slots: RenderSlots(self.slots),
            lock: components::LockHolder::default(),
        }
    }
}

impl WorldSnapshot {
    /// The present state of a world.
    pub fn of(world: &World) -> Self {
        let identity = *world.resource::<Identity>();
        let objects = objects::depth_first(world, identity.world).into_iter();
        let users = world.resource::<UserIndex>().entities();
        Self {
            world: identity.world,
            node: identity.node,
            tick: world.resource::<Tick>().0,
            objects: objects
                .filter_map(|entity| ObjectRecord::of(world, entity))
                .collect(),
            users: users
                .filter_map(|(_, entity)| {
                    Some(UserRecord {
                        profile: world.get::<Profile>(entity)?.clone(),
                        transform: world.get::<Pose>(entity)?.transform,
                    })
                })
                .collect(),
        }
    }
}

impl WorldFrame {
    /// The tick that has just run.
    pub(crate) fn of(world: &World) -> Self {
        let tick = world.resource::<Tick>().0;
        let users = world.resource::<UserIndex>().entities();
        let moves = users.filter_map(|(user, entity)| {
            let pose = world.get::<Pose>(entity)?;
            (pose.changed == tick).then_some((user, pose.transform))
        });
        Self {
            tick,
            events: world.resource::<TickEvents>().as_slice().to_vec(),
            moves: moves.collect(),
        }
    }
}

/// An object as clients see it (docs/spec/model.md §4.1).
pub(crate) fn definition(world: &World, entity: Entity) -> Option<ObjectDefinition> {
    let object = world.get_entity(entity).ok()?;
    let types = &world.resource::<Types>().0;
    let own = object.get::<Assets>()?.d3;
    let of_type = || {
        types
            .object_types
            .get(&object.get::<TypeRef>()?.0)?
            .asset_3d
    };
    let asset = own.or_else(of_type).unwrap_or_default();
    let options = &object.get::<Options>()?.0;
    Some(ObjectDefinition {
        id: object.get::<Id>()?.0,
        parent_id: object.get::<Parent>()?.0,
        asset_type: asset,
        asset_format: Asset3dType(types.assets_3d.get(&asset).map_or(0, |asset| asset.format)),
        name: object.get::<Name>()?.0.clone(),
        transform: object.get::<Placed>()?.transform,
        is_editable: options.editable,
        tethered_to_parent: false,
        show_on_minimap: options.minimap,
    })
}

/// The place of an object.
pub(crate) fn transform_of(world: &World, entity: Entity) -> Option<(Umid, Transform)> {
    let id = world.get::<Id>(entity)?.0;
    Some((id, world.get::<Placed>(entity)?.transform))
}
