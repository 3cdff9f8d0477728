//! Writing a world into a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, ensure};
use components::Umid;
use store::Store;

use crate::{
    error::ArchiveError,
    file::{self, Files, Manifest},
    lines::{ObjectLine, PersonalLine},
};

/// Writes a world with its objects and their attributes into a new file. `with_people` adds the
/// attributes of users in the world: votes, comments, last positions.
///
/// # Errors
/// `Refused` if the database is not migrated, if there is no such world or if the file cannot be
/// written; `Store` if the database fails. No file is left then.
pub async fn export(
    store: &Store,
    world: Umid,
    to: &Path,
    with_people: bool,
) -> Result<Manifest, ArchiveError> {
    let (manifest, files) = read_world(store, world, with_people).await?;
    save(to, &manifest, &files).with_context(|| to.display().to_string())?;
    Ok(manifest)
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
    file::pack(&objects, people)
}

/// Creates the file, readable by its owner only: a world holds what is not for everybody.
fn save(to: &Path, manifest: &Manifest, files: &[(&str, Vec<u8>)]) -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let written = write(&file, manifest, files);
    if written.is_err() {
        // Part of an archive is of no use. Failing to remove it changes nothing.
        let _ = fs::remove_file(to);
    }
    written
}

fn write(file: &File, manifest: &Manifest, files: &[(&str, Vec<u8>)]) -> anyhow::Result<()> {
    let mut buffered = BufWriter::new(file);
    file::write(&mut buffered, manifest, files)?;
    buffered.flush()?;
    drop(buffered);
    Ok(file.sync_all()?)
}
