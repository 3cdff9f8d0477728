//! A real chain beside the server: anvil with contracts of our own.

use devchain::{Address, Anvil, AnvilOptions, Contracts, SolCall, Stakes, Token, Worlds, world_of};
use posbus::Umid;
use serde_json::{Value, json};

use super::{EthereumWallet, Options};

/// A chain. It ends with this.
pub(crate) struct LocalChain {
    pub(crate) node: Anvil,
    pub(crate) contracts: Contracts,
    /// An account with coins, which deployed the contracts.
    bank: Address,
}

/// The address of a wallet.
pub(crate) fn address(wallet: &EthereumWallet) -> Address {
    Address::from(wallet.bytes())
}

/// The world that is minted as the `count`-th.
pub(crate) fn minted(count: u64) -> Umid {
    Umid::from_u128(world_of(count).to())
}

impl LocalChain {
    pub(crate) async fn start() -> LocalChain {
        let node = Anvil::start(AnvilOptions::default()).await;
        let node = node.expect("make tools has installed anvil");
        let contracts = Contracts::deploy(&node).await.expect("deploys");
        let accounts = node.accounts().await.expect("answers");
        let chain = LocalChain {
            node,
            contracts,
            bank: accounts[0],
        };
        // Its world is the welcome world, which no token gives away.
        chain.mint_world(chain.bank).await;
        chain
    }

    /// Gives the first token to somebody.
    pub(crate) async fn hand_over_first(&self, to: Address) {
        let transfer = Worlds::transferFromCall {
            from: self.bank,
            to,
            id: world_of(1),
        };
        let sent = self.node.send(self.bank, self.contracts.worlds, transfer);
        sent.await.expect("transfers");
    }

    /// Options of a server that follows it.
    pub(crate) fn options(&self) -> Options {
        self.options_at(&[self.node.ws(), self.node.http()])
    }

    pub(crate) fn options_at(&self, endpoints: &[String]) -> Options {
        Options::default().config(&format!(
            "[chains.local]\nchain_id = 42170\nendpoints = {endpoints:?}\npoll = \"100ms\"\n\
             requests_per_second = 1000\n{}",
            self.contracts.table()
        ))
    }

    pub(crate) async fn mint_world(&self, to: Address) {
        let mint = Worlds::mintCall { to };
        let sent = self.node.send(self.bank, self.contracts.worlds, mint).await;
        sent.expect("mints");
    }

    /// Tokens of a wallet.
    pub(crate) async fn balance(&self, of: &EthereumWallet) -> u64 {
        let account = address(of);
        let call = Token::balanceOfCall { account };
        let balance = self.node.ask(self.contracts.mom, call).await;
        balance.expect("answers").to()
    }

    /// Mints an item of any id.
    pub(crate) async fn mint_item(&self, to: Address, id: &str) {
        let id = id.parse().expect("a number");
        let mint = Worlds::mintIdCall { to, id };
        let sent = self.node.send(self.bank, self.contracts.worlds, mint).await;
        sent.expect("mints");
    }

    pub(crate) async fn mint(&self, to: Address, value: u64) {
        let value = devchain::U256::from(value);
        let mint = Token::mintCall { to, value };
        let sent = self.node.send(self.bank, self.contracts.mom, mint).await;
        sent.expect("mints");
    }

    /// Tokens from a wallet to somebody.
    pub(crate) async fn give(&self, from: &EthereumWallet, to: Address, value: u64) {
        let value = devchain::U256::from(value);
        let transfer = Token::transferCall { to, value };
        self.unlock(from).await;
        let sent = self.node.send(address(from), self.contracts.mom, transfer);
        sent.await.expect("transfers");
    }

    /// One token each for so many accounts from the `first` on, in one block.
    pub(crate) async fn mint_to_many(&self, first: u64, count: u64) {
        let many = Token::manyCall {
            first: first.try_into().expect("fits"),
            count: devchain::U256::from(count),
        };
        let sent = self.node.send(self.bank, self.contracts.mom, many).await;
        sent.expect("mints");
    }

    pub(crate) async fn hand_over(&self, count: u64, from: &EthereumWallet, to: Address) {
        let transfer = Worlds::transferFromCall {
            from: address(from),
            to,
            id: world_of(count),
        };
        self.unlock(from).await;
        let sent = self
            .node
            .send(address(from), self.contracts.worlds, transfer);
        sent.await.expect("transfers");
    }

    pub(crate) async fn burn(&self, count: u64, by: &EthereumWallet) {
        let burn = Worlds::burnCall {
            id: world_of(count),
        };
        self.unlock(by).await;
        let sent = self.node.send(address(by), self.contracts.worlds, burn);
        sent.await.expect("burns");
    }

    /// Stakes in the world that was minted as the `count`-th; hash of the transaction.
    pub(crate) async fn stake(&self, by: &EthereumWallet, count: u64, amount: u64) -> String {
        let stake = Stakes::stakeCall {
            odyssey: world_of(count),
            amount: devchain::U256::from(amount),
            token: 0,
        };
        self.unlock(by).await;
        let sent = self.node.send(address(by), self.contracts.stakes, stake);
        sent.await.expect("stakes").transaction_hash.to_string()
    }

    /// Takes a stake back that was never made; hash of the transaction, which fails.
    pub(crate) async fn fail_to_unstake(&self, by: &EthereumWallet, count: u64) -> String {
        let unstake = Stakes::unstakeCall {
            odyssey: world_of(count),
            token: 0,
        };
        self.unlock(by).await;
        let data = format!("0x{}", hex::encode(unstake.abi_encode()));
        // The limit of gas keeps the chain from trying it first.
        let transaction = json!({
            "from": address(by), "to": self.contracts.stakes, "data": data, "gas": "0x30000",
        });
        let hash = self.node.submit(transaction).await;
        hash.expect("is in a block").to_string()
    }

    /// Gives a wallet one coin.
    pub(crate) async fn fund(&self, wallet: &EthereumWallet) {
        let coins = "0xde0b6b3a7640000";
        let parameters = json!([address(wallet), coins]);
        let given = self.node.rpc::<Value>("anvil_setBalance", parameters);
        given.await.expect("gives");
    }

    /// Lets a wallet send transactions without its signature.
    async fn unlock(&self, wallet: &EthereumWallet) {
        self.fund(wallet).await;
        let parameters = json!([address(wallet)]);
        let unlocked = self
            .node
            .rpc::<Value>("anvil_impersonateAccount", parameters);
        unlocked.await.expect("unlocks");
    }
}
