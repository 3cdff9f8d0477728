//! `odyssey world`: exports a world of the data directory into a file, or imports one from a file.

use std::path::{Path, PathBuf};

use ::media::Storage;
use anyhow::{Context, anyhow, ensure};
use archive::{ArchiveError, ImportOptions};
use clap::{Subcommand, ValueEnum};
use components::Umid;

use crate::{
    config::Config,
    data, database,
    exit::{self, Exit, Failure},
    media,
};

/// Operation on a world.
#[derive(Subcommand, Debug)]
pub(crate) enum World {
    /// Write a world with its objects, their attributes and what they show into a file
    Export {
        /// Id of the world
        world: Umid,
        /// The file to make; it must not be there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Whether to write as well what users have in the world: votes, comments, last positions
        #[arg(long)]
        with_people: bool,
    },
    /// Bring a world in from such a file, wholly or not at all
    Import {
        /// The file
        file: PathBuf,
        /// A user who shall own everything; else the owners stay, as far as they are here
        #[arg(long, value_name = "USER")]
        owner: Option<Umid>,
        /// Whether objects keep their ids or get new ones
        #[arg(long, value_enum, default_value_t = Ids::Same)]
        id: Ids,
        /// Whether to bring in as well what users who are here have in the world
        #[arg(long)]
        with_people: bool,
    },
}

/// Ids of an imported world.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Ids {
    /// Those of the file, which must be free.
    Same,
    /// New ones.
    New,
}

impl From<Ids> for archive::Ids {
    fn from(ids: Ids) -> Self {
        match ids {
            Ids::Same => Self::Same,
            Ids::New => Self::New,
        }
    }
}

/// Runs the command and prints what was done.
pub(crate) async fn run(config: &Config, what: World) -> Exit {
    let done = match what {
        World::Export {
            world,
            to,
            with_people,
        } => export(config, world, &to, with_people).await,
        World::Import {
            file,
            owner,
            id,
            with_people,
        } => {
            let options = ImportOptions {
                owner,
                ids: id.into(),
                with_people,
            };
            import(config, file, options).await
        }
    };
    let line = done.map_err(Failure::setup)?;
    // A closed standard output is no reason to fail: the world is exported or imported.
    let _ = exit::print(&line);
    Ok(())
}

async fn export(
    config: &Config,
    world: Umid,
    to: &Path,
    with_people: bool,
) -> anyhow::Result<String> {
    if config.database_url.is_none() {
        ensure!(
            config.data.is_dir(),
            "data: there is no directory {}",
            config.data.display()
        );
    }
    let _lock = lock(config)?;
    let store = database::open(config).await?;
    let done = match Storage::open(&config.node_options(String::new()).media.storage) {
        Ok(storage) => archive::export(&store, storage, world, to, with_people).await,
        Err(error) => Err(anyhow!("opening the storage of media: {error}").into()),
    };
    store.close().await;
    let manifest = done.map_err(|error| explain(config, error))?;
    Ok(format!("exported {}\n", manifest.summary()))
}

async fn import(config: &Config, file: PathBuf, options: ImportOptions) -> anyhow::Result<String> {
    let name = file.display().to_string();
    // The check comes before the database is opened and before a data directory is made.
    let checked = tokio::task::spawn_blocking({
        let file = file.clone();
        move || archive::check(&file)
    })
    .await?
    .with_context(|| name.clone())?;

    data::prepare(config)?;
    let _lock = data::lock(config)?;
    let base_url = config.base_url(config.bind);
    let mut store = database::ready_with(config, &base_url, Vec::new()).await?;
    let contents = checked.manifest().contents();
    let mut lines = String::new();
    // They come before the world: contents that nothing refers to are deleted in time.
    if !contents.is_empty() {
        lines = media::take_contents(config, store, file.clone(), contents)
            .await
            .with_context(|| name.clone())?;
        store = database::open(config).await?;
    }
    let done = archive::import(&store, file, checked, options).await;
    store.close().await;
    let report = done
        .map_err(|error| explain(config, error))
        .with_context(|| name)?;

    lines += &format!(
        "imported {} as {}\n",
        report.manifest.summary(),
        report.world
    );
    if report.absent_owners > 0 && options.owner.is_none() {
        lines += &format!(
            "owners that are not here: {}; what they own belongs to the node\n",
            report.absent_owners
        );
    }
    if options.with_people {
        lines += &format!(
            "attributes of users: {}, of users that are not here: {}\n",
            report.personal, report.absent_personal
        );
    }
    Ok(lines)
}

fn explain(config: &Config, error: ArchiveError) -> anyhow::Error {
    match error {
        ArchiveError::Store(error) => database::explain(config, &error),
        refused => refused.into(),
    }
}

/// Locks the data directory, if there is one, against servers that use it.
fn lock(config: &Config) -> anyhow::Result<Option<data::Lock>> {
    config.data.is_dir().then(|| data::lock(config)).transpose()
}
