//! `odyssey media`: what there is, whether it is whole, and moving in (docs/media.md, A and M).

use std::fs;

use crate::support::{
    Api, Options, Server,
    media::{png, sha256},
};

fn command(server: &Server, arguments: &[&str]) -> String {
    let mut all = vec!["media"];
    all.extend_from_slice(arguments);
    let output = server.run(&all);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Target 13.
#[tokio::test]
async fn a_scrub_finds_what_has_changed_and_takes_it_out_of_service() {
    let mut server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let hash = guest.uploaded("image", &png(30, 30, 1)).await;
    server.stop();
    let whole = command(&server, &["scrub"]);
    assert!(whole.contains(" 0 broken, 0 missing"), "{whole}");
    let blob = server
        .data()
        .join("media/blob")
        .join(&hash[..2])
        .join(&hash[2..4])
        .join(&hash);
    let mut bytes = fs::read(&blob).expect("is there");
    bytes[20] ^= 1;
    fs::write(&blob, bytes).expect("own");
    let broken = command(&server, &["scrub"]);
    assert!(broken.contains(" 1 broken, 0 missing"), "{broken}");
    server.start_again();
    let answer = guest.at(&server).render(&format!("get/{hash}")).await;
    assert_eq!(answer.status(), 404, "wrong bytes are never served");
}

/// Targets 9 and 11.
#[tokio::test]
async fn the_folder_of_the_platform_moves_in_under_its_names() {
    let mut server = Server::start(Options::default());
    server.stop();
    let folder = server.data().join("storage");
    let picture = png(60, 40, 1);
    let script = b"var a;".to_vec();
    let cube = fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/shapes/5b5bd872-0328-e38c-1b54-bf2bfa70fc85.glb"
    ))
    .expect("is there");
    let plugin = "0123456789abcdef0123456789abcdef";
    for (path, bytes) in [
        ("images/F/7e7aab88b51141f184de7a102810c3e0", &picture),
        (
            "images/s3/7e7aab88b51141f184de7a102810c3e0",
            &b"a smaller one".to_vec(),
        ),
        ("images/F/notes.txt", &b"hello".to_vec()),
        (
            "tracks/11111111111111111111111111111111",
            &b"\xff\xfb\x90\x00music".to_vec(),
        ),
        ("assets/22222222222222222222222222222222", &cube),
        (
            "assets/33333333333333333333333333333333",
            &b"no model".to_vec(),
        ),
        (&format!("plugins/{plugin}/remoteEntry.js"), &script),
        (
            &format!("plugins/{plugin}/manifest.json"),
            &b"{\"name\": \"clock\"}".to_vec(),
        ),
        (&format!("plugins/{plugin}/static/a.css"), &b"a{}".to_vec()),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("own");
        fs::write(path, bytes).expect("own");
    }
    let name = folder.display().to_string();
    let said = command(&server, &["import", &name]);
    assert!(said.starts_with("4 contents"), "{said}");
    assert_eq!(said.matches("left out").count(), 2, "{said}");
    assert!(
        command(&server, &["import", &name]).starts_with("4 contents"),
        "again is no error"
    );
    let stats = command(&server, &["stats"]);
    assert!(stats.contains("0 wait for their deletion"), "{stats}");

    server.start_again();
    let stranger = Api::stranger(&server);
    for (path, bytes) in [
        ("get/7e7aab88b51141f184de7a102810c3e0", &picture),
        ("asset/22222222222222222222222222222222", &cube),
        (&format!("plugin/{plugin}/remoteEntry.js"), &script),
    ] {
        let answer = stranger.render(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.bytes().await.expect("bytes"), *bytes, "{path}");
    }
    let variant = stranger
        .render("texture/s0/7e7aab88b51141f184de7a102810c3e0")
        .await;
    assert_eq!(variant.headers()["x-width"], "39", "made anew");
    // A name of the platform is never computed again: an upload has the name of its bytes.
    let guest = Api::guest(&server).await;
    assert_eq!(guest.uploaded("image", &picture).await, sha256(&picture));
}

#[test]
fn a_running_server_is_left_alone() {
    let server = Server::start(Options::default());
    let output = server.run(&["media", "gc"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use"));
}
