//! Logging in beside others, and adding wallets to an account (docs/spec/rest.md §4.2;
//! docs/spec/model.md §7.1).

use std::time::Duration;

use posbus::AddUsers;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::support::{
    Answer, Api, Client, DEADLINE, EthereumWallet, Options, PolkadotWallet, Server, Wallet,
};

/// Tries to add a wallet to an account by an answer to some challenge.
async fn attach(api: &Api, wallet: &dyn Wallet, signature: &str) -> Answer {
    let proof = json!({
        "wallet": wallet.address(),
        "network": wallet.network(),
        "signedChallenge": signature,
    });
    api.post("/users/me/attach-account", proof).await
}

/// Adds a wallet to an account.
async fn attach_proven(api: &Api, wallet: &dyn Wallet) -> Value {
    let challenge = api.challenge(wallet).await;
    attach(api, wallet, &wallet.sign(&challenge)).await.ok(202)
}

/// Anybody may ask for a challenge of any wallet; that must not end a login that was begun.
#[tokio::test]
async fn logins_of_one_wallet_do_not_disturb_each_other() {
    let server = Server::start(Options::default().unlimited());
    let (mine, stranger) = (Api::stranger(&server), Api::stranger(&server));
    for wallet in [
        &EthereumWallet::new(1) as &dyn Wallet,
        &PolkadotWallet::new(1, true),
    ] {
        let challenge = mine.challenge(wallet).await;
        for _ in 0..5 {
            assert_ne!(stranger.challenge(wallet).await, challenge);
        }
        let signature = wallet.sign(&challenge);
        mine.answer_challenge(wallet, &signature).await.ok(200);
        let again = mine.answer_challenge(wallet, &signature).await;
        again.refused(403, "invalid_signature");
    }
}

/// x24: addresses are compared as bytes; x23, y2: a signature that is none is refused like a wrong
/// one, and never a missing thing.
#[tokio::test]
async fn adding_a_wallet_needs_a_fresh_proof() {
    let server = Server::start(Options::default());
    let user = Api::user(&server, 1).await;
    let wallet = EthereumWallet::new(2);

    let unasked = attach(&user, &wallet, &wallet.sign("anything")).await;
    unasked.refused(404, "challenge_not_found");
    for broken in ["0x", "0x12", "zz", "ü"] {
        user.challenge(&wallet).await;
        let refused = attach(&user, &wallet, broken).await;
        refused.refused(403, "invalid_signature");
    }
    let challenge = user.challenge(&wallet).await;
    let foreign = EthereumWallet::new(3).sign(&challenge);
    let refused = attach(&user, &wallet, &foreign).await;
    refused.refused(403, "invalid_signature");
    // The wrong answer has spent it.
    let late = attach(&user, &wallet, &wallet.sign(&challenge)).await;
    late.refused(404, "challenge_not_found");

    // Written in another case than the signature recovers.
    let upper = wallet.address().to_uppercase().replace("0X", "0x");
    let challenge = user.get(&format!("/auth/challenge?wallet={upper}")).await;
    let challenge = challenge.ok(200)["challenge"].as_str().map(str::to_owned);
    let signature = wallet.sign(&challenge.expect("a text"));
    let proof = json!({"wallet": upper, "network": "ethereum", "signedChallenge": signature});
    let list = user.post("/users/me/attach-account", proof.clone()).await;
    assert_eq!(list.ok(202)["wallet"].as_array().map(Vec::len), Some(2));
    // The same proof again, as somebody who saw it would send it: to attach, and to log in (x26).
    let replayed = user.post("/users/me/attach-account", proof.clone()).await;
    replayed.refused(404, "challenge_not_found");
    let other = Api::user(&server, 4).await;
    let replayed = other.post("/auth/token", proof).await;
    replayed.refused(404, "challenge_not_found");
    // Even a proof that comes to nothing is spent.
    let challenge = other.challenge(&wallet).await;
    let signature = wallet.sign(&challenge);
    let taken = attach(&other, &wallet, &signature).await;
    taken.refused(400, "wallet_already_exists");
    let replayed = other.answer_challenge(&wallet, &signature).await;
    replayed.refused(404, "challenge_not_found");
    // Nobody attaches without being logged in (y3).
    let stranger = Api::stranger(&server);
    let refused = attach(&stranger, &wallet, &signature).await;
    refused.refused(401, "failed_to_verify_access_token");
    let open = stranger.post("/auth/attach-account", json!({})).await;
    assert_eq!(open.status, 404, "that door of the reference is not there");
}

#[tokio::test]
async fn all_wallets_but_the_last_can_be_removed() {
    let server = Server::start(Options::default());
    let user = Api::user(&server, 1).await;
    let (first, second) = (EthereumWallet::new(1), PolkadotWallet::new(2, true));
    let list = attach_proven(&user, &second).await;
    assert_eq!(list["wallet"][1], second.address(), "{list}");
    let remove = |wallet: String| {
        let user = &user;
        async move {
            let body = json!({"wallet": wallet});
            user.delete_with("/users/me/remove-wallet", body).await
        }
    };
    remove(EthereumWallet::new(9).address())
        .await
        .refused(404, "wallet_not_found");
    for odd in ["", "\u{0}", "0x"] {
        remove(odd.to_owned())
            .await
            .refused(404, "wallet_not_found");
    }
    let upper = first.address().to_uppercase();
    assert_eq!(remove(upper).await.ok(200), Value::Null);
    let me = user.get("/users/me").await.ok(200);
    assert_eq!(me["wallet"], second.address(), "the next one is the first");
    remove(second.address()).await.refused(409, "last_wallet");
    for body in [json!({}), json!({"wallet": null}), json!({"wallet": 5})] {
        user.delete_with("/users/me/remove-wallet", body)
            .await
            .refused(400, "invalid_request_body");
    }
    // A wallet that was taken off is free for others.
    let other = Api::login(&server, &first).await;
    assert_ne!(other.user, user.user);
}

/// c11: the type of a user changes while people see them, and nothing breaks.
#[tokio::test]
async fn a_guest_with_a_wallet_becomes_a_user_everywhere() {
    let server = Server::start(Options::default().config("guest_ttl = \"2s\""));
    let guest = Api::guest(&server).await;
    let mut present = Client::join(&server, &guest).await;
    let mut watcher = Client::guest(&server).await;
    let watcher_api = Api::guest(&server).await;
    let (mut modern, _) = Client::connect_v2(&server, &watcher_api, posbus::Umid::now_v7()).await;
    modern.enter(crate::support::WELCOME).await;

    attach_proven(&guest, &EthereumWallet::new(7)).await;
    for client in [&mut watcher, &mut modern, &mut present] {
        let user = guest.user;
        let told: AddUsers = client
            .expect("a fresh entry", |list: &AddUsers| {
                list.users
                    .iter()
                    .any(|entry| entry.id == user && !entry.is_guest)
            })
            .await;
        assert_eq!(told.users[0].name, guest.name, "the name stays");
    }
    let me = guest.get("/users/me").await.ok(200);
    assert_eq!(me["isGuest"], false, "{me}");
    assert_eq!(me["userTypeId"], "00000000-0000-0000-0000-000000000006");
    let listed = guest.get("/users").await.ok(200);
    assert_eq!(listed[0]["id"], json!(guest.user), "{listed}");
    // A user who enters later is told so, too.
    let mut late = Client::connect(&server, &Api::guest(&server).await).await;
    let snapshot = late.enter(crate::support::WELCOME).await;
    assert_eq!(
        snapshot.user(guest.user).map(|user| user.is_guest),
        Some(false)
    );
    // The sweeper has nothing to do with them any more: another guest, who came later, is gone
    // before they would be.
    present.say_goodbye().await;
    let other = Api::guest(&server).await;
    let end = Instant::now() + 2 * DEADLINE;
    while watcher_api
        .get(&format!("/users/{}", other.user))
        .await
        .status
        != 404
    {
        assert!(Instant::now() < end, "{} is kept", other.name);
        sleep_until(Instant::now() + Duration::from_millis(200)).await;
    }
    guest.get("/users/me").await.ok(200);
}

/// x22: the UI shows others' first wallets; who does not want that switches it off.
#[tokio::test]
async fn wallets_of_others_are_shown_only_if_the_node_allows_it() {
    let mut server = Server::start(Options::default());
    let (user, other) = (Api::user(&server, 1).await, Api::user(&server, 2).await);
    let path = format!("/users/{}", user.user);
    let shown = other.get(&path).await.ok(200);
    assert!(shown["wallet"].is_string(), "{shown}");
    server.stop();
    server.start_again_with(Options::default().config("show_wallets = \"off\""));
    let (user, other) = (user.at(&server), other.at(&server));
    Client::join(&server, &user).await;
    let world = crate::support::WELCOME;
    for seen in [
        other.get(&path).await.ok(200),
        other
            .get(&format!("/worlds/{world}/online-users"))
            .await
            .ok(200),
        other.get("/users").await.ok(200),
        other.get("/users/search?query=User").await.ok(200),
    ] {
        assert!(!seen.to_string().contains("\"wallet\""), "{seen}");
    }
    for own in ["/users/me", &path] {
        let own = user.get(own).await.ok(200);
        assert!(own["wallet"].is_string(), "{own}");
    }
}
