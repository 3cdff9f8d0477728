//! Options of a node; every default carries its reason.

use std::time::Duration;

use components::JsonMap;
use store::Holding;
use systems::{WorldExtensions, WorldOptions};

use crate::{MediaOptions, ThirdPartyOptions};

/// Options of a node.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Public base address, without a slash at the end; links and client configuration are made
    /// from it.
    pub base_url: String,
    /// Time for which a guest who is not connected is kept. Default 20 minutes, as existing clients
    /// expect.
    pub guest_ttl: Duration,
    /// Time for which a world that nobody is in stays loaded. Default one minute: people who reload
    /// the page find it warm.
    pub unload_after: Duration,
    /// Threads that tick worlds. Default one for every two cores: the sockets need the rest.
    pub simulation_threads: usize,
    /// Whether everybody may know everybody's first wallet. Default on: existing clients show it
    /// beside the name.
    pub show_wallets: bool,
    /// Whether this node signs for every user that it hosts their world. Default off: those in the
    /// list of the node only.
    pub hosting_allow_all: bool,
    /// Tokens whose holders this node signs for as well: enough of one of them will do. Default
    /// none.
    pub hosting_tokens: Vec<Holding>,
    /// Options of worlds.
    pub world: WorldOptions,
    /// More keys for the configuration that browser clients ask for.
    pub ui_client: JsonMap,
    /// Contents of worlds.
    pub media: MediaOptions,
    /// Voice, chat and pictures.
    pub third_parties: ThirdPartyOptions,
    /// Systems and resources that are added to each world. Default none.
    pub extensions: WorldExtensions,
}

impl Default for NodeOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            base_url: "http://localhost:4000".to_owned(),
            guest_ttl: Duration::from_secs(20 * 60),
            unload_after: Duration::from_secs(60),
            simulation_threads: (cores / 2).max(1),
            show_wallets: true,
            hosting_allow_all: false,
            hosting_tokens: Vec::new(),
            world: WorldOptions::default(),
            ui_client: JsonMap::new(),
            media: MediaOptions::default(),
            third_parties: ThirdPartyOptions::default(),
            extensions: WorldExtensions::default(),
        }
    }
}
