//! `odyssey world`: a world travels from one node to another as it is, and what is no world does
//! not.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use posbus::Umid;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

use crate::{
    command::{Ended, Home},
    support::{
        Api, CANVAS, CANVAS_CHILD, Client, Options, PLAZA, Server, WELCOME, at,
        world_file::{pack, unpack},
    },
};

/// Runs `odyssey world …` on a data directory.
fn world(data: &Path, arguments: &[&str]) -> Ended {
    let data = data.to_str().expect("a path");
    Home::new().run(&[&["world"], arguments, &["--data", data]].concat(), &[])
}

fn done(ended: Ended) -> String {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.out
}

fn export(data: &Path, id: Umid, to: &Path) {
    let to = to.to_str().expect("a path");
    done(world(data, &["export", &id.to_string(), "--to", to]));
}

fn import(data: &Path, file: &Path, more: &[&str]) -> Ended {
    let file = file.to_str().expect("a path");
    world(data, &[&["import", file], more].concat())
}

/// A home with the welcome world in a file, and the data directory that it comes from.
fn exported() -> (Home, PathBuf, PathBuf) {
    let home = Home::new();
    let mut server = Server::start(Options::default());
    server.stop();
    let data = home.path().join("data");
    fs::create_dir(&data).expect("a directory");
    for entry in fs::read_dir(server.data()).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            fs::copy(entry.path(), data.join(entry.file_name())).expect("copies");
        }
    }
    let file = home.path().join("welcome.world");
    export(&data, WELCOME, &file);
    (home, data, file)
}

/// View of somebody who comes to the world once everything that ships is there.
async fn seen(server: &Server, id: Umid) -> Vec<String> {
    let guest = Api::guest(server).await;
    guest.until_shipped().await;
    let tree = guest
        .get(&format!("/objects/{id}/tree?max_depth=100"))
        .await;
    let mut seen = vec![tree.ok(200).to_string()];
    let mut client = Client::connect(server, &guest).await;
    let mut snapshot = client.enter(id).await;
    // Each node is another one.
    snapshot.objects[0].parent_id = Umid::nil();
    seen.push(format!("{:?} {:?}", snapshot.world, snapshot.spawn));
    for object in &snapshot.objects {
        seen.push(format!("{object:?}"));
        for attribute in ["name", "object_color", "description", "world_meta"] {
            let answer = guest.attribute(object.id, attribute).await;
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            let told = if answer.status == 200 {
                text
            } else {
                String::new()
            };
            seen.push(format!("{attribute} {} {told}", answer.status));
        }
    }
    seen.extend(snapshot.data.iter().map(|data| format!("{data:?}")));
    seen
}

#[tokio::test]
async fn the_welcome_world_is_the_same_on_an_empty_server() {
    let mut from = Server::start(Options::default());
    let before = seen(&from, WELCOME).await;
    from.stop();
    let home = Home::new();
    let first = home.path().join("first.world");
    export(&from.data(), WELCOME, &first);

    let mut to = Server::start_on(Options::default(), |data| {
        let said = done(import(data, &first, &[]));
        assert!(
            said.starts_with(&format!("imported world {WELCOME} \"Welcome\": ")),
            "{said}"
        );
    });
    assert_eq!(seen(&to, WELCOME).await, before);
    let worlds = Api::guest(&to).await.get("/worlds").await.ok(200);
    assert_eq!(worlds.as_array().map(Vec::len), Some(1), "{worlds}");
    to.stop();
    let second = home.path().join("second.world");
    export(&to.data(), WELCOME, &second);
    let bytes = |file: &Path| fs::read(file).expect("a file");
    assert_eq!(bytes(&first), bytes(&second), "to the byte");

    let (manifest, _) = unpack(&first);
    for list in ["media", "contents", "models"] {
        assert_eq!(manifest[list], json!([]), "what every node has: {list}");
    }
}

#[tokio::test]
async fn a_copy_has_ids_and_an_owner_of_its_own() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let heir = Api::user(&server, 7).await;
    let canvas = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let child = owner.create_of(canvas, CANVAS_CHILD, "Child").await;
    let settings =
        json!({"kind": "basic", "objects": {"plaza": PLAZA, "self": WELCOME, "other": heir.user}});
    owner.set(WELCOME, "world_settings", settings).await.ok(202);
    owner
        .set(child, "teleport", json!({"DestinationWorldID": WELCOME}))
        .await
        .ok(202);
    server.stop();

    let home = Home::new();
    let file = home.path().join("a.world");
    export(&server.data(), WELCOME, &file);
    let taken = import(&server.data(), &file, &[]);
    assert!(
        taken.complaint().contains("is here already; --id new"),
        "{taken:?}"
    );
    let heirs = heir.user.to_string();
    let said = done(import(
        &server.data(),
        &file,
        &["--id", "new", "--owner", &heirs],
    ));
    let copy: Umid = said
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|id| id.parse().ok())
        .unwrap_or_else(|| panic!("an id at the end of {said}"));
    assert_ne!(copy, WELCOME);

    server.start_again();
    let heir = heir.at(&server);
    let settings = heir.attribute(copy, "world_settings").await.ok(200);
    assert_eq!(settings["objects"]["self"], json!(copy));
    assert_eq!(
        settings["objects"]["other"],
        json!(heir.user),
        "no object of the world"
    );
    let mut client = Client::connect(&server, &heir).await;
    let snapshot = client.enter(copy).await;
    let named = |name: &str| {
        snapshot
            .objects
            .iter()
            .find(|object| object.name == name)
            .expect(name)
    };
    assert_eq!(settings["objects"]["plaza"], json!(named("Plaza").id));
    assert_eq!(named("Child").parent_id, named("Canvas").id);
    let teleport = heir.attribute(named("Child").id, "teleport").await.ok(200);
    assert_eq!(teleport["DestinationWorldID"], json!(copy));
    heir.create(copy, "Mine", at(0.0, 0.0, 0.0)).await;
    let old: Vec<Umid> = client
        .enter(WELCOME)
        .await
        .objects
        .iter()
        .map(|object| object.id)
        .collect();
    assert!(
        snapshot
            .objects
            .iter()
            .all(|object| !old.contains(&object.id))
    );
}

#[tokio::test]
async fn user_data_is_exported_only_on_request() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let mut client = Client::join(&server, &owner).await;
    client.move_to(7.0, 8.0, 9.0).await;
    client.settle().await;
    server.stop();
    let home = Home::new();
    let (plain, full) = (home.path().join("plain"), home.path().join("full"));
    export(&server.data(), WELCOME, &plain);
    let full_name = full.to_str().expect("a path");
    done(world(
        &server.data(),
        &[
            "export",
            &WELCOME.to_string(),
            "--to",
            full_name,
            "--with-people",
        ],
    ));
    assert_eq!(unpack(&plain).1.len(), 1);
    let (manifest, files) = unpack(&full);
    assert_eq!(manifest["personal"], 1, "{manifest}");
    assert!(String::from_utf8_lossy(&files[1].1).contains("last_known_position"));
    // Nobody of them is on another node.
    let said = done(import(
        &home.path().join("other"),
        &full,
        &["--with-people"],
    ));
    assert!(
        said.contains("attributes of users: 0, of users that are not here: 1"),
        "{said}"
    );
}

#[test]
fn a_running_server_keeps_its_data_to_itself() {
    let (home, _, file) = exported();
    let server = Server::start(Options::default());
    let to = home.path().join("b.world");
    let to = to.to_str().expect("a path");
    for ended in [
        world(
            &server.data(),
            &["export", &WELCOME.to_string(), "--to", to],
        ),
        import(&server.data(), &file, &["--id", "new"]),
    ] {
        assert!(
            ended.complaint().ends_with("is in use by another odyssey"),
            "{ended:?}"
        );
    }
}

#[test]
fn exports_refuse_what_they_cannot_do() {
    let (home, data, file) = exported();
    let taken = file.to_str().expect("a path");
    let unknown = "0b000000-0000-7000-8000-000000000001";
    let nowhere = home.path().join("nowhere");
    for (data, id, to, why) in [
        (&data, WELCOME.to_string(), taken, "File exists"),
        (&data, unknown.to_owned(), "x.world", "there is no world"),
        (&data, PLAZA.to_string(), "x.world", "there is no world"),
        (
            &nowhere,
            WELCOME.to_string(),
            "x.world",
            "there is no directory",
        ),
    ] {
        let ended = world(data, &["export", &id, "--to", to]);
        assert!(ended.complaint().contains(why), "{ended:?}");
    }
    assert!(!nowhere.exists());
}

/// The archive with other objects, and a manifest that fits them.
fn with_objects(manifest: &Value, objects: &[Value]) -> Vec<u8> {
    let lines: String = objects.iter().map(|object| format!("{object}\n")).collect();
    let mut manifest = manifest.clone();
    let attributes = objects
        .iter()
        .map(|o| o["attributes"].as_array().map_or(0, Vec::len));
    manifest["attributes"] = json!(attributes.sum::<usize>());
    manifest["objects"] = json!(objects.len());
    manifest["files"] = json!([{
        "name": "objects.jsonl",
        "size": lines.len(),
        "sha256": hex::encode(Sha256::digest(&lines)),
    }]);
    let text = manifest.to_string();
    pack(&[
        ("manifest.json", EntryType::Regular, text.as_bytes()),
        ("objects.jsonl", EntryType::Regular, lines.as_bytes()),
    ])
}

#[test]
fn an_invalid_archive_is_refused_and_leaves_nothing() {
    let (home, _, file) = exported();
    let (manifest, files) = unpack(&file);
    let good = fs::read(&file).expect("a file");
    let lines = String::from_utf8(files[0].1.clone()).expect("text");
    let objects: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut objects = objects.clone();
        change(&mut objects);
        with_objects(&manifest, &objects)
    };
    let set = |path: &'static str, value: Value| {
        changed(&move |objects| *objects[1].pointer_mut(path).expect(path) = value.clone())
    };
    let with_manifest = |change: &dyn Fn(&mut Value)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        let text = manifest.to_string();
        pack(&[
            ("manifest.json", EntryType::Regular, text.as_bytes()),
            ("objects.jsonl", EntryType::Regular, &files[0].1),
        ])
    };
    let named = manifest.to_string();
    let entry = |name: &'static str, kind| pack(&[(name, kind, named.as_bytes())]);
    let both = |more: (&str, EntryType, &[u8])| {
        pack(&[
            ("manifest.json", EntryType::Regular, named.as_bytes()),
            ("objects.jsonl", EntryType::Regular, &files[0].1),
            more,
        ])
    };
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let header = {
        let mut header = Header::new_ustar();
        header.set_path("manifest.json").expect("a path");
        header.set_size(1 << 40);
        header.set_cksum();
        header
    };
    bomb.write_all(header.as_bytes()).expect("writes");
    let zeros = vec![0; 1 << 20];
    (0..256).for_each(|_| bomb.write_all(&zeros).expect("writes"));
    let bomb = bomb.finish().expect("a gzip");
    let mut padded = GzDecoder::new(&good[..]);
    let mut padding = Vec::new();
    padded.read_to_end(&mut padding).expect("a tar");
    let mut long = GzEncoder::new(Vec::new(), Compression::fast());
    long.write_all(&padding).expect("writes");
    (0..64).for_each(|_| long.write_all(&zeros).expect("writes"));
    let long = long.finish().expect("a gzip");

    let second = objects[2]["id"].clone();
    let huge = "x".repeat(2 << 20);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "archive"),
        ("text", b"{}".to_vec(), "archive"),
        ("cut off", good[..good.len() - 9].to_vec(), "welcome"),
        (
            "garbage after",
            [&good[..], b"x"].concat(),
            "something follows",
        ),
        (
            "twice",
            [&good[..], &good[..]].concat(),
            "something follows",
        ),
        ("zeros", long, "something follows"),
        ("bomb", bomb, "the manifest is too long"),
        (
            "path",
            entry("../../etc/passwd", EntryType::Regular),
            "expected manifest.json",
        ),
        (
            "absolute",
            entry("/manifest.json", EntryType::Regular),
            "expected manifest.json",
        ),
        (
            "link",
            entry("manifest.json", EntryType::Symlink),
            "expected manifest.json",
        ),
        (
            "long name",
            entry("manifest.json", EntryType::GNULongName),
            "expected manifest.json",
        ),
        (
            "duplicate",
            both(("objects.jsonl", EntryType::Regular, b"{}\n")),
            "more in it",
        ),
        (
            "missing",
            entry("manifest.json", EntryType::Regular),
            "objects.jsonl is missing",
        ),
        (
            "format",
            with_manifest(&|m| m["format"] = json!("zip")),
            "no archive of a world",
        ),
        (
            "version",
            with_manifest(&|m| m["version"] = json!(3)),
            "of version 3",
        ),
        (
            "hash",
            with_manifest(&|m| m["files"][0]["sha256"] = json!("00")),
            "its hash differs",
        ),
        (
            "size",
            with_manifest(&|m| m["files"][0]["size"] = json!(1)),
            "not as long",
        ),
        (
            "large",
            with_manifest(&|m| m["files"][0]["size"] = json!(1_u64 << 40)),
            "more than",
        ),
        (
            "count",
            with_manifest(&|m| m["objects"] = json!(1)),
            "says 1 objects",
        ),
        (
            "many",
            with_manifest(&|m| m["objects"] = json!(1 << 30)),
            "may have",
        ),
        (
            "world",
            with_manifest(&|m| m["world"]["id"] = second.clone()),
            "not the world",
        ),
        (
            "other file",
            with_manifest(&|m| m["files"][0]["name"] = json!("/etc/passwd")),
            "unexpected files",
        ),
        ("unknown key", set("", json!({"id": WELCOME})), "line 2"),
        (
            "two roots",
            set("/parent", Value::Null),
            "a second object without a parent",
        ),
        (
            "own parent",
            set("/parent", objects[1]["id"].clone()),
            "does not come before",
        ),
        (
            "foreign parent",
            set("/parent", json!(Umid::from_u128(9))),
            "does not come before",
        ),
        (
            "same id",
            changed(&|o| o[2]["id"] = o[1]["id"].clone()),
            "comes twice",
        ),
        (
            "cycle",
            changed(&|o| o[1]["parent"] = o[2]["id"].clone()),
            "does not come before",
        ),
        (
            "transform",
            set("/transform/position/x", json!(1e300)),
            "line 2",
        ),
        (
            "option",
            changed(&|o| o[1]["options"] = json!({"visible": 9})),
            "visible",
        ),
        (
            "placement",
            changed(&|o| o[1]["options"] = json!({"child_placement": {"x": null}})),
            "child_placement",
        ),
        (
            "name",
            set("/attributes/0/value/name", json!("n".repeat(300))),
            "more than 256",
        ),
        (
            "line",
            set("/attributes/0/value/name", json!(huge)),
            "longer than",
        ),
        ("nul", set("/attributes/0/value/name", json!("a\0b")), "NUL"),
        (
            "attribute",
            set("/attributes/0/name", json!("unheard_of")),
            "no attribute type",
        ),
        (
            "type",
            set("/object_type", json!(Umid::from_u128(9))),
            "no object type",
        ),
        (
            "asset",
            set("/asset_3d", json!(Umid::from_u128(9))),
            "no 3D asset",
        ),
        (
            "no world",
            changed(&|o| o[0]["object_type"] = o[1]["object_type"].clone()),
            "not of a type of worlds",
        ),
        ("nothing", with_objects(&manifest, &[]), "not the world"),
    ];
    let data = home.path().join("target");
    let broken = home.path().join("welcome.broken");
    for (what, bytes, why) in cases {
        fs::write(&broken, bytes).expect("a file");
        let ended = import(&data, &broken, &[]);
        assert!(ended.complaint().contains(why), "{what}: {ended:?}");
    }
    let nobody = import(
        &data,
        &file,
        &["--owner", "0b000000-0000-7000-8000-000000000001"],
    );
    assert!(
        nobody.complaint().contains("there is no user"),
        "{nobody:?}"
    );
    // After all that there is still nothing in the way.
    done(import(&data, &file, &[]));
}
