//! Hosting: whose worlds the node vouches for, and its signature (docs/spec/model.md §8.6).

use std::os::unix::fs::PermissionsExt;

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use posbus::Umid;
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};

use crate::support::{Api, EthereumWallet, Options, Rows, Server, Wallet};

const LIST: &str = "/node/hosting-allow-list";

/// The public key of the pair that signed a challenge.
fn signer(challenge: &Value, node: &Value, world: Umid) -> VerifyingKey {
    let node: Umid = serde_json::from_value(node.clone()).expect("an id");
    let digits = challenge["challenge"]
        .as_str()
        .and_then(|text| text.strip_prefix("0x"))
        .expect("a signature");
    let bytes = hex::decode(digits).expect("hex");
    assert_eq!(bytes.len(), 65);
    let packed = format!("{:064x}{:064x}", node.as_u128(), world.as_u128());
    let inner = Keccak256::digest(hex::decode(packed).expect("hex"));
    let mut message = b"\x19Ethereum Signed Message:\n32".to_vec();
    message.extend(inner);
    let v = bytes[64];
    assert!(matches!(v, 27 | 28), "{v}");
    VerifyingKey::recover_from_prehash(
        &Keccak256::digest(message),
        &Signature::from_slice(&bytes[..64]).expect("r and s"),
        RecoveryId::from_byte(v - 27).expect("0 or 1"),
    )
    .expect("recovers")
}

/// The public half of the key in the node's file.
fn stored_key(server: &Server) -> VerifyingKey {
    let file = server.data().join("keys").join("node.key");
    let mode = std::fs::metadata(&file).expect("a file").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let secret = std::fs::read(file).expect("may be read");
    *SigningKey::from_slice(&secret)
        .expect("a key")
        .verifying_key()
}

async fn node_id(api: &Api) -> Value {
    api.get("/config/ui-client").await.ok(200)["NODE_ID"].clone()
}

#[tokio::test]
async fn the_node_signs_for_listed_users_only() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let node = node_id(&owner).await;
    let (user, guest) = (Api::user(&server, 1).await, Api::guest(&server).await);
    let world = Umid::now_v7();
    let ask = json!({"odyssey_id": world});
    let path = "/node/get-challenge";
    for caller in [&owner, &user, &guest] {
        let refused = caller.post(path, ask.clone()).await;
        let text = String::from_utf8_lossy(&refused.bytes).into_owned();
        assert!(!text.contains("0x"), "nothing is signed: {text}");
        refused.refused(400, "user_not_allowed");
    }
    owner
        .post(LIST, json!({"user_id": user.user}))
        .await
        .ok(200);
    let signed = user.post(path, ask.clone()).await.ok(200);
    let key = signer(&signed, &node, world);
    assert_eq!(key, stored_key(&server));
    for body in [
        json!({}),
        json!({"odyssey_id": null}),
        json!({"odyssey_id": "world"}),
        json!({"odyssey_id": Umid::nil()}),
        json!({"odyssey_id": 5}),
    ] {
        user.post(path, body)
            .await
            .refused(400, "invalid_request_body");
    }
    let other_world = Umid::now_v7();
    let other = user.post(path, json!({"odyssey_id": other_world})).await;
    assert_eq!(signer(&other.ok(200), &node, other_world), key);
    guest
        .post(path, ask.clone())
        .await
        .refused(400, "user_not_allowed");
    Api::stranger(&server)
        .post(path, ask.clone())
        .await
        .refused(401, "failed_to_verify_access_token");

    // The key is that of the node, not of the process; and a node may be open to all.
    server.stop();
    server.start_again_with(Options::default().config("hosting_allow_all = true"));
    let guest = guest.at(&server);
    let signed = guest.post(path, ask).await.ok(200);
    assert_eq!(signer(&signed, &node, world), key);
    assert!(!server.log().contains("node_private_key"));
}

#[tokio::test]
async fn the_list_is_kept_by_admins_of_the_node() {
    let mut server = Server::start(Options::default().unlimited());
    let owner = Api::owner(&mut server).await;
    let (user, guest) = (Api::user(&server, 1).await, Api::guest(&server).await);
    let wallet = EthereumWallet::new(1).address();
    assert_eq!(owner.get(LIST).await.ok(200), json!([]));
    for caller in [&user, &guest] {
        caller.get(LIST).await.refused(403, "not_admin");
        let add = json!({"user_id": user.user});
        caller.post(LIST, add).await.refused(403, "not_admin");
        let path = format!("{LIST}/{}", user.user);
        caller.delete(&path).await.refused(403, "not_admin");
    }
    for body in [
        json!({}),
        json!({"user_id": user.user, "wallet": wallet}),
        json!({"user_id": "", "wallet": ""}),
        json!({"user_id": "me"}),
        json!({"user_id": Umid::nil()}),
        json!({"wallet": 7}),
    ] {
        let refused = owner.post(LIST, body).await;
        refused.refused(400, "invalid_request_body");
    }
    for body in [
        json!({"user_id": Umid::now_v7()}),
        json!({"wallet": EthereumWallet::new(99).address()}),
        json!({"wallet": "\u{0}"}),
    ] {
        owner.post(LIST, body).await.refused(404, "user_not_found");
    }
    let face = json!({"profile": {"avatarHash": "abcd"}});
    user.patch("/profile", face).await.ok(200);
    for body in [
        json!({"user_id": guest.user}),
        json!({"wallet": wallet.to_uppercase()}),
        json!({"user_id": user.user}),
    ] {
        assert_eq!(owner.post(LIST, body).await.ok(200), Value::Null);
    }
    let list = owner.get(LIST).await.ok(200);
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), 2, "each once, in the order of adding");
    assert_eq!(
        list[0],
        json!({"user_id": guest.user, "name": guest.name, "avatar_hash": "", "wallets": []})
    );
    assert_eq!(list[1]["name"], "User 1");
    assert_eq!(list[1]["avatar_hash"], "abcd");
    let shown = list[1]["wallets"][0].as_str().expect("a wallet");
    assert!(shown.eq_ignore_ascii_case(&wallet), "{shown}");

    for path in [
        format!("{LIST}/{}", guest.user),
        format!("{LIST}/{}", guest.user),
        format!("{LIST}/{}", Umid::now_v7()),
    ] {
        assert_eq!(owner.delete(&path).await.ok(200), Value::Null);
    }
    let odd = owner.delete(&format!("{LIST}/somebody")).await;
    odd.refused(400, "invalid_user_id");
    let list = owner.get(LIST).await.ok(200);
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    // It is there after a restart.
    server.stop();
    server.start_again();
    let list = owner.at(&server).get(LIST).await.ok(200);
    assert_eq!(list[0]["user_id"], json!(user.user));
}

/// A database of the platform holds the node's key in an attribute, and a list with whatever was
/// written into it.
#[tokio::test]
async fn a_database_of_the_platform_is_taken_over() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let user = Api::user(&server, 1).await;
    server.stop();
    let key = SigningKey::from_slice(&[42; 32]).expect("a key");
    let private = format!("0x{}", hex::encode([42; 32]));
    let mut rows = Rows::of(&server).await;
    let private = json!({"node_private_key": private});
    rows.node_attribute("node_private_key", private, Value::Null)
        .await;
    let system = "00000000-0000-0000-0000-000000000003";
    let list =
        json!({"users": ["nonsense", 5, null, {}, Umid::now_v7(), system, user.user, user.user]});
    rows.node_attribute("hosting_allow_list", list, Value::Null)
        .await;
    rows.close().await;
    std::fs::remove_file(server.data().join("keys").join("node.key")).expect("a key file");
    server.start_again();
    let (owner, user) = (owner.at(&server), user.at(&server));

    assert_eq!(stored_key(&server), *key.verifying_key());
    let world = Umid::now_v7();
    let ask = json!({"odyssey_id": world});
    let signed = user.post("/node/get-challenge", ask).await.ok(200);
    let node = node_id(&owner).await;
    assert_eq!(signer(&signed, &node, world), *key.verifying_key());
    // Users who are gone are left out, and one without name and picture shows as such.
    let list = owner.get(LIST).await.ok(200);
    let ids: Vec<&Value> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|user| &user["user_id"])
        .collect();
    assert_eq!(json!(ids), json!([system, user.user]));
    assert_eq!(list[0]["name"], "Odyssey");
    // The private key has left the database: without its file there is another one.
    server.stop();
    std::fs::remove_file(server.data().join("keys").join("node.key")).expect("a key file");
    server.start_again();
    assert_ne!(stored_key(&server), *key.verifying_key());
}
