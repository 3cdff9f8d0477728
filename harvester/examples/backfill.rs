//! Measures how fast a chain is read from its beginning: from a node of recorded answers, so that
//! it is not the limit, or from anvil; then the same answers fetched and parsed by a bare client.
//! And how soon new blocks are in the rows.
//!
//! ```sh
//! cargo run --release -p harvester --example backfill -- 200000
//! cargo run --release -p harvester --example backfill -- 200000 anvil
//! cargo run --release -p harvester --example backfill -- 2000000 serve # for a server beside it
//! cargo run --release -p harvester --example backfill -- 120 latency # so many blocks, 4 a second
//! ```

use std::{
    env,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, extract::State};
use components::Umid;
use devchain::{Anvil, AnvilOptions, Contracts, Token, U256};
use harvester::{
    Follower, FollowerOptions, RpcOptions,
    evm::{Contract, EvmAdapter, EvmOptions, Log, Surface, decode},
};
use serde_json::{Value, json};
use store::{Store, StoreOptions};
use tokio_util::sync::CancellationToken;

/// Logs of a block, and accounts that they go to.
const PER_BLOCK: u64 = 50;
const ACCOUNTS: u64 = 10_000;
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// The same as bytes.
const TOPIC: [u8; 32] = [
    0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
    0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef,
];

fn hash(number: u64) -> String {
    format!("0x{:064x}", number + 1)
}

fn log(number: u64, index: u64) -> Value {
    // Each account gets something, in an order that is not that of the accounts.
    let account = (number * PER_BLOCK + index) * 7919 % ACCOUNTS + 1;
    json!({
        "address": format!("0x{}", "11".repeat(20)),
        "topics": [TRANSFER, format!("0x{:064x}", 0), format!("0x{account:064x}")],
        "data": format!("0x{:064x}", 1),
        "blockNumber": format!("0x{number:x}"), "blockHash": hash(number),
        "blockTimestamp": "0x65000000", "transactionHash": hash(number << 16 | index),
        "transactionIndex": format!("0x{index:x}"), "logIndex": format!("0x{index:x}"),
        "removed": false,
    })
}

/// The chain: texts of the logs of each block.
struct Chain {
    logs: Vec<String>,
}

impl Chain {
    fn new(logs: u64) -> Self {
        let blocks = logs.div_ceil(PER_BLOCK);
        let texts = (0..blocks).map(|number| {
            let logs = (0..PER_BLOCK).map(|index| log(number, index).to_string());
            logs.collect::<Vec<_>>().join(",")
        });
        Self {
            logs: texts.collect(),
        }
    }

    fn answer(&self, method: &str, parameters: &Value) -> String {
        let last = self.logs.len() as u64 - 1;
        let number = |value: &Value| match value.as_str() {
            Some(text) if text.starts_with("0x") => {
                u64::from_str_radix(&text[2..], 16).unwrap_or(last)
            }
            _ => last,
        };
        match method {
            "eth_chainId" => "\"0x539\"".to_owned(),
            "eth_getBlockByNumber" => {
                let number = number(&parameters[0]);
                let parent = number
                    .checked_sub(1)
                    .map_or_else(|| hash(u64::MAX - 1), hash);
                json!({
                    "number": format!("0x{number:x}"), "hash": hash(number),
                    "parentHash": parent, "timestamp": "0x65000000",
                })
                .to_string()
            }
            "eth_getLogs" => {
                let from = number(&parameters[0]["fromBlock"]) as usize;
                let to = number(&parameters[0]["toBlock"]).min(last) as usize;
                format!("[{}]", self.logs[from..=to].join(","))
            }
            _ => "null".to_owned(),
        }
    }
}

async fn answer(State(chain): State<Arc<Chain>>, body: String) -> String {
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    let method = request["method"].as_str().unwrap_or_default();
    let result = chain.answer(method, &request["params"]);
    let id = &request["id"];
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")
}

/// A node of recorded answers.
async fn recorded(logs: u64) -> Result<(String, u64), Box<dyn std::error::Error>> {
    let chain = Arc::new(Chain::new(logs));
    let blocks = chain.logs.len() as u64;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(answer).with_state(chain);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, blocks))
}

/// A real node with so many logs.
async fn real(logs: u64) -> Result<(Anvil, Contracts, u64), Box<dyn std::error::Error>> {
    let options = AnvilOptions {
        epoch: 1,
        ..AnvilOptions::default()
    };
    let chain = Anvil::start(options).await?;
    let contracts = Contracts::deploy(&chain).await?;
    let bank = chain.accounts().await?.swap_remove(0);
    for round in 0..logs.div_ceil(1_000) {
        let many = Token::manyCall {
            first: (0x1000 + round % 10 * 1_000).try_into()?,
            count: U256::from(1_000),
        };
        chain.send(bank, contracts.mom, many).await?;
    }
    chain.mine(3).await?;
    let blocks = chain.best().await? + 1;
    Ok((chain, contracts, blocks))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logs = env::args().nth(1).and_then(|text| text.parse().ok());
    let logs: u64 = logs.unwrap_or(200_000);
    if env::args().nth(2).as_deref() == Some("latency") {
        return latency(logs).await;
    }
    if env::args().nth(2).as_deref() == Some("anvil") {
        let (chain, contracts, blocks) = real(logs).await?;
        return measure(
            &chain.http(),
            42170,
            contracts.mom.into_array(),
            logs,
            blocks,
        )
        .await;
    }
    let (url, blocks) = recorded(logs).await?;
    if env::args().nth(2).as_deref() == Some("serve") {
        println!(
            "chain_id = 1337\nendpoints = [\"{url}\"]\nmom = \"0x{}\"",
            "11".repeat(20)
        );
        std::future::pending::<()>().await;
    }
    decode_only(logs);
    measure(&url, 1337, [0x11; 20], logs, blocks).await
}

/// Time from the receipt of a transaction with 50 logs to its rows.
async fn latency(blocks: u64) -> Result<(), Box<dyn std::error::Error>> {
    let (chain, contracts, _) = real(1_000).await?;
    let bank = chain.accounts().await?.swap_remove(0);
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;
    let contract = contracts.mom.into_array();
    let adapter = EvmAdapter::new(options(&chain.ws(), 42170, contract))?;
    let follower = Follower::open(Arc::new(adapter), store.clone(), FollowerOptions::default());
    let follower = follower.await?;
    let mut progress = follower.progress();
    let stop = CancellationToken::new();
    let running = tokio::spawn(follower.run(stop.clone()));
    let mut times = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    for round in 0..blocks {
        ticks.tick().await;
        let many = Token::manyCall {
            first: (0x1000 + round % 100 * 50).try_into()?,
            count: U256::from(50),
        };
        let receipt = chain.send(bank, contracts.mom, many).await?;
        let (begun, number) = (Instant::now(), receipt.block_number.to());
        progress
            .wait_for(|progress| progress.applied >= Some(number))
            .await?;
        times.push(begun.elapsed());
    }
    stop.cancel();
    running.await??;
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!(
        "from receipt to rows, {blocks} blocks of 50 logs: p50 {:.1} ms, p99 {:.1} ms",
        at(50).as_secs_f64() * 1e3,
        at(99).as_secs_f64() * 1e3
    );
    store.close().await;
    Ok(())
}

fn options(url: &str, chain_id: u64, contract: [u8; 20]) -> EvmOptions {
    EvmOptions {
        id: Umid::from_u128(1),
        name: "measured".to_owned(),
        chain_id,
        rpc: RpcOptions {
            endpoints: vec![url.to_owned()],
            requests_per_second: 100_000,
            deadline: Duration::from_secs(60),
            ..RpcOptions::default()
        },
        contracts: vec![Contract {
            address: contract,
            surface: Surface::Fungible,
        }],
        ..EvmOptions::default()
    }
}

async fn open(folder: &Path) -> Result<Store, Box<dyn std::error::Error>> {
    let store = format!("sqlite://{}?mode=rwc", folder.join("odyssey.db").display());
    let store = env::var("DATABASE_URL").unwrap_or(store);
    let store = Store::open(&store, &StoreOptions::default()).await?;
    store.migrate().await?;
    Ok(store)
}

/// A loop that only decodes.
fn decode_only(logs: u64) {
    let nobody = [0; 32];
    let begun = Instant::now();
    let mut facts = 0;
    for number in 0..logs {
        let mut to = [0; 32];
        to[24..].copy_from_slice(&number.to_be_bytes());
        let log = Log {
            contract: [0x11; 20],
            topics: vec![TOPIC, nobody, to],
            data: to.to_vec(),
        };
        facts += usize::from(decode(Surface::Fungible, &log).is_some());
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "decoded  {facts} logs in {took:.2} s: {:.0} a second",
        facts as f64 / took
    );
}

async fn measure(
    url: &str,
    chain_id: u64,
    contract: [u8; 20],
    logs: u64,
    blocks: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    let adapter = EvmAdapter::new(options(url, chain_id, contract))?;
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;

    let options = FollowerOptions::default();
    let mut follower = Follower::open(Arc::new(adapter), store.clone(), options).await?;
    let begun = Instant::now();
    follower.sync().await?;
    let indexed = begun.elapsed();
    println!(
        "indexed  {logs} logs of {blocks} blocks in {:.2} s: {:.0} a second",
        indexed.as_secs_f64(),
        logs as f64 / indexed.as_secs_f64()
    );

    // As many logs an answer as the follower asks for, one after the other.
    let client = reqwest::Client::new();
    let step = (blocks * 2_000 / logs).max(1);
    let begun = Instant::now();
    let mut seen = 0;
    for from in (0..blocks).step_by(step as usize) {
        let to = (from + step - 1).min(blocks - 1);
        let filter = json!({
            "fromBlock": format!("0x{from:x}"), "toBlock": format!("0x{to:x}"),
            "address": format!("0x{}", hex::encode(contract)),
        });
        let request = json!({
            "jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [filter],
        });
        let answer: Value = client.post(url).json(&request).send().await?.json().await?;
        seen += answer["result"].as_array().map_or(0, Vec::len);
    }
    let fetched = begun.elapsed();
    println!(
        "fetched  {seen} logs in {:.2} s: {:.0} a second",
        fetched.as_secs_f64(),
        seen as f64 / fetched.as_secs_f64()
    );
    store.close().await;
    Ok(())
}
