//! Every adapter does what the follower counts on: Ethereum's on a real node, the chain in memory,
//! and the one that docs/adding-an-adapter.md makes.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use harvester::{
    Account, ChainAdapter,
    conformance::{TestChain, check},
    scripted::ScriptedChain,
};
use tempfile::TempDir;
use testkit::Database;

use crate::{
    anvil::Setting,
    folder_chain::{FolderAdapter, NOBODY, Page, TOKEN},
    support::{self, CHAIN, account, empty, transaction, transfer},
};

/// Checks a chain, with databases that go afterwards.
async fn conforms(chain: &dyn TestChain) {
    let databases = Mutex::new(Vec::new());
    let store = || async {
        let database = Database::sqlite();
        let store = empty(&database).await;
        databases.lock().expect("no panic").push(database);
        store
    };
    check(chain, store).await;
}

struct Scripted {
    chain: ScriptedChain,
    transactions: AtomicU64,
}

#[async_trait::async_trait]
impl TestChain for Scripted {
    fn adapter(&self) -> Arc<dyn ChainAdapter> {
        Arc::new(self.chain.clone())
    }

    fn token(&self) -> Vec<u8> {
        support::TOKEN.to_vec()
    }

    fn accounts(&self) -> Vec<Account> {
        (1..4).map(account).collect()
    }

    async fn transfer(&self, to: usize, amount: u64) {
        let number = self.transactions.fetch_add(1, Ordering::Relaxed);
        let fact = transfer(Some(1), Some(to as u8 + 1), amount);
        self.chain.mine(vec![(transaction(number), fact)]);
    }

    async fn nothing(&self) {
        self.chain.mine(Vec::new());
    }

    async fn replace(&self, blocks: u64) {
        for _ in 0..self.chain.rewind(blocks as usize) {
            self.chain.mine(Vec::new());
        }
    }

    async fn rewind(&self, blocks: u64) -> bool {
        self.chain.rewind(blocks as usize);
        true
    }
}

#[tokio::test]
async fn the_chain_in_memory_conforms() {
    let chain = ScriptedChain::new(CHAIN);
    chain.mine(vec![(transaction(0), transfer(None, Some(1), 1_000))]);
    let transactions = AtomicU64::new(1);
    conforms(&Scripted {
        chain,
        transactions,
    })
    .await;
}

#[async_trait::async_trait]
impl TestChain for Setting {
    fn adapter(&self) -> Arc<dyn ChainAdapter> {
        Setting::adapter(self, &[self.chain.ws(), self.chain.http()])
    }

    fn token(&self) -> Vec<u8> {
        self.contracts.mom.to_vec()
    }

    fn accounts(&self) -> Vec<Account> {
        let accounts = self.accounts.iter().take(3);
        accounts.map(|account| account.to_vec()).collect()
    }

    async fn transfer(&self, to: usize, amount: u64) {
        Setting::transfer(self, 0, to, amount).await;
    }

    async fn nothing(&self) {
        self.chain.mine(1).await.expect("mines");
    }

    async fn replace(&self, blocks: u64) {
        self.chain.reorganise(blocks).await.expect("forks");
    }

    async fn rewind(&self, blocks: u64) -> bool {
        self.chain.rewind(blocks).await.expect("rewinds");
        true
    }
}

#[tokio::test]
async fn the_adapter_of_ethereum_conforms() {
    let setting = Setting::new().await;
    setting.mint(0, 1_000).await;
    conforms(&setting).await;
}

/// The folder as somebody writes it who makes the chain.
struct Folder {
    folder: TempDir,
    written: AtomicU64,
}

impl Folder {
    fn new() -> Self {
        let folder = Self {
            folder: tempfile::tempdir().expect("a folder"),
            written: AtomicU64::new(0),
        };
        folder.write(vec![(NOBODY.to_vec(), account(1), 1_000)]);
        folder
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("{number}.json"))
    }

    fn blocks(&self) -> u64 {
        fs::read_dir(self.folder.path()).expect("a folder").count() as u64
    }

    fn write(&self, transfers: Vec<(Account, Account, u64)>) {
        let number = self.blocks();
        let parent = number.checked_sub(1).map(|parent| {
            let text = fs::read(self.file(parent)).expect("a block");
            let page: Page = serde_json::from_slice(&text).expect("a page");
            page.hash
        });
        let mut hash = [0; 32];
        let written = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        hash[..8].copy_from_slice(&written.to_be_bytes());
        let page = Page {
            hash,
            parent: parent.unwrap_or_default(),
            transfers,
        };
        let text = serde_json::to_vec(&page).expect("JSON");
        fs::write(self.file(number), text).expect("writes");
    }
}

#[async_trait::async_trait]
impl TestChain for Folder {
    fn adapter(&self) -> Arc<dyn ChainAdapter> {
        Arc::new(FolderAdapter::new(CHAIN, self.folder.path()))
    }

    fn token(&self) -> Vec<u8> {
        TOKEN.to_vec()
    }

    fn accounts(&self) -> Vec<Account> {
        (1..4).map(account).collect()
    }

    async fn transfer(&self, to: usize, amount: u64) {
        self.write(vec![(account(1), account(to as u8 + 1), amount)]);
    }

    async fn nothing(&self) {
        self.write(Vec::new());
    }

    async fn replace(&self, blocks: u64) {
        self.rewind(blocks).await;
        for _ in 0..blocks {
            self.write(Vec::new());
        }
    }

    async fn rewind(&self, blocks: u64) -> bool {
        for _ in 0..blocks {
            fs::remove_file(self.file(self.blocks() - 1)).expect("removes");
        }
        true
    }
}

#[tokio::test]
async fn the_adapter_of_the_page_conforms() {
    conforms(&Folder::new()).await;
}

/// The page and the module that is tested are the same.
#[test]
fn the_page_has_the_adapter_that_is_tested() {
    let page = include_str!("../../../docs/adding-an-adapter.md");
    let module = include_str!("folder_chain.rs");
    let blocks: Vec<&str> = page.split("```rust\n").skip(1).collect();
    let blocks = blocks.iter().filter_map(|block| block.split("```").next());
    let whole = blocks.collect::<Vec<_>>().join("\n");
    let lines = |text: &str| {
        let lines = text.lines().map(str::to_owned);
        lines
            .filter(|line| !line.trim().is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&whole), lines(module));
}
