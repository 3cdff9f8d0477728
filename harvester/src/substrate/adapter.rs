//! Polkadot, Kusama and their kin as the follower sees them.

use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::U64;
use components::Umid;
use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use serde::Deserialize;
use subxt::{
    OnlineClient, SubstrateConfig,
    config::{Hasher, substrate::BlakeTwo256},
    ext::scale_decode::{self, DecodeAsType},
    utils::H256,
};
use tokio::sync::OnceCell;

use super::{
    client::{AtBlock, connect, failure, fetch},
    events::{Account, Source, read as read_event},
    reading::Reading,
};
use crate::{
    adapter::{
        AdapterError, AnnouncedContract, BlockAt, BlockRange, ChainAdapter, ChainDescriptor,
        HeadEvent, Outcome, StateQuery,
    },
    chain::{Block, Fact, FactBatch, FactKind, Hash, U256},
    rpc::{Endpoint, Endpoints, News, RpcOptions, read},
};

/// The subscription to new blocks.
const NEWS: News = News {
    method: "chain_subscribeNewHeads",
    parameters: &[],
};
/// Blocks whose events are asked for at a time.
const CONCURRENT: usize = 4;
/// Bits of a fact's position below the index of its event, which is at most a few facts.
const PLACES: u32 = 8;
/// Options of a chain.
#[derive(Clone, Debug)]
pub struct SubstrateOptions {
    /// Its id in the database.
    pub id: Umid,
    /// Name for people.
    pub name: String,
    /// Name of its rules, as its runtime says it, which endpoints have to say.
    pub spec_name: String,
    /// Its endpoints.
    pub rpc: RpcOptions,
    /// Sources of facts.
    pub sources: Vec<Source>,
    /// The first block that can have facts.
    pub first_block: u64,
    /// Blocks after which one counts as final although the chain does not say so; by default what
    /// the chain says.
    pub final_after: Option<u64>,
}

/// A chain of the family.
pub struct SubstrateAdapter {
    descriptor: ChainDescriptor,
    pub(super) options: SubstrateOptions,
    pub(super) endpoints: Arc<Endpoints>,
    client: OnceCell<OnlineClient<SubstrateConfig>>,
}

/// The fields of a header that matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    number: U64,
    parent_hash: H256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    spec_name: String,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AccountInfo {
    data: AccountData,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AccountData {
    free: u128,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AssetAccount {
    balance: u128,
}

impl SubstrateAdapter {
    /// An adapter; nothing is asked yet.
    ///
    /// # Errors
    /// `Fatal` if an address cannot be one, or there is none.
    pub fn new(options: SubstrateOptions) -> Result<Self, AdapterError> {
        let endpoints = Arc::new(Endpoints::new(&options.rpc)?);
        let sources: BTreeSet<String> = options.sources.iter().map(Source::name).collect();
        let sources: Vec<String> = sources.into_iter().collect();
        Ok(Self {
            descriptor: ChainDescriptor {
                id: options.id,
                name: options.name.clone(),
                // The very first block is no consequence of anything.
                first_block: options.first_block.max(1),
                range: (16, 64),
                sources: sources.join(" "),
            },
            options,
            endpoints,
            client: OnceCell::new(),
        })
    }

    pub(super) async fn at(&self, number: u64, hash: Hash) -> Result<AtBlock, AdapterError> {
        let connected = self
            .client
            .get_or_try_init(|| connect(Arc::clone(&self.endpoints)));
        let client = connected.await?;
        let at = client.at_block_hash_and_number(H256::from(hash), number);
        at.await.map_err(|error| failure(&error))
    }

    /// The hash of a block on the chain as it is now.
    async fn hash(&self, number: Option<u64>) -> Result<Option<Hash>, AdapterError> {
        let parameters: Vec<u64> = number.into_iter().collect();
        let asked = self.endpoints.ask("chain_getBlockHash", parameters, false);
        let hash: Option<H256> = read(&asked.await?.0)?;
        Ok(hash.map(|hash| hash.0))
    }

    async fn header(&self, hash: Hash) -> Result<Option<Block>, AdapterError> {
        let parameters = (H256::from(hash),);
        let asked = self.endpoints.ask("chain_getHeader", parameters, false);
        let header: Option<Header> = read(&asked.await?.0)?;
        Ok(header.map(|header| Block {
            number: header.number.to(),
            hash,
            parent: header.parent_hash.0,
        }))
    }

    /// All facts of a block.
    async fn facts_of(&self, block: Block) -> Result<Vec<Fact>, AdapterError> {
        if self.options.sources.is_empty() || block.number == 0 {
            return Ok(Vec::new());
        }
        let at = self.at(block.number, block.hash).await?;
        let events = at.events().fetch().await;
        let events = events.map_err(|error| failure(&error))?;
        let mut reading = Reading::new(self, block, at);
        let mut facts = Vec::new();
        for event in events.iter() {
            // One that cannot be found the end of hides all that follow.
            let event = event.map_err(|error| failure(&error))?;
            let mut places = (u64::from(event.index()) << PLACES)..;
            for source in &self.options.sources {
                let kinds = match read_event(source, &event) {
                    Ok(None) => continue,
                    Ok(Some(happened)) => reading.kinds(source, happened).await?,
                    Err(reason) => vec![FactKind::Unreadable {
                        raw: event.bytes().to_vec(),
                        reason,
                    }],
                };
                for (position, kind) in (&mut places).zip(kinds) {
                    facts.push(Fact {
                        number: block.number,
                        block: block.hash,
                        time: reading.time().await?,
                        position,
                        transaction: reading.transaction(event.phase(), event.index()).await?,
                        kind,
                    });
                }
            }
        }
        Ok(facts)
    }
}

/// A number of 48 bits for rules of a name, the same always.
pub fn id_of_rules(name: &str) -> u128 {
    let [a, b, c, d, e, f, ..] = BlakeTwo256.hash(name.as_bytes()).0;
    u128::from(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

async fn number_of_head(endpoint: Arc<Endpoint>) -> Option<u64> {
    let parameters: [u64; 0] = [];
    let asked = endpoint.request("chain_getHeader", parameters, false);
    let header: Header = read(&asked.await.ok()?).ok()?;
    Some(header.number.to())
}

#[async_trait::async_trait]
impl ChainAdapter for SubstrateAdapter {
    fn descriptor(&self) -> &ChainDescriptor {
        &self.descriptor
    }

    /// Name of the rules and hash of the first block: simulations have the same hash always.
    async fn identity(&self) -> Result<Vec<u8>, AdapterError> {
        let parameters: [u64; 0] = [];
        let asked = self
            .endpoints
            .ask("state_getRuntimeVersion", parameters, false);
        let version: Version = read(&asked.await?.0)?;
        let expected = &self.options.spec_name;
        if version.spec_name != *expected {
            return Err(AdapterError::Fatal(format!(
                "the chain has the rules {} and not {expected}",
                version.spec_name
            )));
        }
        let first = self.hash(Some(0)).await?.ok_or(AdapterError::NotFound)?;
        Ok([version.spec_name.as_bytes(), &first].concat())
    }

    fn heads(&self) -> BoxStream<'static, HeadEvent> {
        self.endpoints.heads(NEWS)
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, AdapterError> {
        let hash = match (at, self.options.final_after) {
            (BlockAt::Best, _) => {
                self.endpoints.probe(number_of_head).await;
                self.hash(None).await?
            }
            (BlockAt::Finalized, None) => {
                let parameters: [u64; 0] = [];
                let asked = self
                    .endpoints
                    .ask("chain_getFinalizedHead", parameters, false);
                let hash: Option<H256> = read(&asked.await?.0)?;
                hash.map(|hash| hash.0)
            }
            (BlockAt::Finalized, Some(blocks)) => {
                let best = match self.hash(None).await? {
                    Some(best) => self.header(best).await?,
                    None => None,
                };
                match best.and_then(|best| best.number.checked_sub(blocks)) {
                    Some(number) => self.hash(Some(number)).await?,
                    None => None,
                }
            }
            (BlockAt::Number(number), _) => self.hash(Some(number)).await?,
        };
        match hash {
            Some(hash) => self.header(hash).await,
            None => Ok(None),
        }
    }

    async fn facts(
        &self,
        range: BlockRange,
        _announced: &[AnnouncedContract],
    ) -> Result<FactBatch, AdapterError> {
        let (from, to) = match range {
            BlockRange::One(block) => {
                let known = self.header(block.hash).await?;
                if known != Some(block) {
                    return Err(AdapterError::NotFound);
                }
                let facts = self.facts_of(block).await?;
                return Ok(FactBatch { facts, last: block });
            }
            BlockRange::Numbers { from, to } => (from, to),
        };
        let blocks = stream::iter(from..=to).map(|number| async move {
            let block = self.block(BlockAt::Number(number)).await?;
            let block = block.ok_or(AdapterError::NotFound)?;
            Ok::<_, AdapterError>((block, self.facts_of(block).await?))
        });
        let blocks: Vec<(Block, Vec<Fact>)> = blocks.buffered(CONCURRENT).try_collect().await?;
        // They are one chain only if each is the child of the one before.
        let linked = blocks
            .windows(2)
            .all(|pair| matches!(pair, [(one, _), (next, _)] if next.parent == one.hash));
        let last = blocks.last().map(|(block, _)| *block);
        match (linked, last) {
            (true, Some(last)) => Ok(FactBatch {
                facts: blocks.into_iter().flat_map(|(_, facts)| facts).collect(),
                last,
            }),
            (true, None) => Err(AdapterError::NotFound),
            (false, _) => Err(AdapterError::Inconsistent),
        }
    }

    async fn read(&self, at: Block, queries: &[StateQuery]) -> Result<Vec<U256>, AdapterError> {
        let client = self.at(at.number, at.hash).await?;
        let mut values = Vec::new();
        for query in queries {
            let value = match query {
                StateQuery::Native { account } => {
                    let keys = (bytes_of(account)?,);
                    let info: Option<AccountInfo> =
                        fetch(&client, "System", "Account", keys).await?;
                    info.map_or(0, |info| info.data.free)
                }
                StateQuery::Fungible { contract, account } => {
                    let mut sources = self.options.sources.iter();
                    let asset = sources.find_map(|source| match source {
                        Source::Token(asset) if asset.contract() == *contract => Some(asset),
                        _ => None,
                    });
                    let asset = asset.ok_or(AdapterError::NotFound)?;
                    let keys = (asset.id, bytes_of(account)?);
                    let row: Option<AssetAccount> =
                        fetch(&client, &asset.pallet, "Account", keys).await?;
                    row.map_or(0, |row| row.balance)
                }
            };
            values.push(U256::from(value));
        }
        Ok(values)
    }

    /// Chains of this family find no transaction by its hash.
    async fn outcome(&self, _: &[u8]) -> Result<Option<Outcome>, AdapterError> {
        Ok(None)
    }
}

fn bytes_of(account: &[u8]) -> Result<Account, AdapterError> {
    let bytes = account.try_into();
    bytes.map_err(|_| AdapterError::Fatal("an account of another family".to_owned()))
}
