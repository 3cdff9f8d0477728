//! Files of `odyssey world`, taken apart and put together.

use std::{fs::File, io::Read, path::Path};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::Value;
use tar::{Archive, Builder, EntryType, Header};

/// The manifest and the other files of an archive.
pub(crate) fn unpack(file: &Path) -> (Value, Vec<(String, Vec<u8>)>) {
    let mut archive = Archive::new(GzDecoder::new(File::open(file).expect("a file")));
    let mut files = Vec::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a name").display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("bytes");
        files.push((name, bytes));
    }
    let manifest = files.remove(0);
    (serde_json::from_slice(&manifest.1).expect("JSON"), files)
}

/// An archive of these entries, whatever they are.
pub(crate) fn pack(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, bytes) in entries {
        let mut header = Header::new_ustar();
        // Past the checks of the library, which would not write what it shall find.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append(&header, *bytes).expect("appends");
    }
    tar.into_inner().expect("a tar").finish().expect("a gzip")
}
