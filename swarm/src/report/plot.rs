//! Plots as inline SVG: bars and lines, coloured by the page's own variables so that they can be
//! read in the dark too.

use std::fmt::Write;

/// Size of a plot, and what axes take of it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;
/// Labels along an axis.
const LABELS: usize = 6;

/// A line: its class in the style sheet, what it is, and its points.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// Bars next to each other, each with a label of which some are shown.
pub(super) fn bars(bars: &[(String, f64)], x: &str, y: &str) -> String {
    let highest = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let mut plot = Plot::new(highest, x, y);
    let width = (WIDTH - LEFT - RIGHT) / bars.len().max(1) as f64;
    let every = bars.len().div_ceil(2 * LABELS).max(1);
    for (number, (label, value)) in bars.iter().enumerate() {
        let left = LEFT + number as f64 * width;
        let top = plot.y(*value);
        let tall = HEIGHT - BOTTOM - top;
        plot.put(&format!(
            r#"<rect class="bar" x="{left:.1}" y="{top:.1}" width="{:.1}" height="{tall:.1}"><title>{label}: {}</title></rect>"#,
            (width - 1.0).max(0.5),
            round(*value)
        ));
        if number % every == 0 {
            plot.label_x(left + width / 2.0, label);
        }
    }
    plot.finish()
}

/// Lines over a common axis.
pub(super) fn lines(lines: &[Line], x: &str, y: &str) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let highest = points().map(|point| point.1).fold(0.0, f64::max);
    let last = points().map(|point| point.0).fold(0.0, f64::max).max(1e-9);
    let mut plot = Plot::new(highest, x, y);
    let across = |at: f64| LEFT + at / last * (WIDTH - LEFT - RIGHT);
    for step in 0..=LABELS {
        let at = last * step as f64 / LABELS as f64;
        plot.label_x(across(at), &round(at));
    }
    for (number, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for (at, value) in &line.points {
            let _ = write!(path, "{:.1},{:.1} ", across(*at), plot.y(*value));
        }
        plot.put(&format!(
            r#"<polyline class="{}" points="{}"/>"#,
            line.class,
            path.trim_end()
        ));
        if lines.len() > 1 {
            let y = TOP + 14.0 + 16.0 * number as f64;
            plot.put(&format!(
                r#"<text class="key {}" x="{}" y="{y}" text-anchor="end">{}</text>"#,
                line.class,
                WIDTH - RIGHT - 4.0,
                line.name
            ));
        }
    }
    plot.finish()
}

/// A plot that is being drawn.
struct Plot {
    svg: String,
    /// What the upper edge stands for.
    full: f64,
}

impl Plot {
    fn new(highest: f64, x: &str, y: &str) -> Self {
        let full = round_up(highest);
        let mut plot = Self {
            svg: format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">"#),
            full,
        };
        for step in 0..=4 {
            let value = full * f64::from(step) / 4.0;
            let at = plot.y(value);
            plot.put(&format!(
                r#"<line class="grid" x1="{LEFT}" y1="{at:.1}" x2="{}" y2="{at:.1}"/><text x="{}" y="{:.1}" text-anchor="end">{}</text>"#,
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                round(value)
            ));
        }
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        plot.put(&format!(
            r#"<text x="{middle}" y="{}" text-anchor="middle">{x}</text><text transform="translate(12 {}) rotate(-90)" text-anchor="middle">{y}</text>"#,
            HEIGHT - 6.0,
            (TOP + HEIGHT - BOTTOM) / 2.0
        ));
        plot
    }

    fn put(&mut self, piece: &str) {
        self.svg.push_str(piece);
        self.svg.push('\n');
    }

    fn label_x(&mut self, at: f64, label: &str) {
        self.put(&format!(
            r#"<text x="{at:.1}" y="{}" text-anchor="middle">{label}</text>"#,
            HEIGHT - BOTTOM + 16.0
        ));
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - value / self.full * (HEIGHT - BOTTOM - TOP)
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
pub(super) fn round(value: f64) -> String {
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
    use super::{Line, bars, lines, round, round_up};

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
            class: "first",
            name: "mean",
            points: vec![(1.0, 2.0), (2.0, 0.0), (10.0, 5.0)],
        };
        let svg = lines(&[line], "s", "ms");
        assert!(
            svg.contains(r#"points="128.4,136.8 192.8,220.0 708.0,12.0""#),
            "{svg}"
        );
        // Nothing at all is a picture too.
        assert!(!bars(&[], "", "").contains("NaN") && !lines(&[], "", "").contains("NaN"));
    }
}
