//! Polkadot, Kusama and their kin as the follower sees them.

use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::U64;
use components::Umid;
use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use serde::Deserialize;
use serde_json::json;
use subxt::{
    OnlineClient, SubstrateConfig,
    config::{Hasher, substrate::BlakeTwo256},
    dynamic,
    events::Phase,
    ext::scale_decode::{self, DecodeAsType},
    utils::{AccountId32, H256},
};
use tokio::sync::OnceCell;

use super::{
    client::{AtBlock, connect, failure},
    events::{Account, Happened, ItemEvent, Items, Source, read as read_event},
    worlds::world_of,
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
/// Longest text of metadata that could not be read that is kept.
const MAX_RAW: usize = 4096;

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
    options: SubstrateOptions,
    endpoints: Arc<Endpoints>,
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
struct SignedBlock {
    block: Body,
}

#[derive(Deserialize)]
struct Body {
    extrinsics: Vec<String>,
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

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct Metadata {
    data: Vec<u8>,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct Owned {
    owner: AccountId32,
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

    async fn at(&self, number: u64, hash: Hash) -> Result<AtBlock, AdapterError> {
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

    /// Looks every now and then how far the endpoints are.
    async fn probe(&self) {
        let heads = self.endpoints.due().iter().map(async |endpoint| {
            if let Some(number) = number_of_head(endpoint).await {
                endpoint.set_head(number);
            }
        });
        futures_util::future::join_all(heads).await;
        self.endpoints.compare();
    }

    /// All facts of a block.
    async fn facts_of(&self, block: Block) -> Result<Vec<Fact>, AdapterError> {
        if self.options.sources.is_empty() || block.number == 0 {
            return Ok(Vec::new());
        }
        let at = self.at(block.number, block.hash).await?;
        let events = at.events().fetch().await;
        let events = events.map_err(|error| failure(&error))?;
        let mut reading = Reading {
            adapter: self,
            block,
            at,
            parent: None,
            extrinsics: None,
            time: None,
        };
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

async fn number_of_head(endpoint: &Endpoint) -> Option<u64> {
    let parameters: [u64; 0] = [];
    let asked = endpoint.request("chain_getHeader", parameters, false);
    let header: Header = read(&asked.await.ok()?).ok()?;
    Some(header.number.to())
}

/// A block that is read, with what was asked of it already.
struct Reading<'a> {
    adapter: &'a SubstrateAdapter,
    block: Block,
    at: AtBlock,
    parent: Option<AtBlock>,
    extrinsics: Option<Vec<String>>,
    time: Option<u64>,
}

impl Reading<'_> {
    /// The facts of something that happened.
    async fn kinds(
        &mut self,
        source: &Source,
        happened: Happened,
    ) -> Result<Vec<FactKind>, AdapterError> {
        let account = |account: Account| account.to_vec();
        let kind = match (source, happened) {
            (Source::Worlds(items), Happened::Item { item, event }) => {
                return self.item(items, item, event).await;
            }
            (Source::Token(asset), Happened::Token { from, to, amount }) => {
                FactKind::FungibleTransfer {
                    contract: asset.contract(),
                    from: from.map(account),
                    to: to.map(account),
                    amount: U256::from(amount),
                }
            }
            (Source::Stakes(pallet), Happened::Staked { who, world, amount }) => {
                match self.world(world).await? {
                    Some(world) => FactKind::Staked {
                        account: account(who),
                        world,
                        token: pallet.token,
                        amount: U256::from(amount),
                    },
                    None => no_world(world),
                }
            }
            (Source::Stakes(pallet), Happened::Unstaked { who, world, amount }) => {
                match self.world(world).await? {
                    Some(world) => FactKind::Unstaked {
                        account: account(who),
                        world,
                        token: pallet.token,
                        amount: U256::from(amount),
                    },
                    None => no_world(world),
                }
            }
            (
                Source::Stakes(pallet),
                Happened::Restaked {
                    who,
                    from,
                    to,
                    amount,
                },
            ) => match (self.world(from).await?, self.world(to).await?) {
                (Some(from), Some(to)) => FactKind::Restaked {
                    account: account(who),
                    from,
                    to,
                    token: pallet.token,
                    amount: U256::from(amount),
                },
                (None, _) => no_world(from),
                (_, None) => no_world(to),
            },
            (Source::Faucet(pallet), Happened::Dropped { who, amount }) => FactKind::FaucetDrop {
                account: account(who),
                token: pallet.token,
                amount: U256::from(amount),
            },
            _ => return Ok(Vec::new()),
        };
        Ok(vec![kind])
    }

    /// Facts of an item that stands for a world, or does so from now on.
    async fn item(
        &mut self,
        items: &Items,
        item: u32,
        event: ItemEvent,
    ) -> Result<Vec<FactKind>, AdapterError> {
        let transfer =
            |world: Umid, from: Option<Account>, to: Option<Account>| FactKind::ItemTransfer {
                contract: items.contract(),
                item: U256::from(world.as_u128()),
                from: from.map(|account| account.to_vec()),
                to: to.map(|account| account.to_vec()),
            };
        let before = |world: Option<Vec<u8>>| world.as_deref().and_then(world_of);
        match event {
            ItemEvent::Moved { from, to } => {
                let known = self.metadata(items, item, true).await?;
                let known = match before(known) {
                    Some(world) => Some(world),
                    None => before(self.metadata(items, item, false).await?),
                };
                let facts = known.map(|world| transfer(world, Some(from), Some(to)));
                Ok(facts.into_iter().collect())
            }
            ItemEvent::Burned { owner } => {
                let known = before(self.metadata(items, item, true).await?);
                let facts = known.map(|world| transfer(world, Some(owner), None));
                Ok(facts.into_iter().collect())
            }
            ItemEvent::Unnamed => {
                let known = before(self.metadata(items, item, true).await?);
                let owner = self.owner(items, item).await?;
                let facts = known.map(|world| transfer(world, owner, None));
                Ok(facts.into_iter().collect())
            }
            ItemEvent::Named { data } => {
                let known = before(self.metadata(items, item, true).await?);
                let Some(world) = world_of(&data) else {
                    let mut raw = data;
                    raw.truncate(MAX_RAW);
                    let reason = format!("the metadata of item {item} name no world");
                    return Ok(vec![FactKind::Unreadable { raw, reason }]);
                };
                if known == Some(world) {
                    return Ok(Vec::new());
                }
                let owner = self.owner(items, item).await?;
                let mut facts = Vec::new();
                facts.extend(known.map(|world| transfer(world, owner, None)));
                facts.extend(owner.map(|owner| transfer(world, None, Some(owner))));
                Ok(facts)
            }
        }
    }

    /// The world that an item of the configured collection stands for.
    async fn world(&mut self, world: (u32, u32)) -> Result<Option<Umid>, AdapterError> {
        let sources = self.adapter.options.sources.iter();
        let items = sources.filter_map(|source| match source {
            Source::Worlds(items) if items.collection == world.0 => Some(items.clone()),
            _ => None,
        });
        let Some(items) = items.into_iter().next() else {
            return Ok(None);
        };
        let now = self.metadata(&items, world.1, false).await?;
        match now.as_deref().and_then(world_of) {
            Some(world) => Ok(Some(world)),
            // It was burned in this block.
            None => {
                let before = self.metadata(&items, world.1, true).await?;
                Ok(before.as_deref().and_then(world_of))
            }
        }
    }

    /// The metadata of an item after this block, or `before` it.
    async fn metadata(
        &mut self,
        items: &Items,
        item: u32,
        before: bool,
    ) -> Result<Option<Vec<u8>>, AdapterError> {
        let at = match before {
            true => self.parent().await?,
            false => &self.at,
        };
        // Pallets call the same thing by two names.
        for entry in ["InstanceMetadataOf", "ItemMetadataOf"] {
            let address = dynamic::storage::<(u32, u32), Metadata>(items.pallet.clone(), entry);
            let Ok(entry) = at.storage().entry(address) else {
                continue;
            };
            let found = entry.try_fetch((items.collection, item)).await;
            let Some(found) = found.map_err(|error| failure(&error))? else {
                return Ok(None);
            };
            let metadata = found.decode().map_err(|error| failure(&error))?;
            return Ok(Some(metadata.data));
        }
        Ok(None)
    }

    /// The owner of an item after this block.
    async fn owner(&self, items: &Items, item: u32) -> Result<Option<Account>, AdapterError> {
        for entry in ["Asset", "Item"] {
            let address = dynamic::storage::<(u32, u32), Owned>(items.pallet.clone(), entry);
            let Ok(entry) = self.at.storage().entry(address) else {
                continue;
            };
            let found = entry.try_fetch((items.collection, item)).await;
            let Some(found) = found.map_err(|error| failure(&error))? else {
                return Ok(None);
            };
            let owned = found.decode().map_err(|error| failure(&error))?;
            return Ok(Some(owned.owner.0));
        }
        Ok(None)
    }

    async fn parent(&mut self) -> Result<&AtBlock, AdapterError> {
        if self.parent.is_none() {
            let number = self.block.number.saturating_sub(1);
            self.parent = Some(self.adapter.at(number, self.block.parent).await?);
        }
        match &self.parent {
            Some(parent) => Ok(parent),
            None => Err(AdapterError::NotFound),
        }
    }

    /// Time of the block in seconds since 1970.
    async fn time(&mut self) -> Result<Option<u64>, AdapterError> {
        if self.time.is_none() {
            let address = dynamic::storage::<(), u64>("Timestamp", "Now");
            let found = self.at.storage().try_fetch(address, ()).await;
            let found = found.map_err(|error| failure(&error))?;
            let time = found.map(|found| found.decode()).transpose();
            self.time = time
                .map_err(|error| failure(&error))?
                .map(|time| time / 1000);
        }
        Ok(self.time)
    }

    /// The hash of the transaction of an event; of what the chain does by itself, block and place.
    async fn transaction(&mut self, phase: Phase, index: u32) -> Result<Vec<u8>, AdapterError> {
        let Phase::ApplyExtrinsic(number) = phase else {
            return Ok([&self.block.hash[..], &index.to_be_bytes()].concat());
        };
        if self.extrinsics.is_none() {
            let parameters = (H256::from(self.block.hash),);
            let endpoints = &self.adapter.endpoints;
            let asked = endpoints.ask("chain_getBlock", parameters, false).await;
            let block: Option<SignedBlock> = read(&asked?.0)?;
            self.extrinsics = Some(block.ok_or(AdapterError::NotFound)?.block.extrinsics);
        }
        let extrinsics = self.extrinsics.iter().flatten();
        let text = extrinsics.into_iter().nth(number as usize);
        let text = text.ok_or(AdapterError::Inconsistent)?;
        let bytes = hex::decode(text.trim_start_matches("0x"));
        let bytes = bytes.map_err(|error| AdapterError::Transient(error.to_string()))?;
        Ok(BlakeTwo256.hash(&bytes).0.to_vec())
    }
}

fn no_world(item: (u32, u32)) -> FactKind {
    FactKind::Unreadable {
        raw: json!(item).to_string().into_bytes(),
        reason: "a stake in an item that stands for no world".to_owned(),
    }
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
                self.probe().await;
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
                    let account = bytes_of(account)?;
                    let address = dynamic::storage::<([u8; 32],), AccountInfo>("System", "Account");
                    let found = client.storage().try_fetch(address, (account,)).await;
                    let found = found.map_err(|error| failure(&error))?;
                    let info = found.map(|found| found.decode()).transpose();
                    let info = info.map_err(|error| failure(&error))?;
                    info.map_or(0, |info| info.data.free)
                }
                StateQuery::Fungible { contract, account } => {
                    let account = bytes_of(account)?;
                    let sources = self.options.sources.iter();
                    let asset = sources.filter_map(|source| match source {
                        Source::Token(asset) if asset.contract() == *contract => Some(asset),
                        _ => None,
                    });
                    let asset = asset.into_iter().next().ok_or(AdapterError::NotFound)?;
                    let address = dynamic::storage::<(u32, [u8; 32]), AssetAccount>(
                        asset.pallet.clone(),
                        "Account",
                    );
                    let found = client
                        .storage()
                        .try_fetch(address, (asset.id, account))
                        .await;
                    let found = found.map_err(|error| failure(&error))?;
                    let row = found.map(|found| found.decode()).transpose();
                    let row = row.map_err(|error| failure(&error))?;
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
