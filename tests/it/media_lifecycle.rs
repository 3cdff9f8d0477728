//! The life of contents: quotas, references, deletion, blocking (docs/media.md, J).

use serde_json::json;

use crate::support::{Api, Options, PLAZA, Server, media::png};

/// Nothing waits: what nothing refers to is tombstoned and deleted by the next two collections.
const AT_ONCE: &str = "[media]\nunreferenced = \"0s\"\ntombstoned = \"0s\"\n";

/// Runs `odyssey media` on a stopped server's data.
fn command(server: &Server, arguments: &[&str]) -> String {
    let mut all = vec!["media"];
    all.extend_from_slice(arguments);
    let output = server.run(&all);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn status(api: &Api, hash: &str) -> u16 {
    api.render(&format!("get/{hash}")).await.status().as_u16()
}

/// Targets 111, 112, 114, 115 and 116.
#[tokio::test]
async fn what_nothing_refers_to_goes_and_the_rest_stays() {
    let mut server = Server::start(Options::default().config(AT_ONCE));
    let owner = Api::owner(&mut server).await;
    let kept = owner.uploaded("image", &png(30, 30, 1)).await;
    let avatar = owner.uploaded("image", &png(30, 30, 2)).await;
    let nested = owner.uploaded("image", &png(30, 30, 3)).await;
    let idle = owner.uploaded("image", &png(30, 30, 4)).await;
    owner
        .set(PLAZA, "texture", json!({"render_hash": kept}))
        .await
        .ok(202);
    let profile = json!({"profile": {"avatarHash": avatar}});
    owner.patch("/profile", profile).await.ok(200);
    let deep = json!({"a": [{"https": format!("https://a.example/texture/s3/{nested}?x")}]});
    owner.set(PLAZA, "emojis", deep).await.ok(202);
    server.stop();

    let dry = command(&server, &["gc", "--dry-run"]);
    assert!(dry.contains("would be 1 tombstoned"), "{dry}");
    let first = command(&server, &["gc"]);
    assert!(
        first.contains("1 tombstoned, 0 revived, 1 deleted"),
        "{first}"
    );
    server.start_again();
    let owner = owner.at(&server);
    for hash in [&kept, &avatar, &nested] {
        assert_eq!(status(&owner, hash).await, 200, "{hash}");
    }
    assert_eq!(status(&owner, &idle).await, 404);
    // Shipped contents stay whether anything refers to it or not.
    assert_eq!(
        status(&owner, "bd6563cc9fceac3e1ed6fcad752c902d").await,
        200
    );
    // The same bytes have the same name again.
    assert_eq!(owner.uploaded("image", &png(30, 30, 4)).await, idle);
    assert_eq!(status(&owner, &idle).await, 200);
}

/// Target 114: a reference revives, as does an upload.
#[tokio::test]
async fn a_tombstoned_content_lives_again() {
    let slowly = "[media]\nunreferenced = \"0s\"\ntombstoned = \"1h\"\n";
    let mut server = Server::start(Options::default().config(slowly));
    let owner = Api::owner(&mut server).await;
    let (uploaded, referred) = (png(20, 20, 1), png(20, 20, 2));
    let hashes = [
        owner.uploaded("image", &uploaded).await,
        owner.uploaded("image", &referred).await,
    ];
    server.stop();
    command(&server, &["gc"]);
    server.start_again();
    let owner = owner.at(&server);
    for hash in &hashes {
        assert_eq!(status(&owner, hash).await, 404);
    }
    owner.uploaded("image", &uploaded).await;
    assert_eq!(status(&owner, &hashes[0]).await, 200);
    owner
        .set(PLAZA, "texture", json!({"render_hash": hashes[1]}))
        .await
        .ok(202);
    server.stop();
    let again = command(&server, &["gc"]);
    assert!(again.contains("1 revived"), "{again}");
    server.start_again();
    assert_eq!(status(&owner.at(&server), &hashes[1]).await, 200);
}

/// Targets 25, 113 and 117.
#[tokio::test]
async fn a_quota_counts_each_content_once_for_each_owner() {
    let picture = png(200, 200, 1);
    let room = picture.len() + 2000;
    let options = Options::default().config(&format!("[media.quotas]\nguest = {room}\n"));
    let server = Server::start(options);
    let (ann, bob) = (Api::guest(&server).await, Api::guest(&server).await);
    let hash = ann.uploaded("image", &picture).await;
    ann.uploaded("image", &png(8, 8, 1)).await;
    ann.upload("image", &png(200, 200, 2))
        .await
        .refused(429, "quota_exceeded");
    bob.uploaded("image", &picture).await;
    // Ann gives hers up and has room again; it stays for Bob.
    let path = format!("/media/image/{hash}");
    ann.delete(&path).await.ok(200);
    ann.delete(&path).await.ok(200);
    assert_eq!(status(&bob, &hash).await, 200);
    ann.uploaded("image", &png(200, 200, 2)).await;
    ann.delete("/media/image/unknown")
        .await
        .refused(404, "not_found");
    ann.delete("/media/smell/unknown")
        .await
        .refused(400, "invalid_format");
}

/// Target 118.
#[tokio::test]
async fn what_an_admin_blocks_is_neither_served_nor_taken() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let guest = Api::guest(&server).await;
    let picture = png(40, 40, 1);
    let hash = guest.uploaded("image", &picture).await;
    let path = format!("/media/image/{hash}");
    for query in ["force=1", "block=1"] {
        guest
            .delete(&format!("{path}?{query}"))
            .await
            .refused(403, "not_admin");
    }
    owner.delete(&format!("{path}?force=1")).await.ok(200);
    assert_eq!(status(&guest, &hash).await, 404);
    guest.uploaded("image", &picture).await;
    owner.delete(&format!("{path}?block=1")).await.ok(200);
    assert_eq!(status(&guest, &hash).await, 451);
    guest
        .upload("image", &picture)
        .await
        .refused(403, "blocked");
    assert!(server.log().contains("a content was blocked"));
}
