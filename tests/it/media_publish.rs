//! Contents on a node of IPFS of one's own (docs/media.md, L).

use serde_json::json;

use crate::support::{
    Api, Kubo, Options, PLAZA, Server,
    media::{Part, png},
};

fn command(server: &Server, arguments: &[&str]) -> Result<String, String> {
    let mut all = vec!["media", "ipfs"];
    all.extend_from_slice(arguments);
    let output = server.run(&all);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

fn shape(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/shapes");
    std::fs::read(format!("{folder}/{name}.glb")).expect("is there")
}

/// A model that does not ship: a shape with more white space.
fn model(shape_of: &str) -> Vec<u8> {
    let mut bytes = shape(shape_of);
    let number = |bytes: &[u8], at: usize| {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    };
    let text = number(&bytes, 12);
    for (at, length) in [(8, number(&bytes, 8)), (12, text)] {
        bytes[at..at + 4].copy_from_slice(&(length + 4).to_le_bytes());
    }
    let end = 20 + text as usize;
    bytes.splice(end..end, *b"    ");
    bytes
}

/// Targets 127 and 131.
#[tokio::test]
async fn what_everybody_may_see_can_be_published_and_read_back() {
    let kubo = Kubo::start();
    let config = format!("[media.ipfs]\napi = \"{}\"", kubo.api());
    let mut server = Server::start(Options::default().config(&config));
    let owner = Api::owner(&mut server).await;
    // Several chunks, shown in the world; one that nothing shows; two models, one of them private.
    // Twelve shapes and a sky are in the library anyway.
    let large = png(1500, 1200, 4);
    let stored = owner.upload("image", &large).await.ok(200);
    let (hash, cid) = (&stored["hash"], stored["cid"].as_str().expect("a CID"));
    let texture = json!({"render_hash": hash});
    owner.set(PLAZA, "texture", texture).await.ok(202);
    let hash = hash.as_str().expect("a hash");
    let unshown = owner.uploaded("image", &png(20, 20, 4)).await;
    let mut models = Vec::new();
    for (name, is_private) in [
        ("5b5bd872-0328-e38c-1b54-bf2bfa70fc85", b"false".as_slice()),
        ("6e8fec1c-ff95-df66-1375-e312f6447b3d", b"true"),
    ] {
        let parts: [Part; 2] = [
            ("asset", Some("model.glb"), &model(name)),
            ("is_private", None, is_private),
        ];
        let entry = owner.send_form("/assets-3d/upload", &parts).await.ok(202);
        models.push(entry["id"].as_str().expect("an id").replace('-', ""));
    }
    server.stop();

    let would = command(&server, &["publish", "--dry-run"]).expect("it says");
    assert!(
        would.starts_with("14 contents would be published, "),
        "{would}"
    );
    assert_eq!(
        command(&server, &["verify"]).expect("it compares"),
        "0 whole, 0 broken, 0 no longer ours\n"
    );
    let done = command(&server, &["publish"]).expect("it publishes");
    assert!(done.starts_with("14 contents published, "), "{done}");
    let done = command(&server, &["publish", hash, &models[1], &unshown]).expect("it publishes");
    assert!(done.starts_with("1 contents published, "), "{done}");
    assert!(
        done.contains(&format!("left out: {}: forbidden", models[1])),
        "{done}"
    );
    assert!(
        done.contains(&format!("left out: {unshown}: not_found")),
        "{done}"
    );

    // That node gives the bytes for the name, and counts the pin as one of ours.
    assert_eq!(kubo.run(&["cat", cid]).expect("is there"), large);
    assert_eq!(
        command(&server, &["verify"]).expect("it compares"),
        "15 whole, 0 broken, 0 no longer ours\n"
    );
    let taken = command(&server, &["unpublish", hash]).expect("it takes the pin away");
    assert_eq!(taken, "1 pins taken away\n");
    assert_eq!(
        command(&server, &["unpublish", hash]).expect("nothing to do"),
        "0 pins taken away\n"
    );
    assert_eq!(
        command(&server, &["verify"]).expect("it compares"),
        "14 whole, 0 broken, 0 no longer ours\n"
    );
}

#[tokio::test]
async fn without_a_node_of_ipfs_nothing_is_published_and_the_command_says_why() {
    let mut server = Server::start(Options::default());
    server.stop();
    for arguments in [&["publish"][..], &["verify"], &["unpublish", "x"]] {
        let why = command(&server, arguments).expect_err("off by default");
        assert!(why.contains("media.ipfs.api"), "{why}");
    }
    let gone = "[media.ipfs]\napi = \"http://127.0.0.1:1\"";
    server.start_again_with(Options::default().config(gone));
    server.stop();
    let why = command(&server, &["verify"]).expect_err("nobody is there");
    assert!(why.contains("Kubo"), "{why}");
}
