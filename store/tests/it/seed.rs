//! A fresh database equals docs/spec/model.md §6.

use components::{AttributeId, AttributeTarget, ids};
use serde_json::{Value, json};
use store::Seed;
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, object, on_both};

on_both!(
    equals_the_specification,
    keeps_secrets_out,
    happens_once,
    brings_the_welcome_world
);

async fn equals_the_specification(fixture: Fixture) {
    let directory = fixture.store.load_directory().await.unwrap();
    assert_eq!(directory.node, fixture.node);
    assert_eq!(directory.objects.len(), 1, "the node only");
    assert_eq!(directory.objects[0].owner, ids::SYSTEM_USER);
    assert_eq!(directory.objects[0].object_type, ids::NODE_TYPE);
    assert_eq!(directory.plugins.len(), 12);
    assert_eq!(directory.object_types.len(), 11);
    assert_eq!(directory.assets_2d.len(), 11);
    assert_eq!(directory.assets_3d.len(), 13);
    assert!(directory.admins.is_empty() && directory.memberships.is_empty());

    let video = directory
        .plugins
        .iter()
        .find(|p| p.meta["name"] == "Video")
        .unwrap();
    assert_eq!(
        video.meta["scriptUrl"],
        "https://node.example/plugins/video/remoteEntry.js"
    );
    assert_eq!(video.options, None);

    let canvas = directory
        .object_types
        .iter()
        .find(|t| t.name == "canvas")
        .unwrap();
    assert_eq!(canvas.options["child_limit"], 42);
    assert_eq!(
        canvas.options["child_placement"][Uuid::nil().to_string()]["algo"],
        "helix"
    );
    let orb = directory
        .assets_3d
        .iter()
        .find(|a| Some(a.id) == canvas.asset_3d)
        .unwrap();
    assert_eq!(orb.meta, map(json!({ "type": 1, "category": "explorer" })));

    let options = |id: &AttributeId| {
        let row = directory.attribute_types.iter().find(|t| t.id == *id);
        Value::from(
            row.unwrap_or_else(|| panic!("no attribute type {id:?}"))
                .options
                .clone(),
        )
    };
    assert_eq!(
        directory.attribute_types.len(),
        64,
        "61 of the reference and 3 more"
    );
    assert_eq!(options(&core("website_link")), Value::Null);
    assert_eq!(
        options(&core("object_effect"))["cloneable"]["use_default"]["value"],
        "transparent"
    );
    assert_eq!(
        options(&core("name"))["render_auto"]["text_render_template"]["text"]["string"],
        "%TEXT%"
    );
    let wallet = AttributeId {
        plugin: ids::WALLET_PLUGIN,
        name: "wallet".to_owned(),
    };
    assert_eq!(
        options(&wallet)["permissions"],
        json!({ "read": "admin+user_owner", "write": "admin" })
    );
    for missing_in_the_reference in ["teleport", "dock_face", "spawn_point"] {
        options(&core(missing_in_the_reference));
    }

    let value = |name: &str| {
        let row = directory
            .node_attributes
            .iter()
            .find(|a| a.id.name == name)
            .unwrap();
        Value::from(row.value.clone())
    };
    assert_eq!(
        value("node_settings")["guest_user_type"],
        json!(ids::GUEST_USER_TYPE)
    );
    assert_eq!(value("hosting_allow_list"), json!({ "users": [] }));
    assert_eq!(
        value("world_template")["object_attributes"][0]["value"],
        json!({ "lod": [6400, 40000, 160000] })
    );

    let system = fixture.store.user(ids::SYSTEM_USER).await.unwrap().unwrap();
    assert_eq!(system.profile["name"], "Odyssey");
    assert!(system.wallets.is_empty());
}

async fn keeps_secrets_out(fixture: Fixture) {
    let directory = fixture.store.load_directory().await.unwrap();
    for (plugin, name) in [
        (ids::CORE_PLUGIN, "jwt_key"),
        (ids::CORE_PLUGIN, "node_private_key"),
        (ids::WALLET_PLUGIN, "challenge_store"),
    ] {
        let id = AttributeId {
            plugin,
            name: name.to_owned(),
        };
        let kind = directory
            .attribute_types
            .iter()
            .find(|t| t.id == id)
            .unwrap();
        assert_eq!(
            kind.options.as_ref().unwrap()["permissions"],
            json!({ "read": "", "write": "" })
        );
        let stored = fixture
            .store
            .attribute(AttributeTarget::Node, &id)
            .await
            .unwrap();
        assert!(
            stored
                .and_then(|record| record.value)
                .unwrap_or_default()
                .is_empty(),
            "{name}"
        );
    }
}

async fn happens_once(fixture: Fixture) {
    let store = fixture.store;
    let renamed = map(json!({ "name": "mine" }));
    store
        .set_attribute(AttributeTarget::Node, &core("node_settings"), &renamed)
        .await
        .unwrap();
    let before = store.load_directory().await.unwrap();
    let again = store
        .seed(&Seed {
            base_url: "https://other.example".to_owned(),
            welcome: vec![],
        })
        .await
        .unwrap();
    assert!(!again.fresh);
    assert_eq!(again.node, fixture.node);
    let after = store.load_directory().await.unwrap();
    assert_eq!(after.plugins, before.plugins);
    assert_eq!(after.node_attributes, before.node_attributes);
    assert_eq!(after.attribute_types.len(), before.attribute_types.len());
}

async fn brings_the_welcome_world(fixture: Fixture) {
    let store = fixture.store;
    store.migrate_down(u32::MAX).await.unwrap();
    store.migrate().await.unwrap();
    let mut world = object(ids::WORLD_TYPE, ids::SYSTEM_USER, Uuid::nil());
    world
        .attributes
        .push((core("name"), map(json!({ "name": "Welcome" }))));
    let child = object(ids::CUSTOM_OBJECT_TYPE, ids::SYSTEM_USER, world.id);
    let seed = Seed {
        base_url: String::new(),
        welcome: vec![world.clone(), child.clone()],
    };
    let seeded = store.seed(&seed).await.unwrap();
    assert!(seeded.fresh);
    let loaded = store.load_world(world.id).await.unwrap().unwrap();
    assert_eq!(
        loaded.iter().map(|o| (o.id, o.parent)).collect::<Vec<_>>(),
        [(world.id, seeded.node), (child.id, world.id)]
    );

    assert!(!store.seed(&seed).await.unwrap().fresh);
    store.delete_object(world.id).await.unwrap();
    store.seed(&seed).await.unwrap();
    assert_eq!(
        store.load_world(world.id).await.unwrap(),
        None,
        "a world deleted stays deleted"
    );
}
