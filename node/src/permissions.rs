//! Who may read and write an attribute, and what may be written: the one place that decides, for all five kinds
//! (spec rest §4.5, spec model §5.6).

use components::{AttributeId, AttributeOptions, JsonMap, Role, Roles, ids};
use serde_json::Value;
use store::AttributeTarget;

use crate::{Caller, Node, NodeError, Result, objects::check_name};

/// Largest value, or value under one key, in bytes of JSON. Ten times what clients write; every change of a published
/// attribute goes to everybody in the world.
const MAX_VALUE: usize = 64 * 1024;
/// How large a value may grow key by key (comments, skyboxes) in bytes of JSON. It is read and sent as a whole.
const MAX_GROWN: usize = 256 * 1024;
/// Longest key in bytes. Clients use ids and hashes.
const MAX_KEY: usize = 256;

/// What a permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Node {
    /// What the caller is to the owner of an attribute.
    ///
    /// # Errors
    /// `NotFound("object_not_found")`.
    pub fn roles(&self, caller: Caller, target: AttributeTarget) -> Result<Roles> {
        let user = caller.user;
        let of_object = |object, owner| {
            let authority = self.directory().authority();
            let authority = authority.read();
            if authority.knows(object) {
                Ok(authority.object_roles(user, object, owner))
            } else {
                Err(NodeError::NotFound("object_not_found"))
            }
        };
        let node_admin = || self.directory().is_admin(user, self.directory().node());
        match target {
            AttributeTarget::Node => Ok(Roles::AUTHENTICATED.with_if(Role::Admin, node_admin())),
            AttributeTarget::Object(object) => of_object(object, None),
            AttributeTarget::ObjectUser {
                object,
                user: owner,
            } => of_object(object, Some(owner)),
            AttributeTarget::User(owner) => Ok(Roles::AUTHENTICATED
                .with_if(Role::Admin, node_admin())
                .with_if(Role::UserOwner, owner == user)),
            AttributeTarget::UserUser { source, target } => Ok(Roles::AUTHENTICATED
                .with_if(Role::UserOwner, source == user)
                .with_if(Role::TargetUser, target == user)),
        }
    }

    /// Refuses a caller without the right; `row` are the options of the stored attribute, if there is one.
    pub(crate) fn check_access(
        &self,
        caller: Caller,
        target: AttributeTarget,
        id: &AttributeId,
        row: Option<&JsonMap>,
        access: Access,
    ) -> Result<()> {
        let roles = self.roles(caller, target)?;
        self.check_roles(roles, target, id, row, access)
    }

    /// Refuses whoever has no more than these roles.
    pub(crate) fn check_roles(
        &self,
        roles: Roles,
        target: AttributeTarget,
        id: &AttributeId,
        row: Option<&JsonMap>,
        access: Access,
    ) -> Result<()> {
        let options = self.directory().catalogue().attribute_options(id, row);
        if permitted(&options, roles, target, id, access) {
            Ok(())
        } else {
            Err(NodeError::Forbidden("operation_not_permitted"))
        }
    }

    /// Refuses attributes that no plugin declares.
    pub(crate) fn check_declared(&self, id: &AttributeId) -> Result<()> {
        if self
            .directory()
            .catalogue()
            .attribute_types
            .contains_key(id)
        {
            return Ok(());
        }
        Err(NodeError::invalid(
            "invalid_plugin_attribute",
            "no plugin declares this attribute",
        ))
    }
}

fn permitted(
    options: &AttributeOptions,
    roles: Roles,
    target: AttributeTarget,
    id: &AttributeId,
    access: Access,
) -> bool {
    // Wallets are proven, never written.
    if access == Access::Write && id.plugin == ids::WALLET_PLUGIN {
        return false;
    }
    // Node attributes hold settings and secrets: what is not declared readable is for admins.
    if target == AttributeTarget::Node && options.permissions.is_none() {
        return roles.has(Role::Admin);
    }
    match access {
        Access::Read => options.may_read(roles),
        Access::Write => options.may_write(roles),
    }
}

/// Refuses a whole value that is too large or cannot be stored.
pub(crate) fn check_value(id: &AttributeId, value: &JsonMap) -> Result<()> {
    check_map(value)?;
    for key in ["name", "value"] {
        check_display_name(id, key, value.get(key))?;
    }
    Ok(())
}

/// Refuses a JSON object that is too large or cannot be stored.
pub(crate) fn check_map(map: &JsonMap) -> Result<()> {
    check_size(size(map), MAX_VALUE)?;
    if map
        .iter()
        .any(|(key, value)| has_nul(key) || holds_nul(value))
    {
        return Err(unstorable());
    }
    Ok(())
}

/// Refuses a value under one key that is too large, cannot be stored, or would make the whole too large.
pub(crate) fn check_entry(
    id: &AttributeId,
    key: &str,
    value: &Value,
    present: Option<&JsonMap>,
) -> Result<()> {
    check_key(key)?;
    check_size(size(value), MAX_VALUE)?;
    // What is replaced does not count, or a full attribute could not even be made smaller.
    let replaced = present.and_then(|map| map.get(key)).map_or(0, size);
    let grown = present.map_or(0, size).saturating_sub(replaced) + key.len() + size(value);
    check_size(grown, MAX_GROWN)?;
    if holds_nul(value) {
        return Err(unstorable());
    }
    check_display_name(id, key, Some(value))
}

/// Refuses keys that are empty, too long or cannot be stored.
pub(crate) fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > MAX_KEY || has_nul(key) {
        return Err(NodeError::invalid(
            "invalid_request_body",
            format!("a key has 1 to {MAX_KEY} bytes and no NUL"),
        ));
    }
    Ok(())
}

/// The core attribute `name` is the display name of its object, under either of two keys (spec rest §4.4).
fn check_display_name(id: &AttributeId, key: &str, value: Option<&Value>) -> Result<()> {
    if *id != ids::core("name") || !matches!(key, "name" | "value") {
        return Ok(());
    }
    match value.and_then(Value::as_str) {
        Some(name) => check_name(name),
        None => Ok(()),
    }
}

fn check_size(size: usize, most: usize) -> Result<()> {
    if size > most {
        return Err(NodeError::invalid(
            "invalid_request_body",
            format!("the value is larger than {most} bytes"),
        ));
    }
    Ok(())
}

/// Bytes of a value as JSON. Values from JSON always serialise; one that did not would be refused.
fn size<T: serde::Serialize>(value: &T) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX / 4, |json| json.len())
}

/// PostgreSQL cannot store the character NUL.
fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// Whether NUL is anywhere in a value. The depth of parsed JSON is bounded by the parser.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => has_nul(text),
        Value::Array(list) => list.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| has_nul(key) || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn unstorable() -> NodeError {
    NodeError::invalid(
        "invalid_request_body",
        "the value contains the character NUL",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> JsonMap {
        value.as_object().cloned().expect("an object")
    }

    fn options(permissions: Value) -> AttributeOptions {
        AttributeOptions::effective(
            "test",
            Some(&map(json!({"permissions": permissions}))),
            None,
        )
    }

    #[test]
    fn node_attributes_are_for_admins_unless_declared_otherwise() {
        let id = ids::core("node_settings");
        let stranger = Roles::AUTHENTICATED;
        let admin = stranger.with(Role::Admin);
        let check = |options: &AttributeOptions, roles, access| {
            permitted(options, roles, AttributeTarget::Node, &id, access)
        };
        let undeclared = AttributeOptions::default();
        assert!(!check(&undeclared, stranger, Access::Read));
        assert!(
            check(&undeclared, admin, Access::Read) && check(&undeclared, admin, Access::Write)
        );
        let public = options(json!({"read": "any", "write": "admin"}));
        assert!(check(&public, stranger, Access::Read) && !check(&public, stranger, Access::Write));
    }

    #[test]
    fn wallets_are_written_by_nobody() {
        let id = AttributeId {
            plugin: ids::WALLET_PLUGIN,
            name: "wallet".to_owned(),
        };
        let target = AttributeTarget::User(ids::SYSTEM_USER);
        let everything = Roles::AUTHENTICATED.with(Role::Admin).with(Role::UserOwner);
        let open = options(json!({"read": "any", "write": "any"}));
        assert!(permitted(&open, everything, target, &id, Access::Read));
        assert!(!permitted(&open, everything, target, &id, Access::Write));
    }

    #[test]
    fn values_are_bounded_and_storable() {
        let id = ids::core("comments");
        let of_size = |size: usize| map(json!({"a": "x".repeat(size - r#"{"a":""}"#.len())}));
        assert!(check_value(&id, &of_size(MAX_VALUE)).is_ok());
        assert!(check_value(&id, &of_size(MAX_VALUE + 1)).is_err());
        assert!(check_value(&id, &map(json!({"a": [{"b\u{0}": 1}]}))).is_err());
        assert!(
            check_entry(&id, "k", &json!("v"), Some(&of_size(MAX_GROWN))).is_err(),
            "grown"
        );
        let full = of_size(MAX_GROWN);
        assert!(
            check_entry(&id, "a", &json!("v"), Some(&full)).is_ok(),
            "it becomes smaller"
        );
        assert!(check_entry(&id, "k", &json!(null), None).is_ok());
        for key in ["", "a\u{0}", &"k".repeat(MAX_KEY + 1)] {
            assert!(check_entry(&id, key, &json!(1), None).is_err(), "{key:?}");
        }
    }

    #[test]
    fn the_name_attribute_follows_the_rules_of_names() {
        let id = ids::core("name");
        assert!(check_value(&id, &map(json!({"name": "x".repeat(300)}))).is_err());
        assert!(check_value(&id, &map(json!({"value": "two\nlines"}))).is_err());
        assert!(check_entry(&id, "name", &json!(""), None).is_err());
        assert!(check_value(&id, &map(json!({"name": "ok", "auto_render_hash": "0"}))).is_ok());
        assert!(
            check_value(
                &ids::core("description"),
                &map(json!({"name": "two\nlines"}))
            )
            .is_ok()
        );
    }
}
