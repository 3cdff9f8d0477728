//! The machine on which figures were measured.

use std::{fs, thread};

use serde::Serialize;

/// The machine of a run. Others who use it show in the load and in the high quantiles.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Machine {
    /// Threads that can run at once.
    pub cores: usize,
    /// Load average of a minute before the run.
    pub load_before: Option<f64>,
    /// Load average of a minute after the run.
    pub load_after: Option<f64>,
    /// Whether this program was built with debug assertions; its figures then mean nothing.
    pub debug_build: bool,
}

impl Machine {
    /// This machine, before a run.
    pub(crate) fn before_run() -> Self {
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            load_before: load_average(),
            load_after: None,
            debug_build: cfg!(debug_assertions),
        }
    }

    /// The same after the run.
    pub(crate) fn after_run(self) -> Self {
        let load_after = load_average();
        Self { load_after, ..self }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [before, after] = [self.load_before, self.load_after].map(|load| optional(load, 2));
        let cores = self.cores;
        write!(f, "{cores} cores, load {before} before, {after} after")
    }
}

/// A number with so many digits after the point, or a dash.
pub(crate) fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Load average of the last minute; `None` without `/proc`.
fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}
