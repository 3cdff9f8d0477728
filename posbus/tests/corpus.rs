//! The fuzzing corpus, run through the functions the fuzz targets call.

#[path = "../fuzz/entry.rs"]
mod entry;

use std::{fs, path::Path};

/// The files of one corpus.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(folder).expect("the corpus is committed");
    files
        .map(|file| fs::read(file.expect("a readable folder").path()).expect("a readable file"))
        .collect()
}

/// Runs every file, and every file cut short.
fn run(target: &str, entry: fn(&[u8])) {
    let inputs = corpus(target);
    assert!(inputs.len() > 10, "{target}");
    for input in inputs {
        for end in 0..=input.len() {
            entry(&input[..end]);
        }
    }
}

#[test]
fn decode_any() {
    run("decode_any", entry::decode_any);
}

#[test]
fn decode_client() {
    run("decode_client", entry::decode_client);
}

#[test]
fn decode_v2() {
    run("decode_v2", entry::decode_v2);
}

#[test]
fn json_encode() {
    run("cli-json-encode", entry::json_encode);
}
