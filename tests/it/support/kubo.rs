//! A real node of IPFS: Kubo, which `make tools` builds and the tests start themselves.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::s3::tool;

/// A running node without peers, which ends with this.
pub(crate) struct Kubo {
    child: Child,
    home: TempDir,
    api: String,
}

impl Kubo {
    /// Starts a node on free ports.
    ///
    /// # Panics
    /// If Kubo is not there or does not start.
    pub(crate) fn start() -> Kubo {
        let home = TempDir::new().expect("a folder");
        let made = command(&home)
            .args(["init", "--profile=test", "--empty-repo"])
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}; run make tools", program().display()));
        assert!(made.status.success(), "{made:?}");
        let mut child = command(&home)
            .args(["daemon", "--offline"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut lines = lines.map_while(Result::ok);
        let port = lines
            .find_map(|line| {
                let port = line.strip_prefix("RPC API server listening on /ip4/127.0.0.1/tcp/")?;
                Some(port.to_owned())
            })
            .expect("it says where it listens");
        assert!(lines.any(|line| line == "Daemon is ready"));
        std::thread::spawn(move || lines.for_each(drop));
        let api = format!("http://127.0.0.1:{port}");
        Kubo { child, home, api }
    }

    /// Address of its RPC.
    pub(crate) fn api(&self) -> &str {
        &self.api
    }

    /// Output of a command of its own; `None` if it fails.
    pub(crate) fn run(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = command(&self.home).args(arguments).output();
        let output = output.expect("it runs");
        output.status.success().then_some(output.stdout)
    }
}

impl Drop for Kubo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> std::path::PathBuf {
    tool("tools/bin/ipfs")
}

fn command(home: &TempDir) -> Command {
    let mut command = Command::new(program());
    command.env("IPFS_PATH", home.path()).stdin(Stdio::null());
    command
}
