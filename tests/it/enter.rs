//! Entering a world: what a newcomer is told, and in which order (docs/spec/posbus.md §5.1).

use posbus::AddUsers;
use serde_json::json;

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME};

/// The twelve basic shapes (docs/spec/model.md §6.4).
const SHAPES: [&str; 12] = [
    "313a97ccfe1b39bb56e7516d213cc23d",
    "418c4963623a391c795de6080be11899",
    "46d923ad21ff276dc3c4ead2212bcb02",
    "5b5bd8720328e38c1b54bf2bfa70fc85",
    "6e8fec1cff95df661375e312f6447b3d",
    "839b21db52ff45ce7484fd1b59ebb087",
    "8a7e55f5934d8ebf17bb39e2d8d9bfa1",
    "97daa12f9b2e536d78513b0837175e4c",
    "a1f144deb21ad1e906356eb250927326",
    "a55f9ca74b45692e204fe37ed9dc3d78",
    "dad4e8a4cdcc41749d77f7e849bba352",
    "eea924c06e33393fe06ee6631e8860e9",
];

#[tokio::test]
async fn a_newcomer_gets_the_world_then_objects_then_users() {
    let server = Server::start(Options::default());
    let first = Client::guest(&server).await;
    let mut client = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = client.enter(WELCOME).await;

    let rank = |name: &str| {
        let order = [
            "set_world",
            "my_transform",
            "add_objects",
            "object_data",
            "add_users",
        ];
        order.iter().position(|step| *step == name)
    };
    let ranks: Vec<_> = snapshot.order.iter().map(|name| rank(name)).collect();
    assert!(ranks.iter().all(Option::is_some), "{:?}", snapshot.order);
    assert!(ranks.is_sorted(), "{:?}", snapshot.order);
    for (name, times) in [("set_world", 1), ("my_transform", 1)] {
        assert_eq!(
            snapshot.order.iter().filter(|seen| **seen == name).count(),
            times,
            "{name}"
        );
    }

    assert_eq!(
        snapshot.objects[0].id, WELCOME,
        "the world object is the first"
    );
    for (place, object) in snapshot.objects.iter().enumerate().skip(1) {
        let parent = snapshot.objects[..place]
            .iter()
            .find(|other| other.id == object.parent_id);
        assert!(
            parent.is_some(),
            "the parent of {} comes before it",
            object.name
        );
    }
    assert!(snapshot.user(first.user).is_some(), "who was there before");
    let own = snapshot.user(client.user).expect("the newcomer itself");
    assert!(own.is_guest && own.name.starts_with("Visitor_"), "{own:?}");
    assert_eq!(own.transform.position, snapshot.spawn.position);
}

#[tokio::test]
async fn the_welcome_world_is_worth_looking_at() {
    let server = Server::start(Options::default());
    let api = Api::guest(&server).await;
    let mut client = Client::connect(&server, &api).await;
    let snapshot = client.enter(WELCOME).await;

    assert_eq!(snapshot.world.name, "Welcome");
    let place = snapshot.spawn.position;
    assert_eq!((place.x, place.y, place.z), (50.0, 50.0, 150.0));
    assert_eq!(
        snapshot.object(PLAZA).map(|plaza| plaza.name.as_str()),
        Some("Plaza")
    );
    let mut shapes: Vec<_> = snapshot
        .objects
        .iter()
        .map(|object| object.asset_type)
        .collect();
    let mut colours: Vec<_> = snapshot
        .objects
        .iter()
        .filter_map(|object| snapshot.slot(object.id, "string", "object_color")?.as_str())
        .collect();
    for list in [shapes.len(), colours.len()] {
        assert!(list >= 5, "a handful of objects");
    }
    shapes.sort();
    shapes.dedup();
    colours.sort();
    colours.dedup();
    assert!(shapes.len() >= 5, "{shapes:?}");
    assert!(colours.len() >= 3, "{colours:?}");

    let sky = snapshot
        .slot(WELCOME, "texture", "skybox_custom")
        .expect("a sky");
    let path = format!("/media/render/texture/s8/{}", sky.as_str().expect("a hash"));
    let picture = api.get(&path).await;
    assert_eq!(picture.status, 200, "{path}");
    assert!(
        picture.content_type.starts_with("image/"),
        "{}",
        picture.content_type
    );
    for object in &snapshot.objects[1..] {
        let path = format!("/media/render/asset/{}", object.asset_type.simple());
        assert_eq!(
            api.get(&path).await.status,
            200,
            "the shape of {}",
            object.name
        );
    }
}

#[tokio::test]
async fn every_basic_shape_is_served_as_a_gltf_binary() {
    let server = Server::start(Options::default());
    let api = Api::stranger(&server);
    for shape in SHAPES {
        let answer = api.get(&format!("/media/render/asset/{shape}")).await;
        assert_eq!(answer.status, 200, "{shape}");
        assert_eq!(answer.content_type, "model/gltf-binary", "{shape}");
        assert_eq!(answer.bytes.get(..4), Some(&b"glTF"[..]), "{shape}");
        let length = answer.bytes[8..12]
            .try_into()
            .map(u32::from_le_bytes)
            .expect("four bytes");
        assert_eq!(length as usize, answer.bytes.len(), "{shape} is complete");
    }
    let unknown = api
        .get("/media/render/asset/00000000000000000000000000000000")
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn those_who_are_there_see_a_newcomer_at_once() {
    let server = Server::start(Options::default());
    let mut first = Client::guest(&server).await;
    let second = Client::guest(&server).await;
    let list: AddUsers = first
        .expect("the newcomer", |list: &AddUsers| {
            list.users.iter().any(|user| user.id == second.user)
        })
        .await;
    assert_eq!(list.users.len(), 1);
    assert_eq!(
        list.users[0].transform.position,
        posbus::Vec3::new(50.0, 50.0, 150.0)
    );
    let online = Api::guest(&server)
        .await
        .get(&format!("/worlds/{WELCOME}/online-users"))
        .await
        .ok(200);
    let mut ids: Vec<_> = online
        .as_array()
        .expect("a list")
        .iter()
        .map(|user| user["id"].clone())
        .collect();
    let mut expected = vec![json!(first.user), json!(second.user)];
    ids.sort_by_key(ToString::to_string);
    expected.sort_by_key(ToString::to_string);
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_snapshot_comes_in_batches_that_clients_accept() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let name = "A name as long as names may be. ".repeat(8);
    for number in 0..120 {
        let at = crate::support::at(number as f32, 0.0, 0.0);
        owner.create(WELCOME, &name, at).await;
    }
    let mut client = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = client.enter(WELCOME).await;
    let named = snapshot
        .objects
        .iter()
        .filter(|object| object.name == name)
        .count();
    assert_eq!(named, 120);
    // The client itself refuses frames above the limit; all in one would be above it.
    let frames = snapshot
        .order
        .iter()
        .filter(|name| **name == "add_objects")
        .count();
    assert!(
        frames > 1 && frames < 10,
        "{frames} frames for {} objects",
        snapshot.objects.len()
    );
}

#[tokio::test]
async fn a_user_without_a_name_enters_under_a_default_one() {
    let server = Server::start(Options::default());
    let nameless = Api::login(&server, &crate::support::EthereumWallet::new(7)).await;
    assert_eq!(
        nameless.name, "",
        "the sign-up form of the UI depends on this"
    );
    let mut client = Client::connect(&server, &nameless).await;
    let snapshot = client.enter(WELCOME).await;
    let own = snapshot.user(nameless.user).expect("itself");
    assert!(!own.name.is_empty() && !own.is_guest, "{own:?}");
}
