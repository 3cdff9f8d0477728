//! A Substrate chain that the server follows: worlds belong to who holds the items that name them,
//! stakes are told, and coins are shown (docs/spec/chains.md §9).

use posbus::{ActivityUpdate, Umid};
use serde_json::{Value, json};
use testkit::chopsticks::{Chopsticks, Dynamic, Keypair, address, dev};

use crate::support::{
    Api, Client, Options, PolkadotWallet, Rows, Server, eventually_async, minted,
};

/// The collection of worlds.
const WORLDS: u128 = 3;
/// Blocks after which one is final: the simulation says that all are.
const FINAL: u64 = 3;
/// A token of the chain in its smallest unit.
const MOM: u128 = 1_000_000_000_000;

fn options(chain: &Chopsticks) -> Options {
    let endpoints = [chain.ws(), chain.http()];
    Options::default().config(&format!(
        "[chains.own]\nfamily = \"substrate\"\nspec_name = \"odyssey\"\n\
         endpoints = {endpoints:?}\npoll = \"100ms\"\nrequests_per_second = 1000\n\
         worlds = \"Uniques:{WORLDS}\"\nstakes = \"Stake\"\nfaucet = \"Faucet\"\n\
         final_after = {FINAL}\n"
    ))
}

async fn collect(chain: &Chopsticks) {
    let arguments = vec![
        ("collection", Dynamic::u128(WORLDS)),
        ("admin", address(&dev::alice())),
    ];
    chain
        .call(&dev::alice(), "Uniques", "create", arguments)
        .await;
}

/// Gives somebody an item that stands for a world.
async fn mint(chain: &Chopsticks, item: u128, world: Umid, to: &Keypair) {
    let place = || {
        vec![
            ("collection", Dynamic::u128(WORLDS)),
            ("item", Dynamic::u128(item)),
        ]
    };
    let mut arguments = place();
    arguments.push(("owner", address(to)));
    chain
        .call(&dev::alice(), "Uniques", "mint", arguments)
        .await;
    let mut arguments = place();
    let data = json!([world, "Mine", "", ""]).to_string();
    arguments.push(("data", Dynamic::from_bytes(data.as_bytes())));
    arguments.push(("is_frozen", Dynamic::bool(false)));
    chain
        .call(&dev::alice(), "Uniques", "set_metadata", arguments)
        .await;
}

async fn owner(api: &Api, world: Umid) -> Option<Value> {
    let answer = api.get(&format!("/worlds/{world}")).await;
    (answer.status == 200).then(|| answer.ok(200)["owner_id"].clone())
}

#[tokio::test]
async fn worlds_stakes_and_coins_follow_a_substrate_chain() {
    let chain = Chopsticks::start().await;
    collect(&chain).await;
    let server = Server::start(options(&chain));
    // The keys of their wallets are those of accounts of the chain.
    let key = |number: u8| Keypair::from_secret_key([number; 32]).expect("a key");
    let (bob, charlie) = (key(21), key(22));
    for (to, amount) in [(&bob, 100 * MOM), (&charlie, 7 * MOM)] {
        let arguments = vec![("dest", address(to)), ("value", Dynamic::u128(amount))];
        let alice = dev::alice();
        chain
            .call(&alice, "Balances", "transfer_keep_alive", arguments)
            .await;
    }
    let bob_api = Api::login(&server, &PolkadotWallet::new(21, false)).await;
    let charlie_api = Api::login(&server, &PolkadotWallet::new(22, false)).await;
    let world = minted(77);
    mint(&chain, 1, world, &bob).await;
    assert_eq!(owner(&charlie_api, world).await, None, "it is not final");
    chain.mine(FINAL).await;
    let is_owner = async |user: &Api| owner(&charlie_api, world).await == Some(json!(user.user));
    eventually_async(async || is_owner(&bob_api).await).await;

    let mut watcher = Client::connect(&server, &charlie_api).await;
    watcher.enter(world).await;
    let arguments = vec![
        ("collection", Dynamic::u128(WORLDS)),
        ("item", Dynamic::u128(1)),
        ("amount", Dynamic::u128(5 * MOM)),
    ];
    chain.call(&bob, "Stake", "stake", arguments).await;
    chain.mine(FINAL).await;
    let told = watcher
        .expect("the stake", |update: &ActivityUpdate| {
            update.r#type.as_deref() == Some("stake")
        })
        .await;
    let data = told.data.expect("data");
    assert_eq!(data.token_amount.as_deref(), Some("5000000000000"));
    assert_eq!(told.user_id, bob_api.user);
    let stakes = bob_api.get("/users/me/stakes").await.ok(200);
    assert_eq!(stakes[0]["amount"], "5000000000000");

    let arguments = vec![
        ("collection", Dynamic::u128(WORLDS)),
        ("item", Dynamic::u128(1)),
        ("dest", address(&charlie)),
    ];
    chain.call(&bob, "Uniques", "transfer", arguments).await;
    chain.mine(FINAL).await;
    eventually_async(async || is_owner(&charlie_api).await).await;

    // Coins of those who are here, as the chain has them.
    let coins = async || {
        let rows = Rows::of(&server).await;
        let balances = rows.texts("balance", "hex(wallet_id), balance").await;
        rows.close().await;
        let account = hex::encode_upper(charlie.public_key().0);
        balances.contains(&json!([account, (7 * MOM).to_string()]).to_string())
    };
    eventually_async(coins).await;
}

#[test]
fn substrate_chains_are_checked() {
    let refused = |line: &str| {
        let text = format!(
            "[chains.own]\nfamily = \"substrate\"\nendpoints = [\"ws://127.0.0.1:9\"]\n{line}\n"
        );
        let home = crate::command::Home::new().with("odyssey.toml", &text);
        home.run(&["config"], &[]).complaint().to_owned()
    };
    assert!(refused("").contains("spec_name is missing"));
    for (line, why) in [
        (
            "worlds = \"Uniques\"",
            "worlds: \"Uniques\" is not of the form",
        ),
        (
            "tokens = [\"Assets:x\"]",
            "tokens: \"Assets:x\" is not of the form",
        ),
        ("chain_id = 7", "chain_id: not of this family"),
    ] {
        let complaint = refused(&format!("spec_name = \"odyssey\"\n{line}"));
        assert!(complaint.contains(why), "{complaint}");
    }
}
