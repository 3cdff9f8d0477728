//! Metadata of the token of a world (docs/spec/model.md §8.6).

use posbus::Umid;
use serde_json::json;
use uuid::uuid;

use crate::support::{Api, EthereumWallet, Options, Rows, Server};

/// World no. 10.
const TENTH: Umid = uuid!("00000000-0000-8000-8000-00000000000a");

#[tokio::test]
async fn tokens_have_metadata_with_and_without_a_world() {
    let mut server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    server.stop();
    let mut rows = Rows::of(&server).await;
    rows.world_with_id(TENTH, user.user, "Atlantis").await;
    rows.attribute(TENTH, "description", json!({"description": "sunk"}))
        .await;
    rows.attribute(TENTH, "world_avatar", json!({"render_hash": "ab12"}))
        .await;
    rows.close().await;
    server.start_again();
    let stranger = Api::stranger(&server);
    let url = server.url();
    let nft = |world: Umid| format!("/nft/{}", world.as_u128());

    let known = stranger.get(&nft(TENTH)).await.ok(200);
    let origin = json!([{"trait_type": "type", "value": "origin"}]);
    let expected = json!({
        "name": "Atlantis",
        "description": "sunk",
        "image": format!("{url}/api/v4/media/render/get/ab12"),
        "external_url": format!("{url}/odyssey/{TENTH}"),
        "attributes": origin,
    });
    assert_eq!(known, expected);

    let default_image = format!("{url}/api/v4/media/render/get/bd6563cc9fceac3e1ed6fcad752c902d");
    for (world, number, attributes) in [
        (uuid!("00000000-0000-8000-8000-000000000064"), 100, origin),
        (
            uuid!("00000000-0000-8000-8000-000000000065"),
            101,
            json!(null),
        ),
        (
            uuid!("ffffffff-ffff-ffff-8000-000100000000"),
            4_294_967_296u64,
            json!(null),
        ),
    ] {
        let unknown = stranger.get(&nft(world)).await.ok(200);
        let expected = json!({
            "name": format!("Odyssey#{number}"),
            "description": "",
            "image": default_image,
            "external_url": format!("{url}/odyssey/{world}"),
            "attributes": attributes,
        });
        assert_eq!(unknown, expected);
    }
}

#[tokio::test]
async fn numbers_wider_than_an_id_are_refused() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let widest = u128::MAX.to_string();
    assert_eq!(stranger.get(&format!("/nft/{widest}")).await.status, 200);
    for odd in [
        "340282366920938463463374607431768211456",
        &"9".repeat(400),
        "-1",
        "+1",
        "0x10",
        "1.0",
        "ten",
        "%00",
        "%FF",
    ] {
        stranger
            .get(&format!("/nft/{odd}"))
            .await
            .refused(400, "invalid_nft_id");
    }
}

#[tokio::test]
async fn the_world_of_a_token_passes_to_its_present_holder() {
    let server = Server::start(Options::default().unlimited());
    let (once, now) = (EthereumWallet::new(1), EthereumWallet::new(2));
    let mut rows = Rows::of(&server).await;
    rows.token(now.bytes(), TENTH).await;
    rows.close().await;
    let worlds = async |api: &Api| {
        let path = format!("/users/{}/worlds", api.user);
        api.get(&path).await.ok(200)
    };
    let once = Api::login(&server, &once).await;
    assert_eq!(worlds(&once).await, json!([]));
    let now = Api::login(&server, &now).await;
    let owned = worlds(&now).await;
    assert_eq!(owned[0]["id"], json!(TENTH), "{owned}");
    assert_eq!(owned[0]["owner_id"], json!(now.user));
    assert_eq!(owned[0]["name"], "Odyssey#10");
    let token = format!("/nft/{}", TENTH.as_u128());
    assert_eq!(once.get(&token).await.ok(200)["name"], "Odyssey#10");
}

#[tokio::test]
async fn a_login_succeeds_when_tokens_cannot_be_looked_up() {
    let server = Server::start(Options::default().unlimited());
    let rows = Rows::of(&server).await;
    rows.drop_table("nft").await;
    rows.close().await;
    let user = Api::login(&server, &EthereumWallet::new(1)).await;
    assert_eq!(user.get("/users/me").await.status, 200);
}
