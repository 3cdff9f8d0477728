//! Attributes: their identity, options, permissions and automatic effects (docs/spec/model.md §5).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{JsonMap, Umid, merge};

/// Owner of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributeTarget {
    /// The node.
    Node,
    /// An object.
    Object(Umid),
    /// A user.
    User(Umid),
    /// A user within an object.
    ObjectUser {
        /// The object.
        object: Umid,
        /// The user.
        user: Umid,
    },
    /// A user, with regard to another user.
    UserUser {
        /// The user who owns it.
        source: Umid,
        /// The user it is about.
        target: Umid,
    },
}

/// The identity of an attribute type: a name within a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttributeId {
    /// The plugin that declares the attribute.
    pub plugin: Umid,
    /// Its name, unique within the plugin.
    pub name: String,
}

impl fmt::Display for AttributeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.plugin, self.name)
    }
}

/// One stored attribute of an object: value and own options, both possibly null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeState {
    /// The attribute.
    pub id: AttributeId,
    /// The value map; `None` is a stored null.
    pub value: Option<JsonMap>,
    /// Options of this row, to be laid over those of the type.
    pub options: Option<JsonMap>,
}

/// The effective options of an attribute: row options merged over type options, read once into what
/// the server acts on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttributeOptions {
    /// Readers and writers; `None` means the defaults.
    pub permissions: Option<Permissions>,
    /// Receivers of a change.
    pub posbus_auto: Option<PosbusAuto>,
    /// The render slot that shows the value.
    pub render_auto: Option<RenderAuto>,
}

impl AttributeOptions {
    /// Merges the row's options over the type's and reads the known keys; malformed keys count as
    /// absent.
    pub fn effective(name: &str, row: Option<&JsonMap>, of_type: Option<&JsonMap>) -> Self {
        let as_value =
            |map: Option<&JsonMap>| map.map_or(Value::Null, |map| Value::Object(map.clone()));
        Self::parse(name, &merge(&as_value(row), &as_value(of_type)))
    }

    fn parse(name: &str, options: &Value) -> Self {
        Self {
            permissions: options.get("permissions").and_then(Permissions::parse),
            posbus_auto: options.get("posbus_auto").and_then(PosbusAuto::parse),
            render_auto: options
                .get("render_auto")
                .and_then(|auto| RenderAuto::parse(name, auto)),
        }
    }

    /// Whether a caller with `roles` may read.
    pub fn may_read(&self, roles: Roles) -> bool {
        match &self.permissions {
            Some(permissions) => permissions.read.allows(roles),
            None => true,
        }
    }

    /// Whether a caller with `roles` may write.
    pub fn may_write(&self, roles: Roles) -> bool {
        match &self.permissions {
            Some(permissions) => permissions.write.allows(roles),
            None => roles.has(Role::Admin) || roles.has(Role::UserOwner),
        }
    }
}

/// The read and write expressions of an attribute (docs/spec/model.md §5.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    read: Expression,
    write: Expression,
}

impl Permissions {
    /// A side that is missing allows nobody.
    fn parse(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        let side = |key: &str| {
            map.get(key)
                .and_then(Value::as_str)
                .map(Expression::parse)
                .unwrap_or_default()
        };
        Some(Self {
            read: side("read"),
            write: side("write"),
        })
    }
}

/// Role names joined by `+`; unknown names never match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Expression {
    any: bool,
    roles: Roles,
}

impl Expression {
    fn parse(text: &str) -> Self {
        text.split('+')
            .fold(Self::default(), |mut expression, name| {
                match name.trim() {
                    "any" => expression.any = true,
                    "user" => expression.roles = expression.roles.with(Role::User),
                    "admin" => expression.roles = expression.roles.with(Role::Admin),
                    "user_owner" => expression.roles = expression.roles.with(Role::UserOwner),
                    "target_user" => expression.roles = expression.roles.with(Role::TargetUser),
                    _ => {}
                }
                expression
            })
    }

    fn allows(self, caller: Roles) -> bool {
        // An admin passes wherever users in general do: otherwise publishing an attribute would
        // lock its admin out.
        let admin_as_user = caller.has(Role::Admin) && self.roles.has(Role::User);
        self.any || self.roles.0 & caller.0 != 0 || admin_as_user
    }
}

/// Relation of a caller to the thing an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Any authenticated caller.
    User = 1,
    /// Indirect admin of the object, or of the node for node and user attributes.
    Admin = 2,
    /// The user whom the attribute belongs to.
    UserOwner = 4,
    /// The target of a user-to-user attribute.
    TargetUser = 8,
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Roles of every authenticated caller.
    pub const AUTHENTICATED: Self = Self(Role::User as u8);

    /// This set and one role more.
    #[must_use]
    pub fn with(self, role: Role) -> Self {
        Self(self.0 | role as u8)
    }

    /// This set, and the role if `granted`.
    #[must_use]
    pub fn with_if(self, role: Role, granted: bool) -> Self {
        if granted { self.with(role) } else { self }
    }

    /// Whether the role is in the set.
    pub fn has(self, role: Role) -> bool {
        self.0 & role as u8 != 0
    }
}

/// Receivers of a change of an attribute (docs/spec/posbus.md §5.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PosbusAuto {
    /// The scopes, each at most once.
    pub scopes: Vec<Scope>,
}

/// A class of receivers of attribute changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody in the world of the object, or in the worlds of the user.
    World,
    /// Everybody in the object; users are only ever inside worlds, so this is the object's world.
    Object,
    /// The user whom the attribute belongs to.
    User,
}

impl PosbusAuto {
    fn parse(value: &Value) -> Option<Self> {
        let mut scopes = Vec::new();
        for name in value
            .get("scope")?
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
        {
            let scope = match name {
                "world" => Scope::World,
                "object" => Scope::Object,
                "user" => Scope::User,
                _ => continue,
            };
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Some(Self { scopes })
    }
}

/// Projection of a value onto a render slot of its object (docs/spec/model.md §5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderAuto {
    /// `texture`, `string`, `number` or `audio`.
    pub slot_type: String,
    /// Name of the slot within its type.
    pub slot_name: String,
    /// Type of the value.
    pub content_type: ContentType,
    /// The key of the value that is shown.
    pub value_field: String,
}

/// Source of the content of a render slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// A media hash.
    Image,
    /// Text that is rendered to an image; its hash is kept in `auto_render_hash`.
    Text,
    /// A video whose poster is rendered to an image; its hash is kept in `auto_render_hash`.
    Video,
    /// A string, passed through.
    String,
    /// A number, passed through.
    Number,
    /// The whole value, passed through.
    Audio,
}

impl RenderAuto {
    /// The slot types that clients know; a declaration with another one has no effect.
    const SLOT_TYPES: [&str; 4] = ["texture", "string", "number", "audio"];

    fn parse(attribute: &str, value: &Value) -> Option<Self> {
        let field = |key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let slot_type = field("slot_type").filter(|slot| Self::SLOT_TYPES.contains(slot))?;
        let content_type = match field("content_type")? {
            "image" => ContentType::Image,
            "text" => ContentType::Text,
            "video" => ContentType::Video,
            "string" => ContentType::String,
            "number" => ContentType::Number,
            "audio" => ContentType::Audio,
            _ => return None,
        };
        let default_field = if content_type == ContentType::Image {
            "render_hash"
        } else {
            "value"
        };
        Some(Self {
            slot_type: slot_type.to_owned(),
            slot_name: field("slot_name").unwrap_or(attribute).to_owned(),
            content_type,
            value_field: field("value_field").unwrap_or(default_field).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AttributeOptions, Role, Roles};

    /// The permission table of docs/spec/model.md §5.5 as (read, write) per caller.
    #[test]
    fn permission_table() {
        let stranger = Roles::AUTHENTICATED;
        let owner = stranger.with(Role::UserOwner);
        let target = stranger.with(Role::TargetUser);
        let admin = stranger.with(Role::Admin);
        let cases = [
            (
                json!({}),
                [(true, false), (true, true), (true, false), (true, true)],
            ),
            (
                json!({"permissions": {"read": "admin+user_owner", "write": "admin"}}),
                [(false, false), (true, false), (false, false), (true, true)],
            ),
            (
                json!({"permissions": {"read": "admin", "write": "admin"}}),
                [(false, false), (false, false), (false, false), (true, true)],
            ),
            (
                json!({"permissions": {"read": "any", "write": "admin"}}),
                [(true, false), (true, false), (true, false), (true, true)],
            ),
            (
                json!({"permissions": {"read": "any", "write": "user"}}),
                [(true, true), (true, true), (true, true), (true, true)],
            ),
            (
                json!({"permissions": {"read": "any", "write": "target_user"}}),
                [(true, false), (true, false), (true, true), (true, false)],
            ),
            (json!({"permissions": {"read": "any"}}), [(true, false); 4]),
            (
                json!({"permissions": {"read": "member", "write": "anybody"}}),
                [(false, false); 4],
            ),
        ];
        for (options, expected) in cases {
            let parsed = AttributeOptions::parse("test", &options);
            let found = [stranger, owner, target, admin]
                .map(|roles| (parsed.may_read(roles), parsed.may_write(roles)));
            assert_eq!(found, expected, "{options}");
        }
    }

    #[test]
    fn render_auto_defaults() {
        let options = AttributeOptions::parse(
            "object_color",
            &json!({"render_auto": {"slot_type": "string", "content_type": "string"}}),
        );
        let render = options.render_auto.expect("declared");
        assert_eq!(
            (render.slot_name.as_str(), render.value_field.as_str()),
            ("object_color", "value")
        );
        let unknown =
            json!({"render_auto": {"slot_type": "object_texture", "content_type": "text"}});
        assert_eq!(AttributeOptions::parse("state", &unknown).render_auto, None);
    }
}
