//! Lists cost the database the same, however long they are.

use posbus::Umid;
use serde_json::json;
use uuid::uuid;

use crate::support::{Api, CORE, Client, EthereumWallet, Options, Rows, Server, WELCOME};

/// The plugin of canvases.
const CANVAS_PLUGIN: Umid = uuid!("c782385b-f518-4078-9988-24f356a37c72");

/// Somebody with things, of each of which there are as many as is said.
struct Things {
    /// Part of the names of all these things.
    name: &'static str,
    count: usize,
    /// Owns as many worlds, with a stake in each, and has as many wallets.
    owner: Api,
    /// Has as many objects, admins, comments, posts and contributions.
    world: Umid,
}

impl Things {
    async fn make(rows: &mut Rows, name: &'static str, count: usize, owner: Api) -> Things {
        let user = owner.user;
        let mut worlds = Vec::new();
        for number in 0..count {
            let wallet = [number as u8, count as u8].repeat(10);
            let wallet = wallet.try_into().expect("20 bytes");
            rows.wallet(user, wallet, number as i32 + 1).await;
            let world = rows.world(user, &format!("{name} {number}")).await;
            rows.stake(wallet, world, 0, "5", "").await;
            worlds.push(world);
        }
        let world = worlds[0];
        let core = CORE.parse().expect("an id");
        for number in 0..count {
            let profile = json!({"name": format!("{name} {number}")});
            let other = rows.user(profile).await;
            rows.admin(world, other).await;
            let object = rows.object(world, user, &format!("{name} {number}")).await;
            let contribution = (CANVAS_PLUGIN, "canvas_contribution");
            rows.object_user_attribute(object, other, contribution, json!({"title": "mine"}))
                .await;
            let comment = json!({other.to_string(): {"uuid": other, "content": "so nice"}});
            rows.object_user_attribute(world, other, (core, "comments"), comment)
                .await;
            rows.screenshot(world, other).await;
        }
        Things {
            name,
            count,
            owner,
            world,
        }
    }
}

/// The lists, each asked for so that it has as many rows as there are things.
const LISTS: &[fn(&Things) -> String] = &[
    |of| format!("/users?limit={}", of.count),
    |of| format!("/users/search?query={}", of.name),
    |of| format!("/users/{}/worlds", of.owner.user),
    |of| format!("/users/{}/staked-worlds", of.owner.user),
    |_| "/users/me/stakes".to_owned(),
    |_| "/users/me/wallets".to_owned(),
    |of| format!("/worlds?limit={}", of.count),
    |of| format!("/worlds/explore/search?query={}", of.name),
    |of| format!("/worlds/{0}/explore?object_id={0}", of.world),
    |of| format!("/objects/{}/members", of.world),
    |of| format!("/objects/{}/tree", of.world),
    |of| format!("/objects/newsfeed?startIndex=0&pageSize={}", of.count),
    |of| format!("/objects/{}/timeline?startIndex=0&pageSize=100", of.world),
    |of| format!("/canvas/{}/user-contributions?limit=100", of.world),
    |of| format!("/assets-3d?limit={}", of.count),
    |of| {
        format!(
            "/objects/{}/attributes-with-children?plugin_id={CORE}&attribute_name=name",
            of.world
        )
    },
    |of| {
        format!(
            "/objects/{}/all-users/attributes?plugin_id={CORE}&attribute_name=comments",
            of.world
        )
    },
    |of| {
        format!(
            "/objects/{}/all-users/attributes/{CORE}/comments/entries?fields[]=content&limit=100",
            of.world
        )
    },
];

#[tokio::test]
async fn lists_take_as_many_statements_for_many_rows_as_for_few() {
    let mut server = Server::start(Options::default().unlimited());
    let owners = [Api::user(&server, 1).await, Api::user(&server, 2).await];
    let [one, two] = owners;
    server.stop();
    let mut rows = Rows::of(&server).await;
    rows.balance(EthereumWallet::new(1).bytes(), [9; 20], "1")
        .await;
    let mut few = Things::make(&mut rows, "few", 1, one).await;
    let mut many = Things::make(&mut rows, "many", 12, two).await;
    rows.close().await;
    server.start_again();
    few.owner = few.owner.at(&server);
    many.owner = many.owner.at(&server);

    for list in LISTS {
        let (short, long) = (list(&few), list(&many));
        let sizes = [
            few.owner.get(&short).await.bytes.len(),
            many.owner.get(&long).await.bytes.len(),
        ];
        assert!(
            sizes[0] * 2 < sizes[1],
            "{short} has fewer rows than {long}: {sizes:?}"
        );
        let costs = [
            few.owner.statements(&server, &short).await,
            many.owner.statements(&server, &long).await,
        ];
        assert_eq!(costs[0], costs[1], "{short} and {long}");
    }
    let worlds = many.owner.statements(&server, "/worlds").await;
    assert!(worlds > 0, "statements are counted");
}

#[tokio::test]
async fn the_list_of_stakers_takes_as_many_statements_for_many_as_for_one() {
    let server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    let mut rows = Rows::of(&server).await;
    let stakers = async |rows: &mut Rows, wallets: std::ops::Range<u8>| {
        for number in wallets {
            let staker = rows.user(json!({"name": format!("staker {number}")})).await;
            rows.wallet(staker, [number; 20], 0).await;
            rows.stake([number; 20], WELCOME, 0, "1", "").await;
        }
    };
    stakers(&mut rows, 1..2).await;
    let paths = [
        "/users/top-stakers".to_owned(),
        format!("/worlds/{WELCOME}"),
    ];
    let one = [
        user.statements(&server, &paths[0]).await,
        user.statements(&server, &paths[1]).await,
    ];
    stakers(&mut rows, 2..20).await;
    for (path, one) in paths.iter().zip(one) {
        assert!(one > 0);
        assert_eq!(user.statements(&server, path).await, one, "{path}");
    }
    let top = user.get(&paths[0]).await.ok(200);
    assert_eq!(top.as_array().map(Vec::len), Some(19), "{top}");
}

#[tokio::test]
async fn the_hosting_list_takes_as_many_statements_for_many_as_for_one() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let mut rows = Rows::of(&server).await;
    let path = "/node/hosting-allow-list";
    let mut costs = Vec::new();
    for number in 0..9_u8 {
        let user = rows.user(json!({"name": format!("host {number}")})).await;
        rows.wallet(user, [number; 20], 0).await;
        owner.post(path, json!({"user_id": user})).await.ok(200);
        costs.push(owner.statements(&server, path).await);
    }
    assert!(costs[0] > 0);
    assert_eq!(costs, vec![costs[0]; 9]);
    let listed = owner.get(path).await.ok(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(9), "{listed}");
}

#[tokio::test]
async fn online_users_take_as_many_statements_for_a_crowd_as_for_one() {
    let server = Server::start(Options::default().unlimited());
    let caller = Api::guest(&server).await;
    let path = format!("/worlds/{WELCOME}/online-users");
    let mut crowd = vec![Client::guest(&server).await];
    let alone = caller.statements(&server, &path).await;
    for _ in 0..3 {
        crowd.push(Client::guest(&server).await);
    }
    let online = caller.get(&path).await.ok(200);
    assert_eq!(
        online.as_array().map(Vec::len),
        Some(crowd.len()),
        "{online}"
    );
    assert!(alone > 0);
    assert_eq!(caller.statements(&server, &path).await, alone);
}
