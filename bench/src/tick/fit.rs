//! Growth of a time with the size of the world.

use serde::Serialize;

use crate::tick::Case;

/// The sizes between which growth is fitted: below, fixed costs hide it.
const FITTED: std::ops::RangeInclusive<u32> = 1_000..=20_000;

/// The exponent of growth in worlds with the same number of objects: 1 is linear, 2 quadratic.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Objects in the worlds.
    pub objects: u32,
    /// Number of sizes that were fitted.
    pub sizes: usize,
    /// The smallest, in users.
    pub from: u32,
    /// The largest, in users.
    pub to: u32,
    /// Exponent of the median tick.
    pub p50: f64,
    /// Exponent of the tick that 1 % are longer than.
    pub p99: f64,
}

impl Fit {
    /// Fits the cases with so many objects; `None` if there are not two sizes to fit.
    pub(crate) fn of(cases: &[Case], objects: u32) -> Option<Self> {
        let cases: Vec<&Case> = cases
            .iter()
            .filter(|case| case.objects == objects && FITTED.contains(&case.users))
            .collect();
        let fit = |time: fn(&Case) -> f64| {
            let points = cases.iter().map(|case| (f64::from(case.users), time(case)));
            exponent(points)
        };
        Some(Self {
            objects,
            sizes: cases.len(),
            from: cases.iter().map(|case| case.users).min()?,
            to: cases.iter().map(|case| case.users).max()?,
            p50: fit(|case| case.tick.p50)?,
            p99: fit(|case| case.tick.p99)?,
        })
    }
}

/// The b of the least-squares line log y = a + b · log x; `None` without two different x, or with
/// one that is not above 0.
pub fn exponent(points: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let points: Vec<_> = points.map(|(x, y)| (x.ln(), y.ln())).collect();
    if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::exponent;

    #[test]
    fn powers_are_found() {
        for power in [0.0, 1.0, 1.15, 2.0] {
            let points =
                [1_000.0, 3_000.0, 5_000.0, 20_000.0].map(|x: f64| (x, 7.0 * x.powf(power)));
            let found = exponent(points.into_iter()).expect("fits");
            assert!((found - power).abs() < 1e-9, "{found} for {power}");
        }
    }

    #[test]
    fn one_size_has_no_growth() {
        assert_eq!(exponent([(1_000.0, 2.0)].into_iter()), None);
        assert_eq!(exponent([(1_000.0, 2.0), (1_000.0, 3.0)].into_iter()), None);
        assert_eq!(exponent([(1_000.0, 2.0), (2_000.0, 0.0)].into_iter()), None);
        assert_eq!(exponent(std::iter::empty()), None);
    }
}
