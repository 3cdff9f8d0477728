//! Chains that are followed: the `[chains.NAME]` tables.

use std::{
    collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc,
    time::Duration,
};

use components::Umid;
use harvester::{
    AdapterError, ChainAdapter, ChainWallet, RpcOptions, U256,
    evm::{Contract, EvmAdapter, EvmOptions, EvmWallet, Factory, Surface, grant_call},
    substrate::{Assets, Items, Pallet, Source, SubstrateAdapter, SubstrateOptions, id_of_rules},
};
use integrations::Secret;
use node::Holding;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};
use url::Url;
use uuid::uuid;

use super::values;

/// Chains by name.
pub(crate) type Chains = BTreeMap<String, Chain>;

/// Chain ids whose rows have ids of the existing platform.
const KNOWN: [(u64, Umid); 2] = [
    (1, uuid!("ccccaaaa-1111-2222-3333-111111111111")),
    (42_170, uuid!("ccccaaaa-1111-2222-3333-222222222222")),
];
/// The rows of others have this and their number.
const OTHERS: Umid = uuid!("ccccaaaa-1111-2222-3333-000000000000");
/// Ethereum itself replaces its newest block or two every now and then.
const ETHEREUM: u64 = 1;

/// A chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chain {
    /// Whether it is followed.
    #[serde(default = "on", deserialize_with = "values::switch")]
    pub(crate) enabled: bool,
    /// Kind of chain.
    #[serde(default)]
    family: Family,
    /// The id that it says it has, of Ethereum and its kin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    /// Name of the rules that it says it has, of Substrate chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spec_name: Option<String>,
    /// Its id in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Umid>,
    /// Addresses, the best first.
    #[serde(deserialize_with = "secrets", serialize_with = "origins")]
    endpoints: Vec<Secret>,
    /// The token that is staked as kind 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mom: Option<String>,
    /// The token that is staked as kind 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dad: Option<String>,
    /// Other tokens.
    #[serde(default, deserialize_with = "values::list")]
    tokens: Vec<String>,
    /// The contract of worlds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worlds: Option<String>,
    /// The contract of stakes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stakes: Option<String>,
    /// The contract of nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nodes: Option<String>,
    /// The contract of tokens that are given out over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vesting: Option<String>,
    /// The contract that gives tokens for the asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    faucet: Option<String>,
    /// Contracts that make contracts, which are followed as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    factories: Vec<FactoryTable>,
    /// The first block that can have events of these contracts.
    #[serde(default)]
    first_block: u64,
    /// Blocks after which one counts as final; by default what the chain says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    final_after: Option<u64>,
    /// Blocks after which worlds are made and stakes told of; by default 2 on Ethereum, on
    /// Substrate chains those that are final, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effects_after: Option<u64>,
    /// Tokens for those who get a new world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
    /// Tokens whose holders this node signs for, that it hosts their worlds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hosting_tokens: Vec<HostingToken>,
    /// Requests per second to each endpoint.
    #[serde(default = "default_rate")]
    requests_per_second: u32,
    /// Time between two questions for news.
    #[serde(default = "default_poll", with = "values::duration")]
    poll: Duration,
}

/// Tokens that the faucet gives to whom a world is minted for, in a transaction of our own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// File with the key of the faucet's owner: 64 hexadecimal digits.
    key: PathBuf,
    /// Kind of token.
    #[serde(default)]
    token: u8,
    /// Amount in the smallest unit, decimal.
    amount: String,
    /// The first block whose worlds get it.
    pub(crate) first_block: u64,
}

/// A contract that makes contracts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactoryTable {
    contract: String,
    /// Its event as Solidity declares it.
    event: String,
    /// The argument of the event that is the new contract.
    argument: String,
    /// Kind of the contracts that it makes: `token` or `items`.
    makes: Makes,
}

/// Kinds of contracts that a factory makes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Makes {
    Token,
    Items,
}

/// A token, and how much of it is enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostingToken {
    /// One of the chain's tokens, or its contract of worlds.
    contract: String,
    /// Amount in the smallest unit, or number of worlds; decimal.
    minimum: String,
}

/// A call of a contract.
pub(crate) struct Call {
    pub(crate) to: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

/// Kinds of chains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Family {
    /// Ethereum and its kin.
    #[default]
    Evm,
    /// Polkadot, Kusama and their kin.
    Substrate,
}

fn on() -> bool {
    true
}

fn default_rate() -> u32 {
    RpcOptions::default().requests_per_second
}

fn default_poll() -> Duration {
    RpcOptions::default().poll
}

impl Chain {
    /// Its id in the database.
    pub(crate) fn id(&self) -> Umid {
        let known = KNOWN
            .iter()
            .find(|(chain, _)| Some(*chain) == self.chain_id);
        let known = known.map(|(_, id)| *id);
        let other = || {
            let number = match (self.family, self.chain_id, &self.spec_name) {
                (Family::Substrate, _, Some(name)) => id_of_rules(name),
                // The digits of the number, to be recognised.
                (_, number, _) => {
                    let digits = format!("{:012}", number.unwrap_or_default() % 1_000_000_000_000);
                    u128::from_str_radix(&digits, 16).unwrap_or_default()
                }
            };
            Umid::from_u128(OTHERS.as_u128() | number)
        };
        self.id.or(known).unwrap_or_else(other)
    }

    /// The last block whose effects happen, of those that are `applied` and `finalized`.
    pub(crate) fn effects_until(&self, applied: u64, finalized: Option<u64>) -> Option<u64> {
        let after = match (self.family, self.effects_after) {
            (_, Some(after)) => after,
            (Family::Substrate, None) => return finalized,
            (Family::Evm, None) if self.chain_id == Some(ETHEREUM) => 2,
            (Family::Evm, None) => 0,
        };
        applied.checked_sub(after)
    }

    /// Bytes of its accounts.
    pub(crate) fn account_length(&self) -> usize {
        match self.family {
            Family::Evm => 20,
            Family::Substrate => 32,
        }
    }

    /// An adapter; nothing is asked yet. With `only`, it has no other sources than those.
    ///
    /// # Errors
    /// An address that is none.
    pub(crate) fn adapter(
        &self,
        name: &str,
        only: Option<&str>,
    ) -> Result<Arc<dyn ChainAdapter>, String> {
        let is_known = |source: String| match only {
            Some(only) => only.split(' ').any(|known| known == source),
            None => true,
        };
        let fault = |error: AdapterError| error.to_string();
        match self.family {
            Family::Evm => {
                let mut options = self.options(name)?;
                options
                    .contracts
                    .retain(|contract| is_known(contract.source()));
                options
                    .factories
                    .retain(|factory| is_known(factory.source()));
                Ok(Arc::new(EvmAdapter::new(options).map_err(fault)?))
            }
            Family::Substrate => {
                let mut options = self.substrate_options(name)?;
                options.sources.retain(|source| is_known(source.name()));
                Ok(Arc::new(SubstrateAdapter::new(options).map_err(fault)?))
            }
        }
    }

    fn rpc_options(&self) -> RpcOptions {
        let endpoints = self.endpoints.iter();
        RpcOptions {
            endpoints: endpoints.map(|url| url.reveal().to_owned()).collect(),
            poll: self.poll,
            requests_per_second: self.requests_per_second,
            ..RpcOptions::default()
        }
    }

    fn substrate_options(&self, name: &str) -> Result<SubstrateOptions, String> {
        let Some(spec_name) = &self.spec_name else {
            return Err("spec_name is missing: the name of its rules".to_owned());
        };
        let of_evm = [
            ("nodes", self.nodes.is_some()),
            ("vesting", self.vesting.is_some()),
            ("factories", !self.factories.is_empty()),
            ("grant", self.grant.is_some()),
            ("hosting_tokens", !self.hosting_tokens.is_empty()),
            ("chain_id", self.chain_id.is_some()),
        ];
        if let Some((key, _)) = of_evm.into_iter().find(|(_, is_set)| *is_set) {
            return Err(format!("{key}: not of this family"));
        }
        let pair = |key: &str, text: &str| {
            let fault = || format!("{key}: {text:?} is not of the form \"Pallet:7\"");
            let (pallet, number) = text.split_once(':').ok_or_else(fault)?;
            let number: u32 = number.parse().map_err(|_| fault())?;
            Ok::<_, String>((pallet.to_owned(), number))
        };
        let mut sources = Vec::new();
        for (key, text) in self.tokens() {
            let (pallet, id) = pair(key, text)?;
            sources.push(Source::Token(Assets { pallet, id }));
        }
        if let Some(text) = &self.worlds {
            let (pallet, collection) = pair("worlds", text)?;
            sources.push(Source::Worlds(Items { pallet, collection }));
        }
        let pallet = |name: &String| Pallet {
            name: name.clone(),
            token: 0,
        };
        sources.extend(self.stakes.iter().map(pallet).map(Source::Stakes));
        sources.extend(self.faucet.iter().map(pallet).map(Source::Faucet));
        Ok(SubstrateOptions {
            id: self.id(),
            name: name.to_owned(),
            spec_name: spec_name.clone(),
            rpc: self.rpc_options(),
            sources,
            first_block: self.first_block,
            final_after: self.final_after,
        })
    }

    /// The account that grants tokens, if there is to be one.
    ///
    /// # Errors
    /// A key file that is none, or that others may read; no faucet.
    pub(crate) fn wallet(&self, name: &str) -> Result<Option<Arc<dyn ChainWallet>>, String> {
        let Some(grant) = &self.grant else {
            return Ok(None);
        };
        if self.faucet.is_none() {
            return Err("grant: there is no faucet".to_owned());
        }
        grant.amount()?;
        let fault = |why: String| format!("grant.key: {}: {why}", grant.key.display());
        let file = fs::metadata(&grant.key).map_err(|error| fault(error.to_string()))?;
        if file.permissions().mode() & 0o077 != 0 {
            return Err(fault("others may read it: chmod 600".to_owned()));
        }
        let text = fs::read_to_string(&grant.key).map_err(|error| fault(error.to_string()))?;
        let digits = text.trim().trim_start_matches("0x");
        let key = hex::decode(digits).map_err(|_| fault("is no key".to_owned()))?;
        let adapter = EvmAdapter::new(self.options(name)?);
        let adapter = adapter.map_err(|error: AdapterError| error.to_string())?;
        let wallet = EvmWallet::new(Arc::new(adapter), &key);
        let wallet = wallet.map_err(|error| fault(error.to_string()))?;
        Ok(Some(Arc::new(wallet)))
    }

    /// The call that gives somebody tokens for a world that was minted in a block.
    pub(crate) fn grant(&self, to: &[u8], number: u64) -> Option<Call> {
        let grant = self.grant.as_ref()?;
        if number < grant.first_block {
            return None;
        }
        let data = grant_call(to, grant.token, grant.amount().ok()?)?;
        let faucet = address(self.faucet.as_ref()?)?;
        Some(Call {
            to: faucet.to_vec(),
            data,
        })
    }

    /// Tokens whose holders this node signs for.
    ///
    /// # Errors
    /// A contract that is not followed, an amount that is none.
    pub(crate) fn hosting_tokens(&self) -> Result<Vec<Holding>, String> {
        let holding = |token: &HostingToken| {
            let HostingToken { contract, minimum } = token;
            let fault = |why: &str| format!("hosting_tokens: {why}");
            let contract = address(contract)
                .filter(|contract| self.held().any(|held| held == *contract))
                .ok_or_else(|| fault(&format!("{contract:?} is no token of this chain")))?;
            let amount: Option<U256> = minimum.parse().ok();
            let minimum = amount.filter(|amount| !amount.is_zero());
            let minimum =
                minimum.ok_or_else(|| fault(&format!("{:?} is no amount", token.minimum)))?;
            Ok(Holding {
                chain: self.id(),
                contract: contract.to_vec(),
                minimum: minimum.to_be_bytes(),
            })
        };
        self.hosting_tokens.iter().map(holding).collect()
    }

    /// Contracts of what an account can hold.
    fn held(&self) -> impl Iterator<Item = [u8; 20]> {
        let tokens = self.tokens().map(|(_, text)| text);
        tokens.chain(&self.worlds).filter_map(|text| address(text))
    }

    /// Tokens, each with the key that names it.
    fn tokens(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let named = [("mom", &self.mom), ("dad", &self.dad)];
        let named = named
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_ref()?)));
        named.chain(self.tokens.iter().map(|text| ("tokens", text)))
    }

    fn options(&self, name: &str) -> Result<EvmOptions, String> {
        let tokens = self
            .tokens()
            .map(|(key, token)| (key, token, Surface::Fungible));
        let others = [
            ("worlds", &self.worlds, Surface::Items),
            ("stakes", &self.stakes, Surface::Staking),
            ("nodes", &self.nodes, Surface::Nodes),
            ("vesting", &self.vesting, Surface::Vesting),
            ("faucet", &self.faucet, Surface::Faucet),
        ];
        let others = others
            .into_iter()
            .filter_map(|(key, address, surface)| Some((key, address.as_ref()?, surface)));
        let contracts = tokens.chain(others).map(|(key, address, surface)| {
            let parsed = self::address(address);
            let address = parsed.ok_or_else(|| format!("{key}: {address:?} is no address"))?;
            Ok(Contract { address, surface })
        });
        let factories = self.factories.iter().map(|table| {
            let fault = |why: String| format!("factories: {why}");
            let contract = &table.contract;
            let address = self::address(contract)
                .ok_or_else(|| fault(format!("{contract:?} is no address")))?;
            let surface = match table.makes {
                Makes::Token => Surface::Fungible,
                Makes::Items => Surface::Items,
            };
            Factory::new(address, surface, &table.event, &table.argument).map_err(fault)
        });
        let chain_id = self.chain_id.ok_or("chain_id is missing")?;
        Ok(EvmOptions {
            id: self.id(),
            name: name.to_owned(),
            chain_id,
            rpc: self.rpc_options(),
            contracts: contracts.collect::<Result<_, String>>()?,
            factories: factories.collect::<Result<_, String>>()?,
            first_block: self.first_block,
            final_after: self.final_after,
        })
    }
}

impl Grant {
    fn amount(&self) -> Result<U256, String> {
        let amount = self.amount.parse();
        amount.map_err(|_| format!("grant.amount: {:?} is no amount", self.amount))
    }
}

/// The bytes of an address.
fn address(text: &str) -> Option<[u8; 20]> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
    bytes.try_into().ok()
}

/// The first chain that cannot be followed as it is configured, and why.
pub(super) fn check(chains: &Chains) -> Result<(), (&'static str, String)> {
    let mut ids = BTreeMap::new();
    for (name, chain) in chains {
        let checked = chain
            .adapter(name, None)
            .and_then(|_| chain.wallet(name))
            .and_then(|_| chain.hosting_tokens());
        if let Err(why) = checked {
            return Err(("chains", format!("{name}: {why}")));
        }
        if let Some(other) = ids.insert(chain.id(), name) {
            let why = format!("{other} and {name} have the same id");
            return Err(("chains", why));
        }
    }
    Ok(())
}

/// Tokens of all chains that are followed, whose holders this node signs for; they were checked.
pub(super) fn hosting_tokens(chains: &Chains) -> Vec<Holding> {
    let followed = chains.values().filter(|chain| chain.enabled);
    let tokens = followed.filter_map(|chain| chain.hosting_tokens().ok());
    tokens.flatten().collect()
}

fn secrets<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Secret>, D::Error> {
    let list = values::list(from)?;
    Ok(list.iter().map(|url| Secret::from(url.as_str())).collect())
}

/// Scheme, host and port; the rest may be a key.
fn origins<S: Serializer>(endpoints: &[Secret], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(endpoints.len()))?;
    for endpoint in endpoints {
        let shown = Url::parse(endpoint.reveal()).map(|url| {
            let host = url.host_str().unwrap_or_default();
            let port = url
                .port()
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            format!("{}://{host}{port}/***", url.scheme())
        });
        list.serialize_element(&shown.unwrap_or_else(|_| "***".to_owned()))?;
    }
    list.end()
}
