//! The program on a database of the existing platform: who was somebody there is the same here.

use std::sync::OnceLock;

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use testkit::PostgresServer;
use uuid::{Uuid, uuid};

use crate::{
    command::Home,
    support::{Api, CORE, Client, EthereumWallet, Options, Server, Wallet, at},
};

const SCHEMA: &str = include_str!("../../store/tests/it/platform/schema.sql");
const SEED: &str = include_str!("../../store/tests/it/platform/seed.sql");
const ROWS: &str = include_str!("../../store/tests/it/platform/rows.sql");

const GARDEN: Uuid = uuid!("0b000000-0000-7000-8000-000000000001");
const MINTED: Uuid = uuid!("00000000-0000-8000-8000-00000000000a");
const CUBE_IN_GARDEN: Uuid = uuid!("0b000000-0000-7000-8000-000000000011");
const ADA: Uuid = uuid!("0a000000-0000-7000-8000-000000000001");

/// A new database of the platform in which Ada, Bob and Carol have the wallets 1, 2 and 3.
async fn platform(name: &str) -> String {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    let url = SERVER.get_or_init(PostgresServer::start).database(name);
    let [ada, bob, carol] = [1, 2, 3].map(|number| EthereumWallet::new(number).address());
    let mixed: String = ada
        .char_indices()
        .map(|(place, c)| match place > 1 && place % 2 == 0 {
            true => c.to_ascii_uppercase(),
            false => c,
        })
        .collect();
    let rows = ROWS
        .replace("@ADA@", &ada)
        .replace("@ADA_MIXED@", &mixed)
        .replace("@BOB@", &bob)
        .replace("@CAROL@", &carol);
    let database = Database::connect(&url).await.expect("a database");
    for script in [SCHEMA, SEED, &rows] {
        let run = database.execute_unprepared(script).await;
        run.expect("the platform's database");
    }
    database.close().await.expect("closes");
    url
}

#[tokio::test]
async fn old_users_log_in_and_find_their_worlds() {
    let url = platform("old_users").await;
    let server = Server::start(Options::default().database(&url));
    let ada = Api::login(&server, &EthereumWallet::new(1)).await;
    assert_eq!((ada.user, ada.name.as_str()), (ADA, "Ada"));

    let worlds = ada.get("/worlds").await.ok(200);
    let listed: Vec<_> = worlds.as_array().expect("a list").iter().collect();
    let named = |id: Uuid| listed.iter().find(|world| world["id"] == json!(id));
    assert_eq!(named(GARDEN).expect("her world")["name"], "Ada's garden");
    assert_eq!(named(MINTED).expect("the other one")["name"], "Number ten");
    assert_eq!(
        listed.len(),
        2,
        "no welcome world in somebody's house: {worlds}"
    );

    let mut client = Client::connect(&server, &ada).await;
    let snapshot = client.enter(GARDEN).await;
    assert_eq!(snapshot.objects.len(), 7);
    assert_eq!(snapshot.world.name, "Ada's garden");
    let place = snapshot.spawn.position;
    assert_eq!(
        (place.x, place.y, place.z),
        (3.0, 1.0, 4.0),
        "where she was last"
    );
    let cube = snapshot.object(CUBE_IN_GARDEN).expect("her cube");
    assert_eq!(cube.name, "Cube");
    assert_eq!(cube.transform.position.x, 1.5);
    let slot = |object, kind, name| snapshot.slot(object, kind, name).cloned();
    assert_eq!(
        slot(CUBE_IN_GARDEN, "string", "object_color"),
        Some(json!("#ff8800"))
    );
    assert_eq!(
        slot(GARDEN, "texture", "skybox_custom"),
        Some(json!("26485e74acb29223ba7a9fa600d36c7f"))
    );
    assert_eq!(
        slot(GARDEN, "texture", "name"),
        Some(json!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
        "what was rendered before"
    );
}

#[tokio::test]
async fn rights_are_those_of_before() {
    let url = platform("rights").await;
    let server = Server::start(Options::default().database(&url));
    let [ada, bob, carol] = [1, 2, 3].map(EthereumWallet::new);
    let ada = Api::login(&server, &ada).await;
    let bob = Api::login(&server, &bob).await;
    let carol = Api::login(&server, &carol).await;
    // Ada owns the garden, Bob is admin of it; Carol is in the group that is admin of the other
    // world.
    for (who, world, allowed) in [
        (&ada, GARDEN, true),
        (&bob, GARDEN, true),
        (&carol, GARDEN, false),
        (&ada, MINTED, false),
        (&bob, MINTED, false),
        (&carol, MINTED, true),
    ] {
        let made = who.try_create(world, "Stone", at(1.0, 0.0, 0.0)).await;
        match allowed {
            true => drop(made.ok(201)),
            false => made.refused(403, "object_creation_not_permitted"),
        }
    }
}

#[tokio::test]
async fn secrets_of_the_platform_are_unreadable() {
    let url = platform("secrets").await;
    let mut server = Server::start(Options::default().database(&url));
    let owner = Api::owner(&mut server).await;
    for (plugin, name) in [
        (CORE, "jwt_key"),
        (CORE, "node_private_key"),
        ("86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8", "challenge_store"),
    ] {
        let path = format!("/node/attributes?plugin_id={plugin}&attribute_name={name}");
        let answer = owner.get(&path).await;
        assert!([403, 404].contains(&answer.status), "{name}: {answer:?}");
        let told = String::from_utf8_lossy(&answer.bytes);
        assert!(
            !told.contains("4c0883a6") && !told.contains("5ec2"),
            "{told}"
        );
    }
    let log = server.log();
    assert!(log.contains("two users have the same wallet"), "{log}");
    assert!(
        !log.contains("4c0883a6") && !log.contains("018f0000-5ec2"),
        "{log}"
    );
}

#[tokio::test]
async fn a_foreign_database_is_refused_in_one_line() {
    let url = platform("refused").await;
    let database = Database::connect(&url).await.expect("a database");
    for (change, reason) in [
        (
            "UPDATE schema_migrations SET version = 690",
            "older than 701",
        ),
        (
            "UPDATE schema_migrations SET version = 701, dirty = true",
            "(dirty)",
        ),
    ] {
        database.execute_unprepared(change).await.expect("changes");
        for command in [&["--bind", "127.0.0.1:0"] as &[_], &["migrate", "status"]] {
            let home = Home::new();
            let ended = home.run(&[command, &["--database-url", &url]].concat(), &[]);
            assert_eq!(ended.code, Some(2), "{ended:?}");
            let complaint = ended.err.lines().last().unwrap_or_default();
            assert!(
                complaint.starts_with("odyssey: database_url: "),
                "{complaint}"
            );
            assert!(complaint.contains(reason), "{complaint}");
        }
    }
}
