//! Accounts of a complete node on a real database: guests, wallets, challenges, profiles and the
//! first owner.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use components::{Reason, Umid, ids};
use node::{Caller, NewMember, Node, NodeError, NodeOptions, ProfileChanges};
use store::Store;
use testkit::{BASE_URL, Database, new_object, start_node};

const TTL: Duration = Duration::from_secs(20 * 60);
const WALLET: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";

async fn start(database: &Database) -> Arc<Node> {
    let options = NodeOptions {
        base_url: format!("{BASE_URL}/"),
        guest_ttl: TTL,
        ..NodeOptions::default()
    };
    start_node(database, [], options).await
}

async fn fresh() -> (Database, Arc<Node>) {
    let database = Database::sqlite();
    let node = start(&database).await;
    (database, node)
}

/// The wallet of somebody else.
fn wallet(number: u32) -> String {
    format!("0x{number:040x}")
}

/// A moment at which everybody made just now has been away long enough.
fn later() -> chrono::DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(21)
}

async fn own_world(node: &Node, store: &Store, owner: Umid) -> Umid {
    let id = Umid::now_v7();
    let world = new_object(id, ids::WORLD_TYPE, owner, node.directory().node());
    store
        .insert_objects(std::slice::from_ref(&world))
        .await
        .expect("inserted");
    node.directory()
        .add_object(world.id, world.parent, owner, ids::WORLD_TYPE);
    world.id
}

#[tokio::test]
async fn guests_have_names_of_their_own() {
    let (_database, node) = fresh().await;
    let guest = node.create_guest().await.expect("a guest");
    let name = guest
        .profile
        .get("name")
        .and_then(|name| name.as_str())
        .expect("named")
        .to_owned();
    let digits = name.strip_prefix("Visitor_").expect("prefix");
    assert!(
        digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()),
        "{name}"
    );
    assert!(node.is_guest(&guest));
    let profile = node.session_user(guest.id).await.expect("known");
    assert_eq!(
        (profile.name, profile.avatar, profile.is_guest),
        (name, String::new(), true)
    );
}

#[tokio::test]
async fn a_wallet_is_one_user_in_every_spelling() {
    let (_database, node) = fresh().await;
    let id = node.user_for_wallet(WALLET).await.expect("made");
    assert_eq!(
        node.user_for_wallet(&WALLET.to_lowercase())
            .await
            .expect("found"),
        id
    );
    let user = node.user(id).await.expect("known");
    assert_eq!(user.wallets, [WALLET]);
    let text = |key: &str| user.profile.get(key).and_then(|value| value.as_str());
    assert_eq!(
        (text("name"), text("avatar_hash")),
        (Some(""), Some("")),
        "which starts the sign-up form"
    );
    let profile = node.session_user(id).await.expect("known");
    assert_eq!(
        (profile.name.as_str(), profile.is_guest),
        ("Anonymous", false)
    );
}

#[tokio::test]
async fn parallel_first_logins_make_one_user() {
    let (_database, node) = fresh().await;
    let logins: Vec<_> = (0..8)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.user_for_wallet(WALLET).await.expect("logged in") })
        })
        .collect();
    let mut users = Vec::new();
    for login in logins {
        users.push(login.await.expect("no panic"));
    }
    users.dedup();
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn challenges_are_answered_once() {
    let (_database, node) = fresh().await;
    let first = node.begin_challenge(WALLET).await.expect("made");
    assert!(first.contains(WALLET));
    let second = node.begin_challenge(WALLET).await.expect("made");
    assert_ne!(first, second);
    let is_second = |text: &str| (text == second).then_some(()).ok_or(());
    for expected in [
        // The newer one is answered, and gone. Then the older one is spent by an answer to none.
        Ok(()),
        Err(()),
    ] {
        let answered = node
            .answer_challenge(&WALLET.to_lowercase(), is_second)
            .await;
        assert_eq!(answered.expect("there is one"), expected);
    }
    for wallet in [WALLET, "nonsense", ""] {
        let answered = node.answer_challenge(wallet, is_second).await;
        let error = answered.expect_err("none left");
        assert!(
            matches!(error, NodeError::Refused(Reason::ChallengeNotFound)),
            "{wallet}"
        );
    }
    let error = node.begin_challenge("0x12").await.expect_err("no wallet");
    assert!(matches!(
        error,
        NodeError::Invalid(Reason::InvalidRequestQuery, _)
    ));
}

#[tokio::test]
async fn wallets_are_attached_once_and_the_last_one_stays() {
    let (_database, node) = fresh().await;
    let user = node.user_for_wallet(WALLET).await.expect("made");
    let other = wallet(7);
    assert_eq!(
        node.attach_wallet(user, &other).await.expect("attached"),
        [WALLET, &other]
    );
    for taken in [other.clone(), WALLET.to_uppercase().replace("0X", "0x")] {
        let error = node.attach_wallet(user, &taken).await.expect_err("taken");
        assert!(matches!(
            error,
            NodeError::Invalid(Reason::WalletAlreadyExists, _)
        ));
    }
    assert_eq!(
        node.detach_wallet(user, &WALLET.to_lowercase())
            .await
            .expect("detached"),
        std::slice::from_ref(&other)
    );
    let last = node
        .detach_wallet(user, &other)
        .await
        .expect_err("the last one");
    assert!(matches!(last, NodeError::Refused(Reason::LastWallet)));
    let foreign = node
        .detach_wallet(user, &wallet(8))
        .await
        .expect_err("not his");
    assert!(matches!(
        foreign,
        NodeError::Refused(Reason::WalletNotFound)
    ));
}

#[tokio::test]
async fn profiles_keep_what_is_not_given() {
    let (_database, node) = fresh().await;
    let user = node.user_for_wallet(WALLET).await.expect("made");
    let named = ProfileChanges {
        name: Some("Ada".to_owned()),
        ..ProfileChanges::default()
    };
    node.update_profile(user, named).await.expect("changed");
    let placed = ProfileChanges {
        location: Some("London".to_owned()),
        ..ProfileChanges::default()
    };
    let row = node.update_profile(user, placed).await.expect("changed");
    let text = |key: &str| row.profile.get(key).and_then(|value| value.as_str());
    assert_eq!(
        (text("name"), text("location"), text("bio")),
        (Some("Ada"), Some("London"), None)
    );
    assert_eq!(row.profile.get("onboarded"), Some(&true.into()));
    let nobody = node
        .update_profile(Umid::from_u128(1), ProfileChanges::default())
        .await;
    assert!(matches!(nobody, Err(NodeError::Refused(Reason::NotFound))));
}

#[tokio::test]
async fn absent_guests_are_swept_and_their_worlds_kept() {
    let (database, node) = fresh().await;
    let store = database.open().await;
    let guest = node.create_guest().await.expect("a guest").id;
    let wallet_user = node.user_for_wallet(WALLET).await.expect("made");
    let world = own_world(&node, &store, guest).await;
    store
        .set_member(world, guest, "admin")
        .await
        .expect("a member");

    assert_eq!(
        node.sweep_guests(Utc::now()).await.expect("swept"),
        0,
        "not away long enough"
    );
    assert_eq!(node.sweep_guests(later()).await.expect("swept"), 1);
    assert!(matches!(
        node.user(guest).await,
        Err(NodeError::Refused(Reason::UserNotFound))
    ));
    assert!(node.user(wallet_user).await.is_ok());
    let kept = store
        .object(world)
        .await
        .expect("read")
        .expect("still there");
    assert_eq!(kept.owner, ids::SYSTEM_USER);
    assert!(!node.directory().is_admin(guest, world));
}

#[tokio::test]
async fn a_guest_who_comes_back_stays() {
    let (_database, node) = fresh().await;
    let guest = node.create_guest().await.expect("a guest").id;
    node.session_user(guest).await.expect("a session begins");
    let now = later();
    assert_eq!(
        node.sweep_guests(now).await.expect("swept"),
        0,
        "it has just connected"
    );
    assert_eq!(
        node.sweep_guests(now + TimeDelta::minutes(19))
            .await
            .expect("swept"),
        0
    );
    assert_eq!(
        node.sweep_guests(now + TimeDelta::minutes(21))
            .await
            .expect("swept"),
        1,
        "and left again"
    );
}

#[tokio::test]
async fn guests_with_a_wallet_stay_and_do_not_hide_the_others() {
    let (_database, node) = fresh().await;
    // More than one batch of guests that stay, all away longer than the one that goes.
    for number in 0..300 {
        let guest = node.create_guest().await.expect("a guest").id;
        node.attach_wallet(guest, &wallet(number))
            .await
            .expect("attached");
    }
    let leaving = node.create_guest().await.expect("a guest").id;
    assert_eq!(node.sweep_guests(later()).await.expect("swept"), 1);
    assert!(node.user(leaving).await.is_err());
    assert_eq!(node.sweep_guests(later()).await.expect("swept"), 0);
}

/// The token in a claim link.
fn token(link: &str) -> &str {
    link.strip_prefix("http://localhost:4000/claim#token=")
        .expect("the link")
}

#[tokio::test]
async fn the_first_owner_claims_the_node_once() {
    let (_database, node) = fresh().await;
    let guest = node.create_guest().await.expect("a guest").id;
    let object = node.directory().node();
    let early = node.claim_ownership(guest, "").await;
    assert!(
        matches!(early, Err(NodeError::Refused(Reason::NoClaimOpen))),
        "nothing is on offer yet"
    );

    let link = node
        .offer_ownership()
        .await
        .expect("answered")
        .expect("nobody owns it");
    for wrong in ["", "x", &"0".repeat(64)] {
        let refused = node.claim_ownership(guest, wrong).await;
        assert!(matches!(
            refused,
            Err(NodeError::Refused(Reason::InvalidOwnerToken))
        ));
    }
    assert!(!node.directory().is_admin(guest, object));
    node.claim_ownership(guest, token(&link))
        .await
        .expect("claimed");
    assert!(node.directory().is_admin(guest, object));
    let again = node.claim_ownership(guest, token(&link)).await;
    assert!(
        matches!(again, Err(NodeError::Refused(Reason::NoClaimOpen))),
        "works once"
    );
    assert_eq!(node.offer_ownership().await.expect("answered"), None);

    assert_eq!(
        node.sweep_guests(later()).await.expect("swept"),
        0,
        "an owner is not swept away"
    );
    assert!(node.user(guest).await.is_ok());
}

#[tokio::test]
async fn ownership_survives_a_restart_and_offers_do_not() {
    let (database, node) = fresh().await;
    let old = node
        .offer_ownership()
        .await
        .expect("answered")
        .expect("nobody owns it");
    node.shutdown().await;
    let node = start(&database).await;
    let new = node
        .offer_ownership()
        .await
        .expect("answered")
        .expect("still nobody owns it");
    let user = node.user_for_wallet(WALLET).await.expect("made");
    assert!(node.claim_ownership(user, token(&old)).await.is_err());
    node.claim_ownership(user, token(&new))
        .await
        .expect("claimed");
    node.shutdown().await;
    let node = start(&database).await;
    assert_eq!(node.offer_ownership().await.expect("answered"), None);
    assert!(node.directory().is_admin(user, node.directory().node()));
}

#[tokio::test]
async fn the_last_admin_of_the_node_stays() {
    let (_database, node) = fresh().await;
    let link = node
        .offer_ownership()
        .await
        .expect("answered")
        .expect("nobody owns it");
    let first = node.user_for_wallet(WALLET).await.expect("made");
    let second = node.user_for_wallet(&wallet(1)).await.expect("made");
    node.claim_ownership(first, token(&link))
        .await
        .expect("claimed");
    let object = node.directory().node();
    let caller = Caller {
        user: first,
        is_guest: false,
    };
    let alone = node.remove_member(caller, object, first).await;
    assert!(matches!(alone, Err(NodeError::Refused(Reason::LastAdmin))));
    assert!(node.directory().is_admin(first, object));
    node.remove_member(caller, object, second)
        .await
        .expect("who has no role stays without");

    node.add_member(caller, object, NewMember::User(second))
        .await
        .expect("added");
    node.remove_member(caller, object, first)
        .await
        .expect("there is another one");
    assert!(!node.directory().is_admin(first, object));
}
