//! End of the program: one line on standard error and an exit code that says who has to act.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

/// Something is wrong with the configuration or the surroundings; starting again without a change
/// will not help.
const SETUP: u8 = 2;
/// Something went wrong while running.
const RUNTIME: u8 = 1;

/// The result of a command.
pub(crate) type Exit = Result<(), Failure>;

/// Why the program ends without having done what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    error: anyhow::Error,
}

impl Failure {
    /// The program cannot start like this.
    pub(crate) fn setup(error: anyhow::Error) -> Self {
        Self { code: SETUP, error }
    }

    /// The program had started.
    pub(crate) fn runtime(error: anyhow::Error) -> Self {
        Self {
            code: RUNTIME,
            error,
        }
    }

    /// Says what is wrong in one line.
    pub(crate) fn report(&self) -> ExitCode {
        say(&format!("{:#}", self.error));
        ExitCode::from(self.code)
    }
}

/// Answers a command line that makes no sense in one line, and a question for help or version in
/// full.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed standard output is the reader's choice.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let (first, _) = text.split_once("\n\n").unwrap_or((&text, ""));
    let first = first.strip_prefix("error: ").unwrap_or(first);
    say(&format!("{first} (see odyssey --help)"));
    ExitCode::from(SETUP)
}

/// Prints to standard output; that nobody reads it is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// One line on standard error, whatever line breaks the message has.
fn say(message: &str) {
    let words: Vec<&str> = message.split_whitespace().collect();
    let line = format!("odyssey: {}\n", words.join(" "));
    // There is nobody else to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}
