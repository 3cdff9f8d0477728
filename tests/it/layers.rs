//! Crates depend in one direction, and reach each other by what they offer by name
//! (docs/architecture.md, *Layout*).

use std::{collections::BTreeSet, fs};

use crate::support::{files, root};

/// Crates from the lowest layer up, with the crates of the workspace that each may use.
const LAYERS: [(&str, &[&str]); 16] = [
    ("posbus", &[]),
    ("components", &["posbus"]),
    ("migrations", &[]),
    ("integrations", &[]),
    ("media", &[]),
    ("devchain", &[]),
    ("store", &["components", "migrations"]),
    ("systems", &["components", "posbus"]),
    ("archive", &["components", "media", "store"]),
    ("harvester", &["components", "store"]),
    (
        "node",
        &[
            "components",
            "integrations",
            "media",
            "posbus",
            "store",
            "systems",
        ],
    ),
    ("net", &["components", "media", "node", "posbus", "systems"]),
    (
        "testkit",
        &["components", "net", "node", "posbus", "store", "systems"],
    ),
    ("bench", &["components", "posbus", "systems", "testkit"]),
    ("tools/shapes", &[]),
    (
        ".",
        &[
            "archive",
            "bench",
            "components",
            "devchain",
            "harvester",
            "integrations",
            "media",
            "net",
            "node",
            "posbus",
            "store",
            "systems",
        ],
    ),
];

/// A crate's sources, words that they must not contain, and the reason.
const FORBIDDEN: [(&str, &[&str], &str); 6] = [
    (
        "harvester",
        &["sea_orm", "SELECT ", "node::"],
        "following sees neither SQL nor worlds",
    ),
    (
        "net",
        &["store::", ".store()"],
        "sessions and routes speak to the node, which owns the store",
    ),
    (
        "systems",
        &[
            "CloseCode",
            "close_code",
            "dyn Any",
            "tokio::net",
            "std::net",
            "SystemTime",
        ],
        "the tick knows neither sockets nor the date",
    ),
    (
        "components",
        &["bevy_ecs::schedule", "tokio"],
        "components only hold data",
    ),
    ("posbus", &["tokio", "std::net"], "the codec does no I/O"),
    (
        "net",
        &["media::Storage", "opendal"],
        "contents are reached through the node, wherever they lie",
    ),
];

/// Crates of the workspace among the normal dependencies of one.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
    let (_, rest) = manifest
        .split_once("\n[dependencies]\n")
        .expect("dependencies");
    let section = rest.lines().take_while(|line| !line.starts_with('['));
    let names = section.filter_map(|line| line.split(['.', ' ', '=']).next());
    let ours = |name: &&str| LAYERS.iter().any(|(known, _)| known == name);
    names.filter(ours).map(str::to_owned).collect()
}

/// Lines of a source before its unit tests, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn crates_use_only_the_layers_below_them() {
    for (name, allowed) in LAYERS {
        let used = dependencies(name);
        let allowed: BTreeSet<String> = allowed.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(used, allowed, "of {name}");
    }
}

#[test]
fn no_layer_reaches_through_another() {
    let mut reached = Vec::new();
    for (name, words, reason) in FORBIDDEN {
        let files = files(&root().join(name).join("src"), &["rs"]);
        assert!(!files.is_empty(), "{name} has sources");
        for file in files {
            let text = fs::read_to_string(&file).expect("a source");
            for line in code(&text) {
                if words.iter().any(|word| line.contains(word)) {
                    reached.push(format!("{}: {} ({reason})", file.display(), line.trim()));
                }
            }
        }
    }
    assert!(reached.is_empty(), "{}", reached.join("\n"));
}
