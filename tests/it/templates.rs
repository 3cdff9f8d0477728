//! New worlds: from the template of the node, by its admins and for those who hold their tokens
//! (docs/spec/model.md §4.6; docs/spec/rest.md §4.2).

use posbus::Umid;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};

use crate::support::{
    Api, CANVAS, CANVAS_CHILD, CORE, CUBE, CUSTOM_OBJECT, Client, EthereumWallet, Options, Server,
    WORLD_TYPE, Wallet, id,
};

/// The database of a server, behind its back.
async fn database(server: &Server) -> DatabaseConnection {
    let file = server.data().join("odyssey.db");
    let url = format!("sqlite://{}", file.display());
    Database::connect(url).await.expect("a database")
}

async fn execute(server: &Server, statements: &str) {
    let database = database(server).await;
    let done = database.execute_unprepared(statements).await;
    done.expect("statements");
    database.close().await.expect("closes");
}

async fn count(server: &Server, what: &str) -> i64 {
    let database = database(server).await;
    let select = sea_orm::Statement::from_string(
        database.get_database_backend(),
        format!("SELECT COUNT(*) AS number FROM {what}"),
    );
    let row = database.query_one_raw(select).await.expect("counts");
    row.expect("a row").try_get("", "number").expect("a number")
}

/// Gives the node another template of worlds.
async fn use_template(server: &mut Server, template: &Value) {
    server.stop();
    let text = template.to_string().replace('\'', "''");
    let update = format!(
        "UPDATE node_attribute SET value = '{text}' WHERE attribute_name = 'world_template'"
    );
    execute(server, &update).await;
    server.start_again();
}

fn hex(id: Umid) -> String {
    id.simple().to_string()
}

/// Says that a wallet holds the token of a world.
async fn give_token(server: &Server, wallet: &EthereumWallet, world: Umid) {
    let chain = "ccccaaaa111122223333222222222222";
    let wallet = wallet.address();
    let statements = format!(
        "INSERT OR IGNORE INTO blockchain (blockchain_id, last_processed_block_number, blockchain_name, rpc_url, updated_at) \
         VALUES (X'{chain}', 0, 'chain', '', '2024-01-01 00:00:00'); \
         INSERT INTO nft (wallet_id, blockchain_id, object_id, contract_id, created_at, updated_at) \
         VALUES (X'{}', X'{chain}', X'{}', X'01', '2024-01-01 00:00:00', '2024-01-01 00:00:00')",
        wallet.trim_start_matches("0x"),
        hex(world)
    );
    execute(server, &statements).await;
}

fn token(number: u64) -> Umid {
    Umid::from_u128((0x8000 << 64) | 0x8000_0000_0000_0000 | u128::from(number))
}

#[tokio::test]
async fn a_new_world_is_made_from_the_template_that_ships() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let node = id(&owner.get("/config/ui-client").await.ok(200), "NODE_ID");
    let new = json!({"object_name": "Second", "parent_id": node, "object_type_id": WORLD_TYPE, "minimap": false});
    let world = id(&owner.post("/objects", new).await.ok(201), "object_id");
    let sky = owner.attribute(world, "active_skybox").await.ok(200);
    assert_eq!(sky["render_hash"], "26485e74acb29223ba7a9fa600d36c7f");
    let meta = owner.attribute(world, "world_meta").await.ok(200);
    assert_eq!(meta["lod"], json!([6400, 40000, 160000]));
    let settings = owner.attribute(world, "world_settings").await.ok(200);
    let expected = json!({"kind": "basic", "objects": {}, "attributes": {}, "object_types": {}, "effects": {}});
    assert_eq!(settings, expected);
    let details = owner.get(&format!("/worlds/{world}")).await.ok(200);
    assert_eq!(
        (&details["name"], &details["owner_id"]),
        (&json!("Second"), &json!(owner.user))
    );
    let options = owner
        .get(&format!("/objects/{world}/options"))
        .await
        .ok(200);
    assert_eq!(options["minimap"], false);
    let snapshot = Client::connect(&server, &owner).await.enter(world).await;
    let spawn = snapshot.spawn.position;
    assert_eq!((spawn.x, spawn.y, spawn.z), (50.0, 50.0, 150.0));
    // The news tell of it.
    let created = format!(
        "activity a JOIN object_activity o ON o.activity_id = a.activity_id \
        JOIN user_activity u ON u.activity_id = a.activity_id \
        WHERE a.type = 'world_created' AND a.object_id = X'{world}' AND o.object_id = X'{world}' AND u.user_id = X'{}'",
        hex(owner.user),
        world = hex(world)
    );
    assert_eq!(count(&server, &created).await, 1);
    let news = owner
        .get("/objects/newsfeed?startIndex=0&pageSize=10")
        .await
        .ok(200);
    let item = &news["activities"][0];
    assert_eq!(
        (&item["type"], &item["world_name"]),
        (&json!("world_created"), &json!("Second")),
        "{news}"
    );
    assert_eq!(
        (&item["object_id"], &item["user_id"]),
        (&json!(world), &json!(owner.user))
    );
    // Below the node there are worlds and nothing else, and no worlds are below anything else.
    let guest = Api::guest(&server).await;
    let new = json!({"object_name": "x", "parent_id": node, "object_type_id": WORLD_TYPE});
    let answer = guest.post("/objects", new).await;
    answer.refused(403, "object_creation_not_permitted");
    let new = json!({"object_name": "x", "parent_id": node, "object_type_id": CUSTOM_OBJECT});
    let answer = owner.post("/objects", new).await;
    answer.refused(400, "object_type_not_permitted");
    let options = json!({"options": {"allowed_children": [WORLD_TYPE]}});
    owner
        .post(&format!("/objects/{world}/options"), options)
        .await
        .ok(202);
    let new = json!({"object_name": "x", "parent_id": world, "object_type_id": WORLD_TYPE});
    let answer = owner.post("/objects", new).await;
    answer.refused(400, "object_type_not_permitted");
}

#[tokio::test]
async fn every_field_of_a_template_is_applied() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let template = json!({
        "object_type_id": WORLD_TYPE,
        "options": {"minimap": false, "spawn_point": {"position": {"x": 1, "y": 2, "z": 3}}},
        "transform": {"position": {"x": 4}},
        "object_attributes": [
            {"plugin_id": CORE, "attribute_name": "world_meta", "value": {"lod": [1]}, "options": null},
            {"plugin_id": CORE, "attribute_name": "description", "value": {"description": "from the template"}},
        ],
        "objects": [
            {"object_type_id": CANVAS, "object_name": "Board", "label": "board", "asset_3d_id": CUBE,
             "transform": {"position": {"x": 10}},
             "objects": [{"object_type_id": CANVAS_CHILD, "name": "Note", "label": "note"}]},
        ],
        "random_objects": [
            {"object_type_id": CUSTOM_OBJECT, "object_name": "Surprise"},
            {"object_type_id": CUSTOM_OBJECT, "object_name": "Surprise"},
        ],
    });
    use_template(&mut server, &template).await;
    let owner = owner.at(&server);
    let world = owner.create_world("Furnished").await;
    let tree = owner.get(&format!("/objects/{world}/tree")).await.ok(200);
    assert_eq!(tree["total_direct_children"], 2, "{tree}");
    let settings = owner.attribute(world, "world_settings").await.ok(200);
    let [board, note] = ["board", "note"].map(|label| id(&settings["objects"], label));
    assert_eq!(tree["children"][board.to_string()]["name"], "Board");
    assert_eq!(
        tree["children"][board.to_string()]["children"][note.to_string()]["name"],
        "Note"
    );
    let details = owner.get(&format!("/worlds/{world}")).await.ok(200);
    assert_eq!(details["description"], "from the template");
    let snapshot = Client::connect(&server, &owner).await.enter(world).await;
    assert_eq!(snapshot.spawn.position.x, 1.0);
    let root = snapshot.object(world).expect("the world");
    assert!(!root.show_on_minimap);
    let board = snapshot.object(board).expect("the board");
    assert_eq!(
        (board.transform.position.x, board.transform.scale.x),
        (10.0, 1.0)
    );
    assert_eq!(board.asset_type, CUBE);
    let note = snapshot.object(note).expect("the note").transform.position;
    assert_eq!(
        (note.x, note.y, note.z),
        (10.0, 10.0, 100.0),
        "by the rules of the board"
    );
    let surprises = snapshot
        .objects
        .iter()
        .filter(|object| object.name == "Surprise");
    assert_eq!(surprises.count(), 1);
}

#[tokio::test]
async fn a_template_that_breaks_the_rules_makes_nothing() {
    let mut server = Server::start(Options::default());
    let mut owner = Api::owner(&mut server).await;
    let wallet = EthereumWallet::new(9);
    let world = token(77);
    give_token(&server, &wallet, world).await;
    let child = json!({"object_type_id": CANVAS_CHILD});
    let canvas = |objects: Value| json!({"object_type_id": CANVAS, "objects": objects});
    let with = |objects: Value| json!({"object_type_id": WORLD_TYPE, "objects": objects});
    for template in [
        json!({"object_type_id": 5}),
        json!({"object_type_id": WORLD_TYPE, "objects": "many"}),
        with(json!([child])),
        with(json!([canvas(json!(vec![child.clone(); 43]))])),
        with(json!([canvas(json!([])), {"object_type_id": Umid::now_v7()}])),
        json!({"object_type_id": WORLD_TYPE, "options": {"child_placement": {"x": null}}}),
    ] {
        use_template(&mut server, &template).await;
        owner = owner.at(&server);
        let node = id(&owner.get("/config/ui-client").await.ok(200), "NODE_ID");
        let new = json!({"object_name": "x", "parent_id": node, "object_type_id": WORLD_TYPE});
        let answer = owner.post("/objects", new).await;
        answer.refused(409, "invalid_world_template");
        let worlds = owner.get("/worlds").await.ok(200);
        assert_eq!(worlds.as_array().map(Vec::len), Some(1), "{worlds}");
        // A user with a token is let in all the same.
        Api::login(&server, &wallet).await;
    }
    use_template(&mut server, &with(json!([canvas(json!([child]))]))).await;
    let holder = Api::login(&server, &wallet).await;
    let details = holder.get(&format!("/worlds/{world}")).await.ok(200);
    assert_eq!(details["is_admin"], true, "the next login makes up for it");
}

#[tokio::test]
async fn token_holders_get_their_worlds_at_login() {
    let server = Server::start(Options::default());
    let wallet = EthereumWallet::new(9);
    let worlds = [token(10), token(11)];
    for world in worlds {
        give_token(&server, &wallet, world).await;
    }
    give_token(&server, &EthereumWallet::new(10), token(12)).await;
    let one = Api::login(&server, &wallet).await;
    let two = Api::login(&server, &wallet).await;
    assert_eq!(one.user, two.user);
    let list = one
        .get(&format!("/users/{}/worlds", one.user))
        .await
        .ok(200);
    let mut names: Vec<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|world| world["name"].clone())
        .collect();
    names.sort_by_key(Value::to_string);
    assert_eq!(names, [json!("Odyssey#10"), json!("Odyssey#11")], "{list}");
    assert_eq!(
        count(&server, "activity WHERE type = 'world_created'").await,
        2
    );
    let snapshot = Client::connect(&server, &one).await.enter(worlds[0]).await;
    assert_eq!(snapshot.world.name, "Odyssey#10");
    // A token that came later, and one of a wallet that is attached later.
    give_token(&server, &wallet, token(13)).await;
    let again = Api::login(&server, &wallet).await;
    let later = EthereumWallet::new(10);
    let challenge = again.challenge(&later).await;
    let proof = json!({"wallet": later.address(), "network": later.network(), "signedChallenge": later.sign(&challenge)});
    again.post("/users/me/attach-account", proof).await.ok(202);
    for world in [token(12), token(13)] {
        let details = again.get(&format!("/worlds/{world}")).await.ok(200);
        assert_eq!(details["owner_id"], json!(again.user));
    }
}
