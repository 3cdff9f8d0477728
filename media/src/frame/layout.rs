//! Places of texts: sizes that fit, lines that break (docs/spec/media.md §2.5).

use super::{Text, TextBox, font::Font};

/// Resolution of texts that name none, in dots an inch; a point is one of 72.
const DPI: f64 = 100.0;
const POINTS: f64 = 72.0;
/// Size in points where none fits.
const FALLBACK: f64 = 12.0;
/// Steps in which a size is looked for.
const STEPS: usize = 40;
/// Pixels that the size of a line has more than its glyphs.
const LEADING: f64 = 5.0;
/// Characters of a text that are drawn: more are no text that anybody reads.
const MAX_CHARACTERS: usize = 4096;

/// A text with its place.
pub(super) struct Placed {
    /// Size in pixels.
    pub(super) pixels: f64,
    /// Lines of characters.
    pub(super) lines: Vec<String>,
    /// Size of the whole text.
    pub(super) width: f64,
    pub(super) height: f64,
    /// Left and top of it in the box.
    pub(super) x: f64,
    pub(super) y: f64,
    /// Baseline of the first line below the top.
    pub(super) baseline: f64,
    /// Distance of lines.
    pub(super) line_height: f64,
}

/// Finds the place of a text in a box; nothing if there is nothing to draw.
pub(super) fn place(font: &Font, text: &Text, inside: &TextBox) -> Option<Placed> {
    let dpi = if text.dpi > 0.0 { text.dpi } else { DPI };
    let room = (
        (inside.width - 2 * text.pad_x - 2 * inside.thickness) as f64,
        (inside.height - 2 * text.pad_y - 2 * inside.thickness) as f64,
    );
    let string: String = text.string.chars().take(MAX_CHARACTERS).collect();
    let mut placed = match text.wrap {
        true => wrapped(font, &string, text.fontsize, dpi, room),
        false => unwrapped(font, &string, text.fontsize, dpi, room)?,
    };
    let (left, top) = (text.pad_x + inside.thickness, text.pad_y + inside.thickness);
    let (width, height) = (inside.width as f64, inside.height as f64);
    placed.x = match text.align_h.as_str() {
        "left" => left as f64,
        "right" => width - left as f64 - placed.width,
        _ => width / 2.0 - placed.width / 2.0,
    };
    placed.y = match text.align_v.as_str() {
        "center" => height / 2.0 - placed.height / 2.0,
        "bottom" => height - top as f64 - placed.height,
        _ => top as f64,
    };
    Some(placed)
}

/// Width of a line: the sum of what its glyphs take.
fn advance(font: &Font, line: &str, pixels: f64) -> f64 {
    let glyphs = line.chars().filter_map(|character| font.glyph(character));
    glyphs.map(|glyph| font.advance(glyph, pixels)).sum()
}

/// Left, top and bottom of the ink of a line.
fn ink(font: &Font, line: &str, pixels: f64) -> Option<(f64, f64, f64)> {
    let mut pen = 0.0;
    let mut found: Option<(f64, f64, f64)> = None;
    for glyph in line.chars().filter_map(|character| font.glyph(character)) {
        if let Some([left, top, _, bottom]) = font.ink(glyph, pixels) {
            let ink = (pen + left, top, bottom);
            found = Some(found.map_or(ink, |so_far| {
                (
                    so_far.0.min(ink.0),
                    so_far.1.min(ink.1),
                    so_far.2.max(ink.2),
                )
            }));
        }
        pen += font.advance(glyph, pixels);
    }
    found
}

/// One line, in the size that is asked for or in the largest that fits.
fn unwrapped(font: &Font, string: &str, points: f64, dpi: f64, room: (f64, f64)) -> Option<Placed> {
    let line = normalised(string);
    let measure = |points: f64| {
        let pixels = points * dpi / POINTS;
        let (left, top, bottom) = ink(font, &line, pixels)?;
        let width = advance(font, &line, pixels).floor();
        Some((
            width,
            left.floor(),
            bottom.floor() - top.floor(),
            top.floor(),
        ))
    };
    let points = match points > 0.0 {
        true => points,
        false => fitting(&measure, room)?,
    };
    let (width, left, height, top) = measure(points)?;
    Some(Placed {
        pixels: points * dpi / POINTS,
        lines: vec![line],
        width: width + left,
        height,
        x: 0.0,
        y: 0.0,
        baseline: -top,
        line_height: height,
    })
}

/// The largest size whose text fits, by halving; the fallback if none does.
fn fitting(
    measure: &impl Fn(f64) -> Option<(f64, f64, f64, f64)>,
    (width, height): (f64, f64),
) -> Option<f64> {
    let (mut low, mut high) = (0.0, width.min(height) + 100.0);
    if width <= 0.0 || height <= 0.0 || high <= 0.0 {
        return Some(FALLBACK);
    }
    for _ in 0..STEPS {
        let size = (low + high) / 2.0;
        let (across, left, down, _) = measure(size)?;
        let across = across - left;
        let (extent, limit) = match width - across > height - down {
            true => (down, height),
            false => (across, width),
        };
        if (extent - limit).abs() <= 1.0 {
            return Some(size);
        }
        match extent > limit {
            true => high = size,
            false => low = size,
        }
    }
    Some(FALLBACK)
}

/// Runs of spaces as one, and none beside the end of a line.
fn normalised(string: &str) -> String {
    let lines = string.split('\n').map(|line| {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Lines that are as long as the box allows.
fn wrapped(font: &Font, string: &str, points: f64, dpi: f64, room: (f64, f64)) -> Placed {
    let points = if points > 0.0 { points } else { FALLBACK };
    let pixels = points * dpi / POINTS;
    let fits = |line: &str| advance(font, line, pixels) <= room.0;
    let mut lines = Vec::new();
    for paragraph in string.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = match line.is_empty() {
                true => word.to_owned(),
                false => format!("{line} {word}"),
            };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            // A word that is wider than the box breaks anywhere.
            for character in word.chars() {
                let longer = format!("{line}{character}");
                if !line.is_empty() && !fits(&longer) {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(character);
            }
        }
        lines.push(line);
    }
    let line_height = (pixels * font.top()).round() + LEADING;
    let widths = lines.iter().map(|line| advance(font, line, pixels).round());
    Placed {
        pixels,
        width: widths.fold(0.0, f64::max),
        height: line_height * lines.len() as f64,
        lines,
        x: 0.0,
        y: 0.0,
        baseline: pixels * font.top(),
        line_height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text, its font and size, its box, whether it wraps; points, size and place.
    type Golden = (
        &'static str,
        (&'static str, f64),
        (i64, i64),
        bool,
        f64,
        (f64, f64),
        (f64, f64),
    );

    /// Vectors of docs/spec/media.md §2.5.
    const GOLDEN: [Golden; 6] = [
        (
            "Odyssey",
            ("IBMPlexSans-Bold", 0.0),
            (1024, 64),
            false,
            48.09375,
            (267.0, 63.0),
            (378.5, 0.5),
        ),
        (
            "I",
            ("IBMPlexSans-Bold", 0.0),
            (1024, 64),
            false,
            63.28125,
            (41.0, 62.0),
            (491.5, 1.0),
        ),
        (
            "A considerably longer world name that will be limited by width instead of height",
            ("IBMPlexSans-Bold", 0.0),
            (1024, 64),
            false,
            19.6171875,
            (1023.0, 26.0),
            (0.5, 19.0),
        ),
        (
            "Odyssey",
            ("IBMPlexSans-Bold", 24.0),
            (1024, 64),
            false,
            24.0,
            (132.0, 31.0),
            (446.0, 16.5),
        ),
        (
            "Odyssey",
            ("IBMPlexSans-SemiBold", 17.0),
            (1024, 64),
            true,
            17.0,
            (92.0, 32.0),
            (466.0, 16.0),
        ),
        (
            "Odyssey",
            ("Montserrat-Bold", 0.0),
            (1024, 64),
            false,
            48.09375,
            (297.0, 63.0),
            (363.5, 0.5),
        ),
    ];

    #[test]
    fn texts_have_the_places_that_they_are_known_for() {
        for (string, (name, fontsize), (width, height), wrap, points, size, at) in GOLDEN {
            let text = Text {
                string: string.to_owned(),
                fontsize,
                wrap,
                pad_y: 1,
                align_h: "center".to_owned(),
                align_v: "center".to_owned(),
                ..Text::default()
            };
            let inside = TextBox {
                width,
                height,
                ..TextBox::default()
            };
            let placed = place(&Font::named(name), &text, &inside).expect("has a place");
            let near = |a: f64, b: f64| (a - b).abs() <= f64::max(2.0, b.abs() * 0.01);
            let found = (
                placed.pixels * POINTS / DPI,
                placed.width,
                placed.height,
                placed.x,
                placed.y,
            );
            assert!(
                (placed.pixels * POINTS / DPI - points).abs() <= points * 0.01
                    && near(placed.width, size.0)
                    && near(placed.height, size.1)
                    && near(placed.x, at.0)
                    && near(placed.y, at.1),
                "{string} in {name}: {found:?}, not {points} {size:?} {at:?}"
            );
        }
    }
}
