//! A private, throw-away PostgreSQL server for tests.
//!
//! The server's data, socket and log live in a temporary directory; it listens on no network
//! address. It needs the binaries `initdb` and `postgres`, from `PATH` or the usual places of
//! distributions. PostgreSQL refuses to run as root, so root starts it as the user `postgres` or
//! `nobody`. However the tests end, the server does: a shell between the two stops it as soon as
//! its standard input closes, which the kernel does for a killed test as well.

mod binaries;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use binaries::Binaries;

/// Time within which the server has to accept connections; a cold machine needs a second or two.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two looks at a server that is starting.
const POLL: Duration = Duration::from_millis(20);
/// Names the socket; several servers differ by their directory.
const PORT: u16 = 5432;

/// Starts `postgres` in directory $1 and waits. Asked to stop, or left alone because whoever
/// started it is gone, it kills the server; left alone, it removes the directory too. Signals from
/// the terminal must not keep it from that.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
directory=$1
shift
"$@" </dev/null &
server=$!
read -r told
kill -QUIT "$server" 2>/dev/null
wait "$server"
[ -n "$told" ] || rm -rf "$directory"
"#;

/// A running server; dropping it kills it and removes its data.
#[derive(Debug)]
pub struct PostgresServer {
    binaries: Binaries,
    directory: TempDir,
    process: Option<Process>,
}

/// The watchdog shell and the pipe that keeps it, and with it the server, alive.
#[derive(Debug)]
struct Process {
    shell: Child,
    lifeline: ChildStdin,
}

impl PostgresServer {
    /// Creates a database cluster and starts a server on it.
    ///
    /// # Panics
    /// When the binaries are missing or the server does not come up, with the reason and the
    /// server's log.
    #[must_use]
    pub fn start() -> PostgresServer {
        let binaries = Binaries::find().unwrap_or_else(|reason| panic!("{reason}"));
        let directory = directory(&binaries)
            .unwrap_or_else(|e| panic!("temporary directory for PostgreSQL: {e}"));
        let mut server = PostgresServer {
            binaries,
            directory,
            process: None,
        };
        server.initialise();
        server.launch();
        server
    }

    /// Creates an empty database, unless there is one of that name, and returns its URL.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "a database is named by lower-case letters, digits and underscores, not {name:?}"
        );
        let created = self.sql("postgres", &format!("CREATE DATABASE {name}"));
        if let Err(reason) = created
            && !reason.contains("already exists")
        {
            panic!("creating database {name}: {reason}");
        }
        self.url(name)
    }

    /// The URL of a database, whether it exists or not.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        let directory = self
            .directory
            .path()
            .display()
            .to_string()
            .replace('/', "%2F");
        format!("postgres://postgres@{directory}:{PORT}/{name}")
    }

    /// Stops the server at once, as a crash would: connections break, what was committed stays.
    pub fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.end();
        }
    }

    /// Starts the server on its data again, stopping it first if need be; returns when it accepts
    /// connections.
    ///
    /// # Panics
    /// As [`PostgresServer::start`].
    pub fn restart(&mut self) {
        self.stop();
        self.launch();
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn initialise(&self) {
        let output = self
            .binaries
            .command(&self.binaries.initdb)
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "--pgdata",
            ])
            .arg(self.data())
            .current_dir(self.directory.path())
            .output()
            .unwrap_or_else(|e| panic!("initdb does not run: {e}"));
        assert!(
            output.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn launch(&mut self) {
        let log = fs::File::create(self.directory.path().join("log"));
        let log = log.unwrap_or_else(|e| panic!("log of PostgreSQL: {e}"));
        let errors = log
            .try_clone()
            .unwrap_or_else(|e| panic!("log of PostgreSQL: {e}"));
        let mut shell = self
            .binaries
            .command(Path::new("sh"))
            .args(["-c", WATCHDOG, "postgres-watchdog"])
            .arg(self.directory.path())
            .arg(&self.binaries.postgres)
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.directory.path())
            .args(["-p", &PORT.to_string()])
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "max_connections=200",
                "-c",
                "fsync=off",
            ])
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|e| panic!("postgres does not start: {e}"));
        let lifeline = shell
            .stdin
            .take()
            .unwrap_or_else(|| panic!("the watchdog has no standard input"));
        self.process = Some(Process { shell, lifeline });
        self.wait();
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while let Err(reason) = self.sql("postgres", "SELECT 1") {
            assert!(
                start.elapsed() < START_TIMEOUT,
                "PostgreSQL does not accept connections: {reason}\nIts log:\n{}",
                self.log()
            );
            thread::sleep(POLL);
        }
    }

    /// Runs a statement through `psql`.
    fn sql(&self, database: &str, statement: &str) -> Result<(), String> {
        let output = Command::new(&self.binaries.psql)
            .args([
                "--no-psqlrc",
                "--quiet",
                "--username=postgres",
                "--dbname",
                database,
                "--port",
                &PORT.to_string(),
            ])
            .arg("--host")
            .arg(self.directory.path())
            .args(["--command", statement])
            .output()
            .map_err(|e| format!("psql does not run: {e}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Process {
    fn end(mut self) {
        // A shell that cannot be told or waited for has ended by itself.
        let _ = self.lifeline.write_all(b"stop\n");
        let _ = self.shell.wait();
    }
}

/// A directory that the server's user may use and enter; short, because a socket's path has at most
/// 107 bytes.
fn directory(binaries: &Binaries) -> io::Result<TempDir> {
    let directory = tempfile::Builder::new().prefix("pg").tempdir()?;
    if let Some((user, group)) = binaries.owner() {
        std::os::unix::fs::chown(directory.path(), Some(user), Some(group))?;
    }
    Ok(directory)
}
