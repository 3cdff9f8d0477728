//! Worlds that travel with what they show.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    command::{Ended, Home},
    support::{
        Api, CORE, CUSTOM_OBJECT, Options, PLAZA, Server, WELCOME,
        media::{png, triangle},
        world_file::{pack, unpack},
    },
};

/// Name of a picture that nobody has.
const GONE: &str = "0123456789abcdef0123456789abcdef";

/// Exports the welcome world of a stopped server; what is said about it.
fn export(server: &Server, to: &Path, more: &[&str]) -> String {
    let id = WELCOME.to_string();
    let to = to.to_str().expect("a path");
    let arguments = ["world", "export", id.as_str(), "--to", to];
    let output = server.run(&[&arguments, more].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn import(data: &Path, file: &Path) -> Ended {
    let data = data.to_str().expect("a path");
    let file = file.to_str().expect("a path");
    Home::new().run(&["world", "import", file, "--data", data], &[])
}

/// A world with two pictures, a model and the picture of its name; the server is stopped. Returns
/// what they are served as, the world's file and what the export said.
async fn exported(home: &Home) -> (Server, [(String, Vec<u8>); 4], PathBuf, String) {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    owner.until_shipped().await;
    let (picture, model, panorama) = (png(300, 200, 1), triangle("far"), png(64, 32, 2));
    let texture = owner.uploaded("image", &picture).await;
    owner
        .set(PLAZA, "texture", json!({"render_hash": texture}))
        .await
        .ok(202);
    let entry = owner.upload_model("Far", &model).await.ok(202);
    let asset = entry["id"].as_str().expect("an id").to_owned();
    let body = json!({"parent_id": WELCOME, "object_type_id": CUSTOM_OBJECT, "object_name": "Far",
                      "asset_3d_id": asset});
    let object = owner.post("/objects", body).await.ok(201);
    let object = object["object_id"].as_str().expect("an id");
    let object = object.parse().expect("an id");
    let label = owner.picture_of(object, (CORE, "name")).await;
    let label = format!("get/{label}");
    let drawn = owner.render(&label).await.bytes().await.expect("bytes");
    let sky = owner.uploaded("image", &panorama).await;
    owner
        .set(
            PLAZA,
            "emojis",
            json!({"old": {"render_hash": sky}, "gone": {"render_hash": GONE}}),
        )
        .await
        .ok(202);
    // Nothing of the world: it does not go along.
    owner.uploaded("image", &png(10, 10, 9)).await;
    server.stop();

    let file = home.path().join("a.world");
    let said = export(&server, &file, &[]);
    let names = [
        (format!("get/{texture}"), picture),
        (format!("asset/{}", asset.replace('-', "")), model),
        (format!("get/{sky}"), panorama),
        (label, drawn.to_vec()),
    ];
    (server, names, file, said)
}

#[tokio::test]
async fn what_a_world_shows_travels_with_it() {
    let home = Home::new();
    let (server, shown, file, said) = exported(&home).await;
    let bytes: usize = shown.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(
        said.contains(&format!("4 media files of {bytes} bytes, without 1 that")),
        "{said}"
    );
    let again = home.path().join("again.world");
    export(&server, &again, &[]);
    assert_eq!(
        fs::read(&file).expect("a file"),
        fs::read(&again).expect("a file"),
        "the same world gives the same bytes"
    );
    drop(server);

    let other = Server::start_on(Options::default(), |data| {
        let ended = import(data, &file);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    });
    let guest = Api::guest(&other).await;
    for (name, bytes) in &shown {
        let served = guest.render(name).await;
        assert_eq!(served.status(), 200, "{name}");
        assert_eq!(&served.bytes().await.expect("bytes")[..], bytes, "{name}");
    }
    let thumbnail = shown[0].0.replace("get/", "texture/s3/");
    assert_eq!(guest.render(&thumbnail).await.status(), 200);
}

#[tokio::test]
async fn a_content_that_is_not_what_it_says_stops_the_whole_import() {
    let home = Home::new();
    let (server, shown, file, _) = exported(&home).await;
    drop(server);
    let (manifest, files) = unpack(&file);
    let written = |manifest: &Value, files: &[(String, Vec<u8>)]| {
        let broken = home.path().join("broken.world");
        let entries: Vec<(&str, _, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), tar::EntryType::Regular, &bytes[..]))
            .collect();
        let text = manifest.to_string();
        let first = ("manifest.json", tar::EntryType::Regular, text.as_bytes());
        fs::write(&broken, pack(&[&[first], &entries[..]].concat())).expect("a file");
        broken
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        written(&manifest, &files)
    };
    let data = home.path().join("target");
    let import = |file: &Path| import(&data, file);
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(Change, &str); 8] = [
        (
            &|m| m["contents"][0]["digest"] = json!("../../../../etc/passwd"),
            "without a digest",
        ),
        (
            &|m| m["contents"][0]["size"] = json!(1_u64 << 50),
            "more than",
        ),
        (&|m| m["contents"][0]["size"] = json!(3), "not as long"),
        (
            &|m| m["contents"][0]["kinds"] = json!(["plugin"]),
            "an unknown kind",
        ),
        (
            &|m| m["contents"][0]["names"] = json!(["../a"]),
            "letters and digits",
        ),
        (
            &|m| m["contents"][1] = m["contents"][0].clone(),
            "twice, or not in order",
        ),
        (
            &|m| drop(m["contents"].as_array_mut().expect("a list").pop()),
            "more in it",
        ),
        (
            &|m| m["models"] = json!([{"id": PLAZA, "meta": {}}]),
            "no object shows the model",
        ),
    ];
    for (change, why) in cases {
        let ended = import(&changed(change));
        assert!(ended.complaint().contains(why), "{why}: {ended:?}");
    }
    let mut other = files.clone();
    other[1].1[40] ^= 1;
    let ended = import(&written(&manifest, &other));
    assert!(ended.complaint().contains("its hash differs"), "{ended:?}");
    assert!(!data.exists(), "nothing was made");

    // A file of the first version has no contents; what is shown is missing then.
    let mut old = manifest.clone();
    old["version"] = json!(1);
    old["contents"] = json!([]);
    old["models"] = json!([]);
    let ended = import(&written(&old, &files[..1]));
    assert!(ended.complaint().contains("no 3D asset"), "{ended:?}");
    let ended = import(&file);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with("4 contents"), "{ended:?}");
    assert_eq!(shown.len(), 4);
}
