//! Changed durable state on its way to the write-behind (docs/spec/model.md §9).

use std::collections::BTreeMap;

use bevy_ecs::{
    prelude::{Res, ResMut, Resource},
    world::World,
};
use components::{Transform, TransformNoScale, Umid};

use crate::world::live::{Identity, Settings, Tick};

/// Place of a user at the moment of leaving a world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastPosition {
    /// The user who left.
    pub user: Umid,
    /// Place of the user.
    pub transform: TransformNoScale,
}

/// Durable state of one world to be stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistBatch {
    /// The world.
    pub world: Umid,
    /// Transforms of moved objects, the newest of each.
    pub transforms: BTreeMap<Umid, Transform>,
    /// Positions of users who left.
    pub positions: Vec<LastPosition>,
}

/// Receiver of batches. It never waits: another task stores them.
pub trait PersistSink: Send + Sync {
    /// Takes a batch.
    fn submit(&mut self, batch: PersistBatch);
}

/// Changes since the last batch.
#[derive(Resource, Default)]
pub(crate) struct Unsaved {
    transforms: BTreeMap<Umid, Transform>,
    positions: Vec<LastPosition>,
    /// The tick of the oldest change in it.
    since: Option<u64>,
    urgent: bool,
}

#[derive(Resource)]
pub(crate) struct Sink(Box<dyn PersistSink>);

pub(crate) fn insert_resources(world: &mut World, sink: Box<dyn PersistSink>) {
    world.init_resource::<Unsaved>();
    world.insert_resource(Sink(sink));
}

impl Unsaved {
    pub(crate) fn set_transform(&mut self, object: Umid, transform: Transform, tick: u64) {
        self.transforms.insert(object, transform);
        self.since.get_or_insert(tick);
    }

    pub(crate) fn add_position(&mut self, position: LastPosition) {
        self.positions.push(position);
        self.urgent = true;
    }

    /// Makes all changes due now, as after an unlock.
    pub(crate) fn flush(&mut self) {
        self.urgent = true;
    }

    /// Drops the unsaved transform of an object.
    pub(crate) fn forget(&mut self, object: Umid) {
        self.transforms.remove(&object);
    }
}

/// Submits the changes that are due: at once after an unlock or a leave, else by their age.
pub(crate) fn submit(
    tick: Res<Tick>,
    identity: Res<Identity>,
    settings: Res<Settings>,
    mut unsaved: ResMut<Unsaved>,
    mut sink: ResMut<Sink>,
) {
    let old = unsaved
        .since
        .is_some_and(|since| tick.0 >= since + settings.0.persist_ticks());
    if !old && !unsaved.urgent {
        return;
    }
    let Unsaved {
        transforms,
        positions,
        ..
    } = std::mem::take(&mut *unsaved);
    if !transforms.is_empty() || !positions.is_empty() {
        sink.0.submit(PersistBatch {
            world: identity.world,
            transforms,
            positions,
        });
    }
}
