//! `odyssey world`: one world out of a data directory into a file, and back into another.

mod archive;
mod check;
mod remap;
mod rows;

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, anyhow, bail, ensure};
use clap::{Subcommand, ValueEnum};
use components::{Umid, ids};
use store::{Import, Kind, Store};
use tokio::sync::mpsc;

use crate::{
    config::Config,
    exit::{self, Exit, Failure},
    serve::{data, database},
    world::{
        archive::{Files, Manifest, OBJECTS, PEOPLE},
        check::Checker,
        remap::Remap,
        rows::{ObjectLine, PersonalLine},
    },
};

/// What to do with a world.
#[derive(Subcommand, Debug)]
pub(crate) enum World {
    /// Write a world with its objects and their attributes into a file
    Export {
        /// Which world
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

/// Which ids an imported world has.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Those of the file, which must be free.
    Same,
    /// New ones.
    New,
}

/// How a world is to be brought in; see [`World::Import`].
#[derive(Clone, Copy, Debug)]
struct Wish {
    owner: Option<Umid>,
    ids: Ids,
    with_people: bool,
}

/// Objects that travel together: enough that few statements are needed, few enough to hold in memory.
const BATCH_OBJECTS: usize = 500;
/// Text that travels together, in bytes; objects may be large.
const BATCH_BYTES: usize = 4 << 20;

/// Does it and says what was done.
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
            let wish = Wish {
                owner,
                ids: id,
                with_people,
            };
            import(config, file, wish).await
        }
    };
    let line = done.map_err(Failure::setup)?;
    // Nobody reading it is no reason to fail: it is done.
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
    let read = read_world(config, &store, world, with_people).await;
    store.close().await;
    let (manifest, files) = read?;
    save(to, &manifest, &files).with_context(|| to.display().to_string())?;
    Ok(format!("exported {}\n", manifest.summary()))
}

async fn read_world(
    config: &Config,
    store: &Store,
    world: Umid,
    with_people: bool,
) -> anyhow::Result<(Manifest, Files)> {
    let explain = |error| database::explain(config, &error);
    let status = store.migration_status().await.map_err(explain)?;
    ensure!(
        status.iter().all(|migration| migration.applied),
        "the database is not up to date; run odyssey migrate up first"
    );
    let objects = store.load_world(world).await.map_err(explain)?;
    let objects = objects.with_context(|| format!("there is no world {world}"))?;
    let people = if with_people {
        let ids: Vec<Umid> = objects.iter().map(|object| object.id).collect();
        let personal = store.personal_attributes(&ids).await.map_err(explain)?;
        Some(personal.into_iter().map(PersonalLine::from).collect())
    } else {
        None
    };
    let objects: Vec<ObjectLine> = objects
        .into_iter()
        .map(|object| ObjectLine::new(object, world))
        .collect();
    archive::pack(&objects, people)
}

/// Only its owner may read the file: not everything in a world is for everybody.
fn save(to: &Path, manifest: &Manifest, files: &[(&str, Vec<u8>)]) -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let written = write(&file, manifest, files);
    if written.is_err() {
        // A part of an archive is of no use; that it cannot be removed either changes nothing.
        let _ = fs::remove_file(to);
    }
    written
}

fn write(file: &File, manifest: &Manifest, files: &[(&str, Vec<u8>)]) -> anyhow::Result<()> {
    let mut buffered = BufWriter::new(file);
    archive::write(&mut buffered, manifest, files)?;
    buffered.flush()?;
    drop(buffered);
    Ok(file.sync_all()?)
}

async fn import(config: &Config, file: PathBuf, wish: Wish) -> anyhow::Result<String> {
    let name = file.display().to_string();
    // Nothing is opened, and no data directory made, for a file that is none.
    let (manifest, found) = tokio::task::spawn_blocking({
        let file = file.clone();
        move || Checker::check(&file)
    })
    .await?
    .with_context(|| name.clone())?;

    data::prepare(config)?;
    let _lock = data::lock(config)?;
    let base_url = config.base_url(config.bind);
    let store = database::ready_with(config, &base_url, Vec::new()).await?;
    let done = bring_in(config, &store, file, (manifest, found), wish)
        .await
        .with_context(|| name);
    store.close().await;
    done
}

async fn bring_in(
    config: &Config,
    store: &Store,
    file: PathBuf,
    (manifest, found): (Manifest, Checker),
    wish: Wish,
) -> anyhow::Result<String> {
    let Wish {
        owner, with_people, ..
    } = wish;
    let explain = |error| database::explain(config, &error);
    let import = store.begin_import().await.map_err(explain)?;
    let remap = Arc::new(plan(config, &import, &found, wish).await?);

    let (batches, mut arriving) = mpsc::channel(1);
    let reader = tokio::task::spawn_blocking({
        let remap = Arc::clone(&remap);
        move || read_again(&file, &manifest, &remap, with_people, &batches).map(|()| manifest)
    });
    let (mut personal, mut absent) = (0, 0);
    while let Some(batch) = arriving.recv().await {
        match batch {
            Batch::Objects(objects) => import.insert(&objects).await.map_err(explain)?,
            Batch::People(records) => {
                let (here, gone): (Vec<_>, Vec<_>) = records
                    .into_iter()
                    .partition(|record| remap.is_here(record.user));
                import.insert_personal(&here).await.map_err(explain)?;
                personal += here.len();
                absent += gone.len();
            }
        }
    }
    let manifest = reader.await??;
    import.commit().await.map_err(explain)?;

    let mut lines = format!(
        "imported {} as {}\n",
        manifest.summary(),
        remap.id(manifest.world.id)
    );
    if remap.orphans() > 0 && owner.is_none() {
        lines += &format!(
            "owners that are not here: {}; what they own belongs to the node\n",
            remap.orphans()
        );
    }
    if with_people {
        lines +=
            &format!("attributes of users: {personal}, of users that are not here: {absent}\n");
    }
    Ok(lines)
}

/// Holds what was found in the file against what is in the database, and decides who is who.
async fn plan(
    config: &Config,
    import: &Import,
    found: &Checker,
    Wish { owner, ids, .. }: Wish,
) -> anyhow::Result<Remap> {
    let explain = |error| database::explain(config, &error);
    let types = import.object_types().await.map_err(explain)?;
    let attribute_types = import.attribute_types().await.map_err(explain)?;
    all_known("object type", found.object_types.iter(), |id| {
        types.contains_key(id)
    })?;
    all_known("attribute type", found.attribute_types.iter(), |id| {
        attribute_types.contains(id)
    })?;
    let root_type = types.get(&found.root_type()?);
    ensure!(
        root_type.is_some_and(|category| category == ids::WORLDS_CATEGORY),
        "the first object is not of a type of worlds"
    );
    for (what, kind, wanted) in [
        ("2D asset", Kind::Asset2d, &found.assets_2d),
        ("3D asset", Kind::Asset3d, &found.assets_3d),
    ] {
        let wanted: Vec<Umid> = wanted.iter().copied().collect();
        let known = import.known(kind, &wanted).await.map_err(explain)?;
        all_known(what, wanted.iter(), |id| known.contains(id))?;
    }
    let mut users: Vec<Umid> = found.users.iter().copied().chain(owner).collect();
    users.sort_unstable();
    users.dedup();
    let here = import.known(Kind::User, &users).await.map_err(explain)?;
    if let Some(owner) = owner {
        ensure!(here.contains(&owner), "there is no user {owner}");
    }
    let remap = Remap::new(
        import.node(),
        found.objects.keys(),
        ids,
        owner,
        here,
        found.owners.iter(),
    );
    if ids == Ids::Same {
        let wanted: Vec<Umid> = found.objects.keys().copied().collect();
        let taken = import.known(Kind::Object, &wanted).await.map_err(explain)?;
        if let Some(id) = taken.iter().min() {
            bail!("object {id} is here already; --id new gives the world new ids");
        }
    }
    Ok(remap)
}

fn all_known<'a, T: std::fmt::Display + 'a>(
    what: &str,
    mut wanted: impl Iterator<Item = &'a T>,
    known: impl Fn(&T) -> bool,
) -> anyhow::Result<()> {
    match wanted.find(|id| !known(id)) {
        Some(id) => Err(anyhow!("there is no {what} {id} here")),
        None => Ok(()),
    }
}

/// What goes from the file to the database.
enum Batch {
    Objects(Vec<store::ObjectRecord>),
    People(Vec<store::PersonalRecord>),
}

/// Reads the file that was checked once more and hands on what is in it. A file that has changed meanwhile is found out by its
/// hashes before anything is committed.
fn read_again(
    file: &Path,
    checked: &Manifest,
    remap: &Remap,
    with_people: bool,
    batches: &mpsc::Sender<Batch>,
) -> anyhow::Result<()> {
    let gone = |_| anyhow!("the database did not take it");
    let (mut objects, mut people, mut bytes) = (Vec::new(), Vec::new(), 0);
    let manifest = archive::read(file, &mut |name, line| {
        match name {
            OBJECTS => objects.push(remap.object(rows::parse(line)?)),
            PEOPLE if with_people => people.push(remap.personal(rows::parse(line)?)),
            _ => return Ok(()),
        }
        bytes += line.len();
        if objects.len() + people.len() >= BATCH_OBJECTS || bytes >= BATCH_BYTES {
            bytes = 0;
            hand_on(&mut objects, &mut people, batches).map_err(gone)?;
        }
        Ok(())
    })?;
    hand_on(&mut objects, &mut people, batches).map_err(gone)?;
    ensure!(manifest == *checked, "the file changed while it was read");
    Ok(())
}

fn hand_on(
    objects: &mut Vec<store::ObjectRecord>,
    people: &mut Vec<store::PersonalRecord>,
    batches: &mpsc::Sender<Batch>,
) -> Result<(), mpsc::error::SendError<Batch>> {
    if !objects.is_empty() {
        batches.blocking_send(Batch::Objects(std::mem::take(objects)))?;
    }
    if !people.is_empty() {
        batches.blocking_send(Batch::People(std::mem::take(people)))?;
    }
    Ok(())
}

/// Keeps servers out while a world goes in or out, as far as they use this data directory.
fn lock(config: &Config) -> anyhow::Result<Option<data::Lock>> {
    config.data.is_dir().then(|| data::lock(config)).transpose()
}
