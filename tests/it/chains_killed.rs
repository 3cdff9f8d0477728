//! A program that is killed while it follows a chain, at any point and again and again, misses
//! nothing and does nothing twice (docs/spec/chains.md §3, §5).

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, time::sleep};

use crate::support::{
    Api, EthereumWallet, LocalChain, Options, Rows, Server, address, eventually_async, minted,
};

/// Blocks of the history, events in each, and blocks between two worlds.
const BLOCKS: u64 = 200;
const EVENTS: u64 = 50;
const BLOCKS_OF_A_WORLD: u64 = 20;
/// Kills while a command reads the history, and while a server does so and acts upon it.
const KILLS: (u64, u64) = (60, 40);
/// Blocks that a request for logs may ask for, so that there are many ranges.
const RANGE: u64 = 4;

/// Everything that a chain leaves in the tables of the harvester and of the API: tables, and their
/// columns that do not tell when a row was written.
const TABLES: [(&str, &str); 7] = [
    ("chain_cell", "kind, hex(cell), hex(value), number"),
    ("chain_fact", "number, position, hex(\"transaction\"), fact"),
    ("chain_outbox", "key, number, state"),
    ("chain_dead_letter", "number, position, reason"),
    ("balance", "hex(wallet_id), hex(contract_id), balance"),
    ("nft", "hex(wallet_id), hex(object_id)"),
    ("stake", "hex(wallet_id), hex(object_id), kind, amount"),
];

/// Stands between the program and the chain, and counts requests.
struct Counter {
    chain: String,
    http: reqwest::Client,
    requests: watch::Sender<u64>,
}

impl Counter {
    async fn start(chain: &LocalChain) -> (String, watch::Receiver<u64>) {
        let (requests, counted) = watch::channel(0);
        let counter = Arc::new(Counter {
            chain: chain.node.http(),
            http: reqwest::Client::new(),
            requests,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(Self::pass).with_state(counter);
        tokio::spawn(async move { axum::serve(listener, router).await });
        (address, counted)
    }

    async fn pass(State(counter): State<Arc<Counter>>, body: String) -> String {
        counter.requests.send_modify(|count| *count += 1);
        let request: Value = serde_json::from_str(&body).expect("a request");
        let filter = &request["params"][0];
        let number = |key: &str| {
            let text = filter[key].as_str()?.trim_start_matches("0x");
            u64::from_str_radix(text, 16).ok()
        };
        if let (Some(from), Some(to)) = (number("fromBlock"), number("toBlock"))
            && to - from >= RANGE
        {
            let message = format!("block range too large, up to {RANGE} blocks");
            let error = json!({"code": -32005, "message": message});
            return json!({"jsonrpc": "2.0", "id": request["id"], "error": error}).to_string();
        }
        let answer = counter.http.post(&counter.chain).body(body);
        let answer = answer.header("content-type", "application/json").send();
        answer.await.expect("answers").text().await.expect("a text")
    }
}

/// Waits for fewer requests than `most` after those `before`, and a moment more: somewhere in a
/// request, a transaction, or an effect.
async fn some_point(
    random: &mut StdRng,
    counted: &mut watch::Receiver<u64>,
    (before, most): (u64, u64),
) {
    let until = before + random.random_range(1..most);
    let reached = counted.wait_for(|count| *count >= until);
    reached.await.expect("the chain is there");
    sleep(Duration::from_micros(random.random_range(0..20_000))).await;
}

/// A history with tokens, worlds and stakes in them.
async fn history(chain: &LocalChain, ann: &EthereumWallet) {
    for block in 0..BLOCKS {
        chain
            .mint_to_many(0x1000 + block % 7 * EVENTS, EVENTS)
            .await;
        if block % BLOCKS_OF_A_WORLD == 0 {
            chain.mint_world(address(ann)).await;
            chain.stake(ann, 2, block + 1).await;
        }
    }
}

/// Whether the chain is read to its end, and everything that follows from it done.
async fn is_done(server: &Server, chain: &LocalChain) -> bool {
    let head = chain.node.best().await.expect("answers");
    let ready = Api::stranger(server).root("/ready").await.ok(200);
    if ready["chains"][0]["applied"].as_u64() < Some(head) {
        return false;
    }
    let rows = Rows::of(server).await;
    let waiting = rows
        .texts("chain_outbox WHERE state = 'pending'", "key")
        .await;
    rows.close().await;
    waiting.is_empty()
}

/// Stakes that the feed tells of, by amount.
async fn stakes(api: &Api) -> Vec<u64> {
    let news = "/objects/newsfeed?startIndex=0&pageSize=100";
    let news = api.get(news).await.ok(200);
    let activities = news["activities"].as_array().expect("a list").clone();
    let amount = |activity: &Value| activity["data"]["token_amount"].as_str()?.parse().ok();
    let mut amounts: Vec<u64> = activities.iter().filter_map(amount).collect();
    amounts.sort_unstable();
    amounts
}

#[tokio::test]
async fn killed_at_a_hundred_points_nothing_is_missing_and_nothing_twice() {
    let chain = LocalChain::start().await;
    let ann = EthereumWallet::new(1);
    history(&chain, &ann).await;

    let (counter, mut counted) = Counter::start(&chain).await;
    let mut server = Server::start(Options::default());
    let ann_api = Api::user(&server, 1).await;
    server.stop();
    server.start_again_with(chain.options_at(&[counter]));
    server.kill();
    let mut random = StdRng::seed_from_u64(12);
    for _ in 0..KILLS.0 {
        let before = *counted.borrow();
        let mut command = server.spawn(&["harvester", "backfill"]);
        some_point(&mut random, &mut counted, (before, 16)).await;
        command.kill().expect("may be killed");
        command.wait().expect("ends");
    }
    for _ in 0..KILLS.1 {
        let before = *counted.borrow();
        server.start_again();
        // It asks every now and then when it has read everything.
        some_point(&mut random, &mut counted, (before, 28)).await;
        server.kill();
    }
    server.start_again();
    let ann_api = ann_api.at(&server);
    eventually_async(async || is_done(&server, &chain).await).await;

    let fresh = Server::start(chain.options());
    let fresh_ann = Api::user(&fresh, 1).await;
    eventually_async(async || is_done(&fresh, &chain).await).await;
    let staked: Vec<u64> = (0..BLOCKS)
        .step_by(BLOCKS_OF_A_WORLD as usize)
        .map(|block| block + 1)
        .collect();
    for api in [&ann_api, &fresh_ann] {
        assert_eq!(stakes(api).await, staked);
        let worlds = api
            .get(&format!("/users/{}/worlds?limit=100", api.user))
            .await;
        let worlds = worlds.ok(200);
        let worlds = worlds.as_array().expect("a list");
        let mut ids: Vec<&Value> = worlds.iter().map(|world| &world["id"]).collect();
        ids.sort_by_key(|id| id.to_string());
        let expected: Vec<Value> = (2..2 + staked.len() as u64)
            .map(|count| json!(minted(count)))
            .collect();
        assert_eq!(ids, expected.iter().collect::<Vec<_>>());
    }
    let (left, right) = (Rows::of(&server).await, Rows::of(&fresh).await);
    for (table, columns) in TABLES {
        let of_both = [
            left.texts(table, columns).await,
            right.texts(table, columns).await,
        ];
        assert_eq!(of_both[0].len(), of_both[1].len(), "{table}");
        assert!(of_both[0] == of_both[1], "{table} is that of a fresh index");
    }
}
