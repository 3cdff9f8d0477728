//! Chains that are followed, as the operator sees them.

use crate::Node;

/// Condition of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// No endpoint has answered yet.
    Connecting,
    /// There are blocks that are not in the rows yet, or the endpoints do not answer.
    Behind,
    /// The rows are those of the newest block.
    Following,
    /// It is not followed any more: somebody has to look.
    Stopped,
}

/// A chain that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainStatus {
    /// Name in the configuration.
    pub name: String,
    /// Its condition.
    pub state: ChainState,
    /// The newest block of the chain.
    pub head: Option<u64>,
    /// The last block whose facts are in the rows.
    pub applied: Option<u64>,
    /// The last block that cannot be replaced any more.
    pub finalized: Option<u64>,
    /// The fault that keeps it from being followed.
    pub fault: Option<String>,
}

impl Node {
    /// Notes how a chain does.
    pub fn report_chain(&self, status: ChainStatus) {
        self.chains.lock().insert(status.name.clone(), status);
    }

    /// The chains that are followed, by name.
    pub fn chains(&self) -> Vec<ChainStatus> {
        self.chains.lock().values().cloned().collect()
    }
}
