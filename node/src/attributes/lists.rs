//! One attribute over many objects or users (docs/spec/model.md §5.6).

use chrono::{DateTime, Utc};
use components::{AttributeId, AttributeTarget, JsonMap, Reason, Umid};
use store::{EntryPage, EntryQuery};

use crate::{Caller, Node, NodeError, Result, attributes::permissions::Access};

impl Node {
    /// The values of an attribute of an object and of all below it; who may read the object's may
    /// read all of them.
    ///
    /// # Errors
    /// As [`Node::attribute`], but nothing is absent here.
    pub async fn attributes_below(
        &self,
        caller: Caller,
        object: Umid,
        id: &AttributeId,
    ) -> Result<Vec<(Umid, JsonMap)>> {
        let target = AttributeTarget::Object(object);
        self.check_declared(id)?;
        self.roles(caller, target)?;
        let row = self.store().attribute(target, id).await?;
        let options = row.as_ref().and_then(|record| record.options.as_ref());
        self.check_access(caller, target, id, options, Access::Read)?;
        let mut values = self.store().attributes_below(object, id).await?;
        if let Some(world) = self.spawn_point_of(target, id) {
            match self.spawn_point(world).await {
                Ok(point) => values.push((world, point)),
                Err(error) if error.is_absence() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(values)
    }

    /// The values of an attribute that users have in an object, last written first.
    ///
    /// # Errors
    /// `InvalidPluginAttribute`, `ObjectNotFound`, `OperationNotPermitted`
    /// unless its type lets everybody read.
    pub async fn attributes_of_users(
        &self,
        object: Umid,
        id: &AttributeId,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<(Umid, JsonMap)>> {
        self.check_declared(id)?;
        self.check_listed(object, id)?;
        let values = self
            .store()
            .attributes_of_users(object, id, limit, offset)
            .await?;
        Ok(values)
    }

    /// Number of users who have an attribute in an object, written at `since` or later.
    ///
    /// # Errors
    /// `InvalidPluginAttribute`, `ObjectNotFound`, `OperationNotPermitted` for
    /// those who may not read the attribute of just anybody.
    pub async fn count_attribute_users(
        &self,
        caller: Caller,
        object: Umid,
        id: &AttributeId,
        since: Option<DateTime<Utc>>,
    ) -> Result<u64> {
        self.check_declared(id)?;
        let target = AttributeTarget::ObjectUser {
            object,
            user: Umid::nil(),
        };
        self.check_access(caller, target, id, None, Access::Read)?;
        Ok(self.store().count_users(object, id, since).await?)
    }

    /// A page of the entries of an attribute over all users in an object.
    ///
    /// # Errors
    /// `InvalidParam` if no plugin declares it, `ObjectNotFound`,
    /// `OperationNotPermitted` unless its type lets everybody read.
    pub async fn attribute_entries(
        &self,
        object: Umid,
        id: &AttributeId,
        query: &EntryQuery,
    ) -> Result<EntryPage> {
        self.check_declared(id)
            .map_err(|_| NodeError::Refused(Reason::InvalidParam))?;
        self.check_listed(object, id)?;
        Ok(self.store().attribute_entries(object, id, query).await?)
    }

    fn check_listed(&self, object: Umid, id: &AttributeId) -> Result<()> {
        if !self.directory().knows(object) {
            return Err(Reason::ObjectNotFound.into());
        }
        self.check_read_all(id)
    }
}
