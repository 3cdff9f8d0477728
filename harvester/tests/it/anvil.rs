//! Following a real node of Ethereum: anvil, by itself and behind a proxy that lets answers go
//! wrong (docs/spec/chains.md §7).

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use components::Umid;
use devchain::{Anvil, AnvilOptions, Contracts, Stakes, Token, Worlds, world_of};
use harvester::{
    BlockAt, ChainAdapter, Follower, StateQuery, U256,
    evm::{Contract, EvmAdapter, EvmOptions, Surface},
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use store::{Cell, CellRow, Store};
use testkit::Database;
use tokio_util::sync::CancellationToken;

use crate::{
    proxy::{Fate, Proxy},
    support::{CHAIN, empty, options},
};

/// A chain with contracts and some history, its database, and the proxy before it.
struct Setting {
    _database: Database,
    store: Store,
    chain: Anvil,
    contracts: Contracts,
    accounts: Vec<devchain::Address>,
    proxy: Proxy,
}

impl Setting {
    async fn new() -> Self {
        let chain = AnvilOptions {
            epoch: 4,
            ..AnvilOptions::default()
        };
        let chain = Anvil::start(chain)
            .await
            .expect("make tools has installed anvil");
        let contracts = Contracts::deploy(&chain).await.expect("deploys");
        let accounts = chain.accounts().await.expect("answers");
        let database = Database::sqlite();
        Self {
            store: empty(&database).await,
            _database: database,
            proxy: Proxy::start(&chain.http()).await,
            chain,
            contracts,
            accounts,
        }
    }

    fn options(&self, endpoints: &[String]) -> EvmOptions {
        let contract = |address: devchain::Address, surface| Contract {
            address: address.into_array(),
            surface,
        };
        EvmOptions {
            id: CHAIN,
            name: "anvil".to_owned(),
            chain_id: 42170,
            endpoints: endpoints.to_vec(),
            contracts: vec![
                contract(self.contracts.mom, Surface::Fungible),
                contract(self.contracts.dad, Surface::Fungible),
                contract(self.contracts.worlds, Surface::Items),
                contract(self.contracts.stakes, Surface::Staking),
            ],
            poll: Duration::from_millis(20),
            requests_per_second: 2_000,
            deadline: Duration::from_secs(5),
            ..EvmOptions::default()
        }
    }

    fn adapter(&self, endpoints: &[String]) -> Arc<EvmAdapter> {
        Arc::new(EvmAdapter::new(self.options(endpoints)).expect("can be"))
    }

    async fn follower(&self, endpoints: &[String]) -> Follower {
        let opened = Follower::open(self.adapter(endpoints), self.store.clone(), options());
        opened.await.expect("opens")
    }

    /// Follows until that succeeds, as [`Follower::run`] does.
    async fn sync(&self, endpoints: &[String]) {
        let mut follower = self.follower(endpoints).await;
        for _ in 0..200 {
            match follower.sync().await {
                Ok(()) => return,
                Err(error) => {
                    assert!(!error.is_final(), "{error}");
                    follower = self.follower(endpoints).await;
                }
            }
        }
        panic!("does not follow");
    }

    async fn mint(&self, to: usize, value: u64) {
        let call = Token::mintCall {
            to: self.accounts[to],
            value: U256::from(value),
        };
        let sent = self.chain.send(self.accounts[0], self.contracts.mom, call);
        sent.await.expect("mints");
    }

    async fn transfer(&self, from: usize, to: usize, value: u64) {
        let call = Token::transferCall {
            to: self.accounts[to],
            value: U256::from(value),
        };
        let sent = self
            .chain
            .send(self.accounts[from], self.contracts.mom, call);
        sent.await.expect("transfers");
    }

    async fn mint_world(&self, to: usize) {
        let call = Worlds::mintCall {
            to: self.accounts[to],
        };
        let sent = self
            .chain
            .send(self.accounts[0], self.contracts.worlds, call);
        sent.await.expect("mints");
    }

    /// Some of everything.
    async fn history(&self) {
        self.mint(1, 1_000).await;
        for to in 2..6 {
            self.transfer(1, to, 100 + to as u64).await;
            self.mint_world(to).await;
        }
        let (stakes, accounts) = (self.contracts.stakes, &self.accounts);
        let stake = |odyssey, amount, token| Stakes::stakeCall {
            odyssey: world_of(odyssey),
            amount: U256::from(amount),
            token,
        };
        let restake = Stakes::restakeCall {
            from: world_of(1),
            to: world_of(2),
            amount: U256::from(30),
            token: 0,
        };
        let unstake = Stakes::unstakeCall {
            odyssey: world_of(1),
            token: 0,
        };
        let chain = &self.chain;
        let staked = async {
            chain.send(accounts[1], stakes, stake(1, 100, 0)).await?;
            chain.send(accounts[1], stakes, stake(1, 50, 1)).await?;
            chain.send(accounts[1], stakes, restake).await?;
            chain.send(accounts[1], stakes, unstake).await
        };
        staked.await.expect("stakes");
    }

    /// All values of the accounts.
    async fn cells(&self, store: &Store) -> Vec<CellRow> {
        let mut cells = Vec::new();
        for account in &self.accounts {
            for contract in [self.contracts.mom, self.contracts.dad] {
                cells.push(Cell::Balance {
                    contract: contract.to_vec(),
                    account: account.to_vec(),
                });
            }
            for (count, token) in (1..9).flat_map(|count| [(count, 0), (count, 1)]) {
                cells.push(Cell::Stake {
                    account: account.to_vec(),
                    world: Umid::from_u128(world_of(count).to()),
                    token,
                });
            }
        }
        for count in 1..9 {
            cells.push(Cell::Owner {
                contract: self.contracts.worlds.to_vec(),
                item: world_of(count).to_be_bytes(),
            });
        }
        let mut found = store.chain_cells(CHAIN, &cells).await.expect("reads");
        found.sort_by(|a, b| a.cell.cmp(&b.cell));
        found
    }

    /// Compares rows with those of an index from the beginning, and with the contract.
    async fn check(&self) {
        let database = Database::sqlite();
        let fresh = empty(&database).await;
        let adapter = self.adapter(&[self.chain.http()]);
        let opened = Follower::open(adapter.clone(), fresh.clone(), options());
        opened.await.expect("opens").sync().await.expect("follows");
        let cells = self.cells(&self.store).await;
        assert_eq!(cells, self.cells(&fresh).await);
        let best = adapter.block(BlockAt::Best).await.expect("answers");
        let queries: Vec<StateQuery> = self
            .accounts
            .iter()
            .map(|account| StateQuery::Fungible {
                contract: self.contracts.mom.to_vec(),
                account: account.to_vec(),
            })
            .collect();
        let balances = adapter.read(best.expect("a block"), &queries).await;
        for (account, balance) in self.accounts.iter().zip(balances.expect("reads")) {
            let cell = Cell::Balance {
                contract: self.contracts.mom.to_vec(),
                account: account.to_vec(),
            };
            let row = cells.iter().find(|row| row.cell == cell);
            let value = row.and_then(|row| U256::try_from_be_slice(row.value.as_deref()?));
            assert_eq!(value.unwrap_or_default(), balance, "{account}");
        }
    }
}

#[tokio::test]
async fn rows_of_a_real_chain_are_those_of_its_contracts() {
    let setting = Setting::new().await;
    for endpoint in [setting.chain.http(), setting.chain.ws()] {
        setting.history().await;
        setting.sync(&[endpoint]).await;
        setting.check().await;
    }
    assert_ne!(setting.cells(&setting.store).await.len(), 0);
}

#[tokio::test]
async fn coins_are_those_of_the_chain_whatever_moved_them() {
    let setting = Setting::new().await;
    let adapter = setting.adapter(&[setting.chain.http()]);
    let rich = U256::from(10_u64).pow(U256::from(19));
    setting
        .chain
        .pay(setting.accounts[0], setting.accounts[1], rich)
        .await
        .expect("pays");
    let best = adapter
        .block(BlockAt::Best)
        .await
        .expect("answers")
        .expect("a block");
    let of = |index: usize| StateQuery::Native {
        account: setting.accounts[index].to_vec(),
    };
    let read = adapter.read(best, &[of(0), of(1)]).await.expect("reads");
    for (index, read) in read.into_iter().enumerate() {
        let coins = setting
            .chain
            .coins(setting.accounts[index])
            .await
            .expect("answers");
        assert_eq!(read, coins);
        assert!(read > U256::from(u64::MAX));
    }
}

#[tokio::test]
async fn replaced_blocks_of_a_real_chain_leave_nothing_behind() {
    let setting = Setting::new().await;
    setting.history().await;
    let endpoints = [setting.chain.http()];
    setting.chain.mine(20).await.expect("mines");
    setting.sync(&endpoints).await;
    for depth in [1, 3, 7] {
        setting.transfer(1, 2, 1).await;
        setting.mint_world(3).await;
        setting.transfer(1, 3, 1).await;
        setting.sync(&endpoints).await;
        setting.chain.reorganise(depth).await.expect("forks");
        setting.sync(&endpoints).await;
        setting.check().await;
        // Blocks go without a word, and others come in their place.
        setting.transfer(1, 4, 1).await;
        setting.transfer(1, 4, 2).await;
        setting.sync(&endpoints).await;
        setting.chain.rewind(2).await.expect("rewinds");
        setting.sync(&endpoints).await;
        setting.check().await;
        setting.transfer(1, 5, depth).await;
        setting.sync(&endpoints).await;
        setting.check().await;
    }
}

/// Range of blocks of a request for logs; none of one by hash.
fn blocks(parameters: &serde_json::Value) -> Option<(u64, u64)> {
    let number = |key: &str| {
        let text = parameters[0][key].as_str()?;
        u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
    };
    Some((number("fromBlock")?, number("toBlock")?))
}

#[tokio::test]
async fn providers_that_limit_ranges_are_asked_for_less() {
    let texts = [
        (-32005, "query returned more than 10000 results"),
        (
            -32602,
            "Log response size exceeded. this block range should work: [0x1, 0x2]",
        ),
        (-32600, "eth_getLogs is limited to a 4 range"),
        (-32000, "block range is too wide"),
        (-32000, "exceed maximum block range: 4"),
        (-32000, "query timeout exceeded"),
    ];
    let setting = Setting::new().await;
    setting.history().await;
    setting.chain.mine(40).await.expect("mines");
    for (code, text) in texts {
        setting.proxy.rule(move |method, parameters| {
            let (from, to) = blocks(parameters).filter(|_| method == "eth_getLogs")?;
            (to - from >= 4).then(|| Fate::Error(code, text.to_owned()))
        });
        let database = Database::sqlite();
        let setting_store = empty(&database).await;
        let adapter = setting.adapter(&[setting.proxy.http()]);
        let opened = Follower::open(adapter, setting_store.clone(), options()).await;
        opened
            .expect("opens")
            .sync()
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_ne!(setting.cells(&setting_store).await.len(), 0);
    }
}

#[tokio::test]
async fn blocks_with_too_many_logs_are_read_from_their_receipts() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.proxy.rule(|method, _| {
        let text = "query returned more than 10000 results";
        (method == "eth_getLogs").then(|| Fate::Error(-32005, text.to_owned()))
    });
    setting.sync(&[setting.proxy.http()]).await;
    setting.check().await;
}

#[tokio::test]
async fn answers_that_break_off_come_late_or_make_no_sense_lose_nothing() {
    let setting = Setting::new().await;
    let fates = [
        Fate::Cut,
        Fate::Delay(Duration::from_millis(30)),
        Fate::Text("<html>busy</html>".to_owned()),
        Fate::Text(r#"{"jsonrpc":"2.0","id":0,"result":{"number":"0xzz"}}"#.to_owned()),
        Fate::Status(503, None),
        Fate::Status(429, Some(0)),
        Fate::Error(-32603, "Internal error".to_owned()),
    ];
    for fate in fates {
        setting.history().await;
        // One request in four goes wrong, in no rhythm.
        let random = Mutex::new(SmallRng::seed_from_u64(1));
        setting.proxy.rule(move |_, _| {
            let mut random = random.lock().expect("no panic");
            random.random_bool(0.25).then(|| fate.clone())
        });
        let endpoints = [setting.proxy.http()];
        for _ in 0..200 {
            let adapter = setting.adapter(&endpoints);
            let opened = Follower::open(adapter, setting.store.clone(), options()).await;
            let Ok(mut follower) = opened else { continue };
            if follower.sync().await.is_ok() {
                break;
            }
        }
        setting.check().await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_behind_or_on_another_branch_never_takes_rows_back() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.sync(&[setting.chain.http()]).await;
    let before = setting.cells(&setting.store).await;
    // It has not seen the last blocks.
    setting.proxy.rule(|method, parameters| {
        let newest = method == "eth_getBlockByNumber" && parameters[0] == "latest";
        newest.then_some({
            Fate::Change(|block| {
                *block = json!({
                    "number": "0x3", "timestamp": "0x1", "hash": format!("0x{}", "11".repeat(32)),
                    "parentHash": format!("0x{}", "22".repeat(32)),
                });
            })
        })
    });
    let adapter = setting.adapter(&[setting.proxy.http(), setting.chain.http()]);
    let opened = Follower::open(adapter, setting.store.clone(), options()).await;
    let mut follower = opened.expect("opens");
    let _ = follower.sync().await;
    assert_eq!(setting.cells(&setting.store).await, before);
    setting.proxy.be_honest();
    setting.sync(&[setting.proxy.http()]).await;
    setting.check().await;
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_put_aside_and_keeps_no_other_waiting() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.proxy.rule(|method, _| {
        (method == "eth_getLogs").then_some({
            Fate::Change(|logs| {
                let Some(log) = logs.as_array_mut().and_then(|logs| logs.first_mut()) else {
                    return;
                };
                log["data"] = json!("0x12");
            })
        })
    });
    setting.sync(&[setting.proxy.http()]).await;
    let dead = setting.store.dead_letters(CHAIN, 100).await.expect("reads");
    assert_ne!(dead.len(), 0);
    assert!(dead.iter().all(|dead| !dead.raw.is_empty()), "{dead:?}");
    let follower = setting.follower(&[setting.proxy.http()]).await;
    let best = setting.chain.best().await.expect("answers");
    assert_eq!(follower.applied().map(|mark| mark.number), Some(best));
}

#[tokio::test]
async fn requests_never_come_faster_than_configured() {
    let setting = Setting::new().await;
    setting.chain.mine(30).await.expect("mines");
    let mut slow = setting.options(&[setting.proxy.http()]);
    slow.requests_per_second = 100;
    slow.final_after = Some(10);
    let adapter = Arc::new(EvmAdapter::new(slow).expect("can be"));
    let opened = Follower::open(adapter, setting.store.clone(), options()).await;
    opened.expect("opens").sync().await.expect("follows");
    let requests = setting.proxy.requests();
    assert!(requests.len() > 10, "{}", requests.len());
    let (first, last) = (requests[0].0, requests[requests.len() - 1].0);
    let least = Duration::from_millis(10) * (requests.len() as u32 - 2);
    assert!(
        last - first >= least,
        "{} in {:?}",
        requests.len(),
        last - first
    );
}

#[tokio::test]
async fn sockets_that_break_lose_nothing() {
    let setting = Setting::new().await;
    let stop = CancellationToken::new();
    let follower = setting.follower(&[setting.proxy.ws()]).await;
    let mut progress = follower.progress();
    let running = tokio::spawn(follower.run(stop.clone()));
    setting.mint(1, 1_000).await;
    for round in 0..12 {
        setting.transfer(1, 2 + round % 4, 1).await;
        setting.proxy.cut();
        setting.transfer(1, 2 + round % 4, 2).await;
        let best = setting.chain.best().await.expect("answers");
        let reached = progress.wait_for(|progress| progress.applied >= Some(best));
        reached.await.expect("follows");
    }
    stop.cancel();
    running.await.expect("no panic").expect("ends well");
    setting.check().await;
}

#[tokio::test]
async fn another_endpoint_answers_when_one_is_gone() {
    let setting = Setting::new().await;
    setting.history().await;
    let gone = "http://127.0.0.1:9/v3/secret-key".to_owned();
    setting.sync(&[gone.clone(), setting.chain.http()]).await;
    setting.check().await;
    // What is told of it is not its key.
    let adapter = setting.adapter(&[gone]);
    let error = adapter.identity().await.expect_err("nobody is there");
    assert!(!error.to_string().contains("secret-key"), "{error}");
}

#[tokio::test]
async fn a_chain_of_another_id_is_not_followed() {
    let setting = Setting::new().await;
    let mut options = setting.options(&[setting.chain.http()]);
    options.chain_id = 1;
    let adapter = EvmAdapter::new(options).expect("can be");
    let error = adapter.identity().await.expect_err("it is another");
    assert!(
        matches!(error, harvester::AdapterError::Fatal(_)),
        "{error}"
    );
}
