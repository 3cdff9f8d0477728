//! Bundles of plugins: an archive is unpacked into files, each of which becomes a blob of its own
//! (docs/spec/media.md §1.8, §6 H).

use std::{
    collections::HashSet,
    io::{self, Read},
};

use flate2::{Compression, GzBuilder, read::GzDecoder};
use tar::{Archive, Builder, EntryType, Header};

use crate::{Digest, MediaError, Result};

/// The description of itself that a bundle has to have.
pub const MANIFEST: &str = "manifest.json";
/// The script by which clients load a bundle.
pub const ENTRY: &str = "remoteEntry.js";

/// Bytes that may be unpacked of however few: texts of one letter are no attack.
const HARMLESS: u64 = 8 << 20;

/// Limits of bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleLimits {
    /// Bytes of all files. Default 100 MB.
    pub unpacked: u64,
    /// Entries of the archive. Default 2,000.
    pub entries: usize,
    /// Bytes unpacked for each byte packed, beyond the first 8 MiB. Default 100.
    pub ratio: u64,
    /// Bytes of a path. Default 255.
    pub path: usize,
}

impl Default for BundleLimits {
    fn default() -> Self {
        Self {
            unpacked: 100_000_000,
            entries: 2_000,
            ratio: 100,
            path: 255,
        }
    }
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleFile {
    /// Path in the bundle: names joined by slashes, in any case each only once.
    pub path: String,
    /// Number of bytes.
    pub size: u64,
    /// Name of its content.
    pub digest: Digest,
}

/// A bundle that was unpacked. Its name is the digest of its listing: of paths, sizes and contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its files by path.
    pub files: Vec<BundleFile>,
}

/// Unpacks an archive of `packed` bytes; `store` takes the content of each file.
///
/// The one folder around everything is left out, as are files whose names begin with a dot.
///
/// # Errors
/// `Invalid` for what no honest archive has and for bundles without manifest or entry script, those
/// of `store`.
pub fn unpack(
    archive: impl Read,
    packed: u64,
    limits: &BundleLimits,
    mut store: impl FnMut(&str, Vec<u8>) -> Result<Digest>,
) -> Result<Bundle> {
    let most = packed.saturating_mul(limits.ratio).max(HARMLESS);
    let most = limits.unpacked.min(most);
    // Headers of entries count as well: they are as good for a bomb as contents.
    let overhead = limits.entries as u64 * 4096;
    let mut archive = Archive::new(GzDecoder::new(archive).take(most + overhead));
    let mut files: Vec<BundleFile> = Vec::new();
    let mut known = HashSet::new();
    let mut unpacked = 0;
    let entries = archive.entries().map_err(broken)?;
    for (n, entry) in entries.enumerate() {
        if n >= limits.entries {
            return refuse("the bundle has too many entries");
        }
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::Directory | EntryType::XGlobalHeader) {
            check_path(&entry.path_bytes(), limits)?;
            continue;
        }
        if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
            return refuse("the bundle has an entry that is neither file nor folder");
        }
        let Some(path) = check_path(&entry.path_bytes(), limits)? else {
            continue;
        };
        if !known.insert(path.to_lowercase()) {
            return refuse("the bundle has two files of one name");
        }
        unpacked += entry.size();
        if unpacked > most {
            return refuse("the bundle is too large when it is unpacked");
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if path == MANIFEST {
            check_manifest(&bytes)?;
        }
        let size = bytes.len() as u64;
        let digest = store(&path, bytes)?;
        files.push(BundleFile { path, size, digest });
    }
    for needed in [MANIFEST, ENTRY] {
        if !files.iter().any(|file| file.path == needed) {
            return Err(MediaError::Invalid(format!("the bundle has no {needed}")));
        }
    }
    files.sort_unstable();
    Ok(Bundle { files })
}

/// Makes the archive of a bundle from its files and their paths in it.
///
/// # Errors
/// Only for paths that no archive can have.
pub fn pack(name: &str, files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    let mut archive = Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{name}/{path}"), *bytes)?;
    }
    Ok(archive.into_inner()?.finish()?)
}

impl Bundle {
    /// The content that stands for the bundle: a line for each file with digest, size and path.
    pub fn listing(&self) -> String {
        let lines = self.files.iter();
        lines
            .map(|file| format!("{}  {}  {}\n", file.digest, file.size, file.path))
            .collect()
    }
}

/// The list of files of a stored bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    files: Vec<BundleFile>,
}

impl Listing {
    /// Reads what [`Bundle::listing`] wrote.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let line = |line: &str| {
            let mut parts = line.splitn(3, "  ");
            Some(BundleFile {
                digest: parts.next()?.parse().ok()?,
                size: parts.next()?.parse().ok()?,
                path: parts.next()?.to_owned(),
            })
        };
        let files = text.lines().map(line).collect::<Option<_>>()?;
        Some(Self { files })
    }

    /// Content of the file at a path.
    pub fn find(&self, path: &str) -> Option<Digest> {
        let found = self.files.iter().find(|file| file.path == path);
        found.map(|file| file.digest)
    }

    /// All files.
    pub fn files(&self) -> &[BundleFile] {
        &self.files
    }
}

fn refuse<T>(rule: &str) -> Result<T> {
    Err(MediaError::invalid(rule))
}

fn broken(error: io::Error) -> MediaError {
    MediaError::Invalid(format!("the archive is broken: {error}"))
}

/// The path of a file without the folder around everything; `None` for what is not kept.
fn check_path(path: &[u8], limits: &BundleLimits) -> Result<Option<String>> {
    let Ok(path) = std::str::from_utf8(path) else {
        return refuse("a path of the bundle is not UTF-8");
    };
    if path.len() > limits.path {
        return refuse("a path of the bundle is too long");
    }
    if path.contains(['\\', '\0', ':']) || path.starts_with('/') {
        return refuse("a path of the bundle leads elsewhere");
    }
    let mut names = Vec::new();
    for name in path
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".")
    {
        if name == ".." || name.chars().any(char::is_control) {
            return refuse("a path of the bundle leads elsewhere");
        }
        names.push(name);
    }
    let kept = names.get(1..).unwrap_or_default();
    if kept.is_empty() || kept.iter().any(|name| name.starts_with('.')) {
        return Ok(None);
    }
    Ok(Some(kept.join("/")))
}

/// Checks name and version of the manifest; the rest is checked when the plugin is activated.
fn check_manifest(bytes: &[u8]) -> Result<()> {
    const MAX_NAME: usize = 64;
    let manifest: serde_json::Value = serde_json::from_slice(bytes)
        .map_err(|error| MediaError::Invalid(format!("{MANIFEST}: {error}")))?;
    let text = |key: &str| manifest.get(key).and_then(serde_json::Value::as_str);
    let name = text("name").unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let good = name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(plain)
        && name
            .bytes()
            .all(|byte| plain(byte) || matches!(byte, b'.' | b'-'));
    if !good {
        return refuse("manifest.json: name is letters in lower case, digits, _, . and -");
    }
    if !text("version").is_some_and(is_version) {
        return refuse("manifest.json: version is no semantic version");
    }
    Ok(())
}

/// Three numbers, and perhaps what comes before or with a release.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| {
        !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    numbers.len() == 3 && numbers.iter().all(number) && text.len() <= 64
}

/// Media type of a file by its name; unknown ones are bytes.
pub fn mime_of(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "glb" => "model/gltf-binary",
        _ => "application/octet-stream",
    }
}
