//! Objects made with all that belongs to them, and gone with all of it; worlds found by name and by
//! token.

use components::{ActivityData, ActivityKind, Umid, ids};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, Statement};
use serde_json::json;
use store::{
    Creation, NewActivity, NewUserAttribute, StoreError,
    entity::{
        activity, object_activity, object_attribute, object_user_attribute, user_activity,
        user_object,
    },
};
use uuid::Uuid;

use crate::fixture::{Fixture, core, map, object, on_both};

on_both!(
    a_creation_is_all_or_nothing,
    nothing_is_left_of_a_deleted_subtree,
    an_outline_is_cut_from_the_outside,
    one_claims_what_nobody_else_has,
    worlds_are_found_by_name,
    tokens_without_a_world_are_found,
    several_texts_are_set_at_once,
);

/// A world with an object in it, both with all that can belong to them.
fn creation(fixture: &Fixture, user: Umid) -> Creation {
    let mut world = object(ids::WORLD_TYPE, user, fixture.node);
    world.attributes = vec![(core("name"), map(json!({ "name": "Home" })))];
    let mut lamp = object(ids::CUSTOM_OBJECT_TYPE, user, world.id);
    lamp.attributes = vec![(core("texture"), map(json!({ "render_hash": "1" })))];
    let news = NewActivity {
        id: Uuid::now_v7(),
        kind: ActivityKind::WorldCreated,
        user,
        object: world.id,
        data: ActivityData::default(),
        created_at: None,
    };
    let vote = NewUserAttribute {
        object: lamp.id,
        user,
        id: core("vote"),
        value: map(json!({})),
    };
    Creation {
        attribute_options: vec![(lamp.id, core("texture"), map(json!({ "cloneable": {} })))],
        objects: vec![world, lamp],
        user_attributes: vec![vote],
        news: Some(news),
    }
}

async fn rows(fixture: &Fixture) -> [u64; 6] {
    let db = fixture.raw().await;
    [
        activity::Entity::find().count(&db).await.unwrap(),
        object_activity::Entity::find().count(&db).await.unwrap(),
        user_activity::Entity::find().count(&db).await.unwrap(),
        object_attribute::Entity::find().count(&db).await.unwrap(),
        object_user_attribute::Entity::find()
            .count(&db)
            .await
            .unwrap(),
        user_object::Entity::find().count(&db).await.unwrap(),
    ]
}

async fn a_creation_is_all_or_nothing(fixture: Fixture) {
    let user = fixture.user().await;
    let before = rows(&fixture).await;
    let mut bad = creation(&fixture, user);
    bad.user_attributes[0].user = Uuid::now_v7();
    let refused = fixture.store.create(&bad).await;
    assert!(
        matches!(refused, Err(StoreError::Dangling(_))),
        "{refused:?}"
    );
    assert_eq!(rows(&fixture).await, before);
    assert_eq!(fixture.store.object(bad.objects[0].id).await.unwrap(), None);

    let good = creation(&fixture, user);
    let created_at = fixture.store.create(&good).await.unwrap();
    let lamp = fixture.store.object(good.objects[1].id).await.unwrap();
    let lamp = lamp.unwrap();
    assert_eq!(lamp.created_at, created_at);
    assert_eq!(
        lamp.attributes[0].options,
        Some(map(json!({ "cloneable": {} })))
    );
}

async fn nothing_is_left_of_a_deleted_subtree(fixture: Fixture) {
    let user = fixture.user().await;
    let before = rows(&fixture).await;
    let new = creation(&fixture, user);
    let [world, lamp] = [new.objects[0].id, new.objects[1].id];
    fixture.store.create(&new).await.unwrap();
    fixture.store.set_member(lamp, user, "admin").await.unwrap();
    let after = rows(&fixture).await;
    assert!(
        before
            .iter()
            .zip(after)
            .all(|(before, after)| after > *before)
    );
    let deleted = fixture.store.delete_object(world).await.unwrap();
    assert_eq!(deleted, [world, lamp]);
    assert_eq!(rows(&fixture).await, before);
}

async fn an_outline_is_cut_from_the_outside(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let room = fixture.object(owner, world).await;
    let chair = fixture.object(owner, room).await;
    let other = object(ids::CANVAS_TYPE, owner, world);
    store
        .insert_objects(std::slice::from_ref(&other))
        .await
        .unwrap();
    let below = fixture.object(owner, other.id).await;
    let outline = async |depth, of, limit| {
        let rows = store.outline(world, depth, of, limit).await.unwrap();
        let rows = rows.into_iter();
        rows.map(|row| (row.object.id, row.children))
            .collect::<Vec<_>>()
    };
    let all = [(world, 2), (room, 1), (other.id, 1), (chair, 0), (below, 0)];
    assert_eq!(outline(9, None, 100).await, all);
    assert_eq!(outline(1, None, 100).await, all[..3]);
    assert_eq!(outline(9, None, 4).await, all[..4]);
    let rooms = Some(ids::CUSTOM_OBJECT_TYPE);
    let pruned = [(world, 1), (room, 1), (chair, 0)];
    assert_eq!(outline(9, rooms, 100).await, pruned);
    assert_eq!(outline(0, Some(Uuid::now_v7()), 9).await, [(world, 0)]);
    let nothing = store.outline(Uuid::now_v7(), 9, None, 9).await.unwrap();
    assert_eq!(nothing, []);
    let node = store.outline(fixture.node, 0, None, 9).await.unwrap();
    assert_eq!(node.len(), 1, "the node is not its own child");
}

async fn one_claims_what_nobody_else_has(fixture: Fixture) {
    let store = &fixture.store;
    let (one, two) = (fixture.user().await, fixture.guest().await);
    let world = fixture.world(one).await;
    let wall = fixture.object(one, world).await;
    let data = core("user_customisable_data");
    let value = map(json!({ "title": "mine" }));
    let record = store.claim_object(wall, two, &data, &value).await.unwrap();
    assert_eq!(record.value.as_ref(), Some(&value));
    let taken = store.claim_object(wall, one, &data, &value).await;
    assert!(matches!(taken, Err(StoreError::ObjectClaimed)));
    let foreign = store.unclaim_object(wall, one, &data).await;
    assert!(matches!(foreign, Err(StoreError::ObjectNotClaimed)));
    assert!(store.unclaim_object(wall, two, &data).await.unwrap());
    let record = store.object(wall).await.unwrap().unwrap();
    assert_eq!(record.attributes, []);
    store.claim_object(wall, one, &data, &value).await.unwrap();
    let gone = store.claim_object(Uuid::now_v7(), one, &data, &value).await;
    assert!(matches!(gone, Err(StoreError::ObjectNotFound)));
}

async fn worlds_are_found_by_name(fixture: Fixture) {
    let owner = fixture.user().await;
    let mut ids_by_name = Vec::new();
    for name in ["Blue Lagoon", "100% real", "a_b", "back\\slash"] {
        let mut world = object(ids::WORLD_TYPE, owner, fixture.node);
        world.attributes = vec![
            (core("name"), map(json!({ "name": name }))),
            (core("description"), map(json!({ "description": "deep" }))),
        ];
        fixture
            .store
            .insert_objects(std::slice::from_ref(&world))
            .await
            .unwrap();
        ids_by_name.push(world.id);
    }
    let found = async |text: &str| {
        let found = fixture.store.search_worlds(text, 100).await.unwrap();
        found.into_iter().map(|world| world.id).collect::<Vec<_>>()
    };
    assert_eq!(found("lAGOON").await, [ids_by_name[0]]);
    assert_eq!(found("%").await, [ids_by_name[1]]);
    assert_eq!(found("_").await, [ids_by_name[2]]);
    assert_eq!(found("\\").await, [ids_by_name[3]]);
    assert!(found("x\0").await.is_empty());
    let first = fixture.store.search_worlds("a", 1).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].description, "deep");
    let around = fixture.store.landmarks(ids_by_name[0], 9).await.unwrap();
    assert_eq!(around[0].name, "Blue Lagoon");
}

async fn tokens_without_a_world_are_found(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let known = fixture.world(owner).await;
    let db = fixture.raw().await;
    let run = async |sql: &str, values: Vec<sea_orm::Value>| {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        db.execute_raw(statement).await.unwrap();
    };
    let (chain, time) = (Uuid::now_v7(), chrono::Utc::now().naive_utc());
    run(
        "INSERT INTO blockchain (blockchain_id, last_processed_block_number, blockchain_name, rpc_url, updated_at) \
         VALUES ($1, 0, 'chain', '', $2)",
        vec![chain.into(), time.into()],
    )
    .await;
    let (mine, other) = (vec![1_u8; 20], vec![2_u8; 20]);
    let missing = Uuid::now_v7();
    for (wallet, contract, world) in [
        (&mine, 1_u8, known),
        (&mine, 1, missing),
        (&mine, 2, missing),
        (&other, 1, Uuid::now_v7()),
    ] {
        run(
            "INSERT INTO nft (wallet_id, contract_id, blockchain_id, object_id) VALUES ($1, $2, $3, $4)",
            vec![
                wallet.clone().into(),
                vec![contract].into(),
                chain.into(),
                world.into(),
            ],
        )
        .await;
    }
    let found = store.worlds_due(Uuid::nil(), &[mine], 10).await.unwrap();
    assert_eq!(found, [missing]);
    assert!(
        store
            .worlds_due(Uuid::nil(), &[], 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn several_texts_are_set_at_once(fixture: Fixture) {
    let store = &fixture.store;
    let owner = fixture.user().await;
    let world = fixture.world(owner).await;
    let texts = [
        (core("name"), "name", "Home".to_owned()),
        (core("description"), "description", String::new()),
    ];
    let records = store.set_texts(world, &texts).await.unwrap();
    assert_eq!(records[0].value, Some(map(json!({ "name": "Home" }))));
    let unknown = [
        (core("name"), "name", "Away".to_owned()),
        (core("no_such_type"), "a", String::new()),
    ];
    assert!(store.set_texts(world, &unknown).await.is_err());
    let row = store.world(world).await.unwrap().unwrap();
    assert_eq!((row.name.as_deref(), row.description), (Some("Home"), None));
}
