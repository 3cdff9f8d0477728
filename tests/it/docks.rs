//! Docks between the worlds of two users: only if both want it (docs/spec/model.md §4.8;
//! docs/regressions.md S3).

use posbus::{AddObjects, ObjectDefinition, RemoveObjects, Umid};
use serde_json::{Value, json};

use crate::support::{Answer, Api, Client, EthereumWallet, Options, Rows, Server, Wallet, at};

/// Two users with a world each, somebody in either world, and a third user with a world.
struct Scene {
    server: Server,
    owner: Api,
    users: [Api; 3],
    worlds: [Umid; 3],
    inside: [Client; 2],
}

impl Scene {
    async fn new(options: Options) -> Scene {
        let mut server = Server::start(options);
        let owner = Api::owner(&mut server).await;
        let users = [
            Api::user(&server, 1).await,
            Api::user(&server, 2).await,
            Api::user(&server, 3).await,
        ];
        let mut worlds = [Umid::nil(); 3];
        for (user, world) in users.iter().zip(&mut worlds) {
            *world = world_of(&owner, user).await;
        }
        let mut inside = Vec::new();
        for world in &worlds[..2] {
            let mut client = Client::connect(&server, &Api::guest(&server).await).await;
            client.enter(*world).await;
            inside.push(client);
        }
        let inside = inside.try_into().unwrap_or_else(|_| panic!("two"));
        Scene {
            server,
            owner,
            users,
            worlds,
            inside,
        }
    }

    /// Whether the first may edit the world of the second, and the other way round.
    async fn edit(&self) -> [bool; 2] {
        let mut may = [false; 2];
        for (user, other) in [(0, 1), (1, 0)] {
            let body = json!({"object_name": format!("World {other}")});
            let path = format!("/objects/{}", self.worlds[other]);
            let answer = self.users[user].patch(&path, body).await;
            may[user] = match answer.status {
                200 => true,
                403 => false,
                status => panic!("{status}"),
            };
        }
        may
    }

    /// The ids and names of what stands in a world.
    async fn children(&self, world: Umid) -> Value {
        let tree = self.owner.get(&format!("/objects/{world}/tree")).await;
        tree.ok(200)["children"].clone()
    }
}

/// A world of a user's own, who needs to be an admin of the node to make it, and is none
/// afterwards.
async fn world_of(owner: &Api, user: &Api) -> Umid {
    let node = owner.get("/config/ui-client").await.ok(200)["NODE_ID"].clone();
    let members = format!("/objects/{}/members", node.as_str().expect("an id"));
    let member = json!({"role": "admin", "user_id": user.user});
    owner.post(&members, member).await.ok(200);
    let world = user.create_world(&format!("World of {}", user.name)).await;
    let member = format!("{members}/{}", user.user);
    owner.delete(&member).await.ok(200);
    world
}

fn wallets(a: u8, b: u8) -> Value {
    json!({"walletA": EthereumWallet::new(a).address(), "walletB": EthereumWallet::new(b).address()})
}

async fn dock(api: &Api, wallets: Value) -> Answer {
    api.post("/users/mutual-docks", wallets).await
}

async fn undock(api: &Api, wallets: Value) -> Answer {
    api.delete_with("/users/mutual-docks", wallets).await
}

/// The next object that appears.
async fn appears(client: &mut Client) -> ObjectDefinition {
    let told: AddObjects = client
        .expect("a portal", |list: &AddObjects| {
            list.objects
                .iter()
                .any(|object| object.name.starts_with("User"))
        })
        .await;
    told.objects[0].clone()
}

#[tokio::test]
async fn docks_need_the_consent_of_both_sides() {
    let mut scene = Scene::new(Options::default().unlimited()).await;
    let [ada, bob, eve] = scene.users.clone();
    let face = json!({"profile": {"avatarHash": "0123456789abcdef0123456789abcdef"}});
    bob.patch("/profile", face).await.ok(200);

    // Nobody decides for others.
    let guest = Api::guest(&scene.server).await;
    for (caller, body) in [(&eve, wallets(1, 2)), (&guest, wallets(1, 2))] {
        let refused = dock(caller, body.clone()).await;
        refused.refused(403, "not_your_wallet");
        undock(caller, body).await.refused(403, "not_your_wallet");
    }
    // One side alone changes nothing, however often it asks, and whoever is first.
    for body in [wallets(1, 2), wallets(2, 1), wallets(1, 2)] {
        assert_eq!(dock(&ada, body).await.ok(200), Value::Null);
    }
    assert_eq!(scene.edit().await, [false, false]);
    assert_eq!(scene.children(scene.worlds[0]).await, json!({}));
    // That of somebody else is another matter.
    dock(&eve, wallets(3, 1)).await.ok(200);
    assert_eq!(scene.edit().await, [false, false]);

    let mut upper = wallets(2, 1);
    let shouted = upper["walletA"].as_str().map(str::to_uppercase);
    upper["walletA"] = json!(shouted);
    assert_eq!(dock(&bob, upper).await.ok(200), Value::Null);
    let mut portals = Vec::new();
    for (client, (name, world)) in scene
        .inside
        .iter_mut()
        .zip([("User 2", scene.worlds[0]), ("User 1", scene.worlds[1])])
    {
        let portal = appears(client).await;
        assert_eq!((portal.name.as_str(), portal.parent_id), (name, world));
        portals.push(portal.id);
    }
    assert_eq!(scene.edit().await, [true, true]);
    let [here, there] = portals[..] else {
        panic!("{portals:?}")
    };
    let leads = ada.attribute(here, "teleport").await.ok(200);
    assert_eq!(leads, json!({"DestinationWorldID": scene.worlds[1]}));
    let leads = ada.attribute(there, "teleport").await.ok(200);
    assert_eq!(leads, json!({"DestinationWorldID": scene.worlds[0]}));
    let face = ada.attribute(here, "dock_face").await.ok(200);
    assert_eq!(face["render_hash"], "0123456789abcdef0123456789abcdef");
    let portal = ada.get(&format!("/objects/{here}")).await.ok(200);
    assert_eq!(portal["owner_id"], json!(ada.user));
    let faceless = ada.attribute(there, "dock_face").await;
    faceless.refused(404, "attribute_not_found");

    // Once more makes no second portal.
    dock(&bob, wallets(1, 2)).await.ok(200);
    dock(&ada, wallets(1, 2)).await.ok(200);
    for world in &scene.worlds[..2] {
        let children = scene.children(*world).await;
        assert_eq!(
            children.as_object().map(|all| all.len()),
            Some(1),
            "{children}"
        );
    }
    // Either side ends it, for both.
    let ended = undock(&bob, wallets(1, 2)).await;
    assert_eq!(ended.ok(202), Value::Null);
    for (client, portal) in scene.inside.iter_mut().zip([here, there]) {
        client
            .expect("the end", |gone: &RemoveObjects| gone.objects == [portal])
            .await;
    }
    assert_eq!(scene.edit().await, [false, false]);
    assert_eq!(scene.children(scene.worlds[0]).await, json!({}));
    assert_eq!(undock(&ada, wallets(1, 2)).await.ok(202), Value::Null);
    // A withdrawn wish is no wish.
    dock(&ada, wallets(1, 2)).await.ok(200);
    undock(&ada, wallets(1, 2)).await.ok(202);
    dock(&bob, wallets(1, 2)).await.ok(200);
    assert_eq!(scene.edit().await, [false, false]);
}

#[tokio::test]
async fn docks_are_refused_by_name() {
    let scene = Scene::new(Options::default().unlimited()).await;
    let ada = &scene.users[0];
    let homeless = Api::user(&scene.server, 9).await;
    let one = EthereumWallet::new(1).address();
    for body in [
        json!({}),
        json!({"walletA": one}),
        json!({"walletA": "", "walletB": one}),
        json!({"walletA": one, "walletB": null}),
        json!({"walletA": one, "walletB": [one]}),
        wallets(1, 1),
    ] {
        dock(ada, body.clone())
            .await
            .refused(400, "invalid_request_body");
        undock(ada, body).await.refused(400, "invalid_request_body");
    }
    for nobody in [
        EthereumWallet::new(77).address(),
        "\u{0}".to_owned(),
        "0x".to_owned(),
    ] {
        let unknown_a = json!({"walletA": nobody, "walletB": one});
        dock(ada, unknown_a.clone())
            .await
            .refused(404, "user_a_not_found");
        undock(ada, unknown_a)
            .await
            .refused(404, "user_a_not_found");
        let unknown_b = json!({"walletA": one, "walletB": nobody});
        dock(ada, unknown_b.clone())
            .await
            .refused(404, "user_b_not_found");
        undock(ada, unknown_b)
            .await
            .refused(404, "user_b_not_found");
    }
    dock(ada, wallets(9, 1))
        .await
        .refused(404, "user_a_world_not_found");
    dock(ada, wallets(1, 9))
        .await
        .refused(404, "user_b_world_not_found");
    undock(&homeless, wallets(1, 9)).await.ok(202);
    let stranger = Api::stranger(&scene.server);
    dock(&stranger, wallets(1, 2))
        .await
        .refused(401, "failed_to_verify_access_token");
}

/// A world may say where its docks are, and a node of which type they are; all of it survives a
/// restart.
#[tokio::test]
async fn portals_stand_at_the_station_in_the_type_of_the_node() {
    let mut scene = Scene::new(Options::default().unlimited()).await;
    let [ada, bob, _] = scene.users.clone();
    let station = ada
        .create_of(scene.worlds[0], crate::support::CANVAS, "Station")
        .await;
    let elsewhere = bob
        .create(scene.worlds[1], "Thing", at(0.0, 0.0, 0.0))
        .await;
    let settings = |station: Umid| json!({"objects": {"docking_station": station}});
    ada.set(scene.worlds[0], "world_settings", settings(station))
        .await
        .ok(202);
    // One in another world is none: the portal stands in the world itself.
    bob.set(scene.worlds[1], "world_settings", settings(station))
        .await
        .ok(202);
    let child = crate::support::CANVAS_CHILD;
    scene.server.stop();
    let mut rows = Rows::of(&scene.server).await;
    let node_settings = json!({
        "name": "node",
        "guest_user_type": "76802331-37b3-44fa-9010-35008b0cbaec",
        "normal_user_type": "00000000-0000-0000-0000-000000000006",
        "docking_hub_object_type": child,
    });
    rows.node_attribute("node_settings", node_settings, Value::Null)
        .await;
    rows.close().await;
    scene.server.start_again();
    let (ada, bob) = (ada.at(&scene.server), bob.at(&scene.server));
    dock(&ada, wallets(1, 2)).await.ok(200);
    dock(&bob, wallets(1, 2)).await.ok(200);
    scene.server.stop();
    scene.server.start_again();
    let owner = scene.owner.at(&scene.server);
    let (ada, bob) = (ada.at(&scene.server), bob.at(&scene.server));
    let tree = owner.get(&format!("/objects/{station}/tree")).await.ok(200);
    let portals: Vec<&Value> = tree["children"]
        .as_object()
        .expect("a map")
        .values()
        .collect();
    assert_eq!(portals.len(), 1, "{tree}");
    assert_eq!(portals[0]["object_type_id"], json!(child));
    let tree = owner
        .get(&format!("/objects/{}/tree", scene.worlds[1]))
        .await
        .ok(200);
    let portals: Vec<&Value> = tree["children"]
        .as_object()
        .expect("a map")
        .values()
        .collect();
    assert_eq!(portals.len(), 2, "{elsewhere} and the portal: {tree}");
    let path = format!("/objects/{}", scene.worlds[0]);
    let renamed = bob.patch(&path, json!({"object_name": "Ours"})).await;
    renamed.ok(200);

    undock(&ada, wallets(2, 1)).await.ok(202);
    let tree = owner.get(&format!("/objects/{station}/tree")).await.ok(200);
    assert_eq!(tree["children"], json!({}));
    let renamed = bob.patch(&path, json!({"object_name": "Ours"})).await;
    renamed.refused(403, "not_admin");
}
