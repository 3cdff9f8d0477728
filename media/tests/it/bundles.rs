//! Bundles: archives that lead elsewhere or unfold without end are refused (docs/media.md, H).

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use media::{
    Digest, MediaError,
    bundle::{Bundle, BundleLimits, Listing, unpack},
};
use tar::{EntryType, Header};

const MANIFEST: &[u8] = br#"{"name": "clock", "version": "1.0.0"}"#;

/// An archive whose paths are written as they are.
fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, kind, bytes) in entries {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..path.len().min(100)]
            .copy_from_slice(&path.as_bytes()[..path.len().min(100)]);
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        archive.append(&header, *bytes).expect("memory");
    }
    archive
        .into_inner()
        .expect("memory")
        .finish()
        .expect("memory")
}

fn files<'a>(more: &[(&'a str, EntryType, &'a [u8])]) -> Vec<u8> {
    let mut entries = vec![
        ("clock-1.0.0/manifest.json", EntryType::Regular, MANIFEST),
        (
            "clock-1.0.0/remoteEntry.js",
            EntryType::Regular,
            &b"var a;"[..],
        ),
    ];
    entries.extend_from_slice(more);
    archive(&entries)
}

fn open(bytes: &[u8]) -> media::Result<Bundle> {
    unpack(
        bytes,
        bytes.len() as u64,
        &BundleLimits::default(),
        |_, bytes| Ok(Digest::of(&bytes)),
    )
}

#[track_caller]
fn assert_refused(bytes: &[u8]) {
    match open(bytes) {
        Err(MediaError::Invalid(_)) => {}
        other => panic!("{other:?}"),
    }
}

/// Targets 96 and 98.
#[test]
fn the_name_of_a_bundle_is_that_of_all_its_files_with_their_paths() {
    let file = |path, bytes| files(&[(path, EntryType::Regular, bytes)]);
    let name = |bytes: Vec<u8>| Digest::of(open(&bytes).expect("is right").listing().as_bytes());
    let one = name(file("clock-1.0.0/a.js", b"12"));
    assert_eq!(one, name(file("another-folder/a.js", b"12")));
    assert_ne!(one, name(file("clock-1.0.0/b.js", b"12")));
    assert_ne!(one, name(file("clock-1.0.0/a.js", b"21")));
    // Bytes that move from one file to another.
    let split = |a: &[u8], b: &[u8]| {
        let entries = [
            ("c/a.js", EntryType::Regular, a),
            ("c/b.js", EntryType::Regular, b),
        ];
        Digest::of(
            open(&files(&entries))
                .expect("is right")
                .listing()
                .as_bytes(),
        )
    };
    assert_ne!(split(b"12", b"3"), split(b"1", b"23"));
    let hidden = open(&file("clock-1.0.0/.git/config", b"secret")).expect("is right");
    assert_eq!(hidden.files.len(), 2, "what begins with a dot is left out");
    let listing = Listing::parse(hidden.listing().as_bytes()).expect("reads");
    assert_eq!(listing.find("manifest.json"), Some(Digest::of(MANIFEST)));
    assert_eq!(listing.find("../manifest.json"), None);
}

/// Target 94.
#[test]
fn paths_lead_nowhere() {
    for path in [
        "/etc/passwd",
        "clock/../../x",
        "../../x/y",
        "clock/a/../../../x",
        "C:\\x\\y",
        "clock/a\\..\\b",
        "clock/c:x",
    ] {
        assert_refused(&files(&[(path, EntryType::Regular, b"x")]));
    }
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
    ] {
        assert_refused(&files(&[("clock/a", kind, b"")]));
    }
    for (first, second) in [
        ("c/a.js", "c/a.js"),
        ("c/a.js", "c/A.JS"),
        ("c/a.js", "d/./a.js"),
    ] {
        let twice = [
            (first, EntryType::Regular, &b"1"[..]),
            (second, EntryType::Regular, b"2"),
        ];
        assert_refused(&files(&twice));
    }
}

/// Target 95.
#[test]
fn archives_that_unfold_are_cut() {
    // A gigabyte of zeros in a megabyte.
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let mut header = Header::new_ustar();
    header.set_path("clock/zeros").expect("short");
    header.set_size(1 << 30);
    header.set_cksum();
    packed.write_all(header.as_bytes()).expect("memory");
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        packed.write_all(&zeros).expect("memory");
    }
    assert_refused(&packed.finish().expect("memory"));

    let names: Vec<String> = (0..2001).map(|n| format!("clock/{n}")).collect();
    let many: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), EntryType::Regular, &b""[..]))
        .collect();
    assert_refused(&files(&many));
}

/// Target 97.
#[test]
fn a_bundle_says_what_it_is() {
    let with = |manifest: &[u8]| {
        archive(&[
            ("c/manifest.json", EntryType::Regular, manifest),
            ("c/remoteEntry.js", EntryType::Regular, b"var a;"),
        ])
    };
    open(&with(
        br#"{"name": "a.b-c_1", "version": "1.2.3-beta.1+5"}"#,
    ))
    .expect("is right");
    for manifest in [
        &b"{"[..],
        b"[]",
        br#"{"version": "1.0.0"}"#,
        br#"{"name": "Clock", "version": "1.0.0"}"#,
        br#"{"name": "-a", "version": "1.0.0"}"#,
        br#"{"name": "../a", "version": "1.0.0"}"#,
        br#"{"name": "a"}"#,
        br#"{"name": "a", "version": "1.0"}"#,
        br#"{"name": "a", "version": "one"}"#,
    ] {
        assert_refused(&with(manifest));
    }
    assert_refused(&archive(&[(
        "c/manifest.json",
        EntryType::Regular,
        MANIFEST,
    )]));
    assert_refused(&archive(&[(
        "c/remoteEntry.js",
        EntryType::Regular,
        b"var a;",
    )]));
    assert_refused(b"\x1f\x8b\x08\x00garbage");
    assert_refused(&files(&[])[..100]);
}
