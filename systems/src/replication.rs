//! From the components of a world and the events of a tick to the frames of each session.
//!
//! Interest, Encode and Publish are here. They do not know how the components and events came
//! about: a [`LiveWorld`](crate::LiveWorld) makes them, a [`Replica`](crate::Replica) copies those
//! of another world. Handles, viewer states and queues belong to the world that delivers;
//! replication adds them to users and sessions by itself.

mod assemble;
mod deliver;
mod dragged;
mod encode;
mod frame_pool;
mod handles;
pub(crate) mod interest;
mod needed;
mod resync;
mod runs;
mod snapshot;
mod viewer;
mod work;

use bevy_ecs::{
    prelude::{IntoScheduleConfigs, Schedule},
    world::World,
};
use components::Profile;

use crate::{
    session::{self, BroadcastQueue, EndingSessions, Link, UnicastQueue},
    simulation::presence,
    world::schedule::{OwnSystems, WorldSet},
};

pub(crate) use viewer::Skipped;

pub use work::ReplicationWork;

/// Adds what replication keeps in a world. Comes before the first user.
pub(crate) fn insert_resources(world: &mut World) {
    world.register_required_components::<Profile, handles::Handle>();
    world.register_required_components::<Link, viewer::ViewerState>();
    world.register_required_components::<Link, UnicastQueue>();
    world.init_resource::<BroadcastQueue>();
    world.init_resource::<EndingSessions>();
    world.init_resource::<handles::HandleTable>();
    world.init_resource::<interest::Interest>();
    world.init_resource::<needed::NeededFrames>();
    world.init_resource::<dragged::DraggedObjects>();
    world.init_resource::<encode::FrameEncoder>();
    world.init_resource::<runs::RunsByDialect>();
    world.init_resource::<assemble::CellFrames>();
    world.init_resource::<Skipped>();
    snapshot::insert_resources(world);
}

/// Adds the systems of Interest, Encode and Publish.
pub(crate) fn add_systems(schedule: &mut Schedule) {
    schedule.add_systems(
        (
            handles::assign_handles,
            handles::note_moves,
            dragged::follow_drags,
            interest::select_movers,
            viewer::reset_viewers,
            viewer::plan_deliveries,
        )
            .chain()
            .in_set(OwnSystems(WorldSet::Interest)),
    );
    schedule.add_systems(
        (
            encode::encode_events,
            encode::encode_placed_objects,
            encode::encode_departures,
            encode::encode_arrivals,
            encode::encode_rejections,
            snapshot::encode_snapshots,
            runs::encode_runs,
            assemble::assemble,
            dragged::encode_dragged,
        )
            .chain()
            .in_set(OwnSystems(WorldSet::Encode)),
    );
    schedule.add_systems(
        (
            session::close_sessions,
            deliver::deliver,
            presence::finish_joins,
        )
            .chain()
            .in_set(OwnSystems(WorldSet::Publish)),
    );
}
