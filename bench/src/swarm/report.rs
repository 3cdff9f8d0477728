//! The figures of a run.

mod html;
mod verdict;

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    Machine,
    swarm::{
        Options, ProcessUse, Quantiles, Series,
        bot::{BotStats, Outcome},
        histogram::Times,
        known::Final,
        process::Usage,
        scrape::Scrape,
        stats::Stats,
    },
};

/// Figures of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Options of the run.
    pub options: Options,
    /// Machine of the run.
    pub machine: Machine,
    /// Users of the run.
    pub users: Users,
    /// Joins.
    pub joins: Joins,
    /// Updates sent and seen.
    pub updates: Updates,
    /// Knowledge of everybody about everybody.
    pub pairs: Pairs,
    /// Milliseconds from just before an update is written to a socket until another bot near by (as
    /// `Updates::expected` has it, by where it is then) has decoded it, for each of these.
    pub latency_ms: Quantiles,
    /// The same for all bots, those far away included, whom a server tells less often.
    pub latency_all_ms: Quantiles,
    /// Milliseconds since the sending of the newest known position of others near by, sampled once
    /// a second; 0 if it is where they are.
    pub age_near_ms: Quantiles,
    /// Traffic of a reading bot.
    pub traffic: Traffic,
    /// Faults, which must not happen.
    pub faults: Faults,
    /// Milliseconds that the swarm itself was late.
    pub lag_ms: Quantiles,
    /// Milliseconds that a thread of bots took to go through everything that was ready: how long a
    /// frame waited in the swarm at most. It is part of the latencies.
    pub round_ms: Quantiles,
    /// Share of the frames that another bot had been sent as well, to the byte, and that were not
    /// decoded again.
    pub remembered_share: f64,
    /// Usage of the swarm; per-user figures are per bot.
    pub generator: Option<ProcessUse>,
    /// Usage of the server, if its process was named.
    pub server_process: Option<ProcessUse>,
    /// Metrics of the server, if it has them.
    pub server: Option<ServerFigures>,
    /// Bots that cut their connection and came back.
    pub resumes: Resumes,
    /// Data of the plots.
    pub plots: Plots,
    /// Why the run does not count, if so.
    pub void: Option<String>,
    /// Failures; none if all was well.
    pub failures: Vec<String>,
}

/// Users of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Users {
    /// Bots asked for.
    pub asked: u32,
    /// Bots that entered.
    pub entered: u32,
    /// Bots that were there to the end and read all the time.
    pub readers: u32,
    /// Bots that stopped reading when the measurement began.
    pub stalled: u32,
    /// Of these, sent away by the server.
    pub stalled_sent_away: u32,
    /// Reading bots that were lost, or never entered.
    pub lost: u32,
    /// The same by kind; a close by the server with its code and reason.
    pub losses: BTreeMap<String, u32>,
}

/// Joins of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Joins {
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// Bots per second.
    pub per_second: f64,
    /// Milliseconds from the first packet to the own name in the list of users.
    pub took_ms: Quantiles,
    /// The server's ticks in that time, if it tells of them.
    pub ticks: Option<TickFigures>,
}

/// Bots that cut their connection without a word and came back.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Resumes {
    /// Connections cut.
    pub cut: u64,
    /// Bots that were back in the world afterwards.
    pub returned: u64,
    /// Of these, whom the server took for somebody new, in version 2.
    pub strangers: u64,
    /// Milliseconds from the first packet to the own name in the list of users.
    pub took_ms: Quantiles,
    /// Times that another bot was told that one of them is gone, or is new, though it was only
    /// away.
    pub blinks: u64,
}

/// Data of the plots.
#[derive(Clone, Debug, Serialize)]
pub struct Plots {
    /// Latency near by: the upper bound of each bar in milliseconds, and how many are in it. The
    /// last bar has no bound.
    pub latency: Vec<(f64, u64)>,
    /// The measurement second by second.
    pub series: Series,
    /// Bytes per second of each reading bot, ascending.
    pub bytes_per_user_second: Vec<u64>,
}

/// Updates sent and seen during the measurement.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Updates {
    /// Updates sent by bots that were there to the end; those of bots that stop reading are counted
    /// nowhere.
    pub sent: u64,
    /// The same per second and bot.
    pub sent_per_user_second: f64,
    /// Updates not sent because the swarm was too late for them.
    pub skipped: u64,
    /// Updates of others seen by anybody for the first time, near and far.
    pub seen: u64,
    /// The same per second and bot.
    pub seen_per_user_second: f64,
    /// Updates that somebody near by had to see, in a sample of the bots and seconds
    /// (docs/performance.md).
    pub expected: u64,
    /// Of these, seen.
    pub arrived: u64,
    /// Of these, overtaken by a newer one that arrived within two ticks' time.
    pub merged: u64,
    /// Share of those seen, of all that were not merged.
    pub seen_share: f64,
}

/// Knowledge of everybody about everybody: pairs of a reading bot and another one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pairs {
    /// All pairs.
    pub expected: u64,
    /// Of these, where the other one was announced.
    pub known: u64,
    /// Of these, where an update of the other one was seen.
    pub seen: u64,
    /// Of these, where the last update of the other one was seen, a little after the last movement.
    pub settled: u64,
    /// Pairs sampled during the measurement.
    pub sampled: u64,
    /// Of these, where the newest known position was the last one or at most 2 s old.
    pub fresh: u64,
    /// The share of them.
    pub fresh_share: f64,
}

/// Traffic of a reading bot during the measurement, in PosBus frames; the WebSocket adds 2 to 4
/// bytes to each.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Traffic {
    /// Frames per bot and second.
    pub frames_per_user_second: f64,
    /// Bytes per bot and second.
    pub bytes_per_user_second: f64,
    /// Positions per bot and second, own and repeated ones included.
    pub positions_per_user_second: f64,
    /// Bytes per position, all overhead of its frame included.
    pub bytes_per_position: f64,
    /// Positions per bot and second that came after newer ones, over transports that may do so.
    pub late_per_user_second: f64,
}

/// Faults, which must not happen.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Faults {
    /// Older positions after newer ones of the same mover.
    pub order_violations: u64,
    /// Older ticks after newer ones.
    pub tick_violations: u64,
    /// Handles given to somebody while they belonged to somebody else who was there.
    pub handle_conflicts: u64,
    /// Positions that nobody sent, off by more than rounding.
    pub wrong_positions: u64,
    /// Users said to be gone who were there.
    pub false_removals: u64,
    /// Frames that could not be decoded.
    pub undecodable: u64,
}

/// Metrics of the server over the time of the measurement, all its worlds together.
#[derive(Clone, Debug, Serialize)]
pub struct ServerFigures {
    /// Its ticks.
    pub tick: TickFigures,
    /// PosBus frames sent.
    pub frames_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Sessions that ended, by cause.
    pub disconnects: BTreeMap<String, u64>,
}

/// Ticks of a server.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TickFigures {
    /// Number.
    pub count: u64,
    /// Mean time in milliseconds.
    pub mean_ms: f64,
    /// 99 % took at most so many milliseconds, estimated within a bucket of the server's histogram;
    /// none if beyond its last bound.
    pub p99_ms_estimate: Option<f64>,
    /// Ticks that took longer than 50 ms.
    pub over_50_ms: Option<u64>,
    /// Ticks that took longer than their period.
    pub overruns: u64,
}

/// Raw results of a run.
pub(crate) struct Collected {
    pub(crate) options: Options,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) stats: Stats,
    /// Time that entering took for all together.
    pub(crate) ramp: Duration,
    pub(crate) machine: Machine,
    /// The swarm at start and end of the measurement.
    pub(crate) own: Option<(Usage, Usage)>,
    /// The server before anybody entered, at start and at end.
    pub(crate) server: Option<((Usage, Usage), Usage)>,
    /// The server's figures at start and end.
    pub(crate) scrapes: Option<(Scrape, Scrape)>,
    /// The server's figures before anybody entered, and when all had.
    pub(crate) ramp_scrapes: Option<(Scrape, Scrape)>,
    pub(crate) series: Series,
}

impl Report {
    pub(crate) fn new(collected: Collected) -> Self {
        let seconds = collected.options.window.as_secs_f64();
        let users = count_users(&collected);
        let reading: Vec<_> = collected.outcomes.iter().filter(|bot| reads(bot)).collect();
        let total = reading
            .iter()
            .fold(BotStats::default(), |sum, bot| sum.plus(bot.stats));
        let end = reading
            .iter()
            .fold(Final::default(), |sum, bot| sum.plus(bot.end));
        let readers = f64::from(users.readers);
        let per_user_second = |count: u64| ratio(count as f64, readers * seconds);
        let server = |((before, start), end)| {
            ProcessUse::between(before, start, end, users.entered, seconds)
        };
        let own = |(start, end)| ProcessUse::between(start, start, end, users.entered, seconds);
        let stats = &collected.stats;
        let expectations = stats.expectations;
        let mut bytes_per_user: Vec<_> = reading
            .iter()
            .map(|bot| (bot.stats.bytes as f64 / seconds) as u64)
            .collect();
        bytes_per_user.sort_unstable();
        let mut report = Self {
            machine: collected.machine,
            joins: Joins {
                seconds: collected.ramp.as_secs_f64(),
                per_second: f64::from(users.entered) / collected.ramp.as_secs_f64().max(1e-3),
                took_ms: stats.joining.quantiles(),
                ticks: collected
                    .ramp_scrapes
                    .map(|(before, after)| after.since(&before).tick),
            },
            updates: Updates {
                sent: total.sent,
                sent_per_user_second: per_user_second(total.sent),
                skipped: total.skipped,
                seen: total.seen,
                seen_per_user_second: per_user_second(total.seen),
                expected: expectations.expected,
                arrived: expectations.arrived,
                merged: expectations.merged,
                seen_share: ratio(
                    expectations.arrived as f64,
                    expectations.expected.saturating_sub(expectations.merged) as f64,
                ),
            },
            pairs: Pairs {
                expected: end.expected,
                known: end.known,
                seen: end.seen,
                settled: end.settled,
                sampled: total.sampled.looked_at,
                fresh: total.sampled.fresh,
                fresh_share: ratio(total.sampled.fresh as f64, total.sampled.looked_at as f64),
            },
            latency_ms: stats.latency.quantiles(),
            latency_all_ms: stats.latency_all.quantiles(),
            age_near_ms: stats.age.quantiles(),
            traffic: Traffic {
                frames_per_user_second: per_user_second(total.frames),
                bytes_per_user_second: per_user_second(total.bytes),
                positions_per_user_second: per_user_second(total.entries),
                bytes_per_position: ratio(total.entry_bytes as f64, total.entries as f64),
                late_per_user_second: per_user_second(total.late),
            },
            faults: Faults {
                order_violations: total.older,
                tick_violations: total.ticks_back,
                handle_conflicts: total.handles,
                wrong_positions: total.wrong,
                false_removals: total.removed,
                undecodable: total.undecodable,
            },
            lag_ms: stats.lag.quantiles(),
            round_ms: stats.rounds.quantiles(),
            remembered_share: ratio(
                stats.remembered as f64,
                (stats.remembered + stats.decoded) as f64,
            ),
            resumes: Resumes {
                cut: total.cuts,
                returned: total.returns,
                strangers: total.strangers,
                took_ms: stats.resuming.quantiles(),
                blinks: total.blinks,
            },
            plots: Plots {
                latency: bars(&stats.latency),
                series: collected.series,
                bytes_per_user_second: bytes_per_user,
            },
            generator: collected.own.map(own),
            server_process: collected.server.map(server),
            server: collected.scrapes.map(|(start, end)| end.since(&start)),
            users,
            options: collected.options,
            void: None,
            failures: Vec::new(),
        };
        report.void = verdict::void(report.lag_ms);
        report.failures = verdict::failures(&report);
        report
    }

    /// Whether it counts and all was well.
    pub fn passed(&self) -> bool {
        self.void.is_none() && self.failures.is_empty()
    }
}

/// Times in bars that grow by a quarter each, so that short and long ones can both be seen.
fn bars(times: &Times) -> Vec<(f64, u64)> {
    let bounds = std::iter::successors(Some(1.0_f64), |bound| Some(bound * 1.25))
        .take_while(|bound| *bound < 20_000.0);
    let mut below = 0.0;
    let bars = bounds.chain([f64::INFINITY]).map(|bound| {
        let count = times.between(below, bound);
        below = bound;
        (bound, count)
    });
    let bars: Vec<_> = bars.collect();
    let last = bars.iter().rposition(|(_, count)| *count > 0);
    bars.into_iter()
        .take(last.map_or(0, |last| last + 1))
        .collect()
}

/// Whether a bot was there to the end and read all the time.
fn reads(bot: &Outcome) -> bool {
    bot.entered && !bot.stalled && bot.loss.is_none()
}

fn count_users(collected: &Collected) -> Users {
    let bots = || collected.outcomes.iter();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut losses = BTreeMap::new();
    for loss in bots()
        .filter(|bot| !bot.stalled)
        .filter_map(|bot| bot.loss.as_ref())
    {
        *losses.entry(loss.to_string()).or_default() += 1;
    }
    let crashed = collected.options.users - count(collected.outcomes.len());
    if crashed > 0 {
        losses.insert("crashed".to_owned(), crashed);
    }
    Users {
        asked: collected.options.users,
        entered: count(bots().filter(|bot| bot.entered).count()),
        readers: count(bots().filter(|bot| reads(bot)).count()),
        stalled: count(bots().filter(|bot| bot.stalled).count()),
        stalled_sent_away: count(
            bots()
                .filter(|bot| bot.stalled && bot.loss.is_some())
                .count(),
        ),
        lost: losses.values().sum(),
        losses,
    }
}

/// A share; 0 of nothing.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Collected, Machine, Report};
    use crate::swarm::{
        Options, Quantiles, Series,
        bot::{BotStats, Loss, Outcome},
        known::{Final, Sampled},
        stats::Stats,
        watch::Expectations,
    };

    /// A bot that saw everything of two others.
    fn content() -> Outcome {
        Outcome {
            entered: true,
            stats: BotStats {
                sent: 20,
                seen: 40,
                frames: 20,
                bytes: 2_000,
                entries: 60,
                entry_bytes: 1_800,
                sampled: Sampled {
                    looked_at: 4,
                    fresh: 4,
                },
                ..BotStats::default()
            },
            end: Final {
                expected: 2,
                known: 2,
                seen: 2,
                settled: 2,
            },
            ..Outcome::default()
        }
    }

    /// Of three bots, in a swarm that was always so late, in milliseconds.
    fn report(bots: [Outcome; 3], lag: f64) -> Report {
        let mut stats = Stats::new();
        stats.lag.record((lag * 100.0) as u32);
        stats.expectations = Expectations {
            expected: 100,
            arrived: 99,
            merged: 1,
        };
        Report::new(Collected {
            options: Options {
                users: 3,
                window: Duration::from_secs(2),
                ..Options::default()
            },
            outcomes: bots.into(),
            ramp: Duration::from_secs(1),
            stats,
            machine: Machine::before_run(),
            own: None,
            server: None,
            scrapes: None,
            ramp_scrapes: None,
            series: Series::default(),
        })
    }

    #[test]
    fn figures_are_per_reader_and_second() {
        let report = report([content(), content(), content()], 1.0);
        assert!(report.passed(), "{report:?}");
        assert_eq!((report.updates.seen, report.updates.seen_share), (120, 1.0));
        assert_eq!(report.traffic.frames_per_user_second, 10.0);
        assert_eq!(report.traffic.bytes_per_user_second, 1_000.0);
        assert_eq!(report.traffic.bytes_per_position, 30.0);
        assert_eq!(report.pairs.fresh_share, 1.0);
    }

    #[test]
    fn a_swarm_that_is_late_makes_the_run_void() {
        let on_time = report([content(), content(), content()], 5.0);
        assert_eq!(on_time.void, None);
        let late = report([content(), content(), content()], 5.1);
        assert!(
            late.void.as_ref().is_some_and(|why| why.contains("5.1 ms")),
            "{late:?}"
        );
        assert!(!late.passed());
        let unmeasured = Quantiles::default();
        assert!(super::verdict::void(unmeasured).is_some());
    }

    #[test]
    fn the_lost_are_counted_by_kind_and_the_stalled_apart() {
        let lost = Outcome {
            loss: Some(Loss::Closed(4003, "flood".to_owned())),
            ..content()
        };
        let stalled = Outcome {
            stalled: true,
            loss: Some(Loss::Broken),
            ..content()
        };
        let users = report([lost, stalled, content()], 1.0).users;
        assert_eq!(
            (
                users.lost,
                users.stalled,
                users.stalled_sent_away,
                users.readers
            ),
            (1, 1, 1, 1)
        );
        assert_eq!(users.losses.get("close_4003_flood"), Some(&1));
    }

    #[test]
    fn whatever_must_not_happen_fails_the_run() {
        let mut blind = content();
        blind.end.seen = 1;
        let mut stale = content();
        stale.stats.sampled.fresh = 3;
        let mut backwards = content();
        backwards.stats.older = 1;
        for (bot, word) in [
            (blind, "reached"),
            (stale, "fresh"),
            (backwards, "backwards"),
        ] {
            let report = report([bot, content(), content()], 1.0);
            assert!(
                report.failures.iter().any(|what| what.contains(word)),
                "{report:?}"
            );
            assert!(!report.passed());
        }
    }

    #[test]
    fn the_page_needs_nothing_else_and_says_what_failed() {
        let lost = Outcome {
            loss: Some(Loss::Closed(4003, "<script>".to_owned())),
            ..content()
        };
        let page = report([lost, content(), content()], 1.0).html();
        assert_eq!(page.matches("<svg").count(), 4);
        assert!(page.contains("Failed: 1 users lost"), "{page}");
        for foreign in ["<script", "src=", "http:", "https:", "NaN"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
