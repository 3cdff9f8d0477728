//! The examples of the README do what it says.
//!
//! Each `sh` block after the line `<!-- tested -->` runs as a script of its own, in the order of
//! the file and against one server. Lines that begin with `#>` are what it prints, `…` standing for
//! anything.

use std::{env, os::unix::fs::symlink, process::Command};

use crate::{
    command::Home,
    support::{Options, Server},
};

const README: &str = include_str!("../../README.md");
/// Marks an example.
const MARK: &str = "<!-- tested -->\n```sh\n";
/// Address that the README supposes for the server.
const ADDRESS: &str = "http://127.0.0.1:4000";

#[test]
fn the_examples_of_the_readme_work() {
    let server = Server::start(Options::default());
    let home = Home::new();
    symlink(env!("CARGO_BIN_EXE_odyssey"), home.path().join("odyssey")).expect("a link");
    let path = env::var("PATH").expect("a path");
    let path = format!("{}:{path}", home.path().display());

    let examples: Vec<&str> = README.split(MARK).skip(1).collect();
    assert!(examples.len() >= 3, "examples are marked");
    for example in examples {
        let (script, _) = example.split_once("\n```").expect("the block ends");
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c"])
            .arg(script.replace(ADDRESS, server.url()))
            .env("PATH", &path)
            .current_dir(home.path())
            .output()
            .expect("bash runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{printed}{errors}");
        let mut rest: &str = &printed;
        for expected in script.lines().filter_map(|line| line.strip_prefix("#>")) {
            for part in expected.trim().split('…') {
                let Some((_, after)) = rest.split_once(part) else {
                    panic!("{script}\nprints no {part:?} in\n{printed}");
                };
                rest = after;
            }
        }
    }
}
