//! Stakes: announced by clients, told by the chain, shown in lists (docs/spec/model.md §8.4).

use posbus::{Umid, UserStakedToOdyssey};
use serde_json::{Value, json};

use crate::support::{Api, CHAIN, Client, EthereumWallet, Options, Rows, Server, WELCOME, Wallet};

/// The largest amount there is.
const MAX: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

/// A stake that may be announced by whoever has the wallet.
fn announcement(wallet: &str) -> Value {
    json!({
        "transaction_id": format!("0x{}", "ab".repeat(32)),
        "odyssey_id": WELCOME,
        "wallet": wallet,
        "comment": "for the plaza",
        "amount": MAX,
        "kind": "1",
    })
}

#[tokio::test]
async fn stakes_are_announced_by_the_owner_of_the_wallet() {
    let server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    let mine = EthereumWallet::new(1).address();
    let foreign = EthereumWallet::new(2).address();
    let path = "/users/me/stakes";
    let done = user.post(path, announcement(&mine)).await.ok(200);
    assert_eq!(done, json!({"success": true}));
    let rows = Rows::of(&server).await;
    let pending = rows.pending_stakes().await;
    assert_eq!(pending.len(), 1);
    let stake = &pending[0];
    assert_eq!(stake.wallet_id, EthereumWallet::new(1).bytes());
    assert_eq!(stake.transaction_id, [0xab; 32]);
    assert_eq!((stake.object_id, stake.blockchain_id), (WELCOME, CHAIN));
    assert_eq!((stake.kind, stake.comment.as_str()), (1, "for the plaza"));
    assert_eq!(stake.amount.to_string(), MAX);

    user.post(path, announcement(&foreign))
        .await
        .refused(403, "not_your_wallet");
    let guest = Api::guest(&server).await;
    guest
        .post(path, announcement(&mine))
        .await
        .refused(403, "not_your_wallet");
    // Claims that are no stake: hex shorter than its prefix crashed the platform, kinds were cut to
    // eight bits.
    for (key, odd) in [
        ("transaction_id", json!("0")),
        ("transaction_id", json!("0x")),
        ("transaction_id", json!(format!("0x{}", "ab".repeat(31)))),
        ("transaction_id", json!(format!("0x{}zz", "ab".repeat(31)))),
        ("wallet", json!("x")),
        ("wallet", json!(format!("{mine}00"))),
        ("wallet", json!("0x€€")),
        ("amount", json!("-1")),
        ("amount", json!("1.5")),
        ("amount", json!("1e9")),
        ("amount", json!("9".repeat(79))),
        ("kind", json!("2")),
        ("kind", json!("257")),
        ("kind", json!("-1")),
        ("kind", json!("DAD")),
        ("comment", json!("a\0b")),
        ("comment", json!("a".repeat(4097))),
    ] {
        let mut stake = announcement(&mine);
        stake[key] = odd;
        user.post(path, stake).await.refused(400, "invalid_stake");
    }
    for (key, odd) in [
        ("odyssey_id", json!("nowhere")),
        ("comment", json!("")),
        ("amount", json!(5)),
        ("kind", Value::Null),
    ] {
        let mut stake = announcement(&mine);
        stake[key] = odd;
        user.post(path, stake)
            .await
            .refused(400, "invalid_request_body");
    }
    let mut nowhere = announcement(&mine);
    nowhere["odyssey_id"] = json!(Umid::now_v7());
    user.post(path, nowhere)
        .await
        .refused(404, "world_not_found");
    assert_eq!(rows.pending_stakes().await.len(), 1, "nothing else is kept");
}

#[tokio::test]
async fn a_session_announces_stakes_by_the_same_rules() {
    let server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    let mut client = Client::join(&server, &user).await;
    let stake = |wallet: &EthereumWallet, comment: &str| UserStakedToOdyssey {
        transaction_hash: format!("0x{}", "cd".repeat(32)),
        wallet: wallet.address(),
        object_id: WELCOME,
        amount: "7".to_owned(),
        comment: comment.to_owned(),
        kind: 0,
    };
    client.send(stake(&EthereumWallet::new(2), "foreign")).await;
    client.send(stake(&EthereumWallet::new(1), "mine")).await;
    // Messages are worked on in order: who hears of the next one has had these two looked at.
    client.settle().await;
    let pending = Rows::of(&server).await.pending_stakes().await;
    let comments: Vec<_> = pending.iter().map(|row| row.comment.as_str()).collect();
    assert_eq!(comments, ["mine"]);
}

#[tokio::test]
async fn stakes_are_listed_exactly_and_without_withdrawn_ones() {
    let mut server = Server::start(Options::default().unlimited());
    let user = Api::user(&server, 1).await;
    let other = Api::user(&server, 2).await;
    let nameless = Api::login(&server, &EthereumWallet::new(3)).await;
    let guest = Api::guest(&server).await;
    for nobody in [&user, &guest] {
        let stakes = nobody.get("/users/me/stakes").await.ok(200);
        assert_eq!(stakes, json!([]), "no stakes are an empty list");
        let worlds = format!("/users/{}/staked-worlds", nobody.user);
        assert_eq!(nobody.get(&worlds).await.ok(200), json!([]));
    }
    let top = user.get("/users/top-stakers").await.ok(200);
    assert_eq!(top, json!([]));

    server.stop();
    let mut rows = Rows::of(&server).await;
    let wallet = EthereumWallet::new(1).bytes();
    let second_wallet = [0xab; 20];
    rows.wallet(user.user, second_wallet, 1).await;
    let world = rows.world(other.user, "Odyssey#7").await;
    rows.attribute(world, "world_avatar", json!({"render_hash": "ab12"}))
        .await;
    let empty = rows.world(other.user, "nothing left").await;
    let gone = rows.world(other.user, "gone").await;
    for (from, world, kind, amount, comment) in [
        (wallet, world, 0, "1", "first"),
        (wallet, world, 1, MAX, "large"),
        (second_wallet, world, 0, "3", ""),
        (wallet, empty, 0, "0", "taken back"),
        (wallet, gone, 0, "5", ""),
    ] {
        rows.stake(from, world, kind, amount, comment).await;
    }
    rows.delete_object(gone).await;
    // Some stakes of 300 fit into eight bits as 44.
    for number in 0..300 {
        let from = EthereumWallet::new(2).bytes();
        let world = Umid::from_u128(1000 + number);
        rows.stake(from, world, 0, "1", "").await;
        let from = EthereumWallet::new(3).bytes();
        rows.stake(from, world, 0, "1", "").await;
    }
    rows.close().await;
    server.start_again();
    let user = user.at(&server);

    let stakes = user.get("/users/me/stakes").await.ok(200);
    let seen: Vec<_> = stakes
        .as_array()
        .expect("a list")
        .iter()
        .map(|stake| (stake["amount"].clone(), stake["kind"].clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (json!("3"), json!(0)),
            (json!(MAX), json!(1)),
            (json!("1"), json!(0))
        ],
        "newest first: {stakes}"
    );
    let checksummed = "0xABabABaBabaBaBABabABAbaBaBabaBABaBABaBaB";
    let newest = &stakes[0];
    assert_eq!(
        newest["wallet_id"].as_str().expect("a text").to_lowercase(),
        checksummed.to_lowercase()
    );
    assert_ne!(
        newest["wallet_id"],
        checksummed.to_lowercase(),
        "with a checksum"
    );
    assert_eq!(newest["object_id"], json!(world));
    assert_eq!(newest["name"], "Odyssey#7");
    assert_eq!(newest["avatar_hash"], "ab12");
    assert_eq!(newest["blockchain_id"], json!(CHAIN));
    assert_eq!(newest["reward"], "0");
    assert_eq!(stakes[2]["last_comment"], "first");
    assert!(newest["updated_at"].is_string());

    let worlds = user
        .get(&format!("/users/{}/staked-worlds", user.user))
        .await
        .ok(200);
    let ids: Vec<_> = worlds
        .as_array()
        .expect("a list")
        .iter()
        .map(|world| &world["id"])
        .collect();
    assert_eq!(ids, [&json!(world)], "{worlds}");

    let top = user.get("/users/top-stakers").await.ok(200);
    let expected = json!([
        {"user_id": other.user, "name": "User 2", "stake_count": 300, "avatarHash": null},
        {"user_id": user.user, "name": "User 1", "stake_count": 4, "avatarHash": null},
    ]);
    assert_eq!(top, expected, "without {}, who has no name", nameless.user);
}

#[tokio::test]
async fn stakers_of_a_world_are_summed_and_keep_the_last_comment() {
    let mut server = Server::start(Options::default().unlimited());
    let users = [Api::user(&server, 1).await, Api::user(&server, 2).await];
    let bare = users[0].get(&format!("/worlds/{WELCOME}")).await.ok(200);
    assert!(bare.get("stake_total").is_none(), "{bare}");
    assert_eq!(
        (&bare["stakers"], &bare["last_staking_comment"]),
        (&json!([]), &Value::Null)
    );
    server.stop();
    let mut rows = Rows::of(&server).await;
    rows.wallet(users[0].user, [0xab; 20], 1).await;
    for (from, kind, amount, comment) in [
        // As text, 9 is more than 80.
        (EthereumWallet::new(1).bytes(), 0, "9", "hello"),
        ([0xab; 20], 0, "1", "words"),
        (EthereumWallet::new(2).bytes(), 0, "80", ""),
        ([0xcd; 20], 1, "1000", ""),
    ] {
        rows.stake(from, WELCOME, kind, amount, comment).await;
    }
    rows.close().await;
    server.start_again();
    let user = users[0].at(&server);
    let world = user.get(&format!("/worlds/{WELCOME}")).await.ok(200);
    let expected = json!([
        {"user_id": users[1].user, "name": "User 2", "stake": "80", "avatarHash": null},
        {"user_id": users[0].user, "name": "User 1", "stake": "10", "avatarHash": null},
    ]);
    assert_eq!(world["stakers"], expected);
    assert_eq!(world["stake_total"], "1090", "wallets of nobody count here");
    assert_eq!(
        world["last_staking_comment"], "words",
        "not the empty ones after"
    );
}
