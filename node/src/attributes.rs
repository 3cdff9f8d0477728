//! Attributes of the node, of objects, of users, of users in objects and between users
//! (docs/spec/model.md §5).
//!
//! In the folder: `lists` reads many at once, `permissions` decides who may read and write which,
//! `values` what may be written, `spawn_point` is the one attribute that is a view of an option.

mod lists;
pub(crate) mod permissions;
mod spawn_point;
pub(crate) mod values;

use std::time::Duration;

use components::{AttributeId, AttributeTarget, JsonMap, Reason, Umid};
use serde_json::{Value, json};
use store::{AttributeRecord, StoreError};
use systems::{AttributeChange, Effect};
use tokio::time::timeout;

use crate::{
    Caller, Node, NodeError, Result,
    attributes::{
        permissions::Access,
        values::{check_entry, check_key, check_value},
    },
};

/// Time for which a change of a user's attributes or of the node waits for those before it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Operations on an attribute.
pub(crate) enum Write {
    /// Replace the value.
    Whole(JsonMap),
    /// Set one key.
    Entry(String, Value),
    /// Remove one key.
    RemoveEntry(String),
    /// Remove the attribute.
    Remove,
}

impl Node {
    /// The value of an attribute; `None` is a stored null.
    ///
    /// # Errors
    /// `InvalidPluginAttribute` if no plugin declares it, `NotFound` for the object or
    /// `AttributeNotFound`, `OperationNotPermitted`.
    pub async fn attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
    ) -> Result<Option<JsonMap>> {
        self.check_declared(id)?;
        self.roles(caller, target)?;
        if let Some(world) = self.spawn_point_of(target, id) {
            self.check_access(caller, target, id, None, Access::Read)?;
            return self.spawn_point(world).await.map(Some);
        }
        let record = self.store().attribute(target, id).await?;
        let options = record.as_ref().and_then(|record| record.options.as_ref());
        self.check_access(caller, target, id, options, Access::Read)?;
        Ok(record.ok_or(Reason::AttributeNotFound)?.value)
    }

    /// The value under one key of an attribute.
    ///
    /// # Errors
    /// As [`Node::attribute`], but `AttributeValueNotFound` if there is no value at all and
    /// `AttributeValueNil` if there is none under the key.
    pub async fn sub_attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        key: &str,
    ) -> Result<Value> {
        let value = match self.attribute(caller, target, id).await {
            Err(NodeError::Refused(Reason::AttributeNotFound)) => None,
            value => value?,
        };
        let mut value = value.ok_or(Reason::AttributeValueNotFound)?;
        let entry = value.swap_remove(key).filter(|entry| !entry.is_null());
        entry.ok_or(NodeError::Refused(Reason::AttributeValueNil))
    }

    /// Replaces the value of an attribute, creating it if need be, and returns what is stored.
    ///
    /// # Errors
    /// `Invalid` if no plugin declares it or the value is too large, `NotFound` for what it belongs
    /// to, `OperationNotPermitted`.
    pub async fn set_attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        value: JsonMap,
    ) -> Result<Option<JsonMap>> {
        check_value(id, &value)?;
        self.write_attribute(caller, target, id, Write::Whole(value))
            .await
    }

    /// Sets one key of an attribute, leaving the others alone, and returns the whole value.
    ///
    /// # Errors
    /// As [`Node::set_attribute`].
    pub async fn set_sub_attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        key: String,
        value: Value,
    ) -> Result<Option<JsonMap>> {
        check_entry(id, &key, &value, None)?;
        self.write_attribute(caller, target, id, Write::Entry(key, value))
            .await
    }

    /// Removes an attribute; removing one that is not there is fine.
    ///
    /// # Errors
    /// As [`Node::set_attribute`].
    pub async fn remove_attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
    ) -> Result<()> {
        self.write_attribute(caller, target, id, Write::Remove)
            .await
            .map(drop)
    }

    /// Removes one key of an attribute; removing one that is not there is fine.
    ///
    /// # Errors
    /// As [`Node::set_attribute`].
    pub async fn remove_sub_attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        key: String,
    ) -> Result<()> {
        check_key(&key)?;
        self.write_attribute(caller, target, id, Write::RemoveEntry(key))
            .await
            .map(drop)
    }

    /// Lets every authenticated user read and write an attribute of an object from now on.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`, and those of [`Node::set_attribute`].
    pub async fn publicize_attribute(
        &self,
        caller: Caller,
        object: Umid,
        id: &AttributeId,
    ) -> Result<()> {
        self.check_declared(id)?;
        let target = AttributeTarget::Object(object);
        let change = async {
            self.require_admin(caller, object)?;
            let present = self.store().attribute(target, id).await?;
            let options = present.as_ref().and_then(|record| record.options.as_ref());
            self.check_access(caller, target, id, options, Access::Write)?;
            let open = JsonMap::from_iter([
                ("read".to_owned(), json!("any")),
                ("write".to_owned(), json!("user")),
            ]);
            self.store().set_permissions(object, id, &open).await?;
            // The part of the value that the world shows stays the same; who may hear of it is
            // asked at the next change.
            Ok(((), Vec::new()))
        };
        self.change_object(object, change).await
    }

    /// Writes under the write lock of the world or user that is notified, so that effects come in
    /// the order of the writes.
    async fn write_attribute(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        write: Write,
    ) -> Result<Option<JsonMap>> {
        self.check_declared(id)?;
        self.roles(caller, target)?;
        let change = self.apply(caller, target, id, write);
        let users = match target {
            AttributeTarget::Node => Vec::new(),
            AttributeTarget::Object(object) => {
                return self.change_object(object, change).await;
            }
            AttributeTarget::ObjectUser { object, user } => {
                if object != self.directory().node() {
                    return self.change_object(object, change).await;
                }
                // Attributes that users keep on the node need no lock but the user's own.
                vec![user]
            }
            AttributeTarget::User(user) => vec![user],
            AttributeTarget::UserUser { source, target } => vec![source, target],
        };
        let whose = users.first().copied().unwrap_or_default();
        let lock = self.directory().write_lock(whose);
        let _held = timeout(PATIENCE, lock.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        let (value, effects) = change.await?;
        if !effects.is_empty() {
            self.worlds().announce_to(&users, effects).await;
        }
        Ok(value)
    }

    async fn apply(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        write: Write,
    ) -> Result<(Option<JsonMap>, Vec<Effect>)> {
        if let Some(world) = self.spawn_point_of(target, id) {
            self.check_access(caller, target, id, None, Access::Write)?;
            return self.write_spawn_point(world, write).await;
        }
        let present = self.store().attribute(target, id).await?;
        let options = present.as_ref().and_then(|record| record.options.clone());
        self.check_access(caller, target, id, options.as_ref(), Access::Write)?;
        if let Write::Entry(key, value) = &write {
            check_entry(
                id,
                key,
                value,
                present.as_ref().and_then(|record| record.value.as_ref()),
            )?;
        }
        let (record, removed) = self.store_write(target, id, write).await?;
        if record.is_none() && !removed {
            return Ok((None, Vec::new()));
        }
        if target == AttributeTarget::Node {
            self.directory().set_node_attribute(id, record.clone());
        }
        let value = record.and_then(|record| record.value);
        let heard = {
            let catalogue = self.directory().catalogue();
            let options = catalogue.attribute_options(id, options.as_ref());
            // The slots of an object follow its attributes; of the others only what is published is
            // heard.
            matches!(target, AttributeTarget::Object(_)) || options.posbus_auto.is_some()
        };
        let change = AttributeChange {
            attribute: id.clone(),
            value: value.clone(),
            options,
            removed,
        };
        let effects = effect(target, change).filter(|_| heard);
        Ok((value, effects.into_iter().collect()))
    }

    /// The row after the write, and whether there was one that is gone now.
    async fn store_write(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        write: Write,
    ) -> Result<(Option<AttributeRecord>, bool)> {
        let store = self.store();
        let written = match write {
            Write::Whole(value) => store.set_attribute(target, id, &value).await.map(Some),
            Write::Entry(key, value) => store
                .set_sub_attribute(target, id, &key, &value)
                .await
                .map(Some),
            Write::RemoveEntry(key) => store.remove_sub_attribute(target, id, &key).await,
            Write::Remove => return Ok((None, store.remove_attribute(target, id).await?)),
        };
        match written {
            Ok(record) => Ok((record, false)),
            // The type is declared, so it is the owner of the attribute who is not there.
            Err(StoreError::Dangling(_)) => Err(match target {
                AttributeTarget::Node | AttributeTarget::Object(_) => Reason::ObjectNotFound,
                _ => Reason::UserNotFound,
            }
            .into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Effects of a write for loaded worlds; nobody is told of node attributes.
fn effect(target: AttributeTarget, change: AttributeChange) -> Option<Effect> {
    Some(match target {
        AttributeTarget::Node => return None,
        AttributeTarget::Object(object) => Effect::ObjectAttribute { object, change },
        AttributeTarget::ObjectUser { object, user } => Effect::ObjectUserAttribute {
            object,
            user,
            change,
        },
        AttributeTarget::User(user) => Effect::UserAttribute { user, change },
        AttributeTarget::UserUser { source, target } => Effect::UserUserAttribute {
            source,
            target,
            change,
        },
    })
}
