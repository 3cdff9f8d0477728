//! Changing one's profile, and who hears of it (docs/spec/model.md §7.3; docs/regressions.md F15).

use posbus::{AddUsers, UserData};
use serde_json::{Value, json};

use crate::support::{Api, Client, EthereumWallet, Options, Server, WELCOME};

/// The next entry of a user that others are told.
async fn entry(client: &mut Client, user: posbus::Umid) -> UserData {
    let told: AddUsers = client
        .expect("a fresh entry", |list: &AddUsers| {
            list.users.iter().any(|entry| entry.id == user)
        })
        .await;
    let mut entries = told.users.into_iter();
    entries
        .find(|entry| entry.id == user)
        .expect("it was there")
}

#[tokio::test]
async fn a_new_name_or_picture_is_sent_at_once() {
    let server = Server::start(Options::default());
    let user = Api::user(&server, 1).await;
    let mut own = Client::join(&server, &user).await;
    let mut watcher = Client::guest(&server).await;
    let modern = Api::guest(&server).await;
    let (mut modern, _) = Client::connect_v2(&server, &modern, posbus::Umid::now_v7()).await;
    modern.enter(WELCOME).await;
    own.move_to(3.0, 4.0, 5.0).await;
    watcher.sees_at(user.user, 3.0).await;

    let changes = json!({"name": "Ada", "profile": {"avatarHash": "0123abcd"}});
    let changed = user.patch("/profile", changes).await.ok(200);
    assert_eq!(changed, json!({"job_id": null, "user_id": user.user}));
    for client in [&mut own, &mut watcher, &mut modern] {
        let entry = entry(client, user.user).await;
        assert_eq!(
            (entry.name.as_str(), entry.avatar.as_str(), entry.is_guest),
            ("Ada", "0123abcd", false)
        );
        assert_eq!(entry.transform.position.x, 3.0, "nobody jumps");
    }
    // A part of the profile that is not given stays, also for the others.
    let placed = json!({"name": null, "profile": {"location": "London", "bio": null}});
    user.patch("/profile", placed).await.ok(200);
    let seen = entry(&mut watcher, user.user).await;
    assert_eq!(
        (seen.name.as_str(), seen.avatar.as_str()),
        ("Ada", "0123abcd")
    );
    let account = user.get("/users/me").await.ok(200);
    assert_eq!(account["name"], "Ada");
    assert_eq!(
        account["profile"],
        json!({"avatarHash": "0123abcd", "location": "London"})
    );
    // A picture is taken off by the empty text.
    let without = json!({"profile": {"avatarHash": ""}});
    user.patch("/profile", without).await.ok(200);
    assert_eq!(entry(&mut watcher, user.user).await.avatar, "");
    // A user who enters later, or comes again, sees the current profile.
    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = late.enter(WELCOME).await;
    let seen = snapshot.user(user.user).expect("is there");
    assert_eq!(seen.name, "Ada");
    own.leave().await;
    let renamed = json!({"name": "Countess"});
    user.patch("/profile", renamed).await.ok(200);
    own.enter(WELCOME).await;
    assert_eq!(entry(&mut watcher, user.user).await.name, "Countess");
}

/// Two users may have one name: what tells them apart is their id. Only guests are given names that
/// nobody has (y26).
#[tokio::test]
async fn every_guest_has_a_unique_name() {
    let server = Server::start(Options::default().unlimited());
    let mut names = Vec::new();
    for _ in 0..50 {
        let guest = Api::guest(&server).await;
        assert!(
            guest.name.strip_prefix("Visitor_").is_some_and(|digits| {
                digits.len() == 7 && digits.bytes().all(|digit| digit.is_ascii_digit())
            }),
            "{}",
            guest.name
        );
        let me = guest.get("/users/me").await.ok(200);
        assert_eq!(me["name"], guest.name.as_str(), "the name that was told");
        names.push(guest.name);
    }
    let given = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), given);

    let user = Api::login(&server, &EthereumWallet::new(1)).await;
    let taken = json!({"name": names[0]});
    user.patch("/profile", taken).await.ok(200);
}

#[tokio::test]
async fn profiles_have_bounds() {
    let server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    let long = |length: usize| "é".repeat(length);
    let fields = [
        ("bio", 4096),
        ("location", 128),
        ("avatarHash", 512),
        ("profileLink", 2048),
    ];
    for (field, most) in fields {
        let most_of = json!({"profile": {field: long(most)}});
        user.patch("/profile", most_of).await.ok(200);
        for bad in [json!(long(most + 1)), json!("a\u{0}b"), json!(5), json!([])] {
            let changes = json!({"profile": {field: bad}});
            user.patch("/profile", changes)
                .await
                .refused(400, "invalid_request_body");
        }
    }
    for bad in [
        json!({"name": long(65)}),
        json!({"name": "a\nb"}),
        json!({"name": 7}),
        json!({"name": {}}),
        json!({"profile": "nice"}),
        json!({"profile": 1}),
        json!("text"),
        json!(true),
    ] {
        let refused = user.patch("/profile", bad.clone()).await;
        assert_eq!(refused.status, 400, "{bad}");
        refused.refused(400, "invalid_request_body");
    }
    let account = user.get("/users/me").await.ok(200);
    assert_eq!(
        account["name"], "User 1",
        "a refused change changes nothing"
    );
    assert_eq!(account["profile"]["location"], json!(long(128)));
    // Nothing to change is fine, and unknown keys are ignored.
    for nothing in [json!({}), json!({"name": null, "profile": null, "x": 1})] {
        let changed = user.patch("/profile", nothing).await.ok(200);
        assert_eq!(changed["job_id"], Value::Null);
    }
    let stranger = Api::stranger(&server);
    stranger
        .patch("/profile", json!({"name": "Nobody"}))
        .await
        .refused(401, "failed_to_verify_access_token");
}
