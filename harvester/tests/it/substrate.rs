//! Following a simulated Substrate chain (docs/spec/chains.md §9).

use std::{sync::Arc, time::Duration};

use components::Umid;
use harvester::{
    Account, BlockAt, ChainAdapter, Follower, RpcOptions, StateQuery, U256,
    conformance::{self, TestChain},
    substrate::{Assets, Items, Pallet, Source, SubstrateAdapter, SubstrateOptions},
};
use serde_json::json;
use store::{Cell, Store};
use testkit::{
    Database,
    chopsticks::{Chopsticks, Dynamic, Keypair, account, address, dev},
};

use crate::support::{CHAIN, empty, options};

const TOKEN: u32 = 7;
const WORLDS: u32 = 3;
/// Blocks after which one is final: the simulation says that all are.
const FINAL: u64 = 8;
const MOM: u128 = 1_000_000_000_000;

/// A chain with a token of Alice's and a collection of worlds.
struct Setting {
    chain: Chopsticks,
}

fn token() -> Assets {
    Assets {
        pallet: "Assets".to_owned(),
        id: TOKEN,
    }
}

fn worlds(pallet: &str) -> Items {
    Items {
        pallet: pallet.to_owned(),
        collection: WORLDS,
    }
}

fn number(number: u128) -> Dynamic {
    Dynamic::u128(number)
}

/// A chain of which nothing is followed.
fn substrate_options(endpoints: Vec<String>) -> SubstrateOptions {
    SubstrateOptions {
        id: CHAIN,
        name: "chopsticks".to_owned(),
        spec_name: "odyssey".to_owned(),
        rpc: RpcOptions {
            endpoints,
            poll: Duration::from_millis(20),
            requests_per_second: 2_000,
            ..RpcOptions::default()
        },
        sources: Vec::new(),
        first_block: 0,
        final_after: Some(FINAL),
    }
}

impl Setting {
    async fn new() -> Self {
        let chain = Chopsticks::start().await;
        let alice = dev::alice();
        let arguments = vec![
            ("id", number(TOKEN.into())),
            ("admin", address(&alice)),
            ("min_balance", number(1)),
        ];
        chain.call(&alice, "Assets", "create", arguments).await;
        let arguments = vec![
            ("id", number(TOKEN.into())),
            ("beneficiary", address(&alice)),
            ("amount", number(1_000_000)),
        ];
        chain.call(&alice, "Assets", "mint", arguments).await;
        let arguments = vec![
            ("collection", number(WORLDS.into())),
            ("admin", address(&alice)),
        ];
        chain.call(&alice, "Uniques", "create", arguments).await;
        Self { chain }
    }

    fn adapter(&self, endpoints: Vec<String>) -> Arc<SubstrateAdapter> {
        let pallet = |name: &str| Pallet {
            name: name.to_owned(),
            token: 0,
        };
        let options = SubstrateOptions {
            sources: vec![
                Source::Token(token()),
                Source::Worlds(worlds("Uniques")),
                Source::Stakes(pallet("Stake")),
                Source::Faucet(pallet("Faucet")),
            ],
            ..substrate_options(endpoints)
        };
        Arc::new(SubstrateAdapter::new(options).expect("can be"))
    }

    async fn sync(&self, store: &Store) {
        let adapter = self.adapter(vec![self.chain.http()]);
        let opened = Follower::open(adapter, store.clone(), options()).await;
        let mut follower = opened.expect("opens");
        follower.sync().await.expect("follows");
    }

    async fn mint(&self, item: u32, to: &Keypair) {
        let arguments = vec![
            ("collection", number(WORLDS.into())),
            ("item", number(item.into())),
            ("owner", address(to)),
        ];
        let alice = dev::alice();
        self.chain.call(&alice, "Uniques", "mint", arguments).await;
    }

    async fn name(&self, item: u32, data: &str) {
        let arguments = vec![
            ("collection", number(WORLDS.into())),
            ("item", number(item.into())),
            ("data", Dynamic::from_bytes(data.as_bytes())),
            ("is_frozen", Dynamic::bool(false)),
        ];
        let alice = dev::alice();
        self.chain
            .call(&alice, "Uniques", "set_metadata", arguments)
            .await;
    }

    async fn hand_over(&self, item: u32, from: &Keypair, to: &Keypair) {
        let arguments = vec![
            ("collection", number(WORLDS.into())),
            ("item", number(item.into())),
            ("dest", address(to)),
        ];
        self.chain
            .call(from, "Uniques", "transfer", arguments)
            .await;
    }

    async fn stake(&self, by: &Keypair, item: u32, amount: u128) {
        let arguments = vec![
            ("collection", number(WORLDS.into())),
            ("item", number(item.into())),
            ("amount", number(amount)),
        ];
        self.chain.call(by, "Stake", "stake", arguments).await;
    }
}

#[async_trait::async_trait]
impl TestChain for Setting {
    fn adapter(&self) -> Arc<dyn ChainAdapter> {
        Setting::adapter(self, vec![self.chain.ws(), self.chain.http()])
    }

    fn token(&self) -> Vec<u8> {
        token().contract()
    }

    fn accounts(&self) -> Vec<Account> {
        let keys = [dev::alice(), dev::bob(), dev::charlie()];
        keys.iter().map(account).collect()
    }

    async fn transfer(&self, to: usize, amount: u64) {
        let to = [dev::alice(), dev::bob(), dev::charlie()][to].clone();
        let arguments = vec![
            ("id", number(TOKEN.into())),
            ("target", address(&to)),
            ("amount", number(amount.into())),
        ];
        let alice = dev::alice();
        self.chain
            .call(&alice, "Assets", "transfer", arguments)
            .await;
    }

    async fn nothing(&self) {
        self.chain.nothing().await;
    }

    async fn replace(&self, blocks: u64) {
        self.chain.rewind(blocks).await;
        for _ in 0..blocks {
            self.chain.nothing().await;
        }
    }

    async fn rewind(&self, blocks: u64) -> bool {
        self.chain.rewind(blocks).await;
        true
    }
}

#[tokio::test]
async fn the_adapter_of_substrate_conforms() {
    let setting = Setting::new().await;
    let databases = parking_lot::Mutex::new(Vec::new());
    conformance::check(&setting, || async {
        let database = Database::sqlite();
        let store = empty(&database).await;
        databases.lock().push(database);
        store
    })
    .await;
}

async fn value(store: &Store, cell: Cell) -> Option<Vec<u8>> {
    let found = store.chain_cells(CHAIN, &[cell]).await.expect("reads");
    found.first().and_then(|row| row.value.clone())
}

/// The account that holds the item of a world.
async fn owner(store: &Store, world: Umid) -> Option<Vec<u8>> {
    let cell = Cell::Owner {
        contract: worlds("Uniques").contract(),
        item: U256::from(world.as_u128()).to_be_bytes(),
    };
    value(store, cell).await
}

async fn staked(store: &Store, by: &Keypair, world: Umid) -> u128 {
    let cell = Cell::Stake {
        account: account(by),
        world,
        token: 0,
    };
    let value = value(store, cell).await;
    value.map_or(0, |value| U256::from_be_slice(&value).to())
}

#[tokio::test]
async fn items_that_name_a_world_stand_for_it() {
    let setting = Setting::new().await;
    let database = Database::sqlite();
    let store = empty(&database).await;
    let (alice, bob, charlie) = (dev::alice(), dev::bob(), dev::charlie());
    let (one, two) = (Umid::now_v7(), Umid::now_v7());

    // Without a name it stands for nothing, and transfers of it are of no interest.
    setting.mint(1, &bob).await;
    setting.hand_over(1, &bob, &charlie).await;
    setting.sync(&store).await;
    assert_eq!(owner(&store, one).await, None);
    setting
        .name(1, &json!([one, "One", "Qm", "image"]).to_string())
        .await;
    setting.sync(&store).await;
    assert_eq!(owner(&store, one).await, Some(account(&charlie)));
    setting.hand_over(1, &charlie, &bob).await;
    setting.sync(&store).await;
    assert_eq!(owner(&store, one).await, Some(account(&bob)));

    // Another name is another world; one that makes no sense is put aside.
    setting
        .name(1, &json!({"uuid": two, "name": "Two"}).to_string())
        .await;
    setting.name(1, "QmSomething").await;
    setting.sync(&store).await;
    assert_eq!(owner(&store, one).await, None);
    assert_eq!(owner(&store, two).await, Some(account(&bob)));
    let dead = store.dead_letters(CHAIN, 10).await.expect("reads");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].raw, b"QmSomething");

    // Burned while it has its name, all in one block with another item's birth.
    setting.name(1, &json!([two]).to_string()).await;
    let burn = vec![
        ("collection", number(WORLDS.into())),
        ("item", number(1)),
        ("check_owner", Dynamic::unnamed_variant("None", [])),
    ];
    setting.chain.submit(&alice, "Uniques", "burn", burn).await;
    setting.mint(2, &charlie).await;
    setting.sync(&store).await;
    assert_eq!(owner(&store, two).await, None);
}

#[tokio::test]
async fn stakes_drops_and_coins_are_those_of_the_chain() {
    let setting = Setting::new().await;
    let database = Database::sqlite();
    let store = empty(&database).await;
    let (alice, bob) = (dev::alice(), dev::bob());
    let (one, two) = (Umid::now_v7(), Umid::now_v7());
    for (item, world) in [(1, one), (2, two)] {
        setting.mint(item, &alice).await;
        setting.name(item, &json!([world]).to_string()).await;
    }
    setting.mint(9, &alice).await;

    setting.stake(&bob, 1, 10 * MOM).await;
    setting.stake(&bob, 1, 5 * MOM).await;
    // Refused: a fee, and no fact.
    setting.stake(&bob, 2, 1).await;
    setting.stake(&bob, 8, 10 * MOM).await;
    setting.sync(&store).await;
    assert_eq!(staked(&store, &bob, one).await, 15 * MOM);

    let world = |item: u128| Dynamic::unnamed_composite([number(WORLDS.into()), number(item)]);
    let some = |amount: u128| Dynamic::unnamed_variant("Some", [number(amount)]);
    let arguments = vec![
        ("from", world(1)),
        ("to", world(2)),
        ("amount", some(6 * MOM)),
    ];
    setting
        .chain
        .call(&bob, "Stake", "restake", arguments)
        .await;
    let arguments = vec![
        ("collection", number(WORLDS.into())),
        ("item", number(1)),
        ("amount", some(2 * MOM)),
    ];
    setting
        .chain
        .call(&bob, "Stake", "unstake", arguments)
        .await;
    // A stake in an item that stands for no world is put aside.
    setting.stake(&bob, 9, 10 * MOM).await;
    let drop = vec![("who", Dynamic::from_bytes([9; 32]))];
    setting.chain.call(&alice, "Faucet", "drop_to", drop).await;
    setting.sync(&store).await;
    assert_eq!(staked(&store, &bob, one).await, 7 * MOM);
    assert_eq!(staked(&store, &bob, two).await, 6 * MOM);
    let dead = store.dead_letters(CHAIN, 10).await.expect("reads");
    assert_eq!(dead.len(), 1, "{dead:?}");

    let adapter = setting.adapter(vec![setting.chain.http()]);
    let best = adapter.block(BlockAt::Best).await.expect("answers");
    let queries = [
        StateQuery::Native {
            account: vec![9; 32],
        },
        StateQuery::Native {
            account: vec![8; 32],
        },
        StateQuery::Fungible {
            contract: token().contract(),
            account: account(&alice),
        },
    ];
    let values = adapter.read(best.expect("a block"), &queries).await;
    let expected = [10 * MOM, 0, 1_000_000].map(U256::from).to_vec();
    assert_eq!(values.expect("answers"), expected);
}

/// The next collection of the newer pallet has this number.
const FIRST: u32 = 0;

#[tokio::test]
async fn items_of_the_newer_pallet_stand_for_worlds_as_well() {
    let chain = Chopsticks::start().await;
    let (alice, bob) = (dev::alice(), dev::bob());
    let none = || Dynamic::unnamed_variant("None", []);
    let mint_settings = Dynamic::named_composite([
        ("mint_type", Dynamic::unnamed_variant("Issuer", [])),
        ("price", none()),
        ("start_block", none()),
        ("end_block", none()),
        ("default_item_settings", number(0)),
    ]);
    let config = Dynamic::named_composite([
        ("settings", number(0)),
        ("max_supply", none()),
        ("mint_settings", mint_settings),
    ]);
    let arguments = vec![("admin", address(&alice)), ("config", config)];
    chain.call(&alice, "Nfts", "create", arguments).await;
    let place = || vec![("collection", number(FIRST.into())), ("item", number(1))];
    let mut arguments = place();
    arguments.extend([("mint_to", address(&alice)), ("witness_data", none())]);
    chain.call(&alice, "Nfts", "mint", arguments).await;
    let world = Umid::now_v7();
    let mut arguments = place();
    let data = json!([world]).to_string();
    arguments.push(("data", Dynamic::from_bytes(data.as_bytes())));
    chain.call(&alice, "Nfts", "set_metadata", arguments).await;
    let mut arguments = place();
    arguments.push(("dest", address(&bob)));
    chain.call(&alice, "Nfts", "transfer", arguments).await;

    let items = Items {
        pallet: "Nfts".to_owned(),
        collection: FIRST,
    };
    let adapter = SubstrateAdapter::new(SubstrateOptions {
        sources: vec![Source::Worlds(items.clone())],
        ..substrate_options(vec![chain.http()])
    });
    let database = Database::sqlite();
    let store = empty(&database).await;
    let adapter = Arc::new(adapter.expect("can be"));
    let opened = Follower::open(adapter, store.clone(), options()).await;
    opened.expect("opens").sync().await.expect("follows");
    let cell = Cell::Owner {
        contract: items.contract(),
        item: U256::from(world.as_u128()).to_be_bytes(),
    };
    assert_eq!(value(&store, cell).await, Some(account(&bob)));
}
