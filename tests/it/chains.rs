//! A chain that the server follows: worlds belong to who holds their tokens, stakes are told, and
//! what a chain takes back is taken back (docs/spec/chains.md §5).

use devchain::{Contracts, FAUCET_KEY};
use posbus::{
    ActivityUpdate, SetWorld, Signal, SignalType, TeleportRequest, Umid, UserStakedToOdyssey,
};
use serde_json::{Value, json};
use testkit::PostgresServer;

use crate::{
    command::Home,
    support::{
        Api, Client, EthereumWallet, LocalChain, Options, Rows, Server, WELCOME, Wallet, address,
        eventually_async, minted,
    },
};

/// Whether the server has read the chain to its end.
async fn is_level(api: &Api, chain: &LocalChain) -> bool {
    let head = chain.node.best().await.expect("answers");
    let ready = api.root("/ready").await.ok(200);
    ready["chains"][0]["applied"].as_u64() >= Some(head)
        && ready["chains"][0]["state"] == "following"
}

/// The owner of a world; none if there is no such world.
async fn owner(api: &Api, world: Umid) -> Option<Umid> {
    let answer = api.get(&format!("/worlds/{world}")).await;
    match answer.status {
        404 => None,
        _ => serde_json::from_value(answer.ok(200)["owner_id"].clone()).ok(),
    }
}

async fn until_owner(api: &Api, world: Umid, expected: Option<Umid>) {
    eventually_async(async || owner(api, world).await == expected).await;
}

/// Whether a user may edit a world.
async fn edits(user: &Api, world: Umid) -> bool {
    let body = json!({ "object_name": "Mine" });
    user.patch(&format!("/objects/{world}"), body).await.status == 200
}

#[tokio::test]
async fn worlds_belong_to_who_holds_their_tokens() {
    let chain = LocalChain::start().await;
    let server = Server::start(chain.options());
    let (ann, bob, cid) = (
        EthereumWallet::new(1),
        EthereumWallet::new(2),
        EthereumWallet::new(3),
    );
    let (ann_api, bob_api) = (Api::user(&server, 1).await, Api::user(&server, 2).await);
    let world = minted(2);

    // Minted for somebody who is known: there at once, also for those who browse.
    chain.mint_world(address(&ann)).await;
    until_owner(&bob_api, world, Some(ann_api.user)).await;
    let listed = bob_api
        .get(&format!("/users/{}/worlds", ann_api.user))
        .await
        .ok(200);
    assert_eq!(listed[0]["id"], json!(world));
    assert!(edits(&ann_api, world).await);

    // Handed over: everybody in it is told, and rights follow while people are connected.
    let mut inside = [
        Client::connect(&server, &ann_api).await,
        Client::connect(&server, &bob_api).await,
    ];
    for client in &mut inside {
        let snapshot = client.enter(world).await;
        assert_eq!(snapshot.world.owner, ann_api.user);
    }
    chain.hand_over(2, &ann, address(&bob)).await;
    for client in &mut inside {
        let told = client
            .expect("the new owner", |world: &SetWorld| {
                world.owner == bob_api.user
            })
            .await;
        assert_eq!(told.id, world);
    }
    assert!(!edits(&ann_api, world).await);
    assert!(edits(&bob_api, world).await);

    // Held by somebody who has never been here: nobody's, until they come.
    chain.hand_over(2, &bob, address(&cid)).await;
    eventually_async(async || !edits(&bob_api, world).await).await;
    let cid_api = Api::login(&server, &cid).await;
    until_owner(&bob_api, world, Some(cid_api.user)).await;
    assert!(edits(&cid_api, world).await);

    // Burned: kept, but nobody is in it or finds it any more.
    chain.burn(2, &cid).await;
    until_owner(&bob_api, world, None).await;
    let mut late = Client::connect(&server, &bob_api).await;
    late.send(TeleportRequest { target: world }).await;
    late.expect("the refusal", |signal: &Signal| {
        signal.value == SignalType::WORLD_DOES_NOT_EXIST
    })
    .await;
    let found = bob_api.get("/worlds").await.ok(200);
    let found = found.as_array().expect("a list");
    assert!(found.iter().all(|found| found["id"] != json!(world)));
}

#[tokio::test]
async fn a_world_waits_for_the_holder_of_its_token() {
    let chain = LocalChain::start().await;
    let ann = EthereumWallet::new(1);
    chain.mint_world(address(&ann)).await;
    let server = Server::start(chain.options());
    let guest = Api::guest(&server).await;
    eventually_async(async || is_level(&guest, &chain).await).await;
    assert_eq!(owner(&guest, minted(2)).await, None);
    let ann_api = Api::login(&server, &ann).await;
    assert_eq!(owner(&guest, minted(2)).await, Some(ann_api.user));

    // The first token has the id of the welcome world, which is the node's.
    chain.hand_over_first(address(&ann)).await;
    chain.mint_world(address(&ann)).await;
    until_owner(&guest, minted(3), Some(ann_api.user)).await;
    assert_ne!(owner(&guest, WELCOME).await, Some(ann_api.user));
}

#[tokio::test]
async fn items_that_stand_for_no_world_make_none() {
    let chain = LocalChain::start().await;
    let server = Server::start(chain.options());
    let ann = EthereumWallet::new(1);
    let ann_api = Api::user(&server, 1).await;
    for id in [
        "0x1",
        "0x8000800000000000000000000000000000000001",
        "0xffffffffffffffff",
    ] {
        chain.mint_item(address(&ann), id).await;
    }
    chain.mint_world(address(&ann)).await;
    until_owner(&ann_api, minted(2), Some(ann_api.user)).await;
    let path = format!("/users/{}/worlds", ann_api.user);
    let worlds = ann_api.get(&path).await.ok(200);
    assert_eq!(worlds.as_array().map(Vec::len), Some(1), "{worlds}");
    assert_eq!(harvester(&server, &["deadletters"]), "none\n");
}

#[tokio::test]
async fn stakes_are_told_with_their_amount_and_their_comment() {
    let chain = LocalChain::start().await;
    let server = Server::start(chain.options());
    let ann = EthereumWallet::new(1);
    let ann_api = Api::user(&server, 1).await;
    let watcher_api = Api::guest(&server).await;
    chain.mint_world(address(&ann)).await;
    let world = minted(2);
    until_owner(&ann_api, world, Some(ann_api.user)).await;
    let mut watcher = Client::connect(&server, &watcher_api).await;
    watcher.enter(world).await;
    let mut staker = Client::connect(&server, &ann_api).await;

    for (amount, total, comment) in [(100_u64, "100", "first"), (30, "130", "second")] {
        let transaction = chain.stake(&ann, 2, amount).await;
        let told = watcher
            .expect("the stake", |update: &ActivityUpdate| {
                update.r#type.as_deref() == Some("stake")
            })
            .await;
        let data = told.data.expect("data");
        assert_eq!(data.token_amount, Some(amount.to_string()), "of this one");
        assert_eq!(data.token_symbol.as_deref(), Some("MOM"));
        assert_eq!(data.bc_tx_hash, Some(transaction.clone()));
        assert_eq!(told.user_id, ann_api.user);

        // Clients send the comment when they have the receipt, which is after the chain.
        staker
            .send(UserStakedToOdyssey {
                transaction_hash: transaction,
                object_id: world,
                wallet: ann.address(),
                comment: comment.to_owned(),
                amount: amount.to_string(),
                kind: 0,
            })
            .await;
        let shown = async || {
            let stakes = ann_api.get("/users/me/stakes").await.ok(200);
            (
                stakes[0]["amount"].clone(),
                stakes[0]["last_comment"].clone(),
            )
        };
        eventually_async(async || shown().await == (json!(total), json!(comment))).await;
    }
    let details = watcher_api.get(&format!("/worlds/{world}")).await.ok(200);
    assert_eq!(details["last_staking_comment"], "second");
    assert_eq!(details["stake_total"], "130");
    let news = watcher_api
        .get("/objects/newsfeed?startIndex=0&pageSize=50")
        .await
        .ok(200);
    let news = news["activities"].as_array().cloned().unwrap_or_default();
    let stakes = news.iter().filter(|news| news["type"] == "stake");
    assert_eq!(stakes.count(), 2);
}

#[tokio::test]
async fn what_a_chain_takes_back_is_taken_back() {
    let chain = LocalChain::start().await;
    let server = Server::start(chain.options());
    let ann = EthereumWallet::new(1);
    let (ann_api, guest) = (Api::user(&server, 1).await, Api::guest(&server).await);
    chain.mint(address(&ann), 1_000).await;
    chain.mint_world(address(&ann)).await;
    until_owner(&guest, minted(2), Some(ann_api.user)).await;
    let mut watcher = Client::connect(&server, &guest).await;
    watcher.enter(minted(2)).await;

    chain.stake(&ann, 2, 5).await;
    let told = watcher
        .expect("the stake", |update: &ActivityUpdate| {
            update.r#type.as_deref() == Some("stake")
        })
        .await;
    chain.mint_world(address(&ann)).await;
    until_owner(&guest, minted(3), Some(ann_api.user)).await;
    chain.node.reorganise(2).await.expect("forks");
    until_owner(&guest, minted(3), None).await;
    watcher
        .expect("the stake goes", |update: &ActivityUpdate| {
            update.activity_id == told.activity_id && update.change_type == ActivityUpdate::REMOVED
        })
        .await;
    let stakes = ann_api.get("/users/me/stakes").await.ok(200);
    assert_eq!(stakes, json!([]));
    assert_eq!(owner(&guest, minted(2)).await, Some(ann_api.user));

    // A transfer that is taken back gives the world back, while people are in it.
    let bob_api = Api::user(&server, 2).await;
    chain
        .hand_over(2, &ann, address(&EthereumWallet::new(2)))
        .await;
    for owner in [&bob_api, &ann_api] {
        let told = |world: &SetWorld| world.owner == owner.user;
        watcher.expect("the owner", told).await;
        assert!(edits(owner, minted(2)).await);
        if owner.user == bob_api.user {
            assert!(!edits(&ann_api, minted(2)).await);
            chain.node.reorganise(1).await.expect("forks");
        }
    }
    assert!(!edits(&bob_api, minted(2)).await);

    // The same number is minted again, and it is there again.
    chain.mint_world(address(&ann)).await;
    until_owner(&guest, minted(3), Some(ann_api.user)).await;
}

#[tokio::test]
async fn balances_follow_the_chain_across_kills() {
    let chain = LocalChain::start().await;
    let mut server = Server::start(chain.options());
    let ann = EthereumWallet::new(1);
    let ann_api = Api::user(&server, 1).await;
    let balance = async |api: &Api| {
        let wallets = api.get("/users/me/wallets").await.ok(200);
        let of_mom = |row: &&Value| {
            row["contract_id"]
                .as_str()
                .is_some_and(|id| id.eq_ignore_ascii_case(&chain.contracts.mom.to_string()))
        };
        let rows = wallets.as_array().cloned().unwrap_or_default();
        rows.iter().find(of_mom).map(|row| row["balance"].clone())
    };
    for round in 1..4_u64 {
        chain.mint(address(&ann), 10).await;
        server.kill();
        chain.mint(address(&ann), 10).await;
        server.start_again();
        let api = ann_api.at(&server);
        let expected = Some(json!((round * 20).to_string()));
        eventually_async(async || balance(&api).await == expected).await;
    }
}

#[tokio::test]
async fn a_chain_that_is_away_keeps_nobody_from_anything() {
    let chain = LocalChain::start().await;
    let gone = "http://127.0.0.1:9/v3/secret-key".to_owned();
    let mut server = Server::start(chain.options_at(&[gone]));
    let guest = Api::guest(&server).await;
    Client::join(&server, &guest).await;
    let ready = guest.root("/ready").await.ok(200);
    assert_eq!(ready["chains"][0]["name"], "local");
    assert_eq!(ready["chains"][0]["state"], "connecting");
    assert_eq!(ready["chains"][0]["head"], Value::Null);
    let metrics = guest.root("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.bytes).into_owned();
    assert!(metrics.contains("odyssey_chain_following{chain=\"local\"} 0"));
    server.stop();
    for told in [server.log(), metrics] {
        assert!(!told.contains("secret-key"), "{told}");
    }
}

#[tokio::test]
async fn another_chain_than_configured_is_not_followed() {
    let chain = LocalChain::start().await;
    let options = Options::default().config(&format!(
        "[chains.local]\nchain_id = 1\nendpoints = \"{}\"\n",
        chain.node.http()
    ));
    let server = Server::start(options);
    let guest = Api::guest(&server).await;
    eventually_async(async || {
        let ready = guest.root("/ready").await.ok(200);
        ready["chains"][0]["state"] == "stopped"
    })
    .await;
    assert!(
        server
            .log()
            .contains("the chain has the id 42170 and not 1")
    );
}

#[test]
fn chains_are_checked_and_shown_without_their_keys() {
    let shown = |lines: &str| {
        let home = Home::new().with("odyssey.toml", lines);
        home.run(&["config"], &[])
    };
    let good = "[chains.nova]\nchain_id = 42170\n\
        endpoints = [\"https://user:secret@nova.example:8443/v3/secret?key=secret\"]\n";
    let text = shown(good).out;
    assert!(text.contains("https://nova.example:8443/***"), "{text}");
    assert!(
        !text.contains("secret@") && !text.contains("/secret"),
        "{text}"
    );
    for (line, why) in [
        (
            "worlds = \"0x12\"",
            "chains: nova: worlds: \"0x12\" is no address",
        ),
        ("colour = \"red\"", "chains.nova.colour: unknown key"),
        ("enabled = \"perhaps\"", "chains.nova.enabled"),
        (
            "[chains.other]\nchain_id = 42170\nendpoints = \"ws://a\"",
            "chains: nova and other have the same id",
        ),
        (
            "[chains.other]\nchain_id = 1\nendpoints = [\"ftp://secret.example\"]",
            "chains: other: the address of an endpoint has the unknown scheme ftp",
        ),
        (
            "[chains.other]\nchain_id = 1\nendpoints = []",
            "chains: other: no endpoint",
        ),
    ] {
        let ended = shown(&format!("{good}{line}\n"));
        let complaint = ended.complaint();
        assert!(complaint.starts_with(why), "{complaint}");
        assert!(!complaint.contains("secret"), "{complaint}");
    }
}

#[tokio::test]
async fn coins_of_those_who_are_here_and_stakes_that_failed_are_noticed() {
    let chain = LocalChain::start().await;
    let server = Server::start(chain.options());
    let ann = EthereumWallet::new(1);
    let ann_api = Api::user(&server, 1).await;
    let mut client = Client::join(&server, &ann_api).await;
    chain.fund(&ann).await;
    let coins = async || {
        let wallets = ann_api.get("/users/me/wallets").await.ok(200);
        let rows = wallets.as_array().cloned().unwrap_or_default();
        rows.first().map(|row| {
            let contract = row["contract_id"].as_str().unwrap_or_default().to_owned();
            (contract, row["balance"].clone())
        })
    };
    let coin = format!("0x{:040x}", 1);
    let expected = Some((coin, json!("1000000000000000000")));
    eventually_async(async || coins().await == expected).await;

    let transaction = chain.fail_to_unstake(&ann, 2).await;
    client
        .send(UserStakedToOdyssey {
            transaction_hash: transaction,
            object_id: WELCOME,
            wallet: ann.address(),
            comment: "never".to_owned(),
            amount: "1".to_owned(),
            kind: 0,
        })
        .await;
    let pending = async || Rows::of(&server).await.pending_stakes().await.len();
    eventually_async(async || pending().await == 1).await;
    // It is old enough after ten seconds.
    eventually_async(async || pending().await == 0).await;
}

#[tokio::test]
async fn who_gets_a_new_world_is_given_tokens_once() {
    let chain = LocalChain::start().await;
    let key = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(key.path(), FAUCET_KEY).expect("writes");
    let grant = format!(
        "final_after = 2\n[chains.local.grant]\nkey = {:?}\namount = \"7\"\nfirst_block = 1\n",
        key.path()
    );
    let mut server = Server::start(chain.options().config(&grant));
    let ann = EthereumWallet::new(1);
    let api = Api::user(&server, 1).await;
    chain.mint_world(address(&ann)).await;
    until_owner(&api, minted(2), Some(api.user)).await;
    assert_eq!(chain.balance(&ann).await, 0, "its block is not final yet");
    chain.node.mine(3).await.expect("mines");
    eventually_async(async || chain.balance(&ann).await == 7).await;
    // Neither a restart nor reading all anew gives it again; another world does.
    server.kill();
    server.start_again();
    let api = api.at(&server);
    harvester(&server, &["reindex", "local"]);
    eventually_async(async || server.log().contains("its rows are new")).await;
    chain.mint_world(address(&ann)).await;
    chain.node.mine(3).await.expect("mines");
    eventually_async(async || chain.balance(&ann).await == 14).await;
    eventually_async(async || is_level(&api, &chain).await).await;
    assert_eq!(chain.balance(&ann).await, 14);
}

/// Output of the command.
fn harvester(server: &Server, arguments: &[&str]) -> String {
    let output = server.run(&[&["harvester"], arguments].concat());
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

#[tokio::test]
async fn a_contract_that_is_added_is_read_from_its_beginning_while_others_go_on() {
    add_a_contract(Options::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_is_added_is_read_from_its_beginning_in_postgresql() {
    let database = PostgresServer::start();
    let url = database.database("chains");
    add_a_contract(Options::default().database(&url)).await;
}

async fn add_a_contract(options: Options) {
    let chain = LocalChain::start().await;
    let ann = EthereumWallet::new(1);
    let Contracts { mom, worlds, .. } = chain.contracts;
    let table = |contracts: &str| {
        format!(
            "[chains.local]\nchain_id = 42170\nendpoints = \"{}\"\npoll = \"50ms\"\n{contracts}\n",
            chain.node.http()
        )
    };
    let with_worlds = table(&format!("worlds = \"{worlds}\""));
    let mut server = Server::start(options.clone().config(&with_worlds));
    let ann_api = Api::user(&server, 1).await;
    chain.mint(address(&ann), 30).await;
    chain.mint_world(address(&ann)).await;
    until_owner(&ann_api, minted(2), Some(ann_api.user)).await;
    server.stop();
    assert!(harvester(&server, &["status"]).starts_with("local: block "));

    let with_both = table(&format!("worlds = \"{worlds}\"\nmom = \"{mom}\""));
    server.start_again_with(options.clone().config(&with_both));
    let api = ann_api.at(&server);
    let balance = async || {
        let wallets = api.get("/users/me/wallets").await.ok(200);
        let rows = wallets.as_array().cloned().unwrap_or_default();
        rows.first().map(|row| row["balance"].clone())
    };
    eventually_async(async || balance().await == Some(json!("30"))).await;
    chain.mint(address(&ann), 12).await;
    chain.mint_world(address(&ann)).await;
    eventually_async(async || balance().await == Some(json!("42"))).await;
    until_owner(&api, minted(3), Some(ann_api.user)).await;
    assert_eq!(owner(&api, minted(2)).await, Some(ann_api.user));

    // As somebody asks for it, while it runs, too: nothing happens twice.
    let asked = harvester(&server, &["reindex", "local"]);
    assert_eq!(asked, "local: its rows are to be made anew\n");
    eventually_async(async || server.log().matches("its rows are new").count() == 2).await;
    assert_eq!(balance().await, Some(json!("42")));
    let news = api
        .get("/objects/newsfeed?startIndex=0&pageSize=50")
        .await
        .ok(200);
    let news = news["activities"].as_array().cloned().unwrap_or_default();
    let made = news.iter().filter(|news| news["type"] == "world_created");
    assert_eq!(made.count(), 2);
    assert_eq!(harvester(&server, &["deadletters"]), "none\n");
}

#[tokio::test]
async fn a_chain_that_is_not_what_it_was_is_followed_again_when_somebody_asks() {
    let chain = LocalChain::start().await;
    let ann = EthereumWallet::new(1);
    let mut server = Server::start(chain.options());
    let ann_api = Api::user(&server, 1).await;
    chain.mint_world(address(&ann)).await;
    chain.mint_world(address(&ann)).await;
    until_owner(&ann_api, minted(3), Some(ann_api.user)).await;
    // Final, and then another chain begins under the same id.
    chain.node.mine(80).await.expect("mines");
    eventually_async(async || is_level(&ann_api, &chain).await).await;
    server.stop();
    let other = LocalChain::start().await;
    other.mint_world(address(&ann)).await;
    let is_in_state = async |api: &Api, state: &str| {
        let ready = api.root("/ready").await.ok(200);
        ready["chains"][0]["state"] == state
    };
    server.start_again_with(other.options());
    let api = ann_api.at(&server);
    eventually_async(async || is_in_state(&api, "stopped").await).await;
    assert!(server.log().contains("finality was violated"));
    assert_eq!(
        owner(&api, minted(3)).await,
        Some(ann_api.user),
        "no row changes"
    );

    harvester(&server, &["reindex", "local"]);
    server.stop();
    server.start_again();
    let api = ann_api.at(&server);
    eventually_async(async || is_in_state(&api, "following").await).await;
    until_owner(&api, minted(3), None).await;
    assert_eq!(owner(&api, minted(2)).await, Some(ann_api.user));
}

#[tokio::test]
async fn a_chain_can_be_read_before_the_server_starts() {
    let chain = LocalChain::start().await;
    let mut server = Server::start(Options::default());
    server.stop();
    for amount in 1..20 {
        chain.mint(address(&EthereumWallet::new(1)), amount).await;
    }
    let head = chain.node.best().await.expect("answers");
    server.start_again_with(chain.options_at(&["http://127.0.0.1:9".to_owned()]));
    server.stop();
    assert_eq!(harvester(&server, &["status"]), "local: has not begun\n");
    server.start_again_with(chain.options());
    server.stop();
    let filled = harvester(&server, &["backfill"]);
    assert!(
        filled.contains(&format!("local: block {head}\n")),
        "{filled}"
    );
    let status = harvester(&server, &["status"]);
    assert!(
        status.starts_with(&format!("local: block {head}, ")),
        "{status}"
    );
    let replayed = harvester(&server, &["replay"]);
    assert!(
        replayed.starts_with("local: 0 effects are tried again"),
        "{replayed}"
    );
}
