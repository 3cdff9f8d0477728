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
}

impl Contracts {
    /// Puts all contracts on a chain.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn deploy(chain: &Anvil) -> Result<Self, DevchainError> {
        let token = |name: &str, symbol: &str| (name.to_owned(), symbol.to_owned());
        Ok(Self {
            mom: deploy(chain, "Token", token("Momentum", "MOM").abi_encode_params()).await?,
            dad: deploy(chain, "Token", token("Momentum", "DAD").abi_encode_params()).await?,
            worlds: deploy(chain, "Worlds", Vec::new()).await?,
            stakes: deploy(chain, "Stakes", Vec::new()).await?,
        })
    }
}

impl Contracts {
    /// Keys of the table of a chain in the configuration, one a line.
    pub fn table(&self) -> String {
        let Self {
            mom,
            dad,
            worlds,
            stakes,
        } = self;
        format!("mom = \"{mom}\"\ndad = \"{dad}\"\nworlds = \"{worlds}\"\nstakes = \"{stakes}\"\n")
    }
}

/// Number of the world that is minted as the `count`-th.
pub fn world_of(count: u64) -> U256 {
    U256::from(u128::from(count) | MARK)
}

async fn deploy(chain: &Anvil, name: &str, arguments: Vec<u8>) -> Result<Address, DevchainError> {
    let compiled: Value = serde_json::from_str(COMPILED)?;
    let bytecode = compiled.pointer(&format!("/{name}/bytecode"));
    let bytecode = bytecode.and_then(Value::as_str).unwrap_or_default();
    let code = hex::decode(bytecode.trim_start_matches("0x")).unwrap_or_default();
    let from = chain.accounts().await?.first().copied().unwrap_or_default();
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
