//! Metrics of the server: a few figures out of its `GET /metrics`.

use std::collections::BTreeMap;

use crate::swarm::report::{ServerFigures, TickFigures};

/// Figures at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scrape {
    /// Ticks at most this long, in seconds; the last bound is infinite.
    buckets: Vec<(f64, f64)>,
    tick_sum: f64,
    tick_count: f64,
    overruns: f64,
    frames_sent: f64,
    bytes_sent: f64,
    disconnects: BTreeMap<String, f64>,
}

impl Scrape {
    /// Reads the text format of Prometheus; what is not known is skipped.
    pub(crate) fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let Ok(value) = value.parse::<f64>() else {
                continue;
            };
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            match name {
                "odyssey_tick_seconds_bucket" => {
                    let bound = label(labels, "le").and_then(|bound| bound.parse().ok());
                    scrape
                        .buckets
                        .extend(bound.map(|bound: f64| (bound, value)));
                }
                "odyssey_tick_seconds_sum" => scrape.tick_sum += value,
                "odyssey_tick_seconds_count" => scrape.tick_count += value,
                "odyssey_tick_overruns_total" => scrape.overruns += value,
                "odyssey_frames_sent_total" => scrape.frames_sent += value,
                "odyssey_bytes_sent_total" => scrape.bytes_sent += value,
                "odyssey_disconnects_total" => {
                    let cause = label(labels, "cause").unwrap_or("unknown");
                    *scrape.disconnects.entry(cause.to_owned()).or_default() += value;
                }
                _ => {}
            }
        }
        scrape
    }

    /// Difference to an earlier moment.
    pub(crate) fn since(&self, earlier: &Self) -> ServerFigures {
        let ticks = self.tick_count - earlier.tick_count;
        let before = |bound: f64| {
            let same = earlier.buckets.iter().find(|(other, _)| *other == bound);
            same.map_or(0.0, |(_, count)| *count)
        };
        let buckets: Vec<_> = self
            .buckets
            .iter()
            .map(|(bound, count)| (*bound, count - before(*bound)))
            .collect();
        let disconnects = self.disconnects.iter().filter_map(|(cause, count)| {
            let count = count - earlier.disconnects.get(cause).unwrap_or(&0.0);
            (count > 0.0).then(|| (cause.clone(), count as u64))
        });
        ServerFigures {
            tick: TickFigures {
                count: ticks as u64,
                mean_ms: (self.tick_sum - earlier.tick_sum) / ticks.max(1.0) * 1e3,
                p99_ms_estimate: quantile(&buckets, 0.99).map(|seconds| seconds * 1e3),
                over_50_ms: over(&buckets, ticks, 0.05),
                overruns: (self.overruns - earlier.overruns) as u64,
            },
            frames_sent: (self.frames_sent - earlier.frames_sent) as u64,
            bytes_sent: (self.bytes_sent - earlier.bytes_sent) as u64,
            disconnects: disconnects.collect(),
        }
    }
}

/// Number of ticks that took longer than a bound, if there is such a bound.
fn over(buckets: &[(f64, f64)], all: f64, bound: f64) -> Option<u64> {
    let same = buckets.iter().find(|(other, _)| *other == bound);
    same.map(|(_, count)| (all - count).max(0.0) as u64)
}

/// A quantile of a histogram of cumulative counts, as if the times were spread evenly in their
/// bucket. None if there are no times, or if it is beyond the last finite bound.
fn quantile(buckets: &[(f64, f64)], share: f64) -> Option<f64> {
    let total = buckets.iter().map(|(_, count)| *count).fold(0.0, f64::max);
    let rank = total * share;
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, count) in buckets {
        if *count >= rank && *count > below {
            return bound
                .is_finite()
                .then(|| low + (bound - low) * (rank - below) / (count - below));
        }
        (low, below) = (*bound, *count);
    }
    None
}

/// The value of a label in `a="1",b="2"}`.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.trim_end_matches('}').split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::Scrape;

    fn text(fast: u32, slow: u32, all: u32, sum: f64, flood: u32) -> String {
        format!(
            "# TYPE odyssey_tick_seconds histogram\n\
             odyssey_tick_seconds_bucket{{le=\"0.001\"}} {fast}\n\
             odyssey_tick_seconds_bucket{{le=\"0.003\"}} {slow}\n\
             odyssey_tick_seconds_bucket{{le=\"+Inf\"}} {all}\n\
             odyssey_tick_seconds_sum {sum}\nodyssey_tick_seconds_count {all}\n\
             odyssey_disconnects_total{{cause=\"flood\"}} {flood}\nother_metric 1\n"
        )
    }

    #[test]
    fn figures_are_those_between_two_moments() {
        let before = Scrape::parse(&text(1_000, 1_000, 1_001, 2.0, 4));
        let after = Scrape::parse(&text(1_980, 2_000, 2_001, 3.0, 4));
        let figures = after.since(&before);
        assert_eq!(figures.tick.count, 1_000);
        assert!((figures.tick.mean_ms - 1.0).abs() < 1e-9);
        let p99 = figures.tick.p99_ms_estimate.expect("in a bucket");
        assert!(
            (p99 - 2.0).abs() < 1e-9,
            "half way through the second bucket: {p99}"
        );
        assert!(figures.disconnects.is_empty());
        assert_eq!(
            after.since(&Scrape::default()).disconnects.get("flood"),
            Some(&4)
        );
    }

    #[test]
    fn beyond_the_last_bound_nothing_is_claimed() {
        let after = Scrape::parse(&text(0, 10, 1_000, 99.0, 0));
        assert_eq!(after.since(&Scrape::default()).tick.p99_ms_estimate, None);
        assert_eq!(
            Scrape::default()
                .since(&Scrape::default())
                .tick
                .p99_ms_estimate,
            None
        );
    }
}
