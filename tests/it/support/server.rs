//! The program under test as a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::DEADLINE;

/// Number of lines of the program's log that a failed test shows.
const LOG_LINES: usize = 60;
/// Pause between two looks at a process that is ending.
const POLL: Duration = Duration::from_millis(10);
/// Time within which a stop by signal has to end, by promise (docs/operations.md: within 10 s).
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Options of the program, besides an address, a port and a data directory of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    arguments: Vec<String>,
    config: String,
    /// Shell commands that run in the process before it becomes the program.
    prelude: Option<String>,
}

impl Options {
    /// Adds arguments of the command line.
    pub(crate) fn arguments<const N: usize>(mut self, arguments: [&str; N]) -> Options {
        self.arguments.extend(arguments.map(str::to_owned));
        self
    }

    /// Adds lines to the configuration file.
    pub(crate) fn config(mut self, lines: &str) -> Options {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// Lets users leave the moment their connection breaks.
    pub(crate) fn without_grace(self) -> Options {
        self.config("grace = \"0s\"")
    }

    /// Turns off all limits by address and session.
    pub(crate) fn unlimited(self) -> Options {
        self.arguments(["--limits", "off"])
    }

    /// Stores in the database of this URL instead of the embedded one.
    pub(crate) fn database(self, url: &str) -> Options {
        self.arguments(["--database-url", url])
    }

    /// Runs shell commands, such as `ulimit`, before the program in its process.
    pub(crate) fn prelude(mut self, commands: &str) -> Options {
        self.prelude = Some(commands.to_owned());
        self
    }
}

/// A running program; dropping it kills it and removes its data.
pub(crate) struct Server {
    options: Options,
    home: TempDir,
    process: Option<Process>,
}

struct Process {
    child: Child,
    address: String,
    claim: Option<String>,
    lines: Receiver<String>,
}

impl Server {
    /// Starts the program on an empty data directory and returns when it accepts connections.
    pub(crate) fn start(options: Options) -> Server {
        Server::start_on(options, |_| ())
    }

    /// As [`Server::start`], on a data directory that was made ready before.
    pub(crate) fn start_on(options: Options, prepare: impl FnOnce(&Path)) -> Server {
        let home = tempfile::Builder::new()
            .prefix("odyssey")
            .tempdir()
            .expect("a temporary directory");
        prepare(&home.path().join("data"));
        let mut server = Server {
            options,
            home,
            process: None,
        };
        server.launch();
        server
    }

    /// Its base URL, as `http://address:port`.
    pub(crate) fn url(&self) -> &str {
        &self.running().address
    }

    /// Its address, as `address:port`.
    pub(crate) fn address(&self) -> &str {
        self.url().trim_start_matches("http://")
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The log of the program so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The token of the link that makes the first owner.
    pub(crate) fn claim_token(&mut self) -> String {
        let process = self.process.as_mut().expect("the program runs");
        let end = Instant::now() + DEADLINE;
        while process.claim.is_none() {
            let line = process
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()));
            process.note(&line.expect("the program prints a link to claim it"));
        }
        let link = process.claim.as_deref().expect("was just found");
        let (_, token) = link.split_once("#token=").expect("a link with a token");
        token.to_owned()
    }

    /// Whether the process still lives.
    pub(crate) fn is_alive(&mut self) -> bool {
        let process = self.process.as_mut().expect("the program was started");
        matches!(process.child.try_wait(), Ok(None))
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.running().child.id()
    }

    /// The most memory it has ever taken, in MiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("a process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
        kibibytes.expect("a number") / 1024
    }

    /// Ends it without any chance to prepare.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.child.kill().expect("may be killed");
            process.child.wait().expect("ends when killed");
        }
    }

    /// Asks it to end and waits for that.
    ///
    /// # Panics
    /// If it takes longer than promised or does not succeed.
    pub(crate) fn stop(&mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "the program ended with {status}");
    }

    /// Asks it to end, without waiting.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// If that takes longer than a stop may.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the program runs");
        let start = Instant::now();
        loop {
            if let Some(status) = process.child.try_wait().expect("a child of ours") {
                return status;
            }
            if start.elapsed() > STOP_LIMIT {
                self.process = Some(process);
                panic!("the program does not end");
            }
            thread::sleep(POLL);
        }
    }

    /// Starts it again on the same data, on another port.
    pub(crate) fn start_again(&mut self) {
        assert!(self.process.is_none(), "it was ended before");
        self.launch();
    }

    /// Starts it again with other options.
    pub(crate) fn start_again_with(&mut self, options: Options) {
        self.options = options;
        self.start_again();
    }

    /// Starts it again where that has to fail; returns its exit code and its last words.
    pub(crate) fn fails_to_start(&mut self) -> (Option<i32>, String) {
        assert!(self.process.is_none(), "it was ended before");
        let mut child = command(&self.options, self.home.path(), &SERVE)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be run");
        let mut words = String::new();
        let mut errors = child.stderr.take().expect("was piped");
        errors.read_to_string(&mut words).expect("text");
        let status = child.wait().expect("a child of ours");
        (
            status.code(),
            words.lines().last().unwrap_or_default().to_owned(),
        )
    }

    /// Begins another command of the program on the same data and configuration; its words go
    /// nowhere.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> std::process::Child {
        command(&self.options, self.home.path(), arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be run")
    }

    /// Runs another command of the program on the same data and configuration.
    pub(crate) fn run(&self, arguments: &[&str]) -> std::process::Output {
        command(&self.options, self.home.path(), arguments)
            .output()
            .expect("the program can be run")
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("the program runs")
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("log")
    }

    fn launch(&mut self) {
        let process = Process::start(&self.options, self.home.path());
        self.process =
            Some(process.unwrap_or_else(|problem| panic!("{problem}\n{}", self.end_of_log())));
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "--- the end of the program's log ---\n{}\n---",
                self.end_of_log()
            );
        }
        if let Some(mut process) = self.process.take() {
            // One that has ended already cannot be killed, which is as well.
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

impl Process {
    fn start(options: &Options, home: &Path) -> Result<Process, String> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(home.join("log"))
            .expect("a log file");
        let mut child = command(options, home, &SERVE)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("the program does not start: {error}"))?;
        let output = child.stdout.take().expect("was piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut process = Process {
            child,
            address: String::new(),
            claim: None,
            lines,
        };
        match process.wait_until_listening() {
            Ok(()) => Ok(process),
            Err(problem) => {
                // One that has ended already cannot be killed, which is as well.
                let _ = process.child.kill();
                let _ = process.child.wait();
                Err(problem)
            }
        }
    }

    fn wait_until_listening(&mut self) -> Result<(), String> {
        let end = Instant::now() + 3 * DEADLINE;
        while self.address.is_empty() {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.note(&line),
                Err(RecvTimeoutError::Timeout) => {
                    return Err("the program never listens".to_owned());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("the program ended before it listened".to_owned());
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, line: &str) {
        if let Some(address) = line.strip_prefix("listening on ") {
            self.address = address.trim().to_owned();
        } else if let Some(link) = line.strip_prefix("claim this node: ") {
            self.claim = Some(link.trim().to_owned());
        }
    }
}

/// The command that starts the program in a folder.
/// The command that tests run most.
const SERVE: [&str; 3] = ["serve", "--bind", "127.0.0.1:0"];

/// A command of the program on the data of a test.
fn command(options: &Options, home: &Path, arguments: &[&str]) -> Command {
    let config = home.join("odyssey.toml");
    fs::write(&config, &options.config).expect("a configuration file");
    let mut command = match &options.prelude {
        Some(prelude) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{prelude}\nexec \"$0\" \"$@\"")]);
            shell.arg(env!("CARGO_BIN_EXE_odyssey"));
            shell
        }
        None => Command::new(env!("CARGO_BIN_EXE_odyssey")),
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ODYSSEY_") {
            command.env_remove(name);
        }
    }
    // Only the test about it depends on how full the disk is.
    if !options.config.contains("free_percent") {
        command.env("ODYSSEY_MEDIA__QUOTAS__FREE_PERCENT", "0");
    }
    command
        .args(arguments)
        .arg("--data")
        .arg(home.join("data"))
        .arg("--config")
        .arg(&config)
        .args(&options.arguments)
        .current_dir(home)
        .stdin(Stdio::null());
    command
}
