//! Objects are created all or none, load parents first, and go with all below them.

use components::{Transform, Umid, Vec3, ids};
use serde_json::{Value, json};
use store::{ObjectPatch, StoreError};
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, object, on_both};

on_both!(
    a_world_loads_parents_first,
    inserting_is_all_or_nothing,
    a_deleted_subtree_is_gone,
    a_patch_changes_what_it_names,
    a_deep_tree_is_no_problem,
    a_cycle_ends,
    the_node_stays,
);

async fn a_world_loads_parents_first(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let other = fixture.world(owner).await;
    let first = fixture.object(owner, world).await;
    let second = fixture.object(owner, world).await;
    let mut below = object(ids::CUSTOM_OBJECT_TYPE, owner, first);
    below.transform = Some(Transform {
        position: Vec3 {
            x: 1.5,
            y: -2.0,
            z: 0.25,
        },
        ..Transform::default()
    });
    below.options = Some(map(json!({ "visible": 3 })));
    below.attributes = vec![
        (core("name"), map(json!({ "name": "lamp" }))),
        (core("object_color"), map(json!({ "value": "#ff0000" }))),
    ];
    let created = store
        .insert_objects(std::slice::from_ref(&below))
        .await
        .unwrap();

    let loaded = store.load_world(world).await.unwrap().unwrap();
    assert_eq!(
        loaded.iter().map(|o| o.id).collect::<Vec<_>>(),
        [world, first, below.id, second]
    );
    let lamp = &loaded[2];
    assert_eq!(lamp.parent, first);
    assert_eq!(lamp.transform, below.transform);
    assert_eq!(lamp.options, below.options);
    assert_eq!(lamp.created_at, created);
    let attributes: Vec<_> = lamp
        .attributes
        .iter()
        .map(|a| (a.id.clone(), a.value.clone().unwrap()))
        .collect();
    assert_eq!(attributes, below.attributes);
    assert_eq!(store.object(below.id).await.unwrap().as_ref(), Some(lamp));

    let tree = store.subtree(world, 1).await.unwrap();
    assert_eq!(
        tree.iter().map(|row| row.id).collect::<Vec<_>>(),
        [world, first, second]
    );
    assert_eq!(
        store.subtree(first, 10).await.unwrap()[1].name.as_deref(),
        Some("lamp")
    );
    assert_eq!(
        store.subtree(fixture.node, 1).await.unwrap().len(),
        3,
        "the node and two worlds"
    );
    assert!(store.subtree(Uuid::now_v7(), 10).await.unwrap().is_empty());

    assert_eq!(store.load_world(other).await.unwrap().unwrap().len(), 1);
    for no_world in [fixture.node, first, Uuid::now_v7()] {
        assert_eq!(store.load_world(no_world).await.unwrap(), None);
    }
}

async fn inserting_is_all_or_nothing(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let good = object(ids::CUSTOM_OBJECT_TYPE, owner, world);
    let nobody = Uuid::now_v7();
    let mut unknown_asset = object(ids::CUSTOM_OBJECT_TYPE, owner, world);
    unknown_asset.asset_3d = Some(nobody);
    let mut unknown_attribute = object(ids::CUSTOM_OBJECT_TYPE, owner, world);
    unknown_attribute
        .attributes
        .push((core("no such attribute"), map(json!({}))));
    for bad in [
        object(ids::CUSTOM_OBJECT_TYPE, owner, nobody),
        object(ids::CUSTOM_OBJECT_TYPE, nobody, world),
        object(nobody, owner, world),
        unknown_asset,
        unknown_attribute,
        good.clone(),
    ] {
        let result = store.insert_objects(&[good.clone(), bad]).await;
        assert!(
            matches!(result, Err(StoreError::Dangling(_) | StoreError::Duplicate)),
            "{result:?}"
        );
        assert_eq!(store.object(good.id).await.unwrap(), None);
    }
    store.insert_objects(&[]).await.unwrap();
    let below = object(ids::CUSTOM_OBJECT_TYPE, owner, good.id);
    store.insert_objects(&[good.clone(), below]).await.unwrap();
    assert_eq!(store.subtree(good.id, 9).await.unwrap().len(), 2);
}

async fn a_deleted_subtree_is_gone(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let root = fixture.object(owner, world).await;
    let child = fixture.object(owner, root).await;
    let grandchild = fixture.object(owner, child).await;
    let sibling = fixture.object(owner, world).await;
    store.set_member(child, owner, "admin").await.unwrap();

    assert_eq!(
        store.delete_object(root).await.unwrap(),
        [root, child, grandchild]
    );
    let left: Vec<Umid> = store
        .load_world(world)
        .await
        .unwrap()
        .unwrap()
        .iter()
        .map(|o| o.id)
        .collect();
    assert_eq!(left, [world, sibling]);
    assert!(store.load_directory().await.unwrap().admins.is_empty());
    assert!(matches!(
        store.delete_object(root).await,
        Err(StoreError::ObjectNotFound)
    ));
}

async fn a_patch_changes_what_it_names(fixture: Fixture) {
    let store = &fixture.store;
    let (owner, heir) = (fixture.user().await, fixture.user().await);
    let world = fixture.world(owner).await;
    let id = fixture.object(owner, world).await;
    let cube = store.load_directory().await.unwrap().assets_3d[0].id;
    let target = components::AttributeTarget::Object(id);
    store
        .set_attribute(
            target,
            &core("name"),
            &map(json!({ "auto_render_hash": "ab" })),
        )
        .await
        .unwrap();
    let before = store.object(id).await.unwrap().unwrap();

    let patch = ObjectPatch {
        name: Some("chair".to_owned()),
        asset_3d: Some(Some(cube)),
        options: Some(Some(map(json!({ "minimap": true })))),
        ..ObjectPatch::default()
    };
    let after = store.update_object(id, &patch).await.unwrap();
    assert_eq!(
        store.object(id).await.unwrap().as_ref(),
        Some(&after),
        "what is returned is what is stored"
    );
    assert_eq!(
        (after.asset_3d, after.asset_2d, after.owner),
        (Some(cube), None, owner)
    );
    assert_eq!(after.options, Some(map(json!({ "minimap": true }))));
    assert!(after.updated_at > before.updated_at && after.created_at == before.created_at);
    let name = Value::from(after.attributes[0].value.clone());
    assert_eq!(name, json!({ "auto_render_hash": "ab", "name": "chair" }));

    let clear = ObjectPatch {
        asset_3d: Some(None),
        options: Some(None),
        owner: Some(heir),
        ..ObjectPatch::default()
    };
    store.update_object(id, &clear).await.unwrap();
    let cleared = store.object(id).await.unwrap().unwrap();
    assert_eq!(
        (cleared.asset_3d, cleared.options, cleared.owner),
        (None, None, heir)
    );

    let nobody = Uuid::now_v7();
    let bad = ObjectPatch {
        name: Some("sofa".to_owned()),
        owner: Some(nobody),
        ..ObjectPatch::default()
    };
    assert!(matches!(
        store.update_object(id, &bad).await,
        Err(StoreError::Dangling(_))
    ));
    assert_eq!(
        store.subtree(id, 0).await.unwrap()[0].name.as_deref(),
        Some("chair"),
        "nothing is half applied"
    );
    assert!(matches!(
        store.update_object(nobody, &patch).await,
        Err(StoreError::ObjectNotFound)
    ));
}

async fn a_deep_tree_is_no_problem(fixture: Fixture) {
    const DEPTH: usize = 600;
    let owner = fixture.user().await;
    let mut parent = fixture.world(owner).await;
    let world = parent;
    let chain: Vec<_> = std::iter::repeat_with(|| {
        let link = object(ids::CUSTOM_OBJECT_TYPE, owner, parent);
        parent = link.id;
        link
    })
    .take(DEPTH)
    .collect();
    fixture.store.insert_objects(&chain).await.unwrap();
    let loaded = fixture.store.load_world(world).await.unwrap().unwrap();
    assert!(
        loaded
            .iter()
            .skip(1)
            .map(|o| o.id)
            .eq(chain.iter().map(|o| o.id))
    );
    assert_eq!(
        fixture
            .store
            .delete_object(chain[0].id)
            .await
            .unwrap()
            .len(),
        DEPTH
    );
    assert_eq!(
        fixture
            .store
            .load_world(world)
            .await
            .unwrap()
            .unwrap()
            .len(),
        1
    );
}

async fn a_cycle_ends(fixture: Fixture) {
    use sea_orm::{ActiveModelTrait, ActiveValue::Set};
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let a = fixture.object(owner, world).await;
    let b = fixture.object(owner, a).await;
    let c = fixture.object(owner, b).await;
    let bent = store::entity::object::ActiveModel {
        object_id: Set(a),
        parent_id: Set(c),
        ..Default::default()
    };
    bent.update(&fixture.raw().await).await.unwrap();
    let tree = fixture.store.subtree(b, u32::MAX).await.unwrap();
    assert_eq!(tree.iter().map(|row| row.id).collect::<Vec<_>>(), [b, c, a]);
    assert_eq!(
        fixture
            .store
            .load_world(world)
            .await
            .unwrap()
            .unwrap()
            .len(),
        1
    );
}

async fn the_node_stays(fixture: Fixture) {
    assert!(matches!(
        fixture.store.delete_object(fixture.node).await,
        Err(StoreError::NodeUndeletable)
    ));
    assert_eq!(
        fixture.store.load_directory().await.unwrap().node,
        fixture.node
    );
}
