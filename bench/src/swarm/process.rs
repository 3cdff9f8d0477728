//! Usage of processes of this machine, as the kernel counts it.

use std::fs;

use serde::Serialize;

/// Clock ticks per second that `/proc` counts CPU time in: 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Usage of a process so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usage {
    /// CPU time in seconds, of all threads, in user and kernel mode.
    pub(crate) cpu_seconds: f64,
    /// Resident memory in bytes.
    pub(crate) resident: u64,
}

impl Usage {
    /// Of a process of this machine; None where there is no such process or no `/proc`.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Self::parse(&stat, &status)
    }

    fn parse(stat: &str, status: &str) -> Option<Self> {
        // The name in parentheses may hold anything; user and system time are the 12th and 13th
        // field after it.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
        let ticks = times.next()?.ok()? + times.next()?.ok()?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = resident.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(Self {
            cpu_seconds: ticks / TICKS_PER_SECOND,
            resident: kibibytes * 1024,
        })
    }
}

/// Usage of a process during the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProcessUse {
    /// CPU time in seconds.
    pub cpu_seconds: f64,
    /// The same as a share of one core: 2 is two cores busy.
    pub cores: f64,
    /// The same per user and second, in microseconds.
    pub cpu_us_per_user_second: f64,
    /// Resident memory in bytes before anybody entered.
    pub resident_before: u64,
    /// Resident memory in bytes at the end.
    pub resident: u64,
    /// Usage between two moments, per user.
    pub resident_per_user: f64,
}

impl ProcessUse {
    /// Of `users` users over `seconds`: before they entered, when the measurement began, and when
    /// it ended.
    pub(crate) fn between(
        before: Usage,
        start: Usage,
        end: Usage,
        users: u32,
        seconds: f64,
    ) -> Self {
        let cpu_seconds = end.cpu_seconds - start.cpu_seconds;
        let users = f64::from(users.max(1));
        Self {
            cpu_seconds,
            cores: cpu_seconds / seconds,
            cpu_us_per_user_second: cpu_seconds * 1e6 / users / seconds,
            resident_before: before.resident,
            resident: end.resident,
            resident_per_user: end.resident.saturating_sub(before.resident) as f64 / users,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ProcessUse, Usage};

    #[test]
    fn figures_of_the_kernel_are_read() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100 1 2";
        let usage = Usage::parse(stat, "Name:\tx\nVmRSS:\t    2048 kB\n");
        let expected = Usage {
            cpu_seconds: 3.0,
            resident: 2 << 20,
        };
        assert_eq!(usage, Some(expected));
        assert_eq!(Usage::parse("", ""), None);
    }

    #[test]
    fn use_is_per_user_and_second() {
        let usage = |cpu_seconds, resident| Usage {
            cpu_seconds,
            resident,
        };
        let used = ProcessUse::between(
            usage(1.0, 1_000),
            usage(3.0, 4_000),
            usage(8.0, 5_000),
            100,
            10.0,
        );
        assert_eq!((used.cpu_seconds, used.cores), (5.0, 0.5));
        assert_eq!(
            (used.cpu_us_per_user_second, used.resident_per_user),
            (5_000.0, 40.0)
        );
    }
}
