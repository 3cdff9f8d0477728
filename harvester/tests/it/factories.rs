//! Contracts that a factory makes are followed from the block in which they are made
//! (docs/spec/chains.md §3).

use std::sync::Arc;

use devchain::{Address, Contracts, Factory as Maker, SolEvent, Token, U256};
use harvester::{
    Follower, FollowerOptions,
    evm::{EvmAdapter, EvmOptions, Factory, Surface},
};
use store::{Cell, CellRow};
use testkit::Database;

use crate::{
    anvil::Setting,
    support::{CHAIN, empty, options},
};

struct Makers {
    setting: Setting,
    factory: Address,
}

impl Makers {
    async fn new() -> Self {
        let setting = Setting::new().await;
        let factory = Contracts::deploy_factory(&setting.chain).await;
        Self {
            factory: factory.expect("deploys"),
            setting,
        }
    }

    /// Makes a token, with some units for an account.
    async fn make(&self, by: usize, value: u64) -> Address {
        let call = Maker::makeCall {
            name: "Made".to_owned(),
            symbol: "MADE".to_owned(),
            value: U256::from(value),
        };
        let by = self.setting.accounts[by];
        let sent = self.setting.chain.send(by, self.factory, call).await;
        let receipt = sent.expect("makes");
        let event = Maker::Created::SIGNATURE_HASH;
        let mut logs = receipt.logs.iter();
        let log = logs.find(|log| log.topics.first() == Some(&event));
        Address::from_slice(&log.expect("tells of it").data[12..32])
    }

    async fn mint(&self, token: Address, to: usize, value: u64) {
        let call = Token::mintCall {
            to: self.setting.accounts[to],
            value: U256::from(value),
        };
        let by = self.setting.accounts[0];
        let sent = self.setting.chain.send(by, token, call).await;
        sent.expect("mints");
    }

    fn options(&self) -> EvmOptions {
        let declared = "event Created(address indexed owner, address token)";
        let address = self.factory.into_array();
        let factory = Factory::new(address, Surface::Fungible, declared, "token");
        EvmOptions {
            factories: vec![factory.expect("a declaration")],
            ..self.setting.options(&[self.setting.chain.http()])
        }
    }

    async fn follower(&self, store: &store::Store, options: FollowerOptions) -> Follower {
        let adapter = Arc::new(EvmAdapter::new(self.options()).expect("can be"));
        let opened = Follower::open(adapter, store.clone(), options).await;
        opened.expect("opens")
    }

    /// Balances of accounts in tokens, by account.
    async fn cells(&self, store: &store::Store, tokens: &[Address]) -> Vec<CellRow> {
        let accounts = &self.setting.accounts;
        let cells = tokens.iter().flat_map(|token| {
            accounts.iter().map(|account| Cell::Balance {
                contract: token.to_vec(),
                account: account.to_vec(),
            })
        });
        let cells: Vec<Cell> = cells.collect();
        let mut rows = store.chain_cells(CHAIN, &cells).await.expect("reads");
        rows.sort_by(|a, b| a.cell.cmp(&b.cell));
        rows
    }
}

#[tokio::test]
async fn what_a_factory_makes_is_followed_from_that_block_on() {
    let makers = Makers::new().await;
    let store = &makers.setting.store;
    let mut follower = makers.follower(store, options()).await;
    follower.sync().await.expect("follows");

    // Block by block, as they come.
    let first = makers.make(1, 100).await;
    follower.sync().await.expect("follows");
    makers.mint(first, 2, 5).await;
    let second = makers.make(2, 7).await;
    makers.mint(second, 1, 9).await;
    follower.sync().await.expect("follows");
    let live = makers.cells(store, &[first, second]).await;
    let values: Vec<U256> = live
        .iter()
        .map(|row| U256::from_be_slice(row.value.as_deref().expect("a value")))
        .collect();
    assert_eq!(values.len(), 4);
    assert_eq!(values.iter().sum::<U256>(), U256::from(121));
    let announced = store.announced_contracts(CHAIN, 10).await.expect("reads");
    let contracts: Vec<&[u8]> = announced.iter().map(|known| &known.contract[..]).collect();
    assert_eq!(contracts, [first.as_slice(), second.as_slice()]);

    // A token that was made otherwise is nobody's business.
    makers.mint(makers.setting.contracts.dad, 3, 1).await;

    // In ranges of any size, and by one who begins anew, it comes to the same.
    makers.setting.chain.mine(8).await.expect("mines");
    follower.sync().await.expect("follows");
    for facts in [1, 3, 1_000] {
        let other = Database::sqlite();
        let store = empty(&other).await;
        let options = FollowerOptions { facts, ..options() };
        let mut again = makers.follower(&store, options).await;
        again.sync().await.expect("follows");
        assert_eq!(makers.cells(&store, &[first, second]).await, live);
        // And one who comes back goes on with them.
        makers.mint(second, 3, 1).await;
        let mut back = makers.follower(&store, self::options()).await;
        back.sync().await.expect("follows");
        assert_eq!(makers.cells(&store, &[second]).await.len(), 3);
        let burn = Token::burnCall {
            value: U256::from(1),
        };
        let by = makers.setting.accounts[3];
        let sent = makers.setting.chain.send(by, second, burn).await;
        sent.expect("burns");
        makers.setting.chain.mine(8).await.expect("mines");
    }
}

#[tokio::test]
async fn what_was_made_in_a_lost_block_is_forgotten() {
    let makers = Makers::new().await;
    let store = &makers.setting.store;
    let mut follower = makers.follower(store, options()).await;
    let lost = makers.make(1, 100).await;
    follower.sync().await.expect("follows");
    assert_eq!(makers.cells(store, &[lost]).await.len(), 1);
    makers.setting.chain.reorganise(1).await.expect("replaces");
    follower.sync().await.expect("follows");
    assert!(makers.cells(store, &[lost]).await.is_empty());
    let announced = store.announced_contracts(CHAIN, 10).await.expect("reads");
    assert!(announced.is_empty());

    // Made again, at the same address or another, it is followed again.
    let made = makers.make(1, 50).await;
    makers.mint(made, 2, 1).await;
    follower.sync().await.expect("follows");
    assert_eq!(makers.cells(store, &[made]).await.len(), 2);
}
