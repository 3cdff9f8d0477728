//! Reading a world from a file into a database.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{anyhow, bail, ensure};
use components::{Umid, ids};
use store::{Import, Kind, ObjectRecord, PersonalRecord, Store};
use tokio::sync::mpsc;

use crate::{
    check::{Checked, Checker},
    contents::Content,
    error::ArchiveError,
    file::{self, Manifest, OBJECTS, PEOPLE},
    lines,
    remap::{Ids, Remap},
};

/// Objects inserted together: enough that few statements are needed, few enough to hold in memory.
const BATCH_OBJECTS: usize = 500;
/// Bytes of text inserted together; objects may be large.
const BATCH_BYTES: usize = 4 << 20;

/// Options of an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    /// User who is to own all objects; without one, owners stay if they are users of the node.
    pub owner: Option<Umid>,
    /// Ids of the objects.
    pub ids: Ids,
    /// Whether to import the attributes of users in the world, if the users exist.
    pub with_people: bool,
}

/// Outcome of an import.
#[derive(Debug)]
pub struct ImportReport {
    /// The manifest of the file.
    pub manifest: Manifest,
    /// Id of the imported world.
    pub world: Umid,
    /// Owners in the file that are no users of the node.
    pub absent_owners: usize,
    /// Imported attributes of users.
    pub personal: usize,
    /// Attributes that were left out because their users do not exist.
    pub absent_personal: usize,
}

/// Writes the contents of a checked file into a folder, which has to be empty, under their digests.
///
/// # Errors
/// `Refused` if the file has changed or the folder cannot be written to.
pub fn unpack(file: &Path, to: &Path) -> Result<(), ArchiveError> {
    let mut save = |content: &Content| {
        let mut new = OpenOptions::new();
        let new = new.write(true).create_new(true).mode(0o600);
        Ok(new.open(to.join(&content.digest))?)
    };
    file::read(file, &mut |_, _| Ok(()), &mut save)?;
    Ok(())
}

/// Imports the world of a checked file, wholly or not at all. The file is read once more; if it has
/// changed since it was checked, nothing is imported.
///
/// # Errors
/// `Refused` if the file does not fit the database, `Store` if the database fails.
pub async fn import(
    store: &Store,
    file: PathBuf,
    Checked { manifest, found }: Checked,
    options: ImportOptions,
) -> Result<ImportReport, ArchiveError> {
    let import = store.begin_import().await?;
    for model in &manifest.models {
        import.add_asset_3d(model.id, &model.meta).await?;
    }
    let remap = Arc::new(plan(&import, &found, options).await?);

    let (batches, mut arriving) = mpsc::channel(1);
    let reader = tokio::task::spawn_blocking({
        let remap = Arc::clone(&remap);
        move || {
            read_again(&file, &manifest, &remap, options.with_people, &batches).map(|()| manifest)
        }
    });
    let (mut personal, mut absent_personal) = (0, 0);
    while let Some(batch) = arriving.recv().await {
        match batch {
            Batch::Objects(objects) => import.insert(&objects).await?,
            Batch::People(records) => {
                let (here, gone): (Vec<_>, Vec<_>) = records
                    .into_iter()
                    .partition(|record| remap.is_here(record.user));
                import.insert_personal(&here).await?;
                personal += here.len();
                absent_personal += gone.len();
            }
        }
    }
    let manifest = reader.await.map_err(anyhow::Error::from)??;
    import.commit().await?;
    Ok(ImportReport {
        world: remap.id(manifest.world.id),
        manifest,
        absent_owners: remap.absent_owners(),
        personal,
        absent_personal,
    })
}

/// Compares the file with the database and decides ids and owners.
async fn plan(
    import: &Import,
    found: &Checker,
    ImportOptions { owner, ids, .. }: ImportOptions,
) -> anyhow::Result<Remap> {
    let types = import.object_types().await?;
    let attribute_types = import.attribute_types().await?;
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
    for (what, kind, used) in [
        ("2D asset", Kind::Asset2d, &found.assets_2d),
        ("3D asset", Kind::Asset3d, &found.assets_3d),
    ] {
        let used: Vec<Umid> = used.iter().copied().collect();
        let known = import.known(kind, &used).await?;
        all_known(what, used.iter(), |id| known.contains(id))?;
    }
    let mut users: Vec<Umid> = found.users.iter().copied().chain(owner).collect();
    users.sort_unstable();
    users.dedup();
    let here = import.known(Kind::User, &users).await?;
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
        let objects: Vec<Umid> = found.objects.keys().copied().collect();
        let taken = import.known(Kind::Object, &objects).await?;
        if let Some(id) = taken.iter().min() {
            bail!("object {id} is here already; --id new gives the world new ids");
        }
    }
    Ok(remap)
}

fn all_known<'a, T: std::fmt::Display + 'a>(
    what: &str,
    mut used: impl Iterator<Item = &'a T>,
    known: impl Fn(&T) -> bool,
) -> anyhow::Result<()> {
    match used.find(|id| !known(id)) {
        Some(id) => Err(anyhow!("there is no {what} {id} here")),
        None => Ok(()),
    }
}

/// Rows on their way from the file to the database.
enum Batch {
    Objects(Vec<ObjectRecord>),
    People(Vec<PersonalRecord>),
}

/// Reads the checked file once more and sends its rows. The hashes reveal a file that has changed
/// since the check before anything is committed.
fn read_again(
    file: &Path,
    checked: &Manifest,
    remap: &Remap,
    with_people: bool,
    batches: &mpsc::Sender<Batch>,
) -> anyhow::Result<()> {
    let gone = |_| anyhow!("the database did not take it");
    let (mut objects, mut people, mut bytes) = (Vec::new(), Vec::new(), 0);
    let manifest = file::read(
        file,
        &mut |name, line| {
            match name {
                OBJECTS => objects.push(remap.object(lines::parse(line)?)),
                PEOPLE if with_people => people.push(remap.personal(lines::parse(line)?)),
                _ => return Ok(()),
            }
            bytes += line.len();
            if objects.len() + people.len() >= BATCH_OBJECTS || bytes >= BATCH_BYTES {
                bytes = 0;
                send_batches(&mut objects, &mut people, batches).map_err(gone)?;
            }
            Ok(())
        },
        &mut |_| Ok(io::sink()),
    )?;
    send_batches(&mut objects, &mut people, batches).map_err(gone)?;
    ensure!(manifest == *checked, "the file changed while it was read");
    Ok(())
}

fn send_batches(
    objects: &mut Vec<ObjectRecord>,
    people: &mut Vec<PersonalRecord>,
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
