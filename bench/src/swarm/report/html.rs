//! The report as a page of its own: no scripts, nothing to load, plots as inline SVG.

use std::fmt::Write;

use super::Report;
use crate::page::{
    self, escape,
    plot::{self, Line, Scale, bars, lines},
};

/// Bars of the distribution over users.
const SPREAD: usize = 40;

impl Report {
    /// The report as an HTML page that needs nothing else.
    pub fn html(&self) -> String {
        let mut page = String::new();
        let options = &self.options;
        let _ = write!(
            page,
            "<h1>{} users, {}, {} Hz, {} version {}</h1>\n{}<dl>\n",
            options.users,
            options.pattern,
            options.rate,
            options.transport,
            options.protocol,
            self.result()
        );
        for (name, value) in self.headlines() {
            let _ = writeln!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        }
        page.push_str("</dl>\n");
        let sections = [
            ("Latency of those near by", self.plot_latency()),
            ("Ticks of the server", self.plot_ticks()),
            ("Bytes received over time", self.plot_bytes()),
            ("Bytes received by user", self.plot_users()),
            (
                "All figures",
                format!("<pre>{}</pre>\n", escape(&self.to_string())),
            ),
        ];
        for (title, body) in sections {
            let _ = write!(page, "<h2>{title}</h2>\n{body}");
        }
        page::page("odyssey swarm", &page)
    }

    fn result(&self) -> String {
        let failed = |what: &str| format!("<p class=\"failed\">{}</p>\n", escape(what));
        match (&self.void, self.failures.as_slice()) {
            (Some(why), _) => failed(&format!("Void: {why}")),
            (None, []) => "<p class=\"passed\">Passed</p>\n".to_owned(),
            (None, failures) => failed(&format!("Failed: {}", failures.join("; "))),
        }
    }

    fn headlines(&self) -> Vec<(&'static str, String)> {
        let memory = self.server_process.map(|used| used.resident_per_user / 1e3);
        let cpu = self.server_process.map(|used| used.cpu_us_per_user_second);
        let tick = self
            .server
            .as_ref()
            .and_then(|server| server.tick.p99_ms_estimate);
        let optional = |value: Option<f64>| value.map_or("unknown".to_owned(), plot::round);
        vec![
            ("latency p50", format!("{:.1} ms", self.latency_ms.p50)),
            ("latency p99", format!("{:.1} ms", self.latency_ms.p99)),
            (
                "expected updates seen",
                format!("{:.2} %", self.updates.seen_share * 100.0),
            ),
            ("users lost", self.users.lost.to_string()),
            (
                "bytes per user, second",
                plot::round(self.traffic.bytes_per_user_second),
            ),
            (
                "frames per user, second",
                plot::round(self.traffic.frames_per_user_second),
            ),
            (
                "bytes per position",
                plot::round(self.traffic.bytes_per_position),
            ),
            ("tick p99 about, ms", optional(tick)),
            ("server CPU, µs per user, second", optional(cpu)),
            ("server memory, kB per user", optional(memory)),
            ("swarm's own lag p99", format!("{:.1} ms", self.lag_ms.p99)),
        ]
    }

    fn plot_latency(&self) -> String {
        let all: u64 = self.plots.latency.iter().map(|(_, count)| count).sum();
        let share = |count: u64| count as f64 / all.max(1) as f64 * 100.0;
        let named: Vec<_> = self
            .plots
            .latency
            .iter()
            .map(|(bound, count)| (plot::round(*bound), share(*count)))
            .collect();
        bars(&named, "at most so many milliseconds", "per cent")
    }

    fn plot_ticks(&self) -> String {
        let seconds = &self.plots.series.seconds;
        let mean = seconds
            .iter()
            .filter_map(|second| Some((second.at, second.tick_mean_ms?)));
        let p99 = seconds
            .iter()
            .filter_map(|second| Some((second.at, second.tick_p99_ms_estimate?)));
        let both = [
            Line {
                name: "mean".to_owned(),
                points: mean.collect(),
            },
            Line {
                name: "p99, estimated".to_owned(),
                points: p99.collect(),
            },
        ];
        lines(&both, Scale::Linear, "seconds", "milliseconds")
    }

    fn plot_bytes(&self) -> String {
        let seconds = &self.plots.series.seconds;
        let line = Line {
            name: "bytes per user and second".to_owned(),
            points: seconds
                .iter()
                .map(|second| (second.at, second.bytes_per_user))
                .collect(),
        };
        lines(
            &[line],
            Scale::Linear,
            "seconds",
            "bytes per user and second",
        )
    }

    fn plot_users(&self) -> String {
        let users = &self.plots.bytes_per_user_second;
        let most = users.last().copied().unwrap_or(0);
        let width = (most / SPREAD as u64 + 1).max(1);
        let mut counts = vec![0_u32; SPREAD];
        for bytes in users {
            let bar = usize::try_from(bytes / width).unwrap_or(usize::MAX);
            if let Some(count) = counts.get_mut(bar) {
                *count += 1;
            }
        }
        let named: Vec<_> = (0_u64..)
            .zip(counts)
            .map(|(bar, count)| (plot::round((bar * width) as f64), f64::from(count)))
            .collect();
        bars(&named, "bytes per second", "users")
    }
}
