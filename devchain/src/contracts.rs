//! The contracts of `contracts/`.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use serde_json::Value;

use crate::anvil::{Anvil, DevchainError, Receipt};

sol! {
    /// A token (ERC-20).
    interface Token {
        function mint(address to, uint256 value) external;
        function burn(uint256 value) external;
        function transfer(address to, uint256 value) external;
        function many(uint160 first, uint256 count) external;
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
    }

    /// Makes tokens.
    interface Factory {
        event Created(address indexed owner, address token);
        function make(string name, string symbol, uint256 value) external;
    }

    /// Items that stand for worlds (ERC-721).
    interface Worlds {
        function mint(address to) external;
        function mintId(address to, uint256 id) external;
        function transferFrom(address from, address to, uint256 id) external;
        function burn(uint256 id) external;
        function ownerOf(uint256 id) external view returns (address);
    }

    /// Stakes in worlds.
    interface Stakes {
        function stake(uint256 odyssey, uint256 amount, uint8 token) external;
        function unstake(uint256 odyssey, uint8 token) external;
        function restake(uint256 from, uint256 to, uint256 amount, uint8 token) external;
    }
}

/// Compiled from the sources by a compiler that a lock file names.
const COMPILED: &str = include_str!("../../contracts/contracts.json");

/// Ids of worlds have these bits (docs/spec/chains.md).
const MARK: u128 = 0x8000_8000_0000_0000_0000;

/// Addresses of the contracts of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Contracts {
    /// The token that is staked as kind 0.
    pub mom: Address,
    /// The token that is staked as kind 1.
    pub dad: Address,
    /// Worlds.
    pub worlds: Address,
    /// Stakes.
    pub stakes: Address,
    /// Gives tokens at the word of the account of [`FAUCET_KEY`].
    pub faucet: Address,
}

/// Key of the account that owns the faucet: the last of the mnemonic that local chains of Ethereum
/// have by custom. Everybody knows it.
pub const FAUCET_KEY: &str = "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6";

impl Contracts {
    /// Puts all contracts on a chain.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn deploy(chain: &Anvil) -> Result<Self, DevchainError> {
        let accounts = chain.accounts().await?;
        let account = |account: Option<&Address>| account.copied().unwrap_or_default();
        let (bank, giver) = (account(accounts.first()), account(accounts.last()));
        let token = |name: &str, symbol: &str| {
            let texts = (name.to_owned(), symbol.to_owned());
            texts.abi_encode_params()
        };
        let mom = deploy(chain, bank, "Token", token("Momentum", "MOM")).await?;
        let dad = deploy(chain, bank, "Token", token("Momentum", "DAD")).await?;
        let tokens = (mom, dad).abi_encode_params();
        Ok(Self {
            mom,
            dad,
            worlds: deploy(chain, bank, "Worlds", Vec::new()).await?,
            stakes: deploy(chain, bank, "Stakes", Vec::new()).await?,
            faucet: deploy(chain, giver, "Faucet", tokens).await?,
        })
    }

    /// Puts a factory on a chain that has the contracts.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn deploy_factory(chain: &Anvil) -> Result<Address, DevchainError> {
        let accounts = chain.accounts().await?;
        let bank = accounts.first().copied().unwrap_or_default();
        deploy(chain, bank, "Factory", Vec::new()).await
    }

    /// Keys of the table of a chain in the configuration, one a line.
    pub fn table(&self) -> String {
        let Self {
            mom,
            dad,
            worlds,
            stakes,
            faucet,
        } = self;
        format!(
            "mom = \"{mom}\"\ndad = \"{dad}\"\nworlds = \"{worlds}\"\nstakes = \"{stakes}\"\n\
             faucet = \"{faucet}\"\n"
        )
    }
}

/// Number of the world that is minted as the `count`-th.
pub fn world_of(count: u64) -> U256 {
    U256::from(u128::from(count) | MARK)
}

async fn deploy(
    chain: &Anvil,
    from: Address,
    name: &str,
    arguments: Vec<u8>,
) -> Result<Address, DevchainError> {
    let compiled: Value = serde_json::from_str(COMPILED)?;
    let bytecode = compiled.pointer(&format!("/{name}/bytecode"));
    let bytecode = bytecode.and_then(Value::as_str).unwrap_or_default();
    let code = hex::decode(bytecode.trim_start_matches("0x")).unwrap_or_default();
    let receipt = chain
        .send_data(from, None, [code, arguments].concat())
        .await?;
    let address = receipt.contract_address;
    address.ok_or_else(|| DevchainError::Refused("no contract was made".to_owned()))
}

impl Anvil {
    /// Calls a contract in a transaction of one of the chain's accounts.
    ///
    /// # Errors
    /// Those of the chain, `Refused` if the contract reverts.
    pub async fn send<C: SolCall>(
        &self,
        from: Address,
        to: Address,
        call: C,
    ) -> Result<Receipt, DevchainError> {
        self.send_data(from, Some(to), call.abi_encode()).await
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn ask<C: SolCall>(&self, of: Address, call: C) -> Result<C::Return, DevchainError> {
        let answer = self.call_data(of, call.abi_encode()).await?;
        let answer = C::abi_decode_returns(&answer);
        answer.map_err(|error| DevchainError::Refused(error.to_string()))
    }
}
