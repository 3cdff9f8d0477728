//! The report as tables for people.

use std::fmt;

use super::{Case, Report};
use crate::machine::optional;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        writeln!(
            f,
            "{} ticks at {} Hz after {} to warm up; {}, {} joins per second, protocol {}, seed {}",
            options.ticks,
            self.tick_rate,
            options.warm_up,
            options.pattern,
            options.joins,
            options.protocol,
            options.seed
        )?;
        let machine = &self.machine;
        writeln!(f, "{machine}")?;
        if machine.debug_build {
            writeln!(f, "a debug build: these figures mean nothing")?;
        }

        writeln!(f, "\nwhole tick in µs, and what each session is told")?;
        writeln!(
            f,
            "{:>7} {:>8} {:>10} {:>10} {:>10} {:>9} {:>10} {:>9} {:>7} {:>7} {:>9}",
            "users",
            "objects",
            "median",
            "p99",
            "p99.9",
            "allocs",
            "bytes/s",
            "updates/s",
            "B/up v1",
            "B/up v2",
            "heard of"
        )?;
        for case in &self.cases {
            writeln!(f, "{}", row(case))?;
        }

        writeln!(f, "\nmedian / p99 / p99.9 of each set in µs")?;
        write!(f, "{:>7} {:>8}", "users", "objects")?;
        for cost in self.cases.first().map_or(&[][..], |case| &case.sets) {
            write!(f, " {:>24}", cost.set)?;
        }
        writeln!(f)?;
        for case in &self.cases {
            write!(f, "{:>7} {:>8}", case.users, case.objects)?;
            for cost in &case.sets {
                let took = &cost.took;
                let cell = format!("{:.1} / {:.1} / {:.1}", took.p50, took.p99, took.p999);
                write!(f, " {cell:>24}")?;
            }
            writeln!(f)?;
        }

        if !self.growth.is_empty() {
            writeln!(f, "\ngrowth with the number of users (1 is linear)")?;
        }
        for fit in &self.growth {
            writeln!(
                f,
                "{:>8} objects: exponent {:.2} of the median, {:.2} of p99, over {} sizes from {} to {} users",
                fit.objects, fit.p50, fit.p99, fit.sizes, fit.from, fit.to
            )?;
        }
        if self.cases.iter().any(|case| case.allocations.is_none()) {
            writeln!(
                f,
                "\nallocations are not counted by this program; `cargo bench -p bench` counts them"
            )?;
        }
        Ok(())
    }
}

fn row(case: &Case) -> String {
    let (tick, told) = (&case.tick, &case.told);
    let allocations = case.allocations.map(|counted| counted.mean);
    format!(
        "{:>7} {:>8} {:>10.1} {:>10.1} {:>10.1} {:>9} {:>10.0} {:>9.1} {:>7} {:>7} {:>9}",
        case.users,
        case.objects,
        tick.p50,
        tick.p99,
        tick.p999,
        optional(allocations, 1),
        told.bytes_per_session_second,
        told.updates_per_session_second,
        optional(told.bytes_per_update_v1, 2),
        optional(told.bytes_per_update_v2, 2),
        told.heard_of
            .map_or("–".to_owned(), |share| format!("{:.1} %", share * 100.0)),
    )
}
