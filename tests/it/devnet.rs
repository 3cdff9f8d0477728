//! A local network in one command: a chain, a node that follows it, and a little going on.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use devchain::find_anvil;
use serde_json::Value;

use crate::support::root;

/// A running network, which ends with this as by Ctrl-C.
struct Devnet {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Devnet {
    fn start() -> Devnet {
        let mut child = Command::new(env!("CARGO_BIN_EXE_odyssey"))
            .args(["devnet", "--interval", "1", "--bind", "127.0.0.1:0"])
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Devnet {
            child,
            lines: Box::new(lines.map_while(Result::ok)),
        }
    }

    /// The rest of the first line that begins like this.
    fn after(&mut self, begin: &str) -> String {
        let found = self.lines.find_map(|line| {
            line.trim()
                .strip_prefix(begin)
                .map(|rest| rest.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("no line begins with {begin:?}"))
    }

    fn stop(&mut self) -> bool {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("tells it").success());
        self.child.wait().expect("ends").success()
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn one_command_shows_a_chain_at_work() {
    let mut devnet = Devnet::start();
    let wallet = devnet.after("demo wallet");
    let world = devnet.after("its world");
    let data = devnet.after("data");
    let address = devnet.after("listening on");
    // The client wants one at hand even where nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let get = async |path: String| {
        let answer = reqwest::get(format!("{address}{path}"))
            .await
            .expect("answers");
        answer.json::<Value>().await.expect("JSON")
    };
    for _ in 0..4 {
        let told = devnet.after("block");
        assert!(told.contains("in the node after"), "{told}");
    }
    assert!(wallet.starts_with("0x"));
    let ready = get("/ready".to_owned()).await;
    assert_eq!(ready["chains"][0]["state"], "following");
    assert!(std::path::Path::new(&data).is_dir());
    assert!(world.ends_with("000000000002"));
    assert!(devnet.stop());
    assert!(!std::path::Path::new(&data).exists(), "nothing is left");
}

#[test]
fn a_missing_chain_is_named_with_the_package_that_has_it() {
    assert!(find_anvil().is_some(), "make tools has installed it");
    let home = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new(env!("CARGO_BIN_EXE_odyssey"))
        .args(["devnet", "--bind", "127.0.0.1:0"])
        .current_dir(home.path())
        .env("PATH", "/nowhere")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("npm install -g @foundry-rs/anvil"), "{told}");
}
