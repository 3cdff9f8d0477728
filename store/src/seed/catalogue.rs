//! User types, the system user, object types and the values of node attributes (docs/spec/model.md
//! §6.3, §6.5).

use components::{Umid, ids};
use sea_orm::JsonValue;
use serde_json::json;
use uuid::{Uuid, uuid};

use super::{Time, assets, plugins};
use crate::entity::{node_attribute, object_type, user, user_type};

const DEITY_TYPE: Umid = uuid!("00000000-0000-0000-0000-000000000002");
const CANVAS_CHILD_TYPE: Umid = uuid!("3eca3dd5-a2e1-4347-926a-19eab6da54b2");

/// Name of the owner of what nobody else owns.
const SYSTEM_NAME: &str = "Odyssey";

/// The sky a world gets by default.
const DEFAULT_SKYBOX: &str = "26485e74acb29223ba7a9fa600d36c7f";

pub(super) fn user_types() -> Vec<user_type::Model> {
    let row = |user_type_id, name: &str, description: &str, is_guest: bool| user_type::Model {
        user_type_id,
        user_type_name: name.to_owned(),
        description: description.to_owned(),
        options: Some(json!({ "is_guest": is_guest })),
    };
    vec![
        row(DEITY_TYPE, "Deity", "System accounts", false),
        row(
            ids::NORMAL_USER_TYPE,
            "User",
            "Accounts with a wallet",
            false,
        ),
        row(ids::GUEST_USER_TYPE, "Temporary User", "Guests", true),
    ]
}

/// The user who owns the node and the library of shapes; has no wallet, so nobody can log in as it.
pub(super) fn system_user(time: Time) -> user::Model {
    user::Model {
        user_id: ids::SYSTEM_USER,
        user_type_id: DEITY_TYPE,
        profile: json!({
            "name": SYSTEM_NAME, "bio": null, "location": null, "avatar_hash": null, "profile_link": null, "onboarded": null,
        }),
        options: None,
        updated_at: time,
        created_at: time,
        last_seen_at: None,
        name_folded: Some(SYSTEM_NAME.to_lowercase()),
    }
}

pub(super) fn object_types(time: Time) -> Vec<object_type::Model> {
    let row = |id, name: &str, category: &str, asset_2d, asset_3d, options| object_type::Model {
        object_type_id: id,
        asset_2d_id: asset_2d,
        asset_3d_id: asset_3d,
        object_type_name: name.to_owned(),
        category_name: category.to_owned(),
        description: Some(String::new()),
        options,
        created_at: time,
        updated_at: time,
    };
    let plain =
        |id, name: &str, category: &str, options| row(id, name, category, None, None, options);
    vec![
        plain(
            ids::NODE_TYPE,
            "Node",
            "Nodes",
            json!({
                "visible": 1, "minimap": true, "editable": true, "private": false,
                "subs": { "asset2d_plugins": [plugins::MIRO] },
                "allowed_children": [ids::WORLD_TYPE],
            }),
        ),
        plain(
            ids::WORLD_TYPE,
            "World",
            ids::WORLDS_CATEGORY,
            json!({
                "visible": 3, "minimap": true, "editable": true, "private": false,
                "allowed_children": [ids::CLAIMABLE_TYPE, ids::CUSTOM_OBJECT_TYPE, ids::CANVAS_TYPE],
            }),
        ),
        plain(
            uuid!("e31139ad-ff77-4124-825e-8c83f02b82f4"),
            "Remote World",
            ids::WORLDS_CATEGORY,
            json!({}),
        ),
        plain(
            ids::CUSTOM_OBJECT_TYPE,
            "Custom objects",
            "Custom",
            json!({ "visible": 3, "minimap": true, "editable": true, "private": false }),
        ),
        row(
            ids::CLAIMABLE_TYPE,
            "Custom claimable objects",
            "Custom claimable",
            Some(assets::CLAIMABLE),
            None,
            json!({ "visible": 3 }),
        ),
        row(
            ids::CANVAS_TYPE,
            "canvas",
            "Canvas",
            Some(assets::CANVAS),
            Some(assets::ORB),
            json!({
                "allowed_children": [CANVAS_CHILD_TYPE],
                "child_limit": 42,
                "child_placement": {
                    (Uuid::nil().to_string()): {
                        "algo": "helix", "options": { "angle": 7.2, "helixVshift": 15, "spiralScale": 50 },
                    },
                },
            }),
        ),
        row(
            CANVAS_CHILD_TYPE,
            "canvas_child",
            "Canvas child",
            Some(assets::CANVAS_CHILD),
            Some(assets::CUBE),
            json!({}),
        ),
        plain(
            uuid!("88415343-90db-4d23-a9e7-79a11aaaaf04"),
            "anchor",
            "Anchors",
            json!({
                "visible": 3, "minimap": true, "editable": true, "private": false, "subs": null,
                "child_placement": {
                    (Uuid::nil().to_string()): { "algo": "circular", "options": { "R": 55, "angle": 0 } },
                },
            }),
        ),
        plain(
            uuid!("75b56447-c4f1-4020-b8fc-d68704a11d65"),
            "Generic Object",
            "Generic Objectss",
            legacy(3),
        ),
        plain(
            uuid!("69d8ae40-df9b-4fc8-af95-32b736d2bbcd"),
            "Service Object",
            "Service Objects",
            legacy(0),
        ),
        plain(
            uuid!("f9607e55-63e8-4cb1-ae47-66395199975d"),
            "morgue",
            "Morgues",
            legacy(0),
        ),
    ]
}

fn legacy(visible: u8) -> JsonValue {
    json!({ "visible": visible, "minimap": true, "editable": true, "private": false, "subs": null })
}

pub(super) fn node_attributes(time: Time) -> Vec<node_attribute::Model> {
    let row = |plugin_id, name: &str, value| node_attribute::Model {
        plugin_id,
        attribute_name: name.to_owned(),
        value,
        options: None,
        created_at: time,
        updated_at: time,
    };
    let core = |name, value| row(ids::CORE_PLUGIN, name, value);
    vec![
        core(
            "node_settings",
            json!({
                "name": "dev2-node",
                "guest_user_type": ids::GUEST_USER_TYPE,
                "normal_user_type": ids::NORMAL_USER_TYPE,
            }),
        ),
        core(
            "open_ai",
            json!({ "api_key": "set_your_api_key_here", "temperature": 0.7, "max_tokens": 30 }),
        ),
        core("leonardo", json!({})),
        core("blockadelabs", json!({})),
        core("tracker_ai_usage", json!({})),
        core("hosting_allow_list", json!({ "users": [] })),
        core("world_template", world_template()),
        row(ids::WALLET_PLUGIN, "challenge_store", json!({})),
    ]
}

fn world_template() -> JsonValue {
    let attribute = |name: &str, value: JsonValue| {
        json!({
            "plugin_id": ids::CORE_PLUGIN,
            "attribute_name": name,
            "value": value,
            "options": null,
        })
    };
    json!({
        "object_type_id": ids::WORLD_TYPE,
        "objects": [],
        "random_objects": [],
        "object_attributes": [
            attribute("world_meta", json!({ "lod": [6400, 40000, 160000] })),
            attribute("active_skybox", json!({ "render_hash": DEFAULT_SKYBOX })),
        ],
    })
}
