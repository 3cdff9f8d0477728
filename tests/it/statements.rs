//! Lists cost the database the same, however long they are.

use posbus::Umid;
use serde_json::json;

use crate::support::{Api, CORE, Client, Options, Rows, Server, WELCOME, attribute_query};

/// A set of things of which there are as many as is said.
struct Things {
    count: usize,
    /// Owns as many worlds.
    user: Umid,
    /// Has as many objects, and as many admins.
    world: Umid,
}

impl Things {
    async fn make(rows: &mut Rows, count: usize) -> Things {
        let user = rows
            .user(json!({"name": format!("owner of {count}")}))
            .await;
        let mut worlds = Vec::new();
        for number in 0..count {
            worlds.push(rows.world(user, &format!("world {number}")).await);
        }
        let world = worlds[0];
        for number in 0..count {
            rows.object(world, user, &format!("object {number}")).await;
            let admin = rows
                .user(json!({"name": format!("admin {number} of {count}")}))
                .await;
            rows.admin(world, admin).await;
            let comment = json!({"c": {"content": format!("Comment {number}")}});
            rows.user_attribute(world, admin, "comments", comment).await;
        }
        Things { count, user, world }
    }
}

/// The lists: what asks for as many rows as there are things.
const LISTS: &[fn(&Things) -> String] = &[
    |things| format!("/users?limit={}", things.count),
    |things| format!("/users/{}/worlds", things.user),
    |things| format!("/worlds?limit={}", things.count),
    |things| format!("/objects/{}/members", things.world),
    |things| format!("/objects/{}/tree", things.world),
    |things| attributes(things, "attributes-with-children", "name"),
    |things| attributes(things, "all-users/attributes", "comments"),
    |things| {
        let path = format!("all-users/attributes/{CORE}/comments/entries");
        format!("/objects/{}/{path}?fields=content&limit=100", things.world)
    },
    |things| {
        format!(
            "/worlds/{world}/explore?object_id={world}",
            world = things.world
        )
    },
];

fn attributes(things: &Things, path: &str, name: &str) -> String {
    format!("/objects/{}/{path}{}", things.world, attribute_query(name))
}

#[tokio::test]
async fn p5_x4_z1_lists_take_as_many_statements_for_many_rows_as_for_few() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    server.stop();
    let mut rows = Rows::of(&server).await;
    let few = Things::make(&mut rows, 1).await;
    let many = Things::make(&mut rows, 12).await;
    rows.close().await;
    server.start_again();
    let owner = owner.at(&server);

    for list in LISTS {
        let (short, long) = (list(&few), list(&many));
        let sizes = [
            owner.get(&short).await.bytes.len(),
            owner.get(&long).await.bytes.len(),
        ];
        assert!(
            sizes[0] * 2 < sizes[1],
            "{short} has fewer rows than {long}: {sizes:?}"
        );
        let costs = [
            owner.statements(&short).await,
            owner.statements(&long).await,
        ];
        assert!(costs[0] > 0, "{short} asks the database");
        assert_eq!(costs[0], costs[1], "{short} and {long}");
    }
}

#[tokio::test]
async fn p5_who_is_online_takes_as_many_statements_for_a_crowd_as_for_one() {
    let server = Server::start(Options::default().unlimited());
    let caller = Api::guest(&server).await;
    let path = format!("/worlds/{WELCOME}/online-users");
    let mut crowd = vec![Client::guest(&server).await];
    let alone = caller.statements(&path).await;
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
    assert_eq!(caller.statements(&path).await, alone);
}
