//! The program as a command: what it prints and how it ends.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use tempfile::TempDir;

/// End of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The complaint of a program that did not start.
    ///
    /// # Panics
    /// If it is anything else than one line, with the exit code for it.
    pub(crate) fn complaint(&self) -> &str {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        let line = self.err.strip_suffix('\n').expect("a whole line");
        assert!(!line.contains('\n'), "one line: {line}");
        line.strip_prefix("odyssey: ").expect("says who complains")
    }
}

/// A directory to run the program in, with nothing in it.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Home {
        Home(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file.
    pub(crate) fn with(self, name: &str, text: &str) -> Home {
        fs::write(self.path().join(name), text).expect("a file");
        self
    }

    /// Runs the program to its end, without any configuration of the tests' own surroundings.
    pub(crate) fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        self.run_with_input(arguments, environment, "")
    }

    /// As `run`, with something on standard input.
    pub(crate) fn run_with_input(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
        input: &str,
    ) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_odyssey"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ODYSSEY_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("was piped");
        let input = input.to_owned();
        let writer = thread::spawn(move || {
            // A program that does not read has ended.
            let _ = pipe.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the writer ends");
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

#[test]
fn help_and_version_are_answers() {
    let home = Home::new();
    let help = home.run(&["--help"], &[]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for option in [
        "--bind",
        "--data",
        "--database-url",
        "--tick-rate",
        "--limits",
        "--config",
        "migrate",
    ] {
        assert!(help.out.contains(option), "{option} in {}", help.out);
    }
    let version = home.run(&["--version"], &[]);
    assert_eq!(
        version.out,
        format!("odyssey {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused_in_one_line() {
    let home = Home::new();
    for (arguments, named) in [
        (&["--frobnicate"] as &[_], "--frobnicate"),
        (&["frobnicate"], "frobnicate"),
        (&["--bind"], "--bind"),
        (&["migrate", "down", "--steps", "0"], "--steps"),
    ] {
        let ended = home.run(arguments, &[]);
        assert!(ended.complaint().contains(named), "{ended:?}");
    }
}

#[test]
fn posbus_frames_pass_the_filters() {
    let home = Home::new();
    let frames = "4d96c1ad09b2693e52\n";
    let lines = "{\"message\":\"signal\",\"json\":{\"value\":9}}\n";
    let decoded = home.run_with_input(&["posbus", "decode"], &[], frames);
    assert_eq!((decoded.code, decoded.out.as_str()), (Some(0), lines));
    let encoded = home.run_with_input(&["posbus", "encode"], &[], lines);
    assert_eq!((encoded.code, encoded.out.as_str()), (Some(0), frames));
    let refused = home.run_with_input(&["posbus", "decode"], &[], "nonsense\n");
    assert_eq!(refused.code, Some(0), "a bad line is answered, not fatal");
    assert!(refused.out.starts_with("{\"error\":"), "{refused:?}");
}
