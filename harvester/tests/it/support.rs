//! Followers on scratch databases, and what is in them.

use std::{sync::Arc, time::Duration};

use components::Umid;
use harvester::{Account, FactKind, Follower, FollowerOptions, U256, scripted::ScriptedChain};
use store::{Cell, CellRow, Store};
use testkit::Database;

pub(crate) const CHAIN: Umid = Umid::from_u128(7);

/// A token, and the contract of worlds.
pub(crate) const TOKEN: [u8; 20] = [1; 20];
pub(crate) const WORLDS: [u8; 20] = [2; 20];

pub(crate) fn account(number: u8) -> Account {
    vec![number; 20]
}

/// A transaction of its own name.
pub(crate) fn transaction(number: u64) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[0; 24]].concat()
}

pub(crate) fn transfer(from: Option<u8>, to: Option<u8>, amount: u64) -> FactKind {
    FactKind::FungibleTransfer {
        contract: TOKEN.to_vec(),
        from: from.map(account),
        to: to.map(account),
        amount: U256::from(amount),
    }
}

pub(crate) fn hand_over(item: u64, from: Option<u8>, to: Option<u8>) -> FactKind {
    FactKind::ItemTransfer {
        contract: WORLDS.to_vec(),
        item: U256::from(item),
        from: from.map(account),
        to: to.map(account),
    }
}

/// Options that believe everything at once.
pub(crate) fn options() -> FollowerOptions {
    FollowerOptions {
        patience: Duration::ZERO,
        pause: (Duration::from_millis(1), Duration::from_millis(2)),
        ..FollowerOptions::default()
    }
}

pub(crate) async fn empty(database: &Database) -> Store {
    let store = database.open().await;
    store.migrate().await.expect("migrates");
    store
}

pub(crate) async fn follower(chain: &ScriptedChain, store: &Store) -> Follower {
    let adapter = Arc::new(chain.clone());
    let opened = Follower::open(adapter, store.clone(), options()).await;
    opened.expect("opens")
}

/// A chain of one block, an empty database, and a follower between them. The database goes when it
/// is dropped.
pub(crate) async fn setting() -> (Database, Store, ScriptedChain, Follower) {
    let database = Database::sqlite();
    let store = empty(&database).await;
    let chain = ScriptedChain::new(CHAIN);
    let follower = follower(&chain, &store).await;
    (database, store, chain, follower)
}

/// Balances of the token by account.
pub(crate) async fn balance(store: &Store, of: u8) -> u64 {
    let cell = Cell::Balance {
        contract: TOKEN.to_vec(),
        account: account(of),
    };
    let found = store.chain_cells(CHAIN, &[cell]).await.expect("reads");
    let value = found.first().and_then(|row| row.value.clone());
    value.map_or(0, |value| {
        U256::try_from_be_slice(&value).expect("a number").to()
    })
}

/// The account that holds an item.
pub(crate) async fn owner(store: &Store, item: u64) -> Option<Account> {
    let cell = Cell::Owner {
        contract: WORLDS.to_vec(),
        item: U256::from(item).to_be_bytes(),
    };
    let found = store.chain_cells(CHAIN, &[cell]).await.expect("reads");
    found.first().and_then(|row| row.value.clone())
}

/// All values that a test can have made.
pub(crate) async fn cells(store: &Store) -> Vec<CellRow> {
    let mut cells = Vec::new();
    for number in 0..ACCOUNTS {
        cells.push(Cell::Balance {
            contract: TOKEN.to_vec(),
            account: account(number),
        });
        for world in 0..ITEMS {
            cells.push(Cell::Stake {
                account: account(number),
                world: Umid::from_u128(u128::from(world)),
                token: 0,
            });
        }
    }
    for item in 0..ITEMS {
        cells.push(Cell::Owner {
            contract: WORLDS.to_vec(),
            item: U256::from(item).to_be_bytes(),
        });
    }
    let mut found = store.chain_cells(CHAIN, &cells).await.expect("reads");
    found.sort_by(|a, b| a.cell.cmp(&b.cell));
    found
}

/// Accounts and items of random scenarios.
pub(crate) const ACCOUNTS: u8 = 6;
pub(crate) const ITEMS: u64 = 8;
