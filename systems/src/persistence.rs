//! Changed durable state on its way to the write-behind (design §5).

use std::collections::BTreeMap;

use bevy_ecs::prelude::{Res, ResMut, Resource};
use bevy_ecs::world::World;
use components::{Transform, TransformNoScale, Umid};

use crate::world::live::{Identity, Settings, Tick};

/// Where a user was when leaving a world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastPosition {
    /// Who.
    pub user: Umid,
    /// Where.
    pub transform: TransformNoScale,
}

/// What is to be stored for one world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistBatch {
    /// The world.
    pub world: Umid,
    /// Transforms of moved objects, the newest of each.
    pub transforms: BTreeMap<Umid, Transform>,
    /// Positions of those who left.
    pub positions: Vec<LastPosition>,
}

/// Takes batches without waiting; the storing happens elsewhere.
pub trait PersistSink: Send + Sync {
    /// Takes a batch.
    fn submit(&mut self, batch: PersistBatch);
}

/// What has changed since the last batch.
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
    /// An object moved.
    pub(crate) fn transform(&mut self, object: Umid, transform: Transform, tick: u64) {
        self.transforms.insert(object, transform);
        self.since.get_or_insert(tick);
    }

    /// A user left.
    pub(crate) fn position(&mut self, position: LastPosition) {
        self.positions.push(position);
        self.urgent = true;
    }

    /// An editor let go of an object: what is unsaved is due now.
    pub(crate) fn flush(&mut self) {
        self.urgent = true;
    }

    /// An object is gone, and what is unsaved of it with it.
    pub(crate) fn forget(&mut self, object: Umid) {
        self.transforms.remove(&object);
    }
}

/// Hands over what is due: at once after an unlock or a leave, else when it is old enough.
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
