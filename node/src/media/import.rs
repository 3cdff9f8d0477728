//! Contents of other nodes and of the existing platform, under the names that their databases know
//! (docs/spec/media.md §1.2).

use std::{
    fs,
    path::{Path, PathBuf},
};

use media::{
    Format, Kind, MediaError, Urgency,
    bundle::{Bundle, BundleFile, mime_of},
};
use tokio::task::spawn_blocking;

use super::upload::{LISTING, plain_blob};
use crate::{Node, NodeError, Result};

/// Folders below that of the platform, with what is in them. Sizes of pictures (`s0` to `s9`) are
/// made anew.
const FOLDERS: [(&str, Kind); 4] = [
    ("images/F", Kind::Image),
    ("tracks", Kind::Audio),
    ("videos", Kind::Video),
    ("assets", Kind::Model),
];
const PLUGINS: &str = "plugins";
/// Longest name of a file.
const MAX_NAME: usize = 128;

/// Effect of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Contents that have their names now.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were left out, with the reasons.
    pub refused: Vec<(PathBuf, String)>,
}

impl Node {
    /// Takes over the contents of the existing platform; those that are known already are no error.
    /// `progress` gets what was done so far.
    ///
    /// # Errors
    /// `Internal` if the folder cannot be read, those of store and storage. A file that is no
    /// content is listed, not an error.
    pub async fn import_media(
        &self,
        folder: &Path,
        mut progress: impl FnMut(&Imported),
    ) -> Result<Imported> {
        let mut imported = Imported::default();
        for (name, kind) in FOLDERS {
            for path in entries(&folder.join(name))? {
                if !path.is_file() {
                    continue;
                }
                let taken = match alias_of(&path) {
                    Ok(alias) => self.import_file(&path, kind, &[alias]).await,
                    Err(error) => Err(error),
                };
                imported.note(path, taken)?;
                progress(&imported);
            }
        }
        for path in entries(&folder.join(PLUGINS))? {
            if path.is_dir() {
                let taken = self.import_bundle(&path).await;
                imported.note(path, taken)?;
                progress(&imported);
            }
        }
        Ok(imported)
    }

    /// Takes over files that were contents of another node, each under the names given. What is
    /// known already is no error.
    ///
    /// # Errors
    /// Those of store and storage. A file that is no content is listed, not an error.
    pub async fn import_contents(
        &self,
        files: Vec<(PathBuf, Vec<Kind>, Vec<String>)>,
        mut progress: impl FnMut(&Imported),
    ) -> Result<Imported> {
        let mut imported = Imported::default();
        for (path, kinds, names) in files {
            let mut taken = Ok(0);
            for kind in kinds {
                taken = self.import_file(&path, kind, &names).await;
            }
            imported.note(path, taken)?;
            progress(&imported);
        }
        Ok(imported)
    }

    /// Stores the bytes as they are: their names stand for just these.
    async fn import_file(&self, path: &Path, kind: Kind, aliases: &[String]) -> Result<u64> {
        let (spool, limits, file) = (
            self.media.spool.clone(),
            self.media.options.limits,
            path.to_owned(),
        );
        let read = move || {
            let bytes = fs::read(file)?;
            let format = Format::expect(&bytes[..bytes.len().min(4096)], kind)?;
            let spooled = spool.keep(&bytes)?;
            let mut blob = plain_blob(&spooled, format.mime(), kind);
            match kind {
                Kind::Image => {
                    let picture = media::clean(format, &bytes, &limits.pictures)?;
                    blob.size_px = Some((picture.width, picture.height));
                    blob.frames = Some(picture.frames);
                    blob.has_alpha = picture.has_alpha;
                }
                Kind::Model => {
                    let model = media::check_model(spooled.open()?, &limits.models)?;
                    blob.geometry = Some((model.triangles, model.vertices));
                    blob.warnings = model.warnings;
                }
                _ => {
                    let found = media::probe(spooled.open()?, format, kind, &limits.play)?;
                    found.format.mime().clone_into(&mut blob.mime);
                    blob.duration_ms = found.duration;
                    blob.size_px = found.size;
                }
            }
            Ok((spooled, blob))
        };
        let (spooled, blob) = self.media.pool.run(Urgency::Now, read).await?;
        self.place(&spooled, &blob, None, aliases).await?;
        Ok(blob.size)
    }

    /// Stores an unpacked bundle.
    async fn import_bundle(&self, path: &Path) -> Result<u64> {
        let alias = alias_of(path)?;
        let mut files = Vec::new();
        let mut size = 0;
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in entries(&folder)? {
                if entry.is_dir() {
                    folders.push(entry);
                    continue;
                }
                let relative = entry.strip_prefix(path).map_err(internal)?;
                let relative = relative.to_string_lossy().into_owned();
                let spool = self.media.spool.clone();
                let keep = move || spool.keep(&fs::read(entry)?);
                let spooled = spawn_blocking(keep).await.map_err(internal)??;
                let blob = plain_blob(&spooled, mime_of(&relative), Kind::Plugin);
                self.place(&spooled, &blob, None, &[]).await?;
                size += blob.size;
                files.push(BundleFile {
                    path: relative,
                    size: blob.size,
                    digest: spooled.digest(),
                });
            }
        }
        files.sort_unstable();
        let listing = Bundle { files }.listing();
        let spooled = self.media.spool.keep(listing.as_bytes())?;
        let blob = plain_blob(&spooled, LISTING, Kind::Plugin);
        self.place(&spooled, &blob, None, &[alias]).await?;
        Ok(size)
    }
}

impl Imported {
    /// Notes what became of a file; what concerns more than the file is an error.
    fn note(&mut self, path: PathBuf, taken: Result<u64>) -> Result<()> {
        match taken {
            Ok(bytes) => {
                self.contents += 1;
                self.bytes += bytes;
            }
            Err(NodeError::Refused(reason)) => self.refused.push((path, reason.code().to_owned())),
            Err(NodeError::Invalid(_, rule)) => self.refused.push((path, rule)),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Entries of a folder in the order of their names; of one that is not there none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(MediaError::from)?,
    };
    let paths = read.map(|entry| Ok(entry?.path()));
    let mut paths: Vec<PathBuf> = paths
        .collect::<std::io::Result<_>>()
        .map_err(MediaError::from)?;
    paths.sort_unstable();
    Ok(paths)
}

/// The name of a file, if it can be that of a content.
fn alias_of(path: &Path) -> Result<String> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
        let rule = "the name is not one of letters and digits";
        return Err(MediaError::Invalid(rule.to_owned()).into());
    }
    Ok(name.to_owned())
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> NodeError {
    NodeError::Internal(Box::new(error))
}
