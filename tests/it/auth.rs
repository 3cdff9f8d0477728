//! Logging in with a wallet, and as a guest (docs/spec/rest.md §3, §4.1, §4.2).

use serde_json::json;

use crate::support::{
    Answer, Api, Client, EthereumWallet, Options, PolkadotWallet, Server, Wallet,
};

/// Tries to add a wallet to an account.
async fn attach(api: &Api, wallet: &dyn Wallet, signature: &str) -> Answer {
    let proof = json!({
        "wallet": wallet.address(),
        "network": wallet.network(),
        "signedChallenge": signature,
    });
    api.post("/users/me/attach-account", proof).await
}

#[tokio::test]
async fn wallets_of_both_chains_log_in_and_are_known_again() {
    let server = Server::start(Options::default());
    let wallets: [&dyn Wallet; 3] = [
        &EthereumWallet::new(1),
        &PolkadotWallet::new(2, true),
        &PolkadotWallet::new(3, false),
    ];
    let mut users = Vec::new();
    for wallet in wallets {
        let first = Api::login(&server, wallet).await;
        let again = Api::login(&server, wallet).await;
        assert_eq!(first.user, again.user, "{}", wallet.address());
        let me = again.get("/users/me").await.ok(200);
        assert_eq!(me["isGuest"], false);
        assert_eq!(me["name"], "", "the sign-up form of the UI depends on this");
        assert_eq!(me["userTypeId"], "00000000-0000-0000-0000-000000000006");
        let shown = me["wallet"].as_str().expect("a wallet");
        assert!(shown.eq_ignore_ascii_case(&wallet.address()), "{shown}");
        Client::join(&server, &again).await;
        users.push(first.user);
    }
    users.dedup();
    assert_eq!(users.len(), wallets.len());
}

/// Extensions sign wrapped texts, other tools plain ones; a wallet may come by either.
#[tokio::test]
async fn a_polkadot_wallet_is_the_same_wrapped_or_not() {
    let server = Server::start(Options::default());
    let wrapped = Api::login(&server, &PolkadotWallet::new(9, true)).await;
    let plain = Api::login(&server, &PolkadotWallet::new(9, false)).await;
    assert_eq!(wrapped.user, plain.user);
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_by_its_wallet_only() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let (mine, other) = (EthereumWallet::new(1), EthereumWallet::new(2));

    stranger
        .answer_challenge(&mine, &mine.sign("anything"))
        .await
        .refused(404, "challenge_not_found");
    let challenge = stranger.challenge(&mine).await;
    let expected = format!(
        "Please sign this message with the private key for address {} to prove that you own it. ",
        mine.address()
    );
    assert!(challenge.starts_with(&expected), "{challenge}");
    let signature = mine.sign(&challenge);
    stranger.answer_challenge(&mine, &signature).await.ok(200);
    stranger
        .answer_challenge(&mine, &signature)
        .await
        .refused(404, "challenge_not_found");

    let challenge = stranger.challenge(&mine).await;
    stranger
        .answer_challenge(&mine, &other.sign(&challenge))
        .await
        .refused(403, "invalid_signature");
    let late = stranger
        .answer_challenge(&mine, &mine.sign(&challenge))
        .await;
    late.refused(404, "challenge_not_found");
    let challenge = stranger.challenge(&mine).await;
    stranger
        .answer_challenge(&mine, "0x12")
        .await
        .refused(400, "signature_validation_failed");
    let late = stranger
        .answer_challenge(&mine, &mine.sign(&challenge))
        .await;
    late.refused(404, "challenge_not_found");

    let substrate = PolkadotWallet::new(5, true);
    let challenge = stranger.challenge(&substrate).await;
    let foreign = PolkadotWallet::new(6, true).sign(&challenge);
    stranger
        .answer_challenge(&substrate, &foreign)
        .await
        .refused(403, "invalid_signature");

    for body in [
        json!({}),
        json!({"wallet": mine.address()}),
        json!({"wallet": "", "signedChallenge": "0x"}),
    ] {
        stranger
            .post("/auth/token", body)
            .await
            .refused(400, "invalid_request_body");
    }
    stranger
        .get("/auth/challenge")
        .await
        .refused(400, "invalid_request_query");
}

#[tokio::test]
async fn one_wallet_belongs_to_one_account() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let wallet = EthereumWallet::new(11);
    let challenge = guest.challenge(&wallet).await;
    let list = attach(&guest, &wallet, &wallet.sign(&challenge))
        .await
        .ok(202);
    assert_eq!(list["wallet"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(Api::login(&server, &wallet).await.user, guest.user);

    let other = Api::user(&server, 12).await;
    let challenge = other.challenge(&wallet).await;
    let taken = attach(&other, &wallet, &wallet.sign(&challenge)).await;
    taken.refused(400, "wallet_already_exists");
    // Nor by an attribute of one's own, where the reference looked wallets up.
    let plant = json!({"plugin_id": "86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8", "attribute_name": "wallet",
                       "attribute_value": {"wallet": [wallet.address()]}});
    let planted = other
        .post(&format!("/users/{}/attributes", other.user), plant)
        .await;
    assert!(planted.status >= 400, "{}", planted.status);
    assert_eq!(Api::login(&server, &wallet).await.user, guest.user);

    let last = json!({"wallet": EthereumWallet::new(12).address()});
    other
        .delete_with("/users/me/remove-wallet", last)
        .await
        .refused(409, "last_wallet");
    let foreign = json!({"wallet": wallet.address()});
    other
        .delete_with("/users/me/remove-wallet", foreign)
        .await
        .refused(404, "wallet_not_found");
}

/// Anybody may ask for challenges; that must not fill anything.
#[tokio::test]
async fn challenges_are_limited_and_bounded() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let mut refused = 0;
    for number in 0..100_u32 {
        let path = format!("/auth/challenge?wallet=0x{number:040x}");
        let answer = stranger.get(&path).await;
        match answer.status {
            200 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0, "one address asks as often as it likes");
    let unlimited = Server::start(Options::default().unlimited());
    let stranger = Api::stranger(&unlimited);
    let long = format!("/auth/challenge?wallet=0x{}", "a".repeat(5_000));
    stranger
        .get(&long)
        .await
        .refused(400, "invalid_request_query");
    for number in 0..300_u32 {
        stranger
            .get(&format!("/auth/challenge?wallet=0x{number:040x}"))
            .await
            .ok(200);
    }
    Api::login(&unlimited, &EthereumWallet::new(1)).await;
}

#[tokio::test]
async fn guests_get_a_token_whatever_they_send() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let bare = stranger.request(reqwest::Method::POST, "/auth/guest-token");
    let one = stranger.send(bare).await.ok(200);
    let nonsense = stranger
        .request(reqwest::Method::POST, "/auth/guest-token")
        .body("{}");
    let two = stranger.send(nonsense).await.ok(200);
    for guest in [&one, &two] {
        assert_eq!(guest["isGuest"], true);
        assert_eq!(guest["userTypeId"], "76802331-37b3-44fa-9010-35008b0cbaec");
        let name = guest["name"]
            .as_str()
            .and_then(|name| name.strip_prefix("Visitor_"));
        assert!(name.is_some_and(|digits| digits.len() == 7), "{guest}");
    }
    assert_ne!(one["id"], two["id"]);
    assert_ne!(one["name"], two["name"]);
}

#[tokio::test]
async fn malformed_signatures_are_refused() {
    let server = Server::start(Options::default().unlimited());
    let stranger = Api::stranger(&server);
    let wallets: [&dyn Wallet; 2] = [&EthereumWallet::new(1), &PolkadotWallet::new(1, true)];
    for wallet in wallets {
        for odd in [
            "0".to_owned(),
            "0x".to_owned(),
            "0x1".to_owned(),
            "zz".to_owned(),
            "é".to_owned(),
            format!("0x{}", "ab".repeat(20)),
            format!("0x{}zz", "ab".repeat(64)),
            format!("0x{}", "ab".repeat(1000)),
        ] {
            stranger.challenge(wallet).await;
            stranger
                .answer_challenge(wallet, &odd)
                .await
                .refused(400, "signature_validation_failed");
        }
    }
}
