//! Nodes on scratch databases.

use std::sync::Arc;

use components::Umid;
use node::{MediaOptions, Node, NodeOptions};

use crate::{Database, database::new_world};

/// The address that nodes are seeded with.
pub const BASE_URL: &str = "http://localhost:4000";

/// Starts a node on a database. The first start makes these empty worlds; a later one finds what
/// is there.
///
/// # Panics
///
/// If the node does not start.
pub async fn start_node(
    database: &Database,
    worlds: impl IntoIterator<Item = Umid>,
    options: NodeOptions,
) -> Arc<Node> {
    let worlds = worlds.into_iter().map(new_world).collect();
    let options = with_media(options, database);
    let (store, _) = database.seed(BASE_URL, worlds).await;
    Node::start(store, options).await.expect("starts")
}

/// Contents lie beside the database, unless the options say where.
fn with_media(options: NodeOptions, database: &Database) -> NodeOptions {
    if options.media.storage != MediaOptions::default().storage {
        return options;
    }
    let mut media = MediaOptions::files(database.folder().join("media"));
    // No test depends on how full the disk is.
    media.quotas.free_percent = 0;
    NodeOptions { media, ..options }
}
