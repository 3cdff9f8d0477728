//! Objects that visitors claim and customise (docs/spec/model.md §4.7).

use futures_util::future::join_all;
use posbus::{LockObject, LockObjectResponse, ObjectData, Umid};
use serde_json::{Value, json};
use uuid::uuid;

use crate::support::{Answer, Api, Client, Options, PLAZA, Server, WELCOME};

const CLAIMABLE: Umid = uuid!("4ed3a5bb-53f8-4511-941b-079029111111");
const DATA: &str = "user_customisable_data";

async fn claim(api: &Api, object: Umid, image: &str) -> Answer {
    let wanted = json!({"title": "Mine", "text": "I was here", "image_hash": image});
    api.post(&format!("/objects/{object}/claim-and-customise"), wanted)
        .await
}

async fn unclaim(api: &Api, object: Umid) -> Answer {
    let path = format!("/objects/{object}/unclaim-and-clear-customisation");
    api.post(&path, json!({})).await
}

async fn sees_picture(client: &mut Client, object: Umid, image: &str) {
    client
        .expect("the picture", |data: &ObjectData| {
            let slots = data.entries.get("texture").and_then(Option::as_ref);
            data.id == object
                && slots.and_then(|slots| slots.get("object_texture")) == Some(&json!(image))
        })
        .await;
}

#[tokio::test]
async fn a_visitor_claims_and_gives_back() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let (one, two) = (Api::guest(&server).await, Api::user(&server, 7).await);
    let wall = owner.create_of(WELCOME, CLAIMABLE, "Wall").await;
    let mut watcher = Client::guest(&server).await;
    let path = format!("/objects/{wall}");
    let edit = json!({"object_name": "My wall"});

    one.patch(&path, edit.clone())
        .await
        .refused(403, "not_admin");
    assert_eq!(claim(&one, wall, "01").await.ok(202), json!(true));
    sees_picture(&mut watcher, wall, "01").await;
    let data = two.attribute(wall, DATA).await.ok(200);
    assert_eq!(data["claimed_by"], json!(one.user));
    assert_eq!(
        (&data["title"], &data["text"]),
        (&json!("Mine"), &json!("I was here"))
    );
    assert!(data["created_at"].is_string());
    one.patch(&path, edit.clone()).await.ok(200);
    claim(&two, wall, "02").await.refused(403, "forbidden");
    unclaim(&two, wall).await.refused(403, "forbidden");
    unclaim(&owner, wall).await.refused(403, "forbidden");
    // A user who has claimed it may put something else there.
    claim(&one, wall, "03").await.ok(202);
    sees_picture(&mut watcher, wall, "03").await;

    // With the role goes the lock.
    let mut holder = Client::join(&server, &one).await;
    holder.send(LockObject { id: wall }).await;
    let locked = |response: &LockObjectResponse| response.id == wall && response.result == 1;
    watcher.expect("the lock", locked).await;
    assert_eq!(unclaim(&one, wall).await.ok(202), json!(true));
    let released = |response: &LockObjectResponse| response.id == wall && response.result == 0;
    watcher.expect("the release", released).await;
    sees_picture(&mut watcher, wall, "").await;
    one.attribute(wall, DATA)
        .await
        .refused(404, "attribute_not_found");
    one.patch(&path, edit).await.refused(403, "not_admin");
    unclaim(&one, wall).await.refused(403, "forbidden");
    claim(&two, wall, "04").await.ok(202);
    sees_picture(&mut watcher, wall, "04").await;
}

#[tokio::test]
async fn one_of_several_simultaneous_claims_succeeds() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let guests = join_all((0..8).map(|_| Api::guest(&server))).await;
    for round in 0..3 {
        let wall = owner.create_of(WELCOME, CLAIMABLE, "Wall").await;
        let claims = guests.iter().map(|guest| claim(guest, wall, "01"));
        let answers = join_all(claims).await;
        let mut winners = Vec::new();
        for (guest, answer) in guests.iter().zip(answers) {
            match answer.status {
                202 => winners.push(guest.user),
                _ => answer.refused(403, "forbidden"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        let data = owner.attribute(wall, DATA).await.ok(200);
        assert_eq!(data["claimed_by"], json!(winners[0]));
        let members = owner.get(&format!("/objects/{wall}/members")).await.ok(200);
        assert_eq!(members.as_array().map(Vec::len), Some(1), "{members}");
    }
}

#[tokio::test]
async fn only_what_is_claimable_is_claimed() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let wall = owner.create_of(WELCOME, CLAIMABLE, "Wall").await;
    for object in [PLAZA, WELCOME] {
        claim(&owner, object, "01").await.refused(403, "forbidden");
        unclaim(&owner, object).await.refused(403, "forbidden");
    }
    let unknown = Umid::now_v7();
    claim(&owner, unknown, "01")
        .await
        .refused(404, "object_not_found");
    unclaim(&owner, unknown)
        .await
        .refused(404, "object_not_found");
    let path = format!("/objects/{wall}/claim-and-customise");
    let whole = json!({"title": "a", "text": "b", "image_hash": "c"});
    for (key, value) in [
        ("title", json!("")),
        ("title", json!(null)),
        ("text", json!(5)),
        ("text", json!("x".repeat(9_000))),
        ("image_hash", json!("x".repeat(600))),
        ("title", json!("a\u{0}")),
    ] {
        let mut body: Value = whole.clone();
        body[key] = value;
        owner
            .post(&path, body)
            .await
            .refused(400, "invalid_request_body");
    }
    owner
        .attribute(wall, DATA)
        .await
        .refused(404, "attribute_not_found");
}
