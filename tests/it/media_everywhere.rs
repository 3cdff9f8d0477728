//! Everything that names a picture or sound shows it, and keeps it (docs/media.md, J).

use serde_json::{Value, json};

use crate::support::{
    Api, CANVAS, CANVAS_CHILD, Client, Options, PLAZA, Server, WELCOME, Whose,
    media::{png, silence},
    node_id,
};

const CANVAS_PLUGIN: &str = "c782385b-f518-4078-9988-24f356a37c72";
/// Nothing waits: what nothing refers to is tombstoned and deleted by the next two collections.
const AT_ONCE: &str = "[media]\nunreferenced = \"0s\"\ntombstoned = \"0s\"\n";

#[tokio::test]
async fn whatever_names_a_content_shows_it_and_keeps_it() {
    let mut server = Server::start(Options::default().config(AT_ONCE));
    let owner = Api::owner(&mut server).await;
    let node = node_id(&owner).await;
    let mut pictures = Vec::new();
    for number in 0..8 {
        pictures.push(owner.uploaded("image", &png(60, 40, number)).await);
    }
    let [
        avatar,
        card,
        sky,
        listed,
        screenshot,
        canvas,
        emoji,
        recording,
    ] = &pictures[..]
    else {
        panic!("eight");
    };
    let sound = owner.uploaded("audio", &silence(1)).await;

    let profile = json!({"profile": {"avatarHash": avatar}});
    owner.patch("/profile", profile).await.ok(200);
    let shown = json!({ "render_hash": card });
    owner.set(WELCOME, "world_avatar", shown).await.ok(202);
    let worn = json!({ "render_hash": sky });
    owner.set(WELCOME, "active_skybox", worn).await.ok(202);
    let own = Whose::ObjectUser(node, owner.user);
    let entry = json!({"name": "Dusk", "is_public": true});
    owner
        .write_key(own, "skybox_list", listed, entry)
        .await
        .ok(202);
    let news = json!({"type": "screenshot", "hash": screenshot, "description": "Here"});
    let timeline = format!("/objects/{WELCOME}/timeline");
    owner.post(&timeline, news).await.ok(201);
    let news = json!({"type": "video", "hash": recording, "description": "There"});
    owner.post(&timeline, news).await.ok(201);
    let set = json!({"one": {"render_hash": emoji}});
    owner.set(PLAZA, "emojis", set).await.ok(202);
    let tracks = json!({"tracks": [{"render_hash": sound, "name": "Tone"}]});
    owner.set(WELCOME, "soundtrack", tracks).await.ok(202);
    let board = owner.create_of(WELCOME, CANVAS, "Canvas").await;
    let painting = json!({
        "object_name": "Painting", "object_type_id": CANVAS_CHILD,
        "attributes": {"object_user": [{
            "plugin_id": CANVAS_PLUGIN, "attribute_name": "canvas_contribution",
            "value": {"answerOne": "42", "render_hash": canvas},
        }]},
    });
    let spawn = format!("/objects/{board}/spawn-by-user");
    owner.post(&spawn, painting).await.ok(201);

    server.stop();
    for _ in 0..2 {
        let collected = server.run(&["media", "gc"]);
        assert!(collected.status.success(), "{collected:?}");
    }
    server.start_again();
    let owner = owner.at(&server);
    for hash in &pictures {
        for path in [format!("get/{hash}"), format!("texture/s2/{hash}")] {
            assert_eq!(owner.render(&path).await.status(), 200, "{path}");
        }
    }
    assert_eq!(owner.render(&format!("track/{sound}")).await.status(), 200);

    let mut newcomer = Client::connect(&server, &Api::guest(&server).await).await;
    let seen = newcomer.enter(WELCOME).await;
    let slot = seen.slot(WELCOME, "texture", "skybox_custom");
    assert_eq!(slot, Some(&json!(sky)));
    let contributions = format!("/canvas/{board}/user-contributions");
    let list = owner.get(&contributions).await.ok(200);
    assert_eq!(
        list["items"][0]["value"]["render_hash"],
        json!(canvas),
        "{list}"
    );
    let me = owner.get("/users/me").await.ok(200);
    assert_eq!(me["profile"]["avatarHash"], json!(avatar), "{me}");
    let worlds = owner.get("/worlds").await.ok(200);
    assert_eq!(worlds[0]["avatarHash"], json!(card), "{worlds}");
    let page = format!("{timeline}?startIndex=0&pageSize=10");
    let page = owner.get(&page).await.ok(200);
    let hashes: Vec<&Value> = page["activities"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|activity| &activity["data"]["hash"])
        .collect();
    assert_eq!(hashes, [&json!(recording), &json!(screenshot)], "{page}");
}
