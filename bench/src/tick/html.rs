//! The report as a page with plots.

use super::{Case, Report};
use crate::page::{
    self, escape,
    plot::{Line, Scale, lines},
};

impl Report {
    /// The report as a page with plots.
    pub fn html(&self) -> String {
        let mut page = "<h1>odyssey bench tick</h1>\n".to_owned();
        for objects in self.object_counts() {
            let cases: Vec<&Case> = self
                .cases
                .iter()
                .filter(|case| case.objects == objects)
                .collect();
            page += &format!("<h2>{objects} objects</h2>");
            if let Some(fit) = self.growth.iter().find(|fit| fit.objects == objects) {
                page += &format!(
                    "<p>From {} to {} users the median tick grows with exponent {:.2}, \
                     the 99th percentile with {:.2} (1 is linear).</p>",
                    fit.from, fit.to, fit.p50, fit.p99
                );
            }
            page += &figure("Whole tick", "µs", &ticks(&cases));
            page += &figure("Median of each set", "µs", &sets(&cases));
            page += &figure("What a session gets", "per second", &traffic(&cases));
        }
        page += &format!("<h2>Figures</h2><pre>{}</pre>", escape(&self.to_string()));
        page::page("odyssey bench tick", &page)
    }

    fn object_counts(&self) -> Vec<u32> {
        let mut counts: Vec<_> = self.cases.iter().map(|case| case.objects).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }
}

fn figure(title: &str, y: &str, shown: &[Line]) -> String {
    let plot = lines(shown, Scale::Logarithmic, "users", y);
    format!("<h3>{title}</h3>\n{plot}")
}

fn line(name: &str, cases: &[&Case], value: impl Fn(&Case) -> f64) -> Line {
    Line {
        name: name.to_owned(),
        points: cases
            .iter()
            .map(|case| (f64::from(case.users), value(case)))
            .collect(),
    }
}

fn ticks(cases: &[&Case]) -> Vec<Line> {
    vec![
        line("median", cases, |case| case.tick.p50),
        line("p99", cases, |case| case.tick.p99),
        line("p99.9", cases, |case| case.tick.p999),
    ]
}

fn sets(cases: &[&Case]) -> Vec<Line> {
    let names = cases.first().map_or(&[][..], |case| &case.sets);
    let median = |set: &str, case: &Case| {
        let cost = case.sets.iter().find(|cost| cost.set == set);
        cost.map_or(0.0, |cost| cost.took.p50)
    };
    names
        .iter()
        .map(|cost| line(cost.set, cases, |case| median(cost.set, case)))
        .collect()
}

fn traffic(cases: &[&Case]) -> Vec<Line> {
    vec![
        line("bytes", cases, |case| case.told.bytes_per_session_second),
        line("updates", cases, |case| {
            case.told.updates_per_session_second
        }),
        line("B/update, v1", cases, |case| {
            case.told.bytes_per_update_v1.unwrap_or(0.0)
        }),
        line("B/update, v2", cases, |case| {
            case.told.bytes_per_update_v2.unwrap_or(0.0)
        }),
    ]
}
