//! Ethereum and its kin as the follower sees them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use alloy_json_rpc::RpcSend;
use alloy_primitives::{Address, B256, Bytes, U64};
use components::Umid;
use futures_util::stream::BoxStream;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    events::{Log, Surface, decode},
    factory::Factory,
};
use crate::{
    adapter::{
        AdapterError, AnnouncedContract, BlockAt, BlockRange, ChainAdapter, ChainDescriptor,
        HeadEvent, Outcome, StateQuery,
    },
    chain::{Block, Fact, FactBatch, FactKind, U256},
    rpc::{Endpoint, Endpoints, News, RpcOptions, read},
};

/// The subscription to new blocks.
const NEWS: News = News {
    method: "eth_subscribe",
    parameters: &["newHeads"],
};

/// A contract that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its address.
    pub address: [u8; 20],
    /// Its kind, which says how its logs are read.
    pub surface: Surface,
}

impl Contract {
    /// Its name among the sources of a chain: kind and address.
    pub fn source(&self) -> String {
        format!("{}:0x{}", self.surface.name(), hex::encode(self.address))
    }
}

/// Options of a chain.
#[derive(Clone, Debug)]
pub struct EvmOptions {
    /// Its id in the database.
    pub id: Umid,
    /// Name for people.
    pub name: String,
    /// The chain id that endpoints have to say.
    pub chain_id: u64,
    /// Its endpoints.
    pub rpc: RpcOptions,
    /// Contracts whose logs are read.
    pub contracts: Vec<Contract>,
    /// Contracts that make contracts, which are followed as well.
    pub factories: Vec<Factory>,
    /// The first block that can have facts.
    pub first_block: u64,
    /// Blocks after which one counts as final although the chain does not say so; by default what
    /// the chain says.
    pub final_after: Option<u64>,
}

impl Default for EvmOptions {
    fn default() -> Self {
        Self {
            id: Umid::nil(),
            name: String::new(),
            chain_id: 0,
            rpc: RpcOptions::default(),
            contracts: Vec::new(),
            factories: Vec::new(),
            first_block: 0,
            final_after: None,
        }
    }
}

/// Kinds of contracts by address.
type Surfaces = HashMap<[u8; 20], Surface>;

/// Contracts whose logs a request asks for.
struct Watched {
    addresses: Vec<Address>,
    /// Those that were announced, with their kinds and first blocks.
    announced: HashMap<[u8; 20], (Surface, u64)>,
}

/// A chain of the family.
pub struct EvmAdapter {
    descriptor: ChainDescriptor,
    options: EvmOptions,
    endpoints: Endpoints,
    surfaces: Surfaces,
}

/// The fields of a block that matter; chains have others besides.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
}

/// The fields of a log that matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RpcLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_number: U64,
    block_hash: B256,
    block_timestamp: Option<U64>,
    transaction_hash: B256,
    log_index: U64,
    #[serde(default)]
    removed: bool,
}

/// Its place, if nothing else of it can be read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    block_number: U64,
    block_hash: B256,
    log_index: U64,
}

#[derive(Deserialize)]
struct Status {
    status: U64,
}

#[derive(Deserialize)]
struct Receipt {
    logs: Vec<Box<RawValue>>,
}

impl EvmAdapter {
    /// An adapter; nothing is asked yet.
    ///
    /// # Errors
    /// `Fatal` if an address cannot be one, or there is none.
    pub fn new(options: EvmOptions) -> Result<Self, AdapterError> {
        let endpoints = Endpoints::new(&options.rpc)?;
        let contracts = options.contracts.iter();
        let sources: BTreeSet<String> = options
            .contracts
            .iter()
            .map(Contract::source)
            .chain(options.factories.iter().map(Factory::source))
            .collect();
        let sources: Vec<String> = sources.into_iter().collect();
        Ok(Self {
            descriptor: ChainDescriptor {
                id: options.id,
                name: options.name.clone(),
                first_block: options.first_block,
                range: (2_000, 100_000),
                sources: sources.join(" "),
            },
            surfaces: contracts
                .map(|contract| (contract.address, contract.surface))
                .collect(),
            endpoints,
            options,
        })
    }

    /// The chain id that endpoints have to say.
    pub(super) fn chain_id(&self) -> u64 {
        self.options.chain_id
    }

    /// Asks one endpoint after the other until one answers.
    pub(super) async fn ask<P: RpcSend>(
        &self,
        method: &str,
        parameters: P,
        is_range: bool,
    ) -> Result<(Box<RawValue>, &Arc<Endpoint>), AdapterError> {
        self.endpoints.ask(method, parameters, is_range).await
    }

    async fn header(
        &self,
        endpoint: Option<&Endpoint>,
        tag: &str,
    ) -> Result<Option<(Block, u64)>, AdapterError> {
        let parameters = (tag.to_owned(), false);
        let answer = match endpoint {
            Some(endpoint) => {
                let method = "eth_getBlockByNumber";
                endpoint.request(method, parameters, false).await
            }
            None => {
                let asked = self.ask("eth_getBlockByNumber", parameters, false).await;
                asked.map(|(answer, _)| answer)
            }
        };
        let answer = match answer {
            Err(AdapterError::NotFound) => return Ok(None),
            answer => answer?,
        };
        let header: Option<Header> = read(&answer)?;
        Ok(header.map(|header| (header.block(), header.timestamp.to())))
    }

    /// The newest block of one endpoint.
    async fn head(&self, endpoint: Arc<Endpoint>) -> Option<u64> {
        let header = self.header(Some(&endpoint), "latest").await.ok()??;
        Some(header.0.number)
    }

    /// The contracts whose logs have to be asked for. What is configured of a contract comes before
    /// what is announced of it.
    fn watched(&self, announced: &[AnnouncedContract]) -> Watched {
        let announced = announced.iter().filter_map(|announced| {
            let address = announced.contract.as_slice().try_into().ok()?;
            let surface = Surface::of_name(&announced.surface)?;
            Some((address, (surface, announced.since)))
        });
        let announced: HashMap<[u8; 20], (Surface, u64)> = announced.collect();
        let factories = self.options.factories.iter().map(|factory| factory.address);
        let addresses: BTreeSet<[u8; 20]> = self
            .surfaces
            .keys()
            .copied()
            .chain(factories)
            .chain(announced.keys().copied())
            .collect();
        Watched {
            addresses: addresses.into_iter().map(Address::from).collect(),
            announced,
        }
    }

    /// The logs of contracts in a range, or in one block.
    async fn logs(
        &self,
        range: BlockRange,
        addresses: &[Address],
    ) -> Result<(Vec<Box<RawValue>>, &Arc<Endpoint>), AdapterError> {
        let filter = match range {
            BlockRange::Numbers { from, to } => json!({
                "fromBlock": U64::from(from), "toBlock": U64::from(to), "address": addresses,
            }),
            BlockRange::One(block) => json!({
                "blockHash": B256::from(block.hash), "address": addresses,
            }),
        };
        let is_range = matches!(range, BlockRange::Numbers { from, to } if from < to);
        let (answer, endpoint) = self.ask("eth_getLogs", (filter,), is_range).await?;
        Ok((read(&answer)?, endpoint))
    }

    /// The logs of one block that are too many for one answer.
    async fn logs_of_receipts(&self, block: Block) -> Result<Vec<Box<RawValue>>, AdapterError> {
        let hash = B256::from(block.hash);
        let asked = self.ask("eth_getBlockReceipts", (hash,), false).await;
        let receipts: Option<Vec<Receipt>> = read(&asked?.0)?;
        let receipts = receipts.ok_or(AdapterError::NotFound)?;
        Ok(receipts.into_iter().flat_map(|of| of.logs).collect())
    }

    /// The fact of a log; none if it is of no interest.
    fn fact(&self, raw: &RawValue, watched: &Watched) -> Result<Option<Fact>, AdapterError> {
        let log: RpcLog = match serde_json::from_str(raw.get()) {
            Ok(log) => log,
            Err(error) => {
                // Without a place it belongs to no block, and the answer is worth nothing.
                let place: Place = read(raw)?;
                return Ok(Some(Fact {
                    number: place.block_number.to(),
                    block: place.block_hash.0,
                    time: None,
                    position: place.log_index.to(),
                    transaction: Vec::new(),
                    kind: FactKind::Unreadable {
                        raw: raw.get().as_bytes().to_vec(),
                        reason: error.to_string(),
                    },
                }));
            }
        };
        // Notes of removed logs are hints; blocks say what is on the chain.
        if log.removed {
            return Ok(None);
        }
        let (contract, number) = (log.address.0.0, log.block_number.to());
        let topics = log.topics.into_iter().map(|topic| topic.0).collect();
        let event = Log {
            contract,
            topics,
            data: log.data.to_vec(),
        };
        let announces = |factory: &Factory| factory.read(&event);
        let announced = self.options.factories.iter().find_map(announces);
        let read = || {
            let configured = self.surfaces.get(&contract).copied();
            let announced = watched.announced.get(&contract);
            let announced = announced.filter(|(_, since)| number >= *since);
            decode(
                configured.or(announced.map(|(surface, _)| *surface))?,
                &event,
            )
        };
        Ok(announced.or_else(read).map(|kind| Fact {
            number,
            block: log.block_hash.0,
            time: log.block_timestamp.map(|time| time.to()),
            position: log.log_index.to(),
            transaction: log.transaction_hash.to_vec(),
            kind,
        }))
    }

    fn read_logs(
        &self,
        logs: &[Box<RawValue>],
        watched: &Watched,
    ) -> Result<Vec<Fact>, AdapterError> {
        let facts = logs.iter().map(|raw| self.fact(raw, watched));
        facts.filter_map(Result::transpose).collect()
    }
}

impl Header {
    fn block(&self) -> Block {
        Block {
            number: self.number.to(),
            hash: self.hash.0,
            parent: self.parent_hash.0,
        }
    }
}

#[async_trait::async_trait]
impl ChainAdapter for EvmAdapter {
    fn descriptor(&self) -> &ChainDescriptor {
        &self.descriptor
    }

    async fn identity(&self) -> Result<Vec<u8>, AdapterError> {
        let (answer, _) = self.ask("eth_chainId", (), false).await?;
        let id: U64 = read(&answer)?;
        let id: u64 = id.to();
        if id != self.options.chain_id {
            let expected = self.options.chain_id;
            return Err(AdapterError::Fatal(format!(
                "the chain has the id {id} and not {expected}"
            )));
        }
        Ok(id.to_be_bytes().to_vec())
    }

    fn heads(&self) -> BoxStream<'static, HeadEvent> {
        self.endpoints.heads(NEWS)
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, AdapterError> {
        let tag = match (at, self.options.final_after) {
            (BlockAt::Best, _) => {
                self.endpoints.probe(|endpoint| self.head(endpoint)).await;
                "latest".to_owned()
            }
            (BlockAt::Finalized, None) => "finalized".to_owned(),
            (BlockAt::Finalized, Some(blocks)) => {
                let best = self.header(None, "latest").await?;
                let number = best.and_then(|(best, _)| best.number.checked_sub(blocks));
                let Some(number) = number else {
                    return Ok(None);
                };
                format!("0x{number:x}")
            }
            (BlockAt::Number(number), _) => format!("0x{number:x}"),
        };
        let found = self.header(None, &tag).await?;
        Ok(found.map(|(block, _)| block))
    }

    async fn facts(
        &self,
        range: BlockRange,
        announced: &[AnnouncedContract],
    ) -> Result<FactBatch, AdapterError> {
        let watched = self.watched(announced);
        // No contract would mean all of them.
        let is_empty = watched.addresses.is_empty();
        match range {
            BlockRange::One(block) => {
                if is_empty {
                    let facts = Vec::new();
                    return Ok(FactBatch { facts, last: block });
                }
                let logs = match self.logs(range, &watched.addresses).await {
                    Err(AdapterError::RangeTooLarge(_)) => self.logs_of_receipts(block).await?,
                    logs => logs?.0,
                };
                let facts = self.read_logs(&logs, &watched)?;
                Ok(FactBatch { facts, last: block })
            }
            BlockRange::Numbers { to, .. } if is_empty => {
                let last = self.block(BlockAt::Number(to)).await?;
                let last = last.ok_or(AdapterError::NotFound)?;
                Ok(FactBatch {
                    facts: Vec::new(),
                    last,
                })
            }
            BlockRange::Numbers { from, to } => {
                let tag = format!("0x{to:x}");
                let (logs, endpoint) = match self.logs(range, &watched.addresses).await {
                    Err(AdapterError::RangeTooLarge(_)) if from == to => {
                        let block = self.block(BlockAt::Number(to)).await?;
                        let block = block.ok_or(AdapterError::NotFound)?;
                        return self.facts(BlockRange::One(block), announced).await;
                    }
                    logs => logs?,
                };
                // Nodes cut a range that ends beyond their head without a word: the one that
                // answered has to have the last block, too.
                let last = self.header(Some(endpoint), &tag).await?;
                let Some((last, _)) = last else {
                    endpoint.demote();
                    return Err(AdapterError::Inconsistent);
                };
                let facts = self.read_logs(&logs, &watched)?;
                let belongs = |fact: &Fact| {
                    (from..=to).contains(&fact.number)
                        && (fact.number != to || fact.block == last.hash)
                };
                if !facts.iter().all(belongs) {
                    endpoint.demote();
                    return Err(AdapterError::Inconsistent);
                }
                Ok(FactBatch { facts, last })
            }
        }
    }

    async fn read(&self, at: Block, queries: &[StateQuery]) -> Result<Vec<U256>, AdapterError> {
        let block = json!({ "blockHash": B256::from(at.hash) });
        let answers = queries.iter().map(async |query| {
            let asked = match query {
                StateQuery::Native { account } => {
                    let account = format!("0x{}", hex::encode(account));
                    let parameters = (account, block.clone());
                    self.ask("eth_getBalance", parameters, false).await
                }
                StateQuery::Fungible { contract, account } => {
                    // balanceOf(address)
                    let padding = "0".repeat(24);
                    let call = json!({
                        "to": format!("0x{}", hex::encode(contract)),
                        "data": format!("0x70a08231{padding}{}", hex::encode(account)),
                    });
                    self.ask("eth_call", (call, block.clone()), false).await
                }
            };
            read::<U256>(&asked?.0)
        });
        futures_util::future::try_join_all(answers).await
    }

    async fn outcome(&self, transaction: &[u8]) -> Result<Option<Outcome>, AdapterError> {
        let hash = format!("0x{}", hex::encode(transaction));
        let asked = self.ask("eth_getTransactionReceipt", (hash,), false).await;
        let receipt: Option<Status> = read(&asked?.0)?;
        let outcome = |receipt: Status| match receipt.status.is_zero() {
            true => Outcome::Failed,
            false => Outcome::Succeeded,
        };
        Ok(receipt.map(outcome))
    }
}
