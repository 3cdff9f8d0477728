//! Finding users by name (docs/spec/model.md §7), in both databases.

use serde_json::{Value, json};
use testkit::PostgresServer;

use crate::support::{Api, EthereumWallet, Options, Server};

/// Names of users, by the number of their wallet.
const NAMES: [&str; 8] = [
    "Ada Lovelace",
    "ada",
    "ÖZGÜR",
    "100% Ada",
    "under_score",
    "back\\slash",
    "bang!",
    "Σίσυφος",
];

/// Searches, and the users they find.
const CASES: [(&str, &[usize]); 13] = [
    ("ada", &[3, 1, 0]),
    ("ADA", &[3, 1, 0]),
    ("lovelace", &[0]),
    ("özgür", &[2]),
    ("Özg", &[2]),
    ("%", &[3]),
    ("_", &[4]),
    ("\\", &[5]),
    ("!", &[6]),
    ("ΣΊΣΥ", &[7]),
    ("a%e", &[]),
    ("' OR 1=1 --", &[]),
    ("Visitor", &[]),
];

async fn finds(server: &Server) {
    let searcher = Api::guest(server).await;
    let mut users = Vec::new();
    for (number, name) in (1..).zip(NAMES) {
        let user = Api::login(server, &EthereumWallet::new(number)).await;
        let profile = json!({"name": name, "profile": {"avatarHash": "ab", "bio": "ada"}});
        user.patch("/profile", profile).await.ok(200);
        users.push(user.user);
    }
    let search = async |query: &[(&str, &str)]| {
        let pairs = query.iter().map(|(key, text)| {
            let text: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            format!("{key}={text}")
        });
        let query: Vec<String> = pairs.collect();
        searcher
            .get(&format!("/users/search?{}", query.join("&")))
            .await
    };
    for (query, expected) in CASES {
        let found = search(&[("query", query)]).await.ok(200);
        let found: Vec<&Value> = found.as_array().expect("a list").iter().collect();
        let names: Vec<&Value> = found.iter().map(|user| &user["name"]).collect();
        let expected_names: Vec<&str> = expected.iter().map(|index| NAMES[*index]).collect();
        assert_eq!(json!(names), json!(expected_names), "{query}");
        for (user, index) in found.iter().zip(expected) {
            assert_eq!(user["id"], json!(users[*index]));
            assert_eq!(user["profile"]["avatarHash"], "ab");
        }
    }
    // Found by the present name only.
    let renamed = Api::login(server, &EthereumWallet::new(2)).await;
    let profile = json!({"name": "Grace"});
    renamed.patch("/profile", profile).await.ok(200);
    let found = search(&[("query", "grace")]).await.ok(200);
    assert_eq!(found[0]["id"], json!(renamed.user));
    let found = search(&[("query", "ada"), ("limit", "1")]).await.ok(200);
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["name"], NAMES[3]);
    let none = search(&[("query", "ada"), ("limit", "0")]).await.ok(200);
    assert_eq!(none, json!([]));

    let long = "a".repeat(257);
    for query in [
        &[][..],
        &[("query", "")],
        &[("query", long.as_str())],
        &[("query", "ada"), ("limit", "-1")],
        &[("query", "ada"), ("limit", "many")],
    ] {
        search(query).await.refused(400, "invalid_request_query");
    }
    let nothing = search(&[("query", "\u{0}")]).await.ok(200);
    assert_eq!(nothing, json!([]));
    Api::stranger(server)
        .get("/users/search?query=ada")
        .await
        .refused(401, "failed_to_verify_access_token");
}

#[tokio::test]
async fn users_are_found_by_a_part_of_their_name() {
    let server = Server::start(Options::default().unlimited());
    finds(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_in_postgresql() {
    let database = PostgresServer::start();
    let server = Server::start(
        Options::default()
            .unlimited()
            .database(&database.database("search")),
    );
    finds(&server).await;
}
