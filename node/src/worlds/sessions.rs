//! Facts that sessions need of the node: who is connected, and where users last were.

use components::{AttributeTarget, TransformNoScale, Umid, ids};

use crate::{Node, worlds::loaded::Connections};

/// Counts a user as connected until dropped.
pub struct ConnectionGuard {
    connections: Connections,
    user: Umid,
    connection: u64,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.connections.remove(self.user, self.connection);
    }
}

impl Node {
    /// Counts a user as connected by a connection, whose number no other one has.
    pub fn connect(&self, user: Umid, connection: u64) -> ConnectionGuard {
        let connections = self.worlds().connections();
        connections.add(user, connection);
        ConnectionGuard {
            connections,
            user,
            connection,
        }
    }

    /// Notes which world a connection is about to enter, for what is told to the user alone.
    pub fn enters(&self, user: Umid, connection: u64, world: Umid) {
        self.worlds().connections().enter(user, connection, world);
    }

    /// Place where a user last left a world; `None` also when the database is away: better the
    /// spawn point than no entry.
    pub async fn last_position(&self, world: Umid, user: Umid) -> Option<TransformNoScale> {
        if let Some(unsaved) = self.worlds().unsaved_position(world, user) {
            return Some(unsaved);
        }
        let target = AttributeTarget::ObjectUser {
            object: world,
            user,
        };
        let stored = self
            .store()
            .attribute(target, &ids::core("last_known_position"))
            .await;
        let value = stored.ok().flatten()?.value?;
        let position: TransformNoScale = serde_json::from_value(value.into()).ok()?;
        position.is_finite().then_some(position)
    }
}
