//! Extensions: systems and resources that a program adds to its worlds.

use std::{fmt, sync::Arc};

use bevy_ecs::{
    prelude::{IntoScheduleConfigs, Resource, Schedule},
    system::ScheduleSystem,
    world::World,
};

use super::schedule::{OwnSystems, WorldSet};

/// Adds systems and resources to each world that is loaded.
///
/// Systems may read the components of users ([`Profile`](components::Profile),
/// [`Pose`](components::Pose), [`HeldLocks`](components::HeldLocks)) and of objects (those of
/// [`ObjectBundle`](components::ObjectBundle)), the indices [`UserIndex`](crate::UserIndex) and
/// [`ObjectIndex`](crate::ObjectIndex), and the [`TickEvents`](crate::TickEvents) of the tick. In
/// [`WorldSet::Ingest`] and [`WorldSet::Simulate`] they may also record events, which reach the
/// sessions in the same tick: a [`WorldEvent::Notice`](crate::WorldEvent::Notice) is one line. An
/// event does not change components, so a system that moves an object sets
/// [`Placed`](components::Placed) and records
/// [`WorldEvent::ObjectPlaced`](crate::WorldEvent::ObjectPlaced).
///
/// A system that panics ends its world as any other panic in a tick does.
///
/// ```
/// use bevy_ecs::prelude::{Res, ResMut, Resource};
/// use systems::{ExtensionBuilder, TickEvents, UserIndex, WorldSet};
///
/// #[derive(Resource, Default)]
/// struct MostUsers(usize);
///
/// fn count_users(users: Res<UserIndex>, mut most: ResMut<MostUsers>) {
///     most.0 = most.0.max(users.len());
/// }
///
/// fn statistics(world: &mut ExtensionBuilder) {
///     world
///         .insert_resource(MostUsers::default())
///         .add_systems(WorldSet::Simulate, count_users);
/// }
/// # let _: &dyn systems::WorldExtension = &statistics;
/// ```
pub trait WorldExtension: Send + Sync {
    /// Adds what the extension needs to a world that has been loaded and not ticked yet.
    fn build(&self, world: &mut ExtensionBuilder<'_>);
}

impl<F: Fn(&mut ExtensionBuilder<'_>) + Send + Sync> WorldExtension for F {
    fn build(&self, world: &mut ExtensionBuilder<'_>) {
        self(world);
    }
}

/// A world under construction, as an extension sees it.
pub struct ExtensionBuilder<'a> {
    pub(super) world: &'a mut World,
    pub(super) schedule: &'a mut Schedule,
}

impl ExtensionBuilder<'_> {
    /// Adds systems to a set; they run after the systems that every world has in that set.
    pub fn add_systems<M>(
        &mut self,
        set: WorldSet,
        systems: impl IntoScheduleConfigs<ScheduleSystem, M>,
    ) -> &mut Self {
        self.schedule
            .add_systems(systems.in_set(set).after(OwnSystems(set)));
        self
    }

    /// Adds a resource, or replaces it.
    pub fn insert_resource(&mut self, resource: impl Resource) -> &mut Self {
        self.world.insert_resource(resource);
        self
    }

    /// The world with its objects; nobody is in it yet.
    pub fn world(&self) -> &World {
        self.world
    }
}

/// The extensions of all worlds of a node, applied in order.
#[derive(Clone, Default)]
pub struct WorldExtensions(Vec<Arc<dyn WorldExtension>>);

impl WorldExtensions {
    /// Appends an extension.
    pub fn with(mut self, extension: impl WorldExtension + 'static) -> Self {
        self.0.push(Arc::new(extension));
        self
    }

    /// The extensions in order.
    pub fn iter(&self) -> impl Iterator<Item = &dyn WorldExtension> {
        self.0.iter().map(|extension| &**extension)
    }
}

impl fmt::Debug for WorldExtensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorldExtensions({})", self.0.len())
    }
}
