//! The repository's own files, for tests that hold them to a rule.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that are made, not kept.
pub(crate) const MADE: [&str; 5] = [".git", "target", "data", "node_modules", "corpus"];

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with one of these extensions.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(folder, extensions, &mut found);
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            if !MADE.contains(&name.unwrap_or_default()) {
                collect(&path, extensions, found);
            }
        } else if extensions.contains(&extension.unwrap_or_default()) {
            found.push(path);
        }
    }
}
