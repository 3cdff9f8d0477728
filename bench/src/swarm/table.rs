//! The report as a table for people.

use std::fmt;

use crate::swarm::{ProcessUse, Quantiles, Report, TickFigures};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        let mut row = |name: &str, value: String| writeln!(f, "{name:<26} {value}");
        row(
            "run",
            format!(
                "{} users, {} version {}, {}, {} updates/s each, {} s, seed {}, {} % stalled, {} % dropped",
                options.users,
                options.transport,
                options.protocol,
                options.pattern,
                options.rate,
                options.window.as_secs_f64(),
                options.seed,
                options.stalled,
                options.dropped
            ),
        )?;
        row("machine", self.machine.to_string())?;
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
        if let Some(ticks) = &self.joins.ticks {
            row("  ticks meanwhile", tick(ticks))?;
        }
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
                "{:.3} % of {} sampled near by, {} merged; {:.0} per user and second in all",
                updates.seen_share * 100.0,
                updates.expected,
                updates.merged,
                updates.seen_per_user_second
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
        row("latency near by, ms", times(self.latency_ms))?;
        row("latency of all, ms", times(self.latency_all_ms))?;
        row("age near by, ms", times(self.age_near_ms))?;
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
                "{} out of order, {} ticks out of order, {} handles, {} wrong, {} falsely removed, {} undecodable",
                faults.order_violations,
                faults.tick_violations,
                faults.handle_conflicts,
                faults.wrong_positions,
                faults.false_removals,
                faults.undecodable
            ),
        )?;
        let resumes = &self.resumes;
        if resumes.cut > 0 {
            row(
                "came back",
                format!(
                    "{} of {}, others noticed {} times; in ms: {}",
                    resumes.returned,
                    resumes.cut,
                    resumes.blinks,
                    times(resumes.took_ms)
                ),
            )?;
        }
        row("swarm's own lag, ms", times(self.lag_ms))?;
        row("swarm's rounds, ms", times(self.round_ms))?;
        row("swarm used", process(self.generator))?;
        row("server used", process(self.server_process))?;
        match &self.server {
            Some(server) => {
                row("server's ticks", tick(&server.tick))?;
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

fn tick(ticks: &TickFigures) -> String {
    let p99 = ticks.p99_ms_estimate;
    format!(
        "{}, mean {:.3} ms, p99 about {} ms, {} over 50 ms, {} overruns",
        ticks.count,
        ticks.mean_ms,
        p99.map_or("beyond all buckets of".to_owned(), |p99| format!(
            "{p99:.2}"
        )),
        ticks
            .over_50_ms
            .map_or("unknown".to_owned(), |over| over.to_string()),
        ticks.overruns
    )
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
            "{:.2} cores, {:.0} µs per user and second, {:.1} MiB resident, {:.1} kB more per user",
            used.cores,
            used.cpu_us_per_user_second,
            used.resident as f64 / f64::from(1 << 20),
            used.resident_per_user / 1e3
        )
    })
}
