//! Compares derived values with those that the chain has, and repairs them.

use store::{Cell, CellRow, Store};

use crate::{
    adapter::{AdapterError, BlockAt, ChainAdapter, StateQuery},
    chain::U256,
    follower::FollowError,
};

/// Questions at once: the follower asks the same endpoints.
const AT_ONCE: usize = 20;

/// Compares so many balances, at random, with the chain's own at the last final block, for accounts
/// that have not changed since. One that differs is put right, and all rows of the chain are asked
/// to be made anew: where one is wrong, others may be. Returns the number of differences.
///
/// # Errors
/// Those of asking the chain and of the database; nothing is compared while the chain no longer has
/// the state of that block.
pub async fn reconcile(
    adapter: &dyn ChainAdapter,
    store: &Store,
    sample: u64,
) -> Result<usize, FollowError> {
    let chain = adapter.descriptor().id;
    let finalized = store.chain(chain).await?.and_then(|row| row.finalized);
    let Some(finalized) = finalized else {
        return Ok(0);
    };
    let at = adapter.block(BlockAt::Number(finalized.number)).await?;
    let at = at.filter(|block| block.hash[..] == finalized.hash[..]);
    let at = at.ok_or(AdapterError::Inconsistent)?;
    let cells = store
        .sample_balances(chain, finalized.number, sample)
        .await?;
    let queries = cells.iter().filter_map(|row| match &row.cell {
        Cell::Balance { contract, account } => Some(StateQuery::Fungible {
            contract: contract.clone(),
            account: account.clone(),
        }),
        _ => None,
    });
    let queries: Vec<StateQuery> = queries.collect();
    let mut values = Vec::new();
    for queries in queries.chunks(AT_ONCE) {
        values.extend(adapter.read(at, queries).await?);
    }
    let mut differences = 0;
    for (row, value) in cells.iter().zip(values) {
        let derived = row.value.as_deref().and_then(U256::try_from_be_slice);
        if derived == Some(value) {
            continue;
        }
        let right = CellRow {
            value: (!value.is_zero()).then(|| value.to_be_bytes::<32>().to_vec()),
            ..row.clone()
        };
        if store.repair_cell(chain, row, &right).await? {
            differences += 1;
        }
    }
    let name = adapter.descriptor().name.clone();
    metrics::counter!("odyssey_chain_differences_total", "chain" => name)
        .increment(differences as u64);
    if differences > 0 {
        store.ask_for_reindex(chain).await?;
    }
    Ok(differences)
}
