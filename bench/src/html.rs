//! The report as one page that needs nothing from elsewhere: no scripts, no fonts, no links.

use crate::{
    Case, Report,
    plot::{Line, escape, plot},
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222}\
    h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
    .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(28rem,1fr));gap:1rem}\
    figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto}\
    svg text{font-size:12px;fill:#333}svg .x{text-anchor:middle}svg .y{text-anchor:end}svg .grid{stroke:#ddd}\
    pre{overflow-x:auto;background:#f6f6f6;padding:1rem;font-size:12.5px;line-height:1.35}";

impl Report {
    /// The report as a page with plots.
    pub fn html(&self) -> String {
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>odyssey bench tick</title>\
             <style>{STYLE}</style></head><body><h1>odyssey bench tick</h1>\n"
        );
        for objects in self.object_counts() {
            let cases: Vec<&Case> = self
                .cases
                .iter()
                .filter(|case| case.objects == objects)
                .collect();
            page += &format!("<h2>{objects} objects</h2>");
            if let Some(fit) = self.growth.iter().find(|fit| fit.objects == objects) {
                page += &format!(
                    "<p>From {} to {} users the median tick grows with exponent {:.2}, the 99th percentile with {:.2} (1 is linear).</p>",
                    fit.from, fit.to, fit.p50, fit.p99
                );
            }
            page += "<div class=\"plots\">";
            page += &plot("Whole tick", "µs", &ticks(&cases));
            page += &plot("Median of each set", "µs", &sets(&cases));
            page += &plot("What a session gets", "per second", &traffic(&cases));
            page += "</div>\n";
        }
        page += &format!("<h2>Figures</h2><pre>{}</pre>", escape(&self.to_string()));
        page += "</body></html>\n";
        page
    }

    fn object_counts(&self) -> Vec<u32> {
        let mut counts: Vec<_> = self.cases.iter().map(|case| case.objects).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }
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
