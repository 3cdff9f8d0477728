//! Writing a world into a file.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, ensure};
use components::Umid;
use media::Storage;
use store::Store;
use tokio::{runtime::Handle, task::spawn_blocking};

use crate::{
    contents::{self, Content, ModelEntry},
    error::ArchiveError,
    file::{self, Files, Manifest},
    lines::{ObjectLine, PersonalLine},
};

/// Writes a world with its objects, their attributes and what they show into a new file.
/// `with_people` adds the attributes of users in the world: votes, comments, last positions.
///
/// # Errors
/// `Refused` if the database is not migrated, if there is no such world, if a content cannot be
/// read or if the file cannot be written; `Store` if the database fails. No file is left then.
pub async fn export(
    store: &Store,
    storage: Storage,
    world: Umid,
    to: &Path,
    with_people: bool,
) -> Result<Manifest, ArchiveError> {
    let (manifest, files) = read_world(store, world, with_people).await?;
    let (to, runtime) = (to.to_owned(), Handle::current());
    let written = spawn_blocking(move || {
        let open = |content: &_| contents::open(&storage, &runtime, content);
        save(&to, &manifest, &files, open).with_context(|| to.display().to_string())?;
        Ok(manifest)
    });
    written.await.map_err(anyhow::Error::from)?
}

async fn read_world(
    store: &Store,
    world: Umid,
    with_people: bool,
) -> anyhow::Result<(Manifest, Files)> {
    let status = store.migration_status().await?;
    ensure!(
        status.iter().all(|migration| migration.applied),
        "the database is not up to date; run odyssey migrate up first"
    );
    let objects = store.load_world(world).await?;
    let objects = objects.with_context(|| format!("there is no world {world}"))?;
    let people = if with_people {
        let ids: Vec<Umid> = objects.iter().map(|object| object.id).collect();
        let personal = store.personal_attributes(&ids).await?;
        Some(personal.into_iter().map(PersonalLine::from).collect())
    } else {
        None
    };
    let objects: Vec<ObjectLine> = objects
        .into_iter()
        .map(|object| ObjectLine::new(object, world))
        .collect();
    let (mut manifest, files) = file::pack(&objects, people)?;
    let (contents, known) = contents::find(store, &files).await?;
    let shown: HashSet<Umid> = objects
        .iter()
        .filter_map(|object| object.asset_3d)
        .collect();
    let is_carried = |id: &Umid| {
        let name = id.simple().to_string();
        contents.iter().any(|content| content.names.contains(&name))
    };
    let mut uploaded: Vec<Umid> = shown.into_iter().filter(is_carried).collect();
    uploaded.sort_unstable();
    let models = store.asset_3d_meta(&uploaded).await?;
    let models = models.into_iter().map(|(id, meta)| ModelEntry { id, meta });
    manifest.carry(contents, models.collect(), &known);
    Ok((manifest, files))
}

/// Creates the file, readable by its owner only: a world holds what is not for everybody.
fn save<R: Read>(
    to: &Path,
    manifest: &Manifest,
    files: &Files,
    open: impl Fn(&Content) -> anyhow::Result<R>,
) -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let written = write(&file, manifest, files, open);
    if written.is_err() {
        // Part of an archive is of no use. Failing to remove it changes nothing.
        let _ = fs::remove_file(to);
    }
    written
}

fn write<R: Read>(
    file: &File,
    manifest: &Manifest,
    files: &Files,
    open: impl Fn(&Content) -> anyhow::Result<R>,
) -> anyhow::Result<()> {
    let mut buffered = BufWriter::new(file);
    file::write(&mut buffered, manifest, files, open)?;
    buffered.flush()?;
    drop(buffered);
    Ok(file.sync_all()?)
}
