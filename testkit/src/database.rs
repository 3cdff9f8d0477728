//! Scratch databases of both kinds.

use std::{
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use components::{Umid, ids};
use store::{NewObjectRow, Seed, Store, StoreOptions};
use tempfile::TempDir;

use crate::PostgresServer;

/// Connections of a store: few, so that tests that run at once do not starve each other.
const CONNECTIONS: u32 = 5;

/// An empty database, which is deleted with this.
pub struct Database {
    url: String,
    folder: TempDir,
    is_sqlite: bool,
}

impl Database {
    /// A SQLite file in a folder of its own.
    ///
    /// # Panics
    ///
    /// If there is no room for temporary files.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("odyssey.db");
        Self {
            url: format!("sqlite://{}?mode=rwc", file.display()),
            folder,
            is_sqlite: true,
        }
    }

    /// A database of a PostgreSQL server that all tests of the process share.
    ///
    /// # Panics
    ///
    /// If no server can be started.
    pub fn postgres() -> Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = SERVER.get_or_init(PostgresServer::start);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::on(server, &format!("test_{number}"))
    }

    /// A new database of a PostgreSQL server, of this name.
    ///
    /// # Panics
    ///
    /// If the server does not make it.
    pub fn on(server: &PostgresServer, name: &str) -> Self {
        Self {
            url: server.database(name),
            folder: tempfile::tempdir().expect("a temporary folder"),
            is_sqlite: false,
        }
    }

    /// Its URL, as the configuration of the program has it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        self.is_sqlite
    }

    /// A scratch folder, deleted with the database. The SQLite file is in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a store on it; several may be open at once.
    ///
    /// # Panics
    ///
    /// If the database cannot be opened.
    pub async fn open(&self) -> Store {
        let opened = Store::open(&self.url, &store_options()).await;
        opened.expect("opens")
    }

    /// Opens a store with the current schema and the rows of a fresh node, these objects among
    /// them. Answers the id of the node, too.
    ///
    /// # Panics
    ///
    /// If the database cannot be opened or written.
    pub async fn seed(&self, base_url: &str, welcome: Vec<NewObjectRow>) -> (Store, Umid) {
        let store = self.open().await;
        store.migrate().await.expect("migrates");
        let seed = Seed {
            base_url: base_url.to_owned(),
            welcome,
        };
        let node = store.seed(&seed).await.expect("seeds").node;
        (store, node)
    }
}

/// Options of stores on scratch databases.
pub fn store_options() -> StoreOptions {
    StoreOptions {
        max_connections: CONNECTIONS,
        ..StoreOptions::default()
    }
}

/// An object without attributes, options or a place of its own. An object below the nil id is
/// placed below the node.
pub fn new_object(id: Umid, object_type: Umid, owner: Umid, parent: Umid) -> NewObjectRow {
    NewObjectRow {
        id,
        object_type,
        owner,
        parent,
        asset_2d: None,
        asset_3d: None,
        options: None,
        transform: None,
        attributes: Vec::new(),
    }
}

/// An empty world of the node's.
pub(crate) fn new_world(id: Umid) -> NewObjectRow {
    new_object(id, ids::WORLD_TYPE, ids::SYSTEM_USER, Umid::nil())
}
