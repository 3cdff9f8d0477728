//! The application: where store, directory and loaded worlds meet, and the operations that REST and sessions call.
//!
//! An operation checks rights and rules, makes the change durable in one transaction, follows it in the directory and
//! only then tells the loaded world. This crate must not know HTTP or sockets.

mod activities;
mod assets;
mod attributes;
mod bootstrap;
mod cache;
mod calendar;
mod canvas;
mod challenges;
mod claim;
mod clone;
mod creation;
mod directory;
mod docks;
mod error;
mod explore;
mod guests;
mod hosting;
mod members;
mod nft;
mod nft_worlds;
mod object_options;
mod objects;
mod options;
mod permissions;
mod plugins;
mod sessions;
mod spawn;
mod spawn_point;
mod stakes;
mod templates;
mod third_parties;
mod tree;
mod ui_config;
mod users;
mod world_creation;
mod world_edit;
mod worlds;

use std::sync::Arc;

use components::Umid;
use store::Store;
use tokio_util::sync::CancellationToken;

pub use activities::{Activity, ActivityPage, Post};
pub use assets::{LibraryPage, MAX_LIBRARY};
pub use canvas::{Contribution, ContributionPage};
pub use claim::Customisation;
pub use directory::Directory;
pub use error::{NodeError, Result};
pub use explore::{Place, WorldDetails};
pub use integrations::{Generation, SkyboxStatus, SkyboxStyle};
pub use members::NewMember;
pub use nft::Nft;
pub use objects::{NewObject, ObjectEdit, ObjectView};
pub use options::{NodeOptions, WorldExtension};
pub use plugins::MAX_PLUGINS;
pub use sessions::ConnectionGuard;
pub use spawn::SpawnedObject;
pub use stakes::StakeClaim;
pub use store::{Version, VersionedCache};
pub use third_parties::{ChatToken, NewSkybox, ThirdPartyOptions, VoiceToken};
pub use tree::TreeNode;
pub use users::{ProfileChanges, TOKEN_LIFETIME};
pub use world_edit::WorldTexts;
pub use worlds::{WorldStatus, Worlds};

/// Who asks for something.
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
    identity: bootstrap::Identity,
    third_parties: third_parties::ThirdParties,
    stop: CancellationToken,
}

impl Node {
    /// Starts a node on a migrated and seeded store.
    ///
    /// # Errors
    /// Those of reading the directory from the store.
    pub async fn start(store: Store, options: NodeOptions) -> Result<Arc<Self>> {
        let directory = Arc::new(Directory::new(store.load_directory().await?));
        let stop = CancellationToken::new();
        let worlds = Worlds::start(
            store.clone(),
            Arc::clone(&directory),
            &options,
            stop.clone(),
        );
        let identity = bootstrap::Identity::default();
        let third_parties = third_parties::ThirdParties::new(&options.third_parties);
        let node = Arc::new(Self {
            store,
            directory,
            worlds,
            options,
            identity,
            third_parties,
            stop,
        });
        tokio::spawn(Arc::clone(&node).sweep_guests_until(node.stop.clone()));
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
    /// `Unavailable` if it does not answer.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.store.ping().await?)
    }

    /// Closes the database. Operations fail with `Unavailable` from then on.
    pub async fn close(&self) {
        self.store.clone().close().await;
    }

    /// What is kept in memory of all objects.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The loaded worlds.
    pub fn worlds(&self) -> &Worlds {
        &self.worlds
    }

    /// Brings those metrics up to date that are only looked at when somebody asks for them.
    pub fn observe(&self) {
        self.worlds.observe();
    }

    /// How the node was started.
    pub fn options(&self) -> &NodeOptions {
        &self.options
    }

    /// Ends all worlds, with everybody's position saved, and writes what is still unsaved.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.worlds.shutdown().await;
    }
}
