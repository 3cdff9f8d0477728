//! The attribute tables (docs/spec/model.md §2.1).

use super::entities;

entities! {
    /// Attributes of the node.
    node_attribute = "node_attribute" {
        key plugin_id: Uuid, key attribute_name: String, ;
        value: Json,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Attributes of objects.
    object_attribute = "object_attribute" {
        key plugin_id: Uuid, key attribute_name: String, key object_id: Uuid, ;
        value: Option<Json>,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Attributes of users.
    user_attribute = "user_attribute" {
        key user_id: Uuid, key plugin_id: Uuid, key attribute_name: String, ;
        value: Json,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Attributes of users within objects.
    object_user_attribute = "object_user_attribute" {
        key user_id: Uuid, key object_id: Uuid, key attribute_name: String, key plugin_id: Uuid, ;
        value: Option<Json>,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Attributes of users about users.
    user_user_attribute = "user_user_attribute" {
        key plugin_id: Uuid, key attribute_name: String,
        key source_user_id: Uuid, key target_user_id: Uuid, ;
        value: Json,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }
}
