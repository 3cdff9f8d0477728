//! The disk is full (docs/spec/model.md §9). A limit on the size of files stands in for it: it
//! needs no rights and hits the same places.

use std::process::Command;

use posbus::UsersTransformList;
use serde_json::json;

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME, at};

/// Room left for the database, in blocks of 512 bytes: 512 KiB.
const ROOM: u64 = 1024;

#[tokio::test]
async fn on_a_full_disk_people_move_on_and_nothing_is_half_done() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    server.stop();
    let blocks = std::fs::read_dir(server.data())
        .expect("a data directory")
        .map(|entry| entry.expect("an entry").metadata().expect("its size").len() / 512)
        .max()
        .expect("a database");
    // The signal about it is ignored, so that writes fail as on a full disk. Only the soft limit,
    // to lift it later.
    let prelude = format!("trap '' XFSZ; ulimit -S -f {}", blocks + ROOM);
    server.start_again_with(Options::default().unlimited().prelude(&prelude));
    let owner = owner.at(&server);
    let mut one = Client::join(&server, &owner).await;
    let mut two = Client::guest(&server).await;

    // Until there is no room any more.
    let mut stored = json!(null);
    let mut number = 0;
    loop {
        let value = json!({"number": number, "code": "x".repeat(30_000)});
        let answer = owner.set(PLAZA, "shaders", value.clone()).await;
        if answer.status != 202 {
            answer.refused(503, "unavailable");
            break;
        }
        stored = value;
        number += 1;
        assert!(number < 500, "the disk never fills");
    }
    let refused = owner.try_create(WELCOME, "Never", at(0.0, 0.0, 0.0)).await;
    assert!(
        matches!(refused.status, 201 | 503),
        "small things may still fit: {}",
        refused.status
    );

    assert_eq!(owner.root("/health").await.status, 200);
    assert_eq!(
        owner.attribute(PLAZA, "shaders").await.ok(200),
        stored,
        "what was stored is read"
    );
    for x in [1.0, 2.0, 3.0] {
        one.move_to(x, 0.0, 0.0).await;
        two.expect("a move", |list: &UsersTransformList| {
            list.value
                .iter()
                .any(|entry| entry.id == one.user && entry.transform.position.x == x)
        })
        .await;
    }

    // Somebody tidies up.
    let lifted = Command::new("prlimit")
        .args(["--pid", &server.id().to_string(), "--fsize=unlimited"])
        .status();
    assert!(lifted.expect("prlimit runs").success());
    owner
        .set(PLAZA, "object_color", json!({"value": "#444444"}))
        .await
        .ok(202);
    let new = owner.create(WELCOME, "At last", at(0.0, 0.0, 0.0)).await;
    server.stop();
    server.start_again_with(Options::default());
    let owner = owner.at(&server);
    assert_eq!(owner.attribute(PLAZA, "shaders").await.ok(200), stored);
    assert_eq!(
        owner.attribute(PLAZA, "object_color").await.ok(200)["value"],
        "#444444"
    );
    assert_eq!(
        owner.attribute(new, "name").await.ok(200)["name"],
        "At last"
    );
}
