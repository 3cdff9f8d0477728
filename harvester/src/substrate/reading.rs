//! One block: facts of what happened in it, with what has to be asked of its state for them.

use components::Umid;
use serde::Deserialize;
use serde_json::json;
use subxt::{
    config::{Hasher, substrate::BlakeTwo256},
    events::Phase,
    ext::scale_decode::{self, DecodeAsType},
    utils::{AccountId32, H256},
};

use super::{
    adapter::SubstrateAdapter,
    client::{AtBlock, fetch, fetch_any},
    events::{Account, Happened, ItemEvent, Items, Source},
    worlds::world_of,
};
use crate::{
    adapter::AdapterError,
    chain::{Block, FactKind, U256},
    rpc::read,
};

/// Longest text of metadata that could not be read that is kept.
const MAX_RAW: usize = 4096;

#[derive(Deserialize)]
struct SignedBlock {
    block: Body,
}

#[derive(Deserialize)]
struct Body {
    extrinsics: Vec<String>,
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

/// A block that is read, with what was asked of it already.
pub(super) struct Reading<'a> {
    adapter: &'a SubstrateAdapter,
    block: Block,
    at: AtBlock,
    parent: Option<AtBlock>,
    extrinsics: Option<Vec<String>>,
    time: Option<u64>,
}

/// State of a block, or of the one before.
#[derive(Clone, Copy)]
enum When {
    Before,
    After,
}

impl<'a> Reading<'a> {
    pub(super) fn new(adapter: &'a SubstrateAdapter, block: Block, at: AtBlock) -> Self {
        Self {
            adapter,
            block,
            at,
            parent: None,
            extrinsics: None,
            time: None,
        }
    }

    /// The facts of something that happened.
    pub(super) async fn kinds(
        &mut self,
        source: &Source,
        happened: Happened,
    ) -> Result<Vec<FactKind>, AdapterError> {
        match (source, happened) {
            (Source::Worlds(items), Happened::Item { item, event }) => {
                self.item(items, item, event).await
            }
            (Source::Token(asset), Happened::Token { from, to, amount }) => {
                Ok(vec![FactKind::FungibleTransfer {
                    contract: asset.contract(),
                    from: from.map(Vec::from),
                    to: to.map(Vec::from),
                    amount: U256::from(amount),
                }])
            }
            (Source::Stakes(pallet), happened) => Ok(self
                .stake(pallet.token, happened)
                .await?
                .into_iter()
                .collect()),
            (Source::Faucet(pallet), Happened::Dropped { who, amount }) => {
                Ok(vec![FactKind::FaucetDrop {
                    account: who.to_vec(),
                    token: pallet.token,
                    amount: U256::from(amount),
                }])
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The fact of a stake, which is unreadable if it is in an item that stands for no world.
    async fn stake(
        &mut self,
        token: u8,
        happened: Happened,
    ) -> Result<Option<FactKind>, AdapterError> {
        let item = match happened {
            Happened::Staked { world, .. } | Happened::Unstaked { world, .. } => world,
            Happened::Restaked { from, .. } => from,
            _ => return Ok(None),
        };
        let Some(world) = self.world(item).await? else {
            return Ok(Some(no_world(item)));
        };
        let kind = match happened {
            Happened::Staked { who, amount, .. } => FactKind::Staked {
                account: who.to_vec(),
                world,
                token,
                amount: U256::from(amount),
            },
            Happened::Unstaked { who, amount, .. } => FactKind::Unstaked {
                account: who.to_vec(),
                world,
                token,
                amount: U256::from(amount),
            },
            Happened::Restaked {
                who, amount, to, ..
            } => match self.world(to).await? {
                Some(other) => FactKind::Restaked {
                    account: who.to_vec(),
                    from: world,
                    to: other,
                    token,
                    amount: U256::from(amount),
                },
                None => no_world(to),
            },
            _ => return Ok(None),
        };
        Ok(Some(kind))
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
                from: from.map(Vec::from),
                to: to.map(Vec::from),
            };
        let before = self.named(items, item, When::Before).await?;
        let mut facts = Vec::new();
        match event {
            ItemEvent::Moved { from, to } => {
                let world = match before {
                    Some(world) => Some(world),
                    None => self.named(items, item, When::After).await?,
                };
                facts.extend(world.map(|world| transfer(world, Some(from), Some(to))));
            }
            ItemEvent::Burned { owner } => {
                facts.extend(before.map(|world| transfer(world, Some(owner), None)));
            }
            ItemEvent::Unnamed => {
                let owner = self.owner(items, item).await?;
                facts.extend(before.map(|world| transfer(world, owner, None)));
            }
            ItemEvent::Named { data } => match world_of(&data) {
                None => {
                    let mut raw = data;
                    raw.truncate(MAX_RAW);
                    let reason = format!("the metadata of item {item} name no world");
                    facts.push(FactKind::Unreadable { raw, reason });
                }
                Some(world) if before == Some(world) => {}
                Some(world) => {
                    let owner = self.owner(items, item).await?;
                    facts.extend(before.map(|world| transfer(world, owner, None)));
                    facts.extend(owner.map(|owner| transfer(world, None, Some(owner))));
                }
            },
        }
        Ok(facts)
    }

    /// The world that an item of the configured collection stands for.
    async fn world(
        &mut self,
        (collection, item): (u32, u32),
    ) -> Result<Option<Umid>, AdapterError> {
        let mut sources = self.adapter.options.sources.iter();
        let items = sources.find_map(|source| match source {
            Source::Worlds(items) if items.collection == collection => Some(items),
            _ => None,
        });
        let Some(items) = items else {
            return Ok(None);
        };
        match self.named(items, item, When::After).await? {
            Some(world) => Ok(Some(world)),
            // It was burned in this block.
            None => self.named(items, item, When::Before).await,
        }
    }

    /// The world that the metadata of an item name.
    async fn named(
        &mut self,
        items: &Items,
        item: u32,
        when: When,
    ) -> Result<Option<Umid>, AdapterError> {
        let at = match when {
            When::Before => self.parent().await?,
            When::After => &self.at,
        };
        let keys = (items.collection, item);
        let entries = ["InstanceMetadataOf", "ItemMetadataOf"];
        let metadata: Option<Metadata> = fetch_any(at, &items.pallet, entries, keys).await?;
        Ok(metadata.and_then(|metadata| world_of(&metadata.data)))
    }

    /// The owner of an item after this block.
    async fn owner(&self, items: &Items, item: u32) -> Result<Option<Account>, AdapterError> {
        let keys = (items.collection, item);
        let entries = ["Asset", "Item"];
        let owned: Option<Owned> = fetch_any(&self.at, &items.pallet, entries, keys).await?;
        Ok(owned.map(|owned| owned.owner.0))
    }

    async fn parent(&mut self) -> Result<&AtBlock, AdapterError> {
        if self.parent.is_none() {
            let number = self.block.number.saturating_sub(1);
            self.parent = Some(self.adapter.at(number, self.block.parent).await?);
        }
        self.parent.as_ref().ok_or(AdapterError::NotFound)
    }

    /// Time of the block in seconds since 1970.
    pub(super) async fn time(&mut self) -> Result<Option<u64>, AdapterError> {
        if self.time.is_none() {
            let time: Option<u64> = fetch(&self.at, "Timestamp", "Now", ()).await?;
            self.time = time.map(|time| time / 1000);
        }
        Ok(self.time)
    }

    /// The hash of the transaction of an event; of what the chain does by itself, block and place.
    pub(super) async fn transaction(
        &mut self,
        phase: Phase,
        index: u32,
    ) -> Result<Vec<u8>, AdapterError> {
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
        let mut extrinsics = self.extrinsics.iter().flatten();
        let text = extrinsics.nth(number as usize);
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
