//! The recipe for a message in CONTRIBUTING.md works as it is written there: its blocks, put into a
//! copy of `posbus`, compile and pass.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::root;

const TEXT: &str = include_str!("../../CONTRIBUTING.md");
/// Start of the comment before each block.
const MARK: &str = "<!-- recipe: ";

/// One step: a file, the block of it that the code goes into (else it goes to the end), and the
/// code.
struct Step<'a> {
    file: &'a str,
    block: Option<&'a str>,
    code: &'a str,
}

fn steps() -> Vec<Step<'static>> {
    let steps = TEXT.split(MARK).skip(1).map(|step| {
        let (place, rest) = step.split_once(" -->\n```rust\n").expect("code follows");
        let (code, _) = rest.split_once("```").expect("the code ends");
        let (file, block) = match place.split_once(", ") {
            Some((file, block)) => (file, Some(block)),
            None => (place, None),
        };
        Step { file, block, code }
    });
    steps.collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).expect("a copy");
    }
}

/// `posbus` alone, as a workspace of its own, without what its other tests need.
fn workspace() -> PathBuf {
    let repository = root();
    let copied = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recipe");
    let _ = fs::remove_dir_all(copied.join("posbus"));
    copy(&repository.join("posbus/src"), &copied.join("posbus/src"));
    copy(&repository.join("Cargo.lock"), &copied.join("Cargo.lock"));
    let manifest = fs::read_to_string(repository.join("Cargo.toml")).expect("a manifest");
    let (workspace, _) = manifest.split_once("\n[package]").expect("a package");
    let members = |line: &str| match line.starts_with("members") {
        true => "members = [\"posbus\"]\n".to_owned(),
        false => format!("{line}\n"),
    };
    let workspace: String = workspace.lines().map(members).collect();
    fs::write(copied.join("Cargo.toml"), workspace).expect("written");
    let posbus = fs::read_to_string(repository.join("posbus/Cargo.toml")).expect("a manifest");
    let (posbus, _) = posbus
        .split_once("\n[dev-dependencies]")
        .expect("a section");
    fs::write(copied.join("posbus/Cargo.toml"), posbus).expect("written");
    copied
}

#[test]
fn a_message_is_added_as_the_recipe_says() {
    let copied = workspace();
    let steps = steps();
    assert_eq!(steps.len(), 3, "table, struct and test");
    for step in &steps {
        let path = copied.join(step.file);
        let folder = path.parent().expect("a folder");
        fs::create_dir_all(folder).expect("a folder");
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        match step.block {
            Some(block) => {
                let start = text.find(&format!("{block} {{\n")).expect("the block");
                let end = start + text[start..].find('\n').expect("a line") + 1;
                text.insert_str(end, step.code);
            }
            None => text.push_str(step.code),
        }
        fs::write(path, text).expect("written");
    }
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "test",
            "--offline",
            "--quiet",
            "-p",
            "posbus",
            "--test",
            "wave",
        ])
        .current_dir(&copied)
        .env("CARGO_TARGET_DIR", copied.join("target"))
        .output()
        .expect("cargo runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    assert!(printed.contains("1 passed"), "{printed}{errors}");
}
