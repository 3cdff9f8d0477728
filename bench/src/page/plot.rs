//! Plots as inline SVG: bars and lines, coloured by the page's own variables so that they can be
//! read in the dark too.

use std::fmt::Write;

use super::escape;

/// Size of a plot, and the margins of its axes.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;
/// Labels along a linear axis.
const LABELS: usize = 6;

/// A line with its name; the style sheet colours lines by their number.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Scale of both axes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero.
    Linear,
    /// Whole powers of ten; points that are not above 0 are left out.
    Logarithmic,
}

/// Bars next to each other, each with a label of which some are shown.
pub(crate) fn bars(bars: &[(String, f64)], x: &str, y: &str) -> String {
    let highest = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let up = Axis::linear(round_up(highest), HEIGHT - BOTTOM, TOP);
    let mut plot = Plot::new(&up, x, y);
    let width = (WIDTH - LEFT - RIGHT) / bars.len().max(1) as f64;
    let every = bars.len().div_ceil(2 * LABELS).max(1);
    for (number, (label, value)) in bars.iter().enumerate() {
        let left = LEFT + number as f64 * width;
        let top = up.place(*value);
        let height = HEIGHT - BOTTOM - top;
        let shown = (width - 1.0).max(0.5);
        plot.push(&format!(
            r#"<rect class="bar" x="{left:.1}" y="{top:.1}" width="{shown:.1}" height="{height:.1}">"#,
        ));
        plot.push(&format!("<title>{label}: {}</title></rect>", round(*value)));
        if number % every == 0 {
            plot.label_x(left + width / 2.0, label);
        }
    }
    plot.finish()
}

/// Lines over common axes.
pub(crate) fn lines(lines: &[Line], scale: Scale, x: &str, y: &str) -> String {
    let points = || {
        let points = lines.iter().flat_map(|line| &line.points).copied();
        points.filter(move |point| scale.shows(*point))
    };
    let (across, up) = match scale {
        Scale::Linear => {
            let last = points().map(|point| point.0).fold(0.0, f64::max).max(1e-9);
            let highest = points().map(|point| point.1).fold(0.0, f64::max);
            (
                Axis::linear(last, LEFT, WIDTH - RIGHT),
                Axis::linear(round_up(highest), HEIGHT - BOTTOM, TOP),
            )
        }
        Scale::Logarithmic => (
            Axis::logarithmic(points().map(|point| point.0), LEFT, WIDTH - RIGHT),
            Axis::logarithmic(points().map(|point| point.1), HEIGHT - BOTTOM, TOP),
        ),
    };
    let mut plot = Plot::new(&up, x, y);
    for at in across.ticks(LABELS) {
        plot.label_x(across.place(at), &round(at));
    }
    for (number, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for (at, value) in line.points.iter().filter(|point| scale.shows(**point)) {
            let _ = write!(path, "{:.1},{:.1} ", across.place(*at), up.place(*value));
        }
        let path = path.trim_end();
        plot.push(&format!(
            r#"<polyline points="{path}" class="line{number}"/>"#
        ));
        if lines.len() > 1 {
            plot.key(number, &line.name, scale);
        }
    }
    plot.finish()
}

impl Scale {
    fn shows(self, (x, y): (f64, f64)) -> bool {
        self == Self::Linear || (x > 0.0 && y > 0.0)
    }
}

/// An axis between two places of the picture.
struct Axis {
    scale: Scale,
    /// Values at both ends, or their logarithms.
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn linear(high: f64, from: f64, to: f64) -> Self {
        Self {
            scale: Scale::Linear,
            low: 0.0,
            high,
            from,
            to,
        }
    }

    /// Whole powers of ten around these values.
    fn logarithmic(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let low = values.clone().reduce(f64::min).unwrap_or(1.0);
        let high = values.reduce(f64::max).unwrap_or(1.0);
        let low = low.log10().floor();
        Self {
            scale: Scale::Logarithmic,
            low,
            high: high.log10().ceil().max(low + 1.0),
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
        };
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Values to label: every power of ten, or so many steps of a linear axis.
    fn ticks(&self, steps: usize) -> Vec<f64> {
        match self.scale {
            Scale::Linear => {
                let step = |step| self.high * step as f64 / steps as f64;
                (0..=steps).map(step).collect()
            }
            Scale::Logarithmic => {
                let powers = self.low as i32..=self.high as i32;
                powers.map(|power| 10_f64.powi(power)).collect()
            }
        }
    }
}

/// A plot that is being drawn.
struct Plot {
    svg: String,
}

impl Plot {
    fn new(up: &Axis, x: &str, y: &str) -> Self {
        let mut plot = Self {
            svg: format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">"#),
        };
        for value in up.ticks(4) {
            let at = up.place(value);
            let right = WIDTH - RIGHT;
            plot.push(&format!(
                r#"<line class="grid" x1="{LEFT}" y1="{at:.1}" x2="{right}" y2="{at:.1}"/>"#
            ));
            let (left, base, value) = (LEFT - 6.0, at + 4.0, round(value));
            plot.push(&format!(
                r#"<text x="{left}" y="{base:.1}" text-anchor="end">{value}</text>"#
            ));
        }
        let (middle, base) = ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0);
        plot.push(&format!(
            r#"<text x="{middle}" y="{base}" text-anchor="middle">{x}</text>"#
        ));
        let middle = (TOP + HEIGHT - BOTTOM) / 2.0;
        let turned = format!("translate(12 {middle}) rotate(-90)");
        plot.push(&format!(
            r#"<text transform="{turned}" text-anchor="middle">{y}</text>"#
        ));
        plot
    }

    fn push(&mut self, element: &str) {
        self.svg.push_str(element);
        self.svg.push('\n');
    }

    fn label_x(&mut self, at: f64, label: &str) {
        let base = HEIGHT - BOTTOM + 16.0;
        self.push(&format!(
            r#"<text x="{at:.1}" y="{base}" text-anchor="middle">{label}</text>"#
        ));
    }

    /// Names a line. Logarithmic lines rise to the right and leave room at the left.
    fn key(&mut self, number: usize, name: &str, scale: Scale) {
        let (x, anchor) = match scale {
            Scale::Linear => (WIDTH - RIGHT - 4.0, "end"),
            Scale::Logarithmic => (LEFT + 4.0, "start"),
        };
        let y = TOP + 14.0 + 16.0 * number as f64;
        let class = format!("key line{number}");
        let name = escape(name);
        self.push(&format!(
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{name}</text>"#
        ));
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

/// The next number above that is 1, 2, 2.5 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10.0_f64.powf(value.log10().floor());
    let found = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|bound| *bound >= value * (1.0 - 1e-9));
    found.unwrap_or(value)
}

/// A number in few digits.
pub(crate) fn round(value: f64) -> String {
    let (value, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, " G"),
        size if size >= 1e6 => (value / 1e6, " M"),
        size if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    };
    text + unit
}

#[cfg(test)]
mod tests {
    use super::{Line, Scale, bars, lines, round, round_up};

    #[test]
    fn axes_end_at_round_numbers() {
        let found = [0.0, 0.7, 1.0, 17.0, 230.0, 4_100.0].map(round_up);
        assert_eq!(found, [1.0, 1.0, 1.0, 20.0, 250.0, 5_000.0]);
        let texts = [0.0, 0.25, 12.5, 250.0, 12_345.0, 3e6].map(round);
        assert_eq!(texts, ["0", "0.25", "12.5", "250", "12.3 k", "3 M"]);
    }

    #[test]
    fn everything_lies_within_the_picture() {
        let some: Vec<_> = (0..30).map(|n| (n.to_string(), f64::from(n * n))).collect();
        let svg = bars(&some, "ms", "updates");
        assert_eq!(svg.matches("<rect").count(), 30);
        let line = Line {
            name: "mean".to_owned(),
            points: vec![(1.0, 2.0), (2.0, 0.0), (10.0, 5.0)],
        };
        let svg = lines(&[line], Scale::Linear, "s", "ms");
        assert!(
            svg.contains(r#"points="128.4,136.8 192.8,220.0 708.0,12.0""#),
            "{svg}"
        );
        let line = Line {
            name: "median".to_owned(),
            points: vec![(100.0, 0.0), (100.0, 10.0), (10_000.0, 1_000.0)],
        };
        let svg = lines(&[line], Scale::Logarithmic, "users", "µs");
        assert!(svg.contains(r#"points="64.0,220.0 708.0,12.0""#), "{svg}");
        // Nothing at all is a picture too.
        assert!(
            !bars(&[], "", "").contains("NaN")
                && ![Scale::Linear, Scale::Logarithmic]
                    .iter()
                    .any(|scale| lines(&[], *scale, "", "").contains("NaN"))
        );
    }
}
