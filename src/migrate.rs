//! `odyssey migrate`: the version of the database schema.

use clap::Subcommand;
use store::Store;

use crate::{
    config::Config,
    data, database,
    exit::{self, Exit, Failure},
};

/// Operation on the schema.
#[derive(Subcommand, Debug)]
pub(crate) enum Migrate {
    /// Apply all migrations that are missing
    Up,
    /// Take migrations back, with the data that only they can hold
    Down {
        /// Number of versions
        #[arg(
            long, value_name = "N", default_value_t = 1,
            value_parser = clap::value_parser!(u32).range(1..)
        )]
        steps: u32,
    },
    /// List the migrations and whether they are applied
    Status,
}

/// Does it and prints how things stand.
pub(crate) async fn run(config: &Config, what: &Migrate) -> Exit {
    migrate(config, what).await.map_err(Failure::setup)
}

async fn migrate(config: &Config, what: &Migrate) -> anyhow::Result<()> {
    // A database in the data directory must not change under a running server. One elsewhere may
    // have several users, whom only its operator knows.
    let changes = !matches!(what, Migrate::Status);
    let mut lock = None;
    if config.database_url.is_none() {
        data::prepare(config)?;
        lock = changes.then(|| data::lock(config)).transpose()?;
    }
    let store = database::open(config).await?;
    let result = change(&store, what).await;
    store.close().await;
    drop(lock);
    result.map_err(|error| database::explain(config, &error))
}

async fn change(store: &Store, what: &Migrate) -> store::Result<()> {
    match what {
        Migrate::Up => store.migrate().await?,
        Migrate::Down { steps } => store.migrate_down(*steps).await?,
        Migrate::Status => {}
    }
    let mut lines = String::new();
    for migration in store.migration_status().await? {
        let state = if migration.applied {
            "applied"
        } else {
            "pending"
        };
        lines += &format!("{state}  {}\n", migration.name);
    }
    // Nobody reading the list is no reason to fail: the change is made.
    let _ = exit::print(&lines);
    Ok(())
}
