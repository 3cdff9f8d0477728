//! Handle of a loaded world, for sessions and for the node.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bevy_ecs::world::World;
use components::{Placed, Pose, Transform, TransformNoScale, Umid};
use tokio::sync::{mpsc, oneshot};

use super::command::{ClientAction, Command, Effect, Entrant};
use crate::{
    session::resume::GracePeriod,
    simulation::{objects::ObjectIndex, presence::UserIndex},
};

/// The world has ended; it may be loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the world has ended")]
pub struct WorldEnded;

/// Handle of a loaded world. Requests are applied by its next tick, in the order in which they
/// were made; a sender that finds the inbox full waits.
#[derive(Clone)]
pub struct WorldHandle {
    id: Umid,
    inbox: mpsc::Sender<Command>,
    users: Arc<AtomicUsize>,
}

impl WorldHandle {
    pub(super) fn new(id: Umid, inbox: mpsc::Sender<Command>, users: Arc<AtomicUsize>) -> Self {
        Self { id, inbox, users }
    }

    /// Id of the world.
    pub fn id(&self) -> Umid {
        self.id
    }

    /// Lets a session enter.
    ///
    /// # Errors
    /// If the world has ended.
    pub async fn enter(&self, entrant: Entrant) -> Result<(), WorldEnded> {
        self.send(Command::Enter(Box::new(entrant))).await
    }

    /// Lets the session of a connection leave. A connection that was replaced by a newer one of the
    /// same user changes nothing.
    ///
    /// # Errors
    /// If the world has ended, which has ended all sessions in it.
    pub async fn leave(&self, user: Umid, connection: u64) -> Result<(), WorldEnded> {
        self.send(Command::Leave { user, connection }).await
    }

    /// Detaches a user from a connection that broke: the user stays and leaves after `grace`,
    /// unless the session is back by then. Returns the period, which ends with the user's return or
    /// leave.
    ///
    /// # Errors
    /// If the world has ended, which has ended all sessions in it.
    pub async fn detach(
        &self,
        user: Umid,
        connection: u64,
        grace: Duration,
    ) -> Result<GracePeriod, WorldEnded> {
        let (guard, period) = GracePeriod::new();
        self.send(Command::Detach {
            user,
            connection,
            grace,
            guard,
        })
        .await?;
        Ok(period)
    }

    /// Asks whether a session can be resumed as the user that it was: it is detached, or its
    /// connection has not been found broken yet. Returns the tick of the world, and `None` if it
    /// cannot or the world has ended. The session has a second to [`enter`](Self::enter).
    pub async fn resume(&self, user: Umid, session_id: Umid) -> Option<u64> {
        let (answer, tick) = oneshot::channel();
        let resume = Command::Resume {
            user,
            session_id,
            answer,
        };
        self.send(resume).await.ok()?;
        tick.await.ok()?
    }

    /// Passes on an action of a session.
    ///
    /// # Errors
    /// If the world has ended.
    pub async fn act(
        &self,
        user: Umid,
        connection: u64,
        action: ClientAction,
    ) -> Result<(), WorldEnded> {
        self.send(Command::Act {
            user,
            connection,
            action,
        })
        .await
    }

    /// Applies a change that is durable already.
    ///
    /// # Errors
    /// If the world has ended; the next load reads the change from the database.
    pub async fn apply(&self, effect: Effect) -> Result<(), WorldEnded> {
        self.send(Command::Effect(effect)).await
    }

    /// Ids of the users in the world, in order; `None` if the world has ended.
    pub async fn users(&self) -> Option<Vec<Umid>> {
        self.query(|world| world.resource::<UserIndex>().users().collect())
            .await
    }

    /// Position of a user; `None` if the user is not in the world.
    pub async fn user_pose(&self, user: Umid) -> Option<TransformNoScale> {
        self.query(move |world| {
            let entity = world.resource::<UserIndex>().get(user)?;
            world.get::<Pose>(entity).map(|pose| pose.transform)
        })
        .await?
    }

    /// Transform of an object; `None` if the object is not in the world.
    pub async fn object_transform(&self, object: Umid) -> Option<Transform> {
        self.query(move |world| {
            let entity = world.resource::<ObjectIndex>().get(object)?;
            world.get::<Placed>(entity).map(|placed| placed.transform)
        })
        .await?
    }

    /// Reads components and resources between two commands of the next tick. For extensions and
    /// tests; `None` if the world has ended.
    pub async fn query<T: Send + 'static>(
        &self,
        read: impl FnOnce(&World) -> T + Send + Sync + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let query = move |world: &World| {
            // The receiver may be gone.
            let _ = answer.send(read(world));
        };
        self.send(Command::Query(Box::new(query))).await.ok()?;
        answered.await.ok()
    }

    /// Ends the world. Returns false if it goes on because users are in it and `force` is not set;
    /// with `force` they leave first. True means that everything unsaved has been submitted.
    pub async fn stop(&self, force: bool) -> bool {
        let (done, stopped) = oneshot::channel();
        if self.send(Command::Stop { force, done }).await.is_err() {
            return true;
        }
        stopped.await.unwrap_or(true)
    }

    /// Returns once the world has ended.
    pub async fn ended(&self) {
        self.inbox.closed().await;
    }

    /// Whether the world has ended.
    pub fn has_ended(&self) -> bool {
        self.inbox.is_closed()
    }

    /// Number of users in the world after its last tick.
    pub fn user_count(&self) -> usize {
        self.users.load(Ordering::Relaxed)
    }

    async fn send(&self, command: Command) -> Result<(), WorldEnded> {
        self.inbox.send(command).await.map_err(|_| WorldEnded)
    }
}
