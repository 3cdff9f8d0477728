//! Options of objects: their own, those merged over their type's, and the sub options
//! (docs/spec/model.md §4.2).

use components::{JsonMap, Reason, Umid, checked_options, merge};
use serde_json::Value;
use store::{ObjectPatch, ObjectRecord};

use crate::{
    Caller, Node, NodeError, Result,
    attributes::values::{check_key, check_map},
};

/// The option that holds the sub options.
const SUBS: &str = "subs";

impl Node {
    /// The options of an object; `effective` lays them over those of its type.
    ///
    /// # Errors
    /// `ObjectNotFound`.
    pub async fn object_options(&self, object: Umid, effective: bool) -> Result<JsonMap> {
        let record = self.record(object).await?;
        Ok(if effective {
            self.merged_options(&record)
        } else {
            record.options.unwrap_or_default()
        })
    }

    /// The value of a sub option; `effective` looks at the options of the type as well.
    ///
    /// # Errors
    /// `NotFound` for the object, `EmptyOptions` if there are no options, `EmptySubOptions` if
    /// there is no such sub option.
    pub async fn sub_option(&self, object: Umid, key: &str, effective: bool) -> Result<Value> {
        let options = self.object_options(object, effective).await?;
        if options.is_empty() {
            return Err(Reason::EmptyOptions.into());
        }
        let value = options.get(SUBS).and_then(|subs| subs.get(key));
        value
            .filter(|value| !value.is_null())
            .cloned()
            .ok_or(NodeError::Refused(Reason::EmptySubOptions))
    }

    /// Replaces the own options of an object, shows it anew and places its children by the new
    /// rules. Returns what is stored.
    ///
    /// # Errors
    /// `ObjectNotFound`, `NotAdmin`, `InvalidRequestBody` for options that do not
    /// fit the schema, rules of placement among them.
    pub async fn set_object_options(
        &self,
        caller: Caller,
        object: Umid,
        options: &JsonMap,
    ) -> Result<JsonMap> {
        let options = storable(options)?;
        self.require_admin(caller, object)?;
        let stored = options.clone();
        self.change_object(object, async {
            self.require_admin(caller, object)?;
            let patch = replaced(options);
            let effect = self.patch_object(object, &patch).await?;
            Ok(((), vec![effect]))
        })
        .await?;
        Ok(stored)
    }

    /// Sets one sub option, leaving the others alone.
    ///
    /// # Errors
    /// As [`Node::set_object_options`].
    pub async fn set_sub_option(
        &self,
        caller: Caller,
        object: Umid,
        key: String,
        value: Value,
    ) -> Result<()> {
        check_key(&key)?;
        self.change_subs(caller, object, |subs| subs.insert(key, value))
            .await
    }

    /// Removes one sub option; removing one that is not there is fine.
    ///
    /// # Errors
    /// As [`Node::set_object_options`].
    pub async fn remove_sub_option(&self, caller: Caller, object: Umid, key: &str) -> Result<()> {
        check_key(key)?;
        self.change_subs(caller, object, |subs| subs.shift_remove(key))
            .await
    }

    async fn change_subs(
        &self,
        caller: Caller,
        object: Umid,
        change: impl FnOnce(&mut JsonMap) -> Option<Value> + Send,
    ) -> Result<()> {
        self.require_admin(caller, object)?;
        self.change_object(object, async {
            self.require_admin(caller, object)?;
            let mut options = self.record(object).await?.options.unwrap_or_default();
            let mut subs = match options.shift_remove(SUBS) {
                Some(Value::Object(subs)) => subs,
                _ => JsonMap::new(),
            };
            change(&mut subs);
            options.insert(SUBS.to_owned(), Value::Object(subs));
            // Stored options are not the caller's to answer for: only the size is checked
            // again.
            check_map(&options)?;
            let effect = self.patch_object(object, &replaced(options)).await?;
            Ok(((), vec![effect]))
        })
        .await
    }

    /// Own options merged over those of the type.
    pub(crate) fn merged_options(&self, record: &ObjectRecord) -> JsonMap {
        let catalogue = self.directory().catalogue();
        let of_type = catalogue.object_types.get(&record.object_type);
        let of_type = of_type.map_or(Value::Null, |of| Value::Object(of.options.clone()));
        let own = record.options.clone().map_or(Value::Null, Value::Object);
        match merge(&own, &of_type) {
            Value::Object(options) => options,
            _ => JsonMap::new(),
        }
    }
}

/// Options as they are stored, or the refusal.
pub(crate) fn storable(options: &JsonMap) -> Result<JsonMap> {
    check_map(options)?;
    checked_options(options)
        .map_err(|error| NodeError::invalid(Reason::InvalidRequestBody, error.to_string()))
}

fn replaced(options: JsonMap) -> ObjectPatch {
    ObjectPatch {
        options: Some(Some(options)),
        ..ObjectPatch::default()
    }
}
