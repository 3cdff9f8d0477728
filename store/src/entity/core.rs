//! Core tables (docs/spec/model.md §2.1) and our additions.

use super::entities;

entities! {
    /// Anything in a world, a world, or the node.
    object = "object" {
        key object_id: Uuid, ;
        object_type_id: Uuid,
        owner_id: Uuid,
        parent_id: Uuid,
        asset_2d_id: Option<Uuid>,
        asset_3d_id: Option<Uuid>,
        options: Option<Json>,
        transform: Option<Json>,
        updated_at: DateTime,
        created_at: DateTime,
    }

    /// Templates for objects.
    object_type = "object_type" {
        key object_type_id: Uuid, ;
        asset_2d_id: Option<Uuid>,
        asset_3d_id: Option<Uuid>,
        object_type_name: String,
        category_name: String,
        description: Option<String>,
        options: Json,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Descriptors of 2D behaviour.
    asset_2d = "asset_2d" {
        key asset_2d_id: Uuid, ;
        meta: Json,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Descriptors of 3D files.
    asset_3d = "asset_3d" {
        key asset_3d_id: Uuid, ;
        meta: Json,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// Users' libraries of 3D assets.
    asset_3d_user = "asset_3d_user" {
        key asset_3d_id: Uuid, key user_id: Uuid, ;
        meta: Json,
        is_private: bool,
        updated_at: DateTime,
        created_at: DateTime,
    }

    /// Namespaces of attribute types.
    plugin = "plugin" {
        key plugin_id: Uuid, ;
        meta: Json,
        options: Option<Json>,
        created_at: DateTime,
        updated_at: DateTime,
    }

    /// JSON slots declared by plugins.
    attribute_type = "attribute_type" {
        key plugin_id: Uuid, key attribute_name: String, ;
        description: String,
        options: Option<Json>,
    }

    /// Classes of users.
    user_type = "user_type" {
        key user_type_id: Uuid, ;
        user_type_name: String,
        description: String,
        options: Option<Json>,
    }

    /// Accounts.
    user = "user" {
        key user_id: Uuid, ;
        user_type_id: Uuid,
        profile: Json,
        options: Option<Json>,
        updated_at: DateTime,
        created_at: DateTime,
        last_seen_at: Option<DateTimeUtc>,
        name_folded: Option<String>,
    }

    /// Users as members of users that act as groups.
    user_membership = "user_membership" {
        key member_of: Uuid, key user_id: Uuid, ;
        value: Option<Json>,
        created_at: DateTime,
        update_at: DateTime,
    }

    /// Members of objects.
    user_object = "user_object" {
        key object_id: Uuid, key user_id: Uuid, ;
        created_at: DateTime,
        updated_at: DateTime,
        value: Option<Json>,
    }

    /// News items.
    activity = "activity" {
        key activity_id: Uuid, ;
        user_id: Uuid,
        object_id: Uuid,
        #[sea_orm(column_name = "type")]
        kind: String,
        data: Json,
        created_at: DateTime,
    }

    /// Objects of news items.
    object_activity = "object_activity" {
        key object_id: Uuid, key activity_id: Uuid, ;
        created_at: DateTime,
    }

    /// Users of news items.
    user_activity = "user_activity" {
        key user_id: Uuid, key activity_id: Uuid, ;
        created_at: DateTime,
    }

    /// Wallets, case-folded and unique; who logs in with one is the user named here.
    user_wallet = "user_wallet" {
        key wallet: String, ;
        kind: String,
        user_id: Uuid,
        position: i32,
    }

    /// Challenge that a wallet has to sign to log in.
    auth_challenge = "auth_challenge" {
        key wallet: String, key challenge: String, ;
        expires_at: DateTimeUtc,
    }

    /// Wishes of users to have their own world docked with another's.
    dock_wish = "dock_wish" {
        key user_id: Uuid, key other_id: Uuid, ;
        expires_at: DateTimeUtc,
    }

    /// Jobs handed to image providers.
    ai_job = "ai_job" {
        key provider: String, key job_id: String, ;
        user_id: Uuid,
        object_id: Option<Uuid>,
        status: String,
        created_at: DateTimeUtc,
        secret_digest: Option<String>,
        file_url: Option<String>,
    }
}
