//! Assets and the library of basic shapes (docs/spec/model.md §6.4).

use components::{Umid, ids};
use sea_orm::JsonValue;
use serde_json::json;
use uuid::uuid;

use super::{
    Time,
    plugins::{self, Bundle},
};
use crate::entity::{asset_2d, asset_3d, asset_3d_user, object_user_attribute};

pub(super) const CLAIMABLE: Umid = uuid!("7be0964f-df73-4880-91f5-22eef996aaaa");
pub(super) const CANVAS: Umid = uuid!("d768aa3e-ca03-4f5e-b366-780a5361cc02");
pub(super) const CANVAS_CHILD: Umid = uuid!("8a0f9e8e-b32e-476a-8afe-e0c57260ff20");
pub(super) const ORB: Umid = uuid!("2dc7df8e-a34a-829c-e3ca-b73bfe99faf0");
pub(super) const CUBE: Umid = uuid!("5b5bd872-0328-e38c-1b54-bf2bfa70fc85");

/// Library names of the shapes; ids are the MD5 of the files.
const SHAPES: [(Umid, &str); 13] = [
    (
        uuid!("a55f9ca7-4b45-692e-204f-e37ed9dc3d78"),
        "Bucky with image",
    ),
    (
        uuid!("eea924c0-6e33-393f-e06e-e6631e8860e9"),
        "Capsule with image",
    ),
    (
        uuid!("8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1"),
        "Cone with image",
    ),
    (CUBE, "Cube with image"),
    (
        uuid!("46d923ad-21ff-276d-c3c4-ead2212bcb02"),
        "Cylinder with image",
    ),
    (
        uuid!("97daa12f-9b2e-536d-7851-3b0837175e4c"),
        "Disc with image",
    ),
    (
        uuid!("839b21db-52ff-45ce-7484-fd1b59ebb087"),
        "Dodeca with image",
    ),
    (
        uuid!("dad4e8a4-cdcc-4174-9d77-f7e849bba352"),
        "Icosa with image",
    ),
    (
        uuid!("a1f144de-b21a-d1e9-0635-6eb250927326"),
        "Octo with image",
    ),
    (
        uuid!("418c4963-623a-391c-795d-e6080be11899"),
        "Quad with image",
    ),
    (
        uuid!("313a97cc-fe1b-39bb-56e7-516d213cc23d"),
        "Sphere with image",
    ),
    (
        uuid!("6e8fec1c-ff95-df66-1375-e312f6447b3d"),
        "Torus with image",
    ),
    (ORB, "orb"),
];

/// Skies that ship with the program, with names for people.
const SKIES: [(&str, &str); 6] = [
    ("odysseyskybluemorning", "Blue morning"),
    ("odysseyskyclearnight", "Clear night"),
    ("odysseyskygreenaurora", "Green aurora"),
    ("odysseyskyhighnoon", "High noon"),
    ("odysseyskyquietmist", "Quiet mist"),
    ("odysseyskyrosydawn", "Rosy dawn"),
];

/// The public list of skies of the node, by the names of the pictures.
pub(super) fn skies(node: Umid, time: Time) -> object_user_attribute::Model {
    let entries = SKIES.iter().map(|(hash, name)| {
        let entry = json!({ "name": name, "artist_name": "Odyssey", "is_public": true });
        ((*hash).to_owned(), entry)
    });
    object_user_attribute::Model {
        plugin_id: ids::CORE_PLUGIN,
        attribute_name: "skybox_list".to_owned(),
        object_id: node,
        user_id: ids::SYSTEM_USER,
        value: Some(JsonValue::Object(entries.collect())),
        options: None,
        created_at: time,
        updated_at: time,
    }
}

pub(super) fn rows_2d(base_url: &str, time: Time) -> Vec<asset_2d::Model> {
    let row = |asset_2d_id, meta, options| asset_2d::Model {
        asset_2d_id,
        meta,
        options: Some(options),
        created_at: time,
        updated_at: time,
    };
    let plain = |id, name: &str, plugin: Umid| {
        row(id, json!({ "name": name, "pluginId": plugin }), json!({}))
    };
    let bundled = |id, name: &str, plugin: Umid, bundle: Bundle, options: JsonValue| {
        let mut meta = json!({ "name": name, "pluginId": plugin });
        bundle.add_to(&mut meta, base_url);
        row(id, meta, options)
    };
    let legacy = |id| row(id, json!({ "name": "" }), json!({}));
    vec![
        plain(CLAIMABLE, "claimable", ids::CORE_PLUGIN),
        plain(
            uuid!("7be0964f-df73-4880-91f5-22eef996beef"),
            "object_content",
            ids::CORE_PLUGIN,
        ),
        plain(
            uuid!("7be0964f-df73-4880-91f5-22eef9967999"),
            "image",
            plugins::IMAGE,
        ),
        plain(
            uuid!("be0d0ca3-c50b-401a-89d9-0e59fc45c5c2"),
            "text",
            plugins::TEXT,
        ),
        bundled(
            plugins::VIDEO_ASSET,
            "video",
            plugins::VIDEO,
            Bundle::VIDEO,
            json!({}),
        ),
        bundled(
            plugins::MIRO_ASSET,
            "miro",
            plugins::MIRO,
            Bundle::MIRO,
            json!({ "exact": true, "subPath": "miro", "iconName": "miro" }),
        ),
        bundled(
            plugins::DRIVE_ASSET,
            "google Drive",
            plugins::GOOGLE_DRIVE,
            Bundle::GOOGLE_DRIVE,
            json!({ "exact": true, "iconName": "drive" }),
        ),
        plain(CANVAS, "Canvas object UI", plugins::CANVAS),
        plain(CANVAS_CHILD, "Canvas child objects", plugins::CANVAS),
        legacy(uuid!("00000000-0000-0000-0000-000000000004")),
        legacy(uuid!("00000000-0000-0000-0000-000000000008")),
    ]
}

pub(super) fn rows_3d(time: Time) -> Vec<asset_3d::Model> {
    let meta = |id| match id {
        ORB => json!({ "type": 1, "category": "explorer" }),
        _ => json!({ "type": 2, "category": "basic" }),
    };
    SHAPES
        .iter()
        .map(|(id, _)| asset_3d::Model {
            asset_3d_id: *id,
            meta: meta(*id),
            options: Some(json!({})),
            created_at: time,
            updated_at: time,
        })
        .collect()
}

/// All shapes are in the public library of the system user, with the names of their pictures.
pub(super) fn library(time: Time) -> Vec<asset_3d_user::Model> {
    SHAPES
        .iter()
        .map(|(id, name)| asset_3d_user::Model {
            asset_3d_id: *id,
            user_id: ids::SYSTEM_USER,
            meta: json!({ "name": name, "preview_hash": format!("preview{}", id.simple()) }),
            is_private: false,
            updated_at: time,
            created_at: time,
        })
        .collect()
}
