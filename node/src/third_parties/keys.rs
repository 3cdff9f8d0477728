//! The key that pays, and the count of its use.

use components::{AttributeTarget, JsonMap, Reason, Umid, ids};
use integrations::Secret;
use serde_json::Value;
use tokio::time::timeout;

use crate::{Caller, Node, NodeError, Result, attributes::PATIENCE};

/// A provider of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    BlockadeLabs,
    Leonardo,
}

impl Provider {
    /// The core attribute that holds its key.
    fn attribute(self) -> &'static str {
        match self {
            Self::BlockadeLabs => "blockadelabs",
            Self::Leonardo => "leonardo",
        }
    }

    /// Its name in jobs and counts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BlockadeLabs => "blockadelab",
            Self::Leonardo => "leonardo",
        }
    }
}

impl Node {
    /// The key by which a provider is asked: of the world if one is meant, else of the node, else
    /// of the user. All comes from one of them: nobody's key goes with somebody else's anything
    /// (docs/regressions.md S17).
    ///
    /// # Errors
    /// `NodeAttributeNotFound` if nobody has one.
    pub(super) async fn api_key(
        &self,
        provider: Provider,
        world: Option<Umid>,
        user: Umid,
    ) -> Result<Secret> {
        let id = ids::core(provider.attribute());
        let of_world = world.map(AttributeTarget::Object);
        if let Some(target) = of_world
            && let Some(record) = self.store().attribute(target, &id).await?
            && let Some(key) = usable(record.value.as_ref())
        {
            return Ok(key);
        }
        if let Some(key) = usable(self.directory().node_attribute(&id).as_ref()) {
            return Ok(key);
        }
        let target = AttributeTarget::User(user);
        let record = self.store().attribute(target, &id).await?;
        record
            .and_then(|record| usable(record.value.as_ref()))
            .ok_or(NodeError::Refused(Reason::NodeAttributeNotFound))
    }

    /// Counts that a user had something made. It is made by then, so that a failure is no reason to
    /// say otherwise.
    pub(super) async fn count_use(&self, caller: Caller, provider: Provider) {
        let counter = ids::core("tracker_ai_usage");
        let count = async {
            // Memory follows the database in the order of the writes.
            let lock = self.directory().write_lock(Umid::nil());
            let _held = timeout(PATIENCE, lock.lock())
                .await
                .map_err(|_| NodeError::Unavailable)?;
            let record = self
                .store()
                .count_use(&counter, caller.user, provider.name())
                .await?;
            self.directory().set_node_attribute(&counter, Some(record));
            Ok::<_, NodeError>(())
        };
        if let Err(error) = count.await {
            tracing::warn!(%error, user = %caller.user, provider = provider.name(), "a use was not counted");
        }
    }
}

/// The key in a setting, if it holds one.
fn usable(setting: Option<&JsonMap>) -> Option<Secret> {
    let key = setting?.get("api_key").and_then(Value::as_str)?.trim();
    (!key.is_empty()).then(|| Secret::from(key))
}
