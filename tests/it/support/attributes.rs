//! Attributes over the API, whomever they belong to.

use posbus::Umid;
use serde_json::{Value, json};

use super::{Answer, Api, CORE};

/// Owner of the attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose {
    /// The node's.
    Node,
    /// An object's.
    Object(Umid),
    /// A user's in an object.
    ObjectUser(Umid, Umid),
    /// A user's.
    User(Umid),
    /// A user's about another one; it can only be written, one key at a time.
    UserUser(Umid, Umid),
}

impl Whose {
    /// The path of the whole attribute.
    pub(crate) fn path(self) -> String {
        match self {
            Whose::Node => "/node/attributes".to_owned(),
            Whose::Object(object) => format!("/objects/{object}/attributes"),
            Whose::ObjectUser(object, user) => format!("/objects/{object}/{user}/attributes"),
            Whose::User(user) => format!("/users/{user}/attributes"),
            Whose::UserUser(..) => panic!("there is no such route"),
        }
    }

    /// The path of one key.
    pub(crate) fn sub_path(self) -> String {
        match self {
            Whose::UserUser(source, target) => format!("/users/attributes/sub/{source}/{target}"),
            other => format!("{}/sub", other.path()),
        }
    }
}

/// An attribute: `name` of the core plugin, or `plugin/name`.
fn reference(attribute: &str) -> Value {
    let (plugin, name) = attribute.split_once('/').unwrap_or((CORE, attribute));
    json!({"plugin_id": plugin, "attribute_name": name})
}

/// The same as a query.
pub(crate) fn attribute_query(attribute: &str) -> String {
    let (plugin, name) = attribute.split_once('/').unwrap_or((CORE, attribute));
    format!("?plugin_id={plugin}&attribute_name={name}")
}

/// The same with a key.
pub(crate) fn key_query(attribute: &str, key: &str) -> String {
    let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    format!("{}&sub_attribute_key={key}", attribute_query(attribute))
}

/// The node, which is an object as well.
pub(crate) async fn node_id(api: &Api) -> Umid {
    let config = api.get("/config/ui-client").await.ok(200);
    super::api::id(&config, "NODE_ID")
}

fn with(attribute: &str, more: Value) -> Value {
    let mut body = reference(attribute);
    let fields = body.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    body
}

impl Api {
    /// Reads an attribute.
    pub(crate) async fn read_of(&self, whose: Whose, attribute: &str) -> Answer {
        self.get(&(whose.path() + &attribute_query(attribute)))
            .await
    }

    /// Writes an attribute.
    pub(crate) async fn write_of(&self, whose: Whose, attribute: &str, value: Value) -> Answer {
        let set = with(attribute, json!({ "attribute_value": value }));
        self.post(&whose.path(), set).await
    }

    /// Removes an attribute, named in the body.
    pub(crate) async fn remove_of(&self, whose: Whose, attribute: &str) -> Answer {
        self.delete_with(&whose.path(), reference(attribute)).await
    }

    /// Reads one key.
    pub(crate) async fn read_key(&self, whose: Whose, attribute: &str, key: &str) -> Answer {
        self.get(&(whose.sub_path() + &key_query(attribute, key)))
            .await
    }

    /// Writes one key.
    pub(crate) async fn write_key(
        &self,
        whose: Whose,
        attribute: &str,
        key: &str,
        value: Value,
    ) -> Answer {
        let set = with(
            attribute,
            json!({ "sub_attribute_key": key, "sub_attribute_value": value }),
        );
        self.post(&whose.sub_path(), set).await
    }

    /// Removes one key, named in the body.
    pub(crate) async fn remove_key(&self, whose: Whose, attribute: &str, key: &str) -> Answer {
        let body = with(attribute, json!({ "sub_attribute_key": key }));
        self.delete_with(&whose.sub_path(), body).await
    }
}
