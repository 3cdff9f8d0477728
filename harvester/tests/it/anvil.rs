//! Following a real node of Ethereum, anvil (docs/spec/chains.md §4, §6).

use std::{sync::Arc, time::Duration};

use components::Umid;
use devchain::{Anvil, AnvilOptions, Contracts, Stakes, Token, Worlds, world_of};
use harvester::{
    BlockAt, ChainAdapter, Follower, RpcOptions, StateQuery, U256,
    evm::{Contract, EvmAdapter, EvmOptions, Surface},
};
use store::{Cell, CellRow, Store};
use testkit::Database;

use crate::{
    proxy::Proxy,
    support::{CHAIN, empty, options},
};

/// A chain with contracts and some history, its database, and the proxy before it.
pub(crate) struct Setting {
    _database: Database,
    pub(crate) store: Store,
    pub(crate) chain: Anvil,
    pub(crate) contracts: Contracts,
    pub(crate) accounts: Vec<devchain::Address>,
    pub(crate) proxy: Proxy,
}

impl Setting {
    pub(crate) async fn new() -> Self {
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

    pub(crate) fn options(&self, endpoints: &[String]) -> EvmOptions {
        let contract = |address: devchain::Address, surface| Contract {
            address: address.into_array(),
            surface,
        };
        EvmOptions {
            id: CHAIN,
            name: "anvil".to_owned(),
            chain_id: 42170,
            contracts: vec![
                contract(self.contracts.mom, Surface::Fungible),
                contract(self.contracts.dad, Surface::Fungible),
                contract(self.contracts.worlds, Surface::Items),
                contract(self.contracts.stakes, Surface::Staking),
            ],
            rpc: RpcOptions {
                endpoints: endpoints.to_vec(),
                poll: Duration::from_millis(20),
                requests_per_second: 2_000,
                deadline: Duration::from_secs(5),
                ..RpcOptions::default()
            },
            ..EvmOptions::default()
        }
    }

    pub(crate) fn adapter(&self, endpoints: &[String]) -> Arc<EvmAdapter> {
        Arc::new(EvmAdapter::new(self.options(endpoints)).expect("can be"))
    }

    pub(crate) async fn follower(&self, endpoints: &[String]) -> Follower {
        let opened = Follower::open(self.adapter(endpoints), self.store.clone(), options());
        opened.await.expect("opens")
    }

    /// Follows until that succeeds, as [`Follower::run`] does.
    pub(crate) async fn sync(&self, endpoints: &[String]) {
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

    pub(crate) async fn mint(&self, to: usize, value: u64) {
        let call = Token::mintCall {
            to: self.accounts[to],
            value: U256::from(value),
        };
        let sent = self.chain.send(self.accounts[0], self.contracts.mom, call);
        sent.await.expect("mints");
    }

    pub(crate) async fn transfer(&self, from: usize, to: usize, value: u64) {
        let call = Token::transferCall {
            to: self.accounts[to],
            value: U256::from(value),
        };
        let sent = self
            .chain
            .send(self.accounts[from], self.contracts.mom, call);
        sent.await.expect("transfers");
    }

    /// Mints to an account and burns some of it.
    async fn transfer_from_nobody(&self) {
        self.mint(0, 100).await;
        let burn = Token::burnCall {
            value: U256::from(30),
        };
        let sent = self.chain.send(self.accounts[0], self.contracts.mom, burn);
        sent.await.expect("burns");
    }

    pub(crate) async fn mint_world(&self, to: usize) {
        let call = Worlds::mintCall {
            to: self.accounts[to],
        };
        let sent = self
            .chain
            .send(self.accounts[0], self.contracts.worlds, call);
        sent.await.expect("mints");
    }

    /// Some of everything.
    pub(crate) async fn history(&self) {
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
    pub(crate) async fn cells(&self, store: &Store) -> Vec<CellRow> {
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
    pub(crate) async fn check(&self) {
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

#[tokio::test]
async fn a_token_with_many_holders_adds_up_to_its_supply() {
    let setting = Setting::new().await;
    let (mom, bank) = (setting.contracts.mom, setting.accounts[0]);
    let first = 0x1000_u64;
    for round in 0..3 {
        let many = Token::manyCall {
            first: (first + 300 * round).try_into().expect("fits"),
            count: U256::from(400),
        };
        setting.chain.send(bank, mom, many).await.expect("mints");
    }
    setting.transfer_from_nobody().await;
    setting.sync(&[setting.chain.http()]).await;
    let holder = |number: u64| Cell::Balance {
        contract: mom.to_vec(),
        account: devchain::Address::left_padding_from(&number.to_be_bytes()).to_vec(),
    };
    let mut holders: Vec<Cell> = (first..first + 1_000).map(holder).collect();
    holders.push(Cell::Balance {
        contract: mom.to_vec(),
        account: bank.to_vec(),
    });
    let rows = setting.store.chain_cells(CHAIN, &holders).await;
    let sum = rows.expect("reads").iter().fold(U256::ZERO, |sum, row| {
        let value = row.value.as_deref().and_then(U256::try_from_be_slice);
        sum + value.unwrap_or_default()
    });
    let supply = setting.chain.ask(mom, Token::totalSupplyCall {}).await;
    assert_eq!(sum, supply.expect("answers"));
    let nobody = Cell::Balance {
        contract: mom.to_vec(),
        account: vec![0; 20],
    };
    let rows = setting.store.chain_cells(CHAIN, &[nobody]).await;
    assert_eq!(rows.expect("reads"), []);
}
