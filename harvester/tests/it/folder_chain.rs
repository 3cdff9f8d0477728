//! A chain in a folder: each block is a file. The adapter of docs/adding-an-adapter.md.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use components::Umid;
use futures_util::stream::{BoxStream, StreamExt, unfold};
use harvester::{
    Account, AdapterError, AnnouncedContract, Block, BlockAt, BlockRange, ChainAdapter,
    ChainDescriptor, Fact, FactBatch, FactKind, HeadEvent, Outcome, StateQuery, U256,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// Time between two looks for news.
const POLL: Duration = Duration::from_millis(20);

/// The file of a block, `NUMBER.json`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) hash: [u8; 32],
    pub(crate) parent: [u8; 32],
    /// Sender, receiver and amount of each transfer of the one token there is.
    pub(crate) transfers: Vec<(Account, Account, u64)>,
}

pub(crate) struct FolderAdapter {
    descriptor: ChainDescriptor,
    folder: PathBuf,
}

impl FolderAdapter {
    pub(crate) fn new(id: Umid, folder: &Path) -> Self {
        Self {
            descriptor: ChainDescriptor {
                id,
                name: "folder".to_owned(),
                first_block: 0,
                range: (10, 1_000),
                sources: "pages".to_owned(),
            },
            folder: folder.to_owned(),
        }
    }

    /// A file that is not there is a block that is not there; any other fault may pass.
    fn page(&self, number: u64) -> Result<Option<Page>, AdapterError> {
        let transient = |error: String| AdapterError::Transient(error);
        match fs::read(self.folder.join(format!("{number}.json"))) {
            Ok(text) => {
                let page = serde_json::from_slice(&text);
                page.map(Some).map_err(|error| transient(error.to_string()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(transient(error.to_string())),
        }
    }

    fn best(&self) -> Result<Option<u64>, AdapterError> {
        let folder = fs::read_dir(&self.folder);
        let folder = folder.map_err(|error| AdapterError::Transient(error.to_string()))?;
        let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let numbers = names.filter_map(|name| name.strip_suffix(".json")?.parse().ok());
        Ok(numbers.max())
    }

    fn block_of(number: u64, page: &Page) -> Block {
        Block {
            number,
            hash: page.hash,
            parent: page.parent,
        }
    }

    fn facts_of(number: u64, page: &Page) -> impl Iterator<Item = Fact> {
        let transfers = (0..).zip(&page.transfers);
        transfers.map(move |(position, (from, to, amount))| Fact {
            number,
            block: page.hash,
            time: None,
            position,
            transaction: [&page.hash[..], &[position as u8]].concat(),
            kind: FactKind::FungibleTransfer {
                contract: TOKEN.to_vec(),
                from: (*from != NOBODY).then(|| from.clone()),
                to: Some(to.clone()),
                amount: U256::from(*amount),
            },
        })
    }
}

/// The token, and the account that stands for nobody.
pub(crate) const TOKEN: [u8; 2] = [7, 7];
pub(crate) const NOBODY: [u8; 1] = [0];

#[async_trait::async_trait]
impl ChainAdapter for FolderAdapter {
    fn descriptor(&self) -> &ChainDescriptor {
        &self.descriptor
    }

    /// The hash of the first block: another folder is another chain.
    async fn identity(&self) -> Result<Vec<u8>, AdapterError> {
        let first = self.page(0)?.ok_or(AdapterError::NotFound)?;
        Ok(first.hash.to_vec())
    }

    fn heads(&self) -> BoxStream<'static, HeadEvent> {
        // Nobody tells, so the follower is told to look every now and then.
        unfold((), |()| async {
            sleep(POLL).await;
            Some((HeadEvent::Best, ()))
        })
        .boxed()
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, AdapterError> {
        let number = match at {
            BlockAt::Number(number) => number,
            BlockAt::Best => match self.best()? {
                Some(best) => best,
                None => return Ok(None),
            },
            // Only the first block can never be replaced.
            BlockAt::Finalized => 0,
        };
        let page = self.page(number)?;
        Ok(page.map(|page| Self::block_of(number, &page)))
    }

    async fn facts(
        &self,
        range: BlockRange,
        _announced: &[AnnouncedContract],
    ) -> Result<FactBatch, AdapterError> {
        let (from, to) = match range {
            BlockRange::Numbers { from, to } => (from, to),
            BlockRange::One(block) => (block.number, block.number),
        };
        let mut facts = Vec::new();
        let mut last = None;
        for number in from..=to {
            // A block that is not there is not an empty one.
            let page = self.page(number)?.ok_or(AdapterError::NotFound)?;
            facts.extend(Self::facts_of(number, &page));
            last = Some(Self::block_of(number, &page));
        }
        let last = last.ok_or(AdapterError::NotFound)?;
        match range {
            // It has been replaced since it was asked for.
            BlockRange::One(block) if block.hash != last.hash => Err(AdapterError::NotFound),
            _ => Ok(FactBatch { facts, last }),
        }
    }

    /// Chains keep state; this one has to add up.
    async fn read(&self, at: Block, queries: &[StateQuery]) -> Result<Vec<U256>, AdapterError> {
        let mut values = vec![0_u64; queries.len()];
        for number in 0..=at.number {
            let page = self.page(number)?.ok_or(AdapterError::NotFound)?;
            for (value, query) in values.iter_mut().zip(queries) {
                let StateQuery::Fungible { account, .. } = query else {
                    continue;
                };
                for (from, to, amount) in &page.transfers {
                    *value += if to == account { *amount } else { 0 };
                    *value -= if from == account { *amount } else { 0 };
                }
            }
        }
        Ok(values.into_iter().map(U256::from).collect())
    }

    /// Nothing fails on this chain.
    async fn outcome(&self, _: &[u8]) -> Result<Option<Outcome>, AdapterError> {
        Ok(Some(Outcome::Succeeded))
    }
}
