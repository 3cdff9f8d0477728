//! PostgreSQL's programs, and the user to run them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders of distributions for programs that are not on `PATH`.
const PLACES: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"];
/// Accounts that root may run the server as, best first.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The programs a server needs.
#[derive(Debug)]
pub(crate) struct Binaries {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
    pub(crate) psql: PathBuf,
    /// User and group of the server, if it cannot be our own.
    account: Option<(u32, u32)>,
}

impl Binaries {
    /// Finds the programs, or says what is missing.
    pub(crate) fn find() -> Result<Binaries, String> {
        Ok(Binaries {
            initdb: find("initdb")?,
            postgres: find("postgres")?,
            psql: find("psql")?,
            account: if is_root() { Some(account()?) } else { None },
        })
    }

    /// User and group that the server's files must belong to.
    pub(crate) fn owner(&self) -> Option<(u32, u32)> {
        self.account
    }

    /// A command that runs as the server's user.
    pub(crate) fn command(&self, program: &Path) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(program);
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

fn find(program: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain(versions());
    let found = folders.find_map(|folder| Some(folder.join(program)).filter(|file| file.is_file()));
    found.ok_or_else(|| {
        format!(
            "the tests need a PostgreSQL server, but `{program}` is neither on PATH nor below {}; \
             install the package `postgresql`",
            PLACES.join(", ")
        )
    })
}

/// The `bin` folders of all installed versions, newest first.
fn versions() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = PLACES
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

/// The owner of our own process, as the kernel shows it.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn account() -> Result<(u32, u32), String> {
    let users = fs::read_to_string("/etc/passwd").map_err(|e| format!("/etc/passwd: {e}"))?;
    ACCOUNTS
        .iter()
        .find_map(|account| users.lines().find_map(|line| ids(line, account)))
        .ok_or_else(|| {
            format!(
                "PostgreSQL does not run as root, and there is no user {}",
                ACCOUNTS.join(" or ")
            )
        })
}

/// User and group id of a line of the password file, if it is that of `account`.
fn ids(line: &str, account: &str) -> Option<(u32, u32)> {
    let mut fields = line.split(':');
    if fields.next()? != account {
        return None;
    }
    let user = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((user, group))
}
