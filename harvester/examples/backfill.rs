//! Measures how fast a chain is read from its beginning: a node of recorded answers, so that it is
//! not the limit, then the same answers fetched and parsed by a bare client.
//!
//! ```sh
//! cargo run --release -p harvester --example backfill -- 200000
//! ```

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, extract::State};
use components::Umid;
use harvester::{
    Follower, FollowerOptions,
    evm::{Contract, EvmAdapter, EvmOptions, Surface},
};
use serde_json::{Value, json};
use store::{Store, StoreOptions};

/// Logs of a block, and accounts that they go to.
const PER_BLOCK: u64 = 50;
const ACCOUNTS: u64 = 10_000;
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

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

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logs = env::args().nth(1).and_then(|text| text.parse().ok());
    let logs: u64 = logs.unwrap_or(200_000);
    let chain = Arc::new(Chain::new(logs));
    let blocks = chain.logs.len() as u64;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(answer).with_state(chain);
    tokio::spawn(async move { axum::serve(listener, router).await });

    let adapter = EvmAdapter::new(EvmOptions {
        id: Umid::from_u128(1),
        name: "recorded".to_owned(),
        chain_id: 1337,
        endpoints: vec![url.clone()],
        contracts: vec![Contract {
            address: [0x11; 20],
            surface: Surface::Fungible,
        }],
        requests_per_second: 100_000,
        deadline: Duration::from_secs(60),
        ..EvmOptions::default()
    })?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("odyssey.db");
    let store = format!("sqlite://{}?mode=rwc", file.display());
    let store = env::var("DATABASE_URL").unwrap_or(store);
    let store = Store::open(&store, &StoreOptions::default()).await?;
    store.migrate().await?;

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

    let client = reqwest::Client::new();
    let begun = Instant::now();
    let mut seen = 0;
    for from in (0..blocks).step_by(40) {
        let to = (from + 39).min(blocks - 1);
        let filter = json!({ "fromBlock": format!("0x{from:x}"), "toBlock": format!("0x{to:x}") });
        let request = json!({
            "jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [filter],
        });
        let answer: Value = client
            .post(&url)
            .json(&request)
            .send()
            .await?
            .json()
            .await?;
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
