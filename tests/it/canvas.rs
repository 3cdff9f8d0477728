//! Contributions to a canvas, with votes and comments (docs/spec/model.md §8.3).

use components::ids;
use posbus::Umid;
use serde_json::{Value, json};

use crate::support::{Api, CANVAS, CANVAS_CHILD, CORE, Options, Server, WELCOME, id};

fn contributions(canvas: Umid, query: &str) -> String {
    format!("/canvas/{canvas}/user-contributions{query}")
}

/// A canvas with what three users contributed, and how they like it.
struct Scene {
    canvas: Umid,
    users: Vec<Api>,
    /// In the order of their creation: of each user one.
    children: Vec<Umid>,
}

impl Scene {
    async fn make(server: &Server, owner: &Api) -> Scene {
        let mut scene = Scene {
            canvas: owner.create_of(WELCOME, CANVAS, "Canvas").await,
            users: Vec::new(),
            children: Vec::new(),
        };
        for number in 1..=3 {
            let user = Api::user(server, number).await;
            let child = contribute(&user, scene.canvas, number).await;
            scene.children.push(child);
            scene.users.push(user);
        }
        for (child, user) in [(0, 0), (0, 1), (0, 2), (1, 2)] {
            scene.vote(child, user).await;
        }
        let taken_back = json!({"plugin_id": CORE, "attribute_name": "vote"});
        let vote = scene.attributes(0, 2);
        scene.users[2].delete_with(&vote, taken_back).await.ok(200);
        for (user, comment) in [(0, "first"), (0, "second"), (1, "third")] {
            scene.comment(1, user, comment).await;
        }
        scene
    }

    async fn vote(&self, child: usize, user: usize) {
        let vote = json!({"plugin_id": CORE, "attribute_name": "vote", "attribute_value": {}});
        let path = self.attributes(child, user);
        self.users[user].post(&path, vote).await.ok(202);
    }

    async fn comment(&self, child: usize, user: usize, text: &str) {
        let comment = json!({
            "plugin_id": CORE,
            "attribute_name": "comments",
            "sub_attribute_key": Umid::now_v7(),
            "sub_attribute_value": {"content": text},
        });
        let path = format!("{}/sub", self.attributes(child, user));
        self.users[user].post(&path, comment).await.ok(202);
    }

    /// Address of the attributes of a user on a contribution.
    fn attributes(&self, child: usize, user: usize) -> String {
        let (child, user) = (self.children[child], self.users[user].user);
        format!("/objects/{child}/{user}/attributes")
    }

    /// The numbers of the contributions of a page.
    fn numbers(&self, page: &Value) -> Vec<usize> {
        let items = page["items"].as_array().expect("a list");
        let number = |item: &Value| {
            let mut children = self.children.iter();
            children.position(|child| item["object_id"] == json!(child))
        };
        items
            .iter()
            .map(|item| number(item).expect("one of the contributions"))
            .collect()
    }
}

async fn contribute(user: &Api, canvas: Umid, number: u8) -> Umid {
    let value = json!({"answerOne": format!("Answer {number}"), "title": format!("T{number}%")});
    let contribution = json!({
        "object_name": "Contribution",
        "object_type_id": CANVAS_CHILD,
        "attributes": {"object_user": [{
            "plugin_id": ids::CANVAS_PLUGIN, "attribute_name": "canvas_contribution", "value": value,
        }]},
    });
    let path = format!("/objects/{canvas}/spawn-by-user");
    id(&user.post(&path, contribution).await.ok(201), "object_id")
}

#[tokio::test]
async fn contributions_come_with_their_authors_votes_and_comments() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let scene = Scene::make(&server, &owner).await;
    let guest = Api::guest(&server).await;
    let page = guest.get(&contributions(scene.canvas, "")).await.ok(200);
    assert_eq!(scene.numbers(&page), [2, 1, 0], "newest first");
    assert_eq!(page["count"], 3);
    assert_eq!((&page["limit"], &page["offset"]), (&json!(10), &json!(0)));
    let item = &page["items"][1];
    let author = &scene.users[1];
    assert_eq!(item["user"]["id"], json!(author.user));
    assert_eq!(item["user"]["name"], json!(author.name));
    assert!(item["user"]["profile"].is_object());
    assert_eq!(
        item["type"],
        json!({"plugin_id": ids::CANVAS_PLUGIN, "attribute_name": "canvas_contribution"})
    );
    assert_eq!(item["value"]["answerOne"], "Answer 2");
    assert_eq!((&item["votes"], &item["comments"]), (&json!(1), &json!(3)));
    assert!(item["created_at"].is_string() && item["updated_at"].is_string());

    for (query, shown, limit, offset) in [
        ("?order=created_at", vec![2, 1, 0], 10, 0),
        ("?order=vote", vec![0, 1, 2], 10, 0),
        ("?order=vote&limit=1&offset=1", vec![1], 1, 1),
        ("?limit=9007199254740991", vec![2, 1, 0], 100, 0),
        ("?limit=0", vec![], 0, 0),
        ("?offset=3", vec![], 10, 3),
    ] {
        let page = guest.get(&contributions(scene.canvas, query)).await.ok(200);
        assert_eq!(scene.numbers(&page), shown, "{query}");
        assert_eq!(page["count"], 3, "{query}");
        assert_eq!(
            (&page["limit"], &page["offset"]),
            (&json!(limit), &json!(offset)),
            "{query}"
        );
    }
    for (query, found) in [
        ("?q=t2", vec![1]),
        ("?q=3%25", vec![2]),
        ("?q=answer", vec![2, 1, 0]),
        ("?q=_", vec![]),
        ("?q=%5C", vec![]),
        ("?q='%20OR%201=1--", vec![]),
    ] {
        let page = guest.get(&contributions(scene.canvas, query)).await.ok(200);
        assert_eq!(scene.numbers(&page), found, "{query}");
        assert_eq!(page["count"], json!(found.len()), "{query}");
    }
}

#[tokio::test]
async fn invalid_queries_are_refused_and_no_result_is_an_empty_list() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    owner.create_of(canvas, CANVAS_CHILD, "Empty").await;
    let empty = owner.get(&contributions(canvas, "")).await.ok(200);
    assert_eq!(
        empty,
        json!({"count": 0, "limit": 10, "offset": 0, "items": []})
    );
    let long = format!("?q={}", "x".repeat(257));
    for query in [
        "?order=random",
        "?limit=-1",
        "?limit=x",
        "?offset=-1",
        "?offset=18446744073709551616",
        "?q=%00",
        &long,
    ] {
        let path = contributions(canvas, query);
        owner.get(&path).await.refused(400, "invalid_request_query");
    }
    let largest = contributions(canvas, "?offset=18446744073709551615");
    owner.get(&largest).await.ok(200);
    owner
        .get("/canvas/x/user-contributions")
        .await
        .refused(400, "invalid_object_id");
    owner
        .get(&contributions(Umid::now_v7(), ""))
        .await
        .refused(404, "object_not_found");
    Api::stranger(&server)
        .get(&contributions(canvas, ""))
        .await
        .refused(401, "failed_to_verify_access_token");
}

#[tokio::test]
async fn contributions_take_as_many_statements_for_many_as_for_one() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let scene = Scene::make(&server, &owner).await;
    let one = owner
        .statements(&server, &contributions(scene.canvas, "?limit=1"))
        .await;
    assert!(one > 0);
    let all = owner
        .statements(&server, &contributions(scene.canvas, ""))
        .await;
    assert_eq!(all, one);
}
