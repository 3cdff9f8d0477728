//! The application: where store, directory and loaded worlds meet, and the operations that REST and
//! sessions call.
//!
//! An operation checks rights and rules, makes the change durable in one transaction, follows it in
//! the directory and only then tells the loaded world. This crate must not know HTTP or sockets.

mod attributes;
mod cache;
mod catalogue;
mod chain;
mod directory;
mod error;
mod media;
mod objects;
mod options;
mod rate_limiter;
mod social;
mod system;
mod third_parties;
mod users;
mod worlds;

use std::{collections::BTreeMap, sync::Arc};

use components::Umid;
use store::Store;
use tokio_util::sync::CancellationToken;

pub use self::media::{
    Block, Collected, ContentTree, Imported, MediaFile, MediaLimits, MediaOptions, Publication,
    Quotas, Scrubbed, Stored, Texture, Upload, VariantRequest, Verified,
};
pub use catalogue::{LibraryPage, MAX_LIBRARY, MAX_PLUGINS};
pub use chain::{ChainState, ChainStatus, Nft, StakeClaim, StakeNews};
pub use directory::Directory;
pub use error::{NodeError, Result};
pub use integrations::{Generation, SkyboxStatus, SkyboxStyle};
pub use objects::{
    Customisation, NewMember, NewObject, ObjectEdit, ObjectView, SpawnedObject, TreeNode,
};
pub use options::NodeOptions;
pub use social::{Activity, ActivityPage, Contribution, ContributionPage, Post};
pub use store::{
    ActivityEdit, BalanceRow, CONTRIBUTION, ContributionOrder, ContributionsQuery, EntryQuery,
    EntryRow, Holding, Landmark, LibraryRow, MAX_VALUES, MediaTotals, MemberRow, PluginRow,
    StakeRow, TopStakerRow, UserRow, Version, VersionedCache, WorldRow, count_statements,
    counted_for_caller,
};
pub use third_parties::{ChatToken, NewSkybox, ThirdPartyOptions, VoiceToken};
pub use users::{ProfileChanges, TOKEN_LIFETIME};
pub use worlds::{ConnectionGuard, Place, WorldDetails, WorldStatus, WorldTexts, Worlds};

/// The caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: Umid,
    /// Whether the account is a guest.
    pub is_guest: bool,
}

/// One running node.
pub struct Node {
    store: Store,
    directory: Arc<Directory>,
    worlds: Worlds,
    options: NodeOptions,
    identity: system::owner::Identity,
    third_parties: third_parties::ThirdParties,
    media: media::Library,
    chains: parking_lot::Mutex<BTreeMap<String, ChainStatus>>,
    stop: CancellationToken,
}

impl Node {
    /// Starts a node on a migrated and seeded store.
    ///
    /// # Errors
    /// Those of reading the directory from the store and of opening the storage of media.
    pub async fn start(store: Store, options: NodeOptions) -> Result<Arc<Self>> {
        let directory = Arc::new(Directory::new(store.load_directory().await?));
        let stop = CancellationToken::new();
        let (renders, changed) = media::render::channel();
        let worlds = Worlds::start(
            store.clone(),
            Arc::clone(&directory),
            &options,
            renders,
            stop.clone(),
        );
        let identity = system::owner::Identity::default();
        let third_parties = third_parties::ThirdParties::new(&options.third_parties);
        let media = media::Library::open(&options.media)?;
        let node = Arc::new(Self {
            store,
            directory,
            worlds,
            options,
            identity,
            third_parties,
            media,
            chains: parking_lot::Mutex::default(),
            stop,
        });
        tokio::spawn(Arc::clone(&node).sweep_guests_until(node.stop.clone()));
        let rendering = Arc::clone(&node);
        tokio::spawn(async move {
            let render = Arc::clone(&rendering).render_attributes(changed);
            rendering.stop.run_until_cancelled(render).await;
        });
        let tended = Arc::clone(&node);
        tokio::spawn(async move {
            let tend = async {
                Arc::clone(&tended).ship_media().await;
                Arc::clone(&tended).tend_media().await;
            };
            tended.stop.run_until_cancelled(tend).await;
        });
        if node.options.third_parties.stream_chat.is_some() {
            let node = Arc::clone(&node);
            tokio::spawn(async move {
                node.stop.run_until_cancelled(node.configure_chat()).await;
            });
        }
        Ok(node)
    }

    /// The node object's id.
    pub fn id(&self) -> Umid {
        self.directory.node()
    }

    fn store(&self) -> &Store {
        &self.store
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// `Unavailable` if it does not answer, or if memory may not be what it has: a commit was lost
    /// on the way, and what it may have changed is being read again.
    pub async fn ping(&self) -> Result<()> {
        self.store.ping().await?;
        if self.worlds.is_settled() {
            Ok(())
        } else {
            Err(NodeError::Unavailable)
        }
    }

    /// Closes the database. Operations fail with `Unavailable` from then on.
    pub async fn close(&self) {
        self.store.clone().close().await;
    }

    /// Memory about all objects.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The loaded worlds.
    pub fn worlds(&self) -> &Worlds {
        &self.worlds
    }

    /// Brings those metrics up to date that are only looked at when somebody asks for them.
    pub fn record_metrics(&self) {
        self.worlds.record_metrics();
    }

    /// Options of the node.
    pub fn options(&self) -> &NodeOptions {
        &self.options
    }

    /// Ends all worlds, with everybody's position saved, and writes what is still unsaved.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.worlds.shutdown().await;
    }
}
