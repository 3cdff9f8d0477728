//! The report as a table for people.

use std::fmt;

use crate::{ProcessUse, Quantiles, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        let mut row = |name: &str, value: String| writeln!(f, "{name:<26} {value}");
        row(
            "run",
            format!(
                "{} users, {}, {} updates/s each, {} s, seed {}, {} % stalled",
                options.users,
                options.pattern,
                options.rate,
                options.window.as_secs_f64(),
                options.seed,
                options.stalled
            ),
        )?;
        row(
            "machine",
            format!(
                "{} cores, load {} before, {} after",
                self.machine.cores,
                optional(self.machine.load_before),
                optional(self.machine.load_after)
            ),
        )?;
        let users = &self.users;
        row(
            "users",
            format!(
                "{} entered, {} read to the end, {} lost",
                users.entered, users.readers, users.lost
            ),
        )?;
        for (kind, count) in &users.losses {
            row("  lost by", format!("{kind}: {count}"))?;
        }
        if users.stalled > 0 {
            row(
                "  stalled",
                format!(
                    "{}, of whom {} were sent away",
                    users.stalled, users.stalled_sent_away
                ),
            )?;
        }
        row(
            "joins",
            format!(
                "{:.0} per second, in ms: {}",
                self.joins.per_second,
                times(self.joins.took_ms)
            ),
        )?;
        let updates = &self.updates;
        row(
            "updates sent",
            format!(
                "{} ({:.2} per user and second), {} skipped",
                updates.sent, updates.sent_per_user_second, updates.skipped
            ),
        )?;
        row(
            "updates seen",
            format!(
                "{} of {} ({:.2} %), the rest merged",
                updates.seen,
                updates.expected,
                updates.seen_share * 100.0
            ),
        )?;
        let pairs = &self.pairs;
        row(
            "pairs",
            format!(
                "{}: {} known, {} seen moving, {} settled; {:.3} % of {} samples fresh",
                pairs.expected,
                pairs.known,
                pairs.seen,
                pairs.settled,
                pairs.fresh_share * 100.0,
                pairs.sampled
            ),
        )?;
        row("latency, ms", times(self.latency_ms))?;
        row("latency within 64 m, ms", times(self.latency_near_ms))?;
        row("age within 64 m, ms", times(self.age_near_ms))?;
        let traffic = &self.traffic;
        row(
            "received per user, second",
            format!(
                "{:.1} frames, {:.0} bytes, {:.0} positions of {:.1} bytes",
                traffic.frames_per_user_second,
                traffic.bytes_per_user_second,
                traffic.positions_per_user_second,
                traffic.bytes_per_position
            ),
        )?;
        let faults = &self.faults;
        row(
            "faults",
            format!(
                "{} out of order, {} wrong, {} falsely removed, {} undecodable",
                faults.order_violations,
                faults.wrong_positions,
                faults.false_removals,
                faults.undecodable
            ),
        )?;
        row("swarm's own lag, ms", times(self.lag_ms))?;
        row("swarm used", process(self.generator))?;
        row("server used", process(self.server_process))?;
        match &self.server {
            Some(server) => {
                let tick = &server.tick;
                let p99 = tick.p99_ms_estimate;
                row(
                    "server's ticks",
                    format!(
                        "{}, mean {:.3} ms, p99 about {} ms, {} overruns",
                        tick.count,
                        tick.mean_ms,
                        p99.map_or("beyond all buckets of".to_owned(), |p99| format!(
                            "{p99:.2}"
                        )),
                        tick.overruns
                    ),
                )?;
                for (cause, count) in &server.disconnects {
                    row("  disconnected by", format!("{cause}: {count}"))?;
                }
            }
            None => row("server's ticks", "it shows no /metrics".to_owned())?,
        }
        match (&self.void, self.failures.as_slice()) {
            (Some(why), _) => row("result", format!("VOID: {why}"))?,
            (None, []) => row("result", "passed".to_owned())?,
            (None, _) => row("result", "FAILED".to_owned())?,
        }
        self.failures
            .iter()
            .try_for_each(|what| row("  failed", what.clone()))
    }
}

fn times(times: Quantiles) -> String {
    format!(
        "p50 {:.1}, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, max {:.1} ({} times)",
        times.p50, times.p90, times.p99, times.p999, times.max, times.count
    )
}

fn process(used: Option<ProcessUse>) -> String {
    used.map_or("not known (--server-pid)".to_owned(), |used| {
        format!(
            "{:.2} cores, {:.0} µs per user and second, {:.1} MiB resident",
            used.cores,
            used.cpu_us_per_user_second,
            used.resident as f64 / f64::from(1 << 20)
        )
    })
}

fn optional(value: Option<f64>) -> String {
    value.map_or("unknown".to_owned(), |value| format!("{value:.2}"))
}
