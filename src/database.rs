//! The database: opened, brought up to date and filled, or a line that says why not.

use anyhow::anyhow;
use store::{NewObjectRow, Seed, Store, StoreError, StoreOptions};

use crate::config::{Config, without_password};

/// Opens the database.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Store> {
    Store::open(&config.database_url(), &StoreOptions::default())
        .await
        .map_err(|error| explain(config, &error))
}

/// Opens the database, migrates it and, if it is empty, makes the node and its welcome world.
pub(crate) async fn ready(config: &Config, base_url: &str) -> anyhow::Result<Store> {
    let welcome = store::welcome_world()?;
    ready_with(config, base_url, welcome).await
}

/// As [`ready`], with another first world or none.
pub(crate) async fn ready_with(
    config: &Config,
    base_url: &str,
    welcome: Vec<NewObjectRow>,
) -> anyhow::Result<Store> {
    let store = open(config).await?;
    store
        .migrate()
        .await
        .map_err(|error| explain(config, &error))?;
    let seed = Seed {
        base_url: base_url.to_owned(),
        welcome,
    };
    let seeded = store
        .seed(&seed)
        .await
        .map_err(|error| explain(config, &error))?;
    if seeded.fresh {
        tracing::info!(node = %seeded.node, "made a new node");
    }
    Ok(store)
}

/// Fault of a database, and its name.
pub(crate) fn explain(config: &Config, error: &StoreError) -> anyhow::Error {
    let url = without_password(&config.database_url());
    let advice = match error {
        StoreError::TooNew { .. } => "; run a newer odyssey, or that one's `odyssey migrate down`",
        StoreError::Unavailable(_) => "; is it there, running, writable and not in use by others?",
        _ => "",
    };
    anyhow!("database_url: {url}: {error}{advice}")
}
