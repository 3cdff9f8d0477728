//! Lines on logarithmic axes, as SVG that needs nothing from elsewhere.

use std::fmt::Write;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 340.0;
/// Room for labels: left, right, top, bottom.
const MARGIN: (f64, f64, f64, f64) = (64.0, 150.0, 16.0, 44.0);
/// Colours that can be told apart on white, also by those who see fewer of them (Okabe and Ito).
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];

/// A line with its name.
pub(crate) struct Line {
    pub(crate) name: String,
    /// Both above 0; others are left out.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws lines over users.
pub(crate) fn plot(title: &str, y_axis: &str, lines: &[Line]) -> String {
    let points = || {
        let all = lines.iter().flat_map(|line| &line.points);
        all.filter(|(x, y)| *x > 0.0 && *y > 0.0)
    };
    let mut svg = format!(
        "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">",
        escape(title)
    );
    let (Some(x), Some(y)) = (
        Axis::over(points().map(|point| point.0), MARGIN.0, WIDTH - MARGIN.1),
        Axis::over(points().map(|point| point.1), HEIGHT - MARGIN.3, MARGIN.2),
    ) else {
        return svg + "<text x=\"20\" y=\"40\">nothing to show</text></svg></figure>";
    };
    let (left, right, top, bottom) = (MARGIN.0, WIDTH - MARGIN.1, MARGIN.2, HEIGHT - MARGIN.3);
    for tick in x.ticks() {
        let at = x.place(tick);
        let label = number(tick);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {top}V{bottom}\"/><text class=\"x\" x=\"{at:.1}\" y=\"{:.1}\">{label}</text>",
            bottom + 16.0
        );
    }
    for tick in y.ticks() {
        let at = y.place(tick);
        let label = number(tick);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{left} {at:.1}H{right}\"/><text class=\"y\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    let _ = write!(
        svg,
        "<text class=\"x\" x=\"{:.1}\" y=\"{:.1}\">users</text><text class=\"x\" transform=\"translate(14 {:.1}) rotate(-90)\">{}</text>",
        (left + right) / 2.0,
        HEIGHT - 8.0,
        (top + bottom) / 2.0,
        escape(y_axis)
    );
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let places: Vec<_> = line
            .points
            .iter()
            .filter(|(x, y)| *x > 0.0 && *y > 0.0)
            .map(|point| (x.place(point.0), y.place(point.1)))
            .collect();
        let mut path = String::new();
        for (x, y) in &places {
            let _ = write!(path, "{x:.1},{y:.1} ");
            let _ = write!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            );
        }
        let _ = write!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>",
            path.trim_end()
        );
    }
    for (index, (line, colour)) in lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let at = top + 12.0 + 18.0 * index as f64;
        let _ = write!(
            svg,
            "<path d=\"M{:.1} {:.1}h16\" stroke=\"{colour}\" stroke-width=\"3\"/><text x=\"{:.1}\" y=\"{at:.1}\">{}</text>",
            right + 8.0,
            at - 4.0,
            right + 30.0,
            escape(&line.name)
        );
    }
    svg + "</svg></figure>"
}

/// Text as it may stand in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Whole powers of ten around what is to be shown.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis for these values between two places on the page; `None` without values.
    fn over(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Option<Self> {
        let low = values.clone().reduce(f64::min)?.log10().floor();
        let high = values.reduce(f64::max)?.log10().ceil();
        Some(Self {
            low,
            high: high.max(low + 1.0),
            from,
            to,
        })
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let powers = self.low as i32..=self.high as i32;
        powers.map(|power| 10_f64.powi(power))
    }
}

fn number(value: f64) -> String {
    match value {
        1e6.. => format!("{} M", value / 1e6),
        1e3.. => format!("{} k", value / 1e3),
        _ => format!("{value}"),
    }
}
