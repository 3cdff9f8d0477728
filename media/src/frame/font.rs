//! Fonts that ship with the program. A name of a font is looked up, never made into a path.

use swash::{
    FontRef,
    scale::{Render, ScaleContext, Source, image::Image},
    tag_from_bytes,
    zeno::Format,
};

macro_rules! fonts {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../../assets/fonts/", $name, ".ttf")))),*]
    };
}

/// Fonts by name. The first is the default.
const FONTS: &[(&str, &[u8])] = fonts!(
    "IBMPlexSans-Bold" "IBMPlexSans-BoldItalic" "IBMPlexSans-ExtraLight"
    "IBMPlexSans-ExtraLightItalic" "IBMPlexSans-Italic" "IBMPlexSans-Light"
    "IBMPlexSans-LightItalic" "IBMPlexSans-Medium" "IBMPlexSans-MediumItalic"
    "IBMPlexSans-Regular" "IBMPlexSans-SemiBold" "IBMPlexSans-SemiBoldItalic" "IBMPlexSans-Thin"
    "IBMPlexSans-ThinItalic" "Montserrat-Bold" "Raleway-Black" "NotoEmoji-Regular"
    "DroidSansFallback"
);
/// Fonts for characters that a font does not have.
const FALLBACKS: [&str; 3] = ["IBMPlexSans-Bold", "NotoEmoji-Regular", "DroidSansFallback"];
/// Offset of the top of all glyphs in the table `head`.
const TOP: usize = 42;

/// A font with those that stand in for it.
pub(super) struct Font {
    fonts: Vec<FontRef<'static>>,
}

/// A character in a font.
#[derive(Clone, Copy)]
pub(super) struct Glyph {
    font: usize,
    id: u16,
}

impl Font {
    /// A font by its name; an unknown one is the default font.
    pub(super) fn named(name: &str) -> Self {
        let find = |name: &str| {
            let found = FONTS.iter().find(|(known, _)| *known == name);
            found.and_then(|(_, bytes)| FontRef::from_index(bytes, 0))
        };
        let first = find(name).or_else(|| find(FONTS[0].0));
        let others = FALLBACKS.iter().filter_map(|name| find(name));
        Self {
            fonts: first.into_iter().chain(others).collect(),
        }
    }

    /// The glyph of a character in the first font that has it.
    pub(super) fn glyph(&self, character: char) -> Option<Glyph> {
        self.fonts.iter().enumerate().find_map(|(font, of)| {
            let id = of.charmap().map(character);
            (id != 0).then_some(Glyph { font, id })
        })
    }

    /// Width that a glyph takes at a size in pixels.
    pub(super) fn advance(&self, glyph: Glyph, size: f64) -> f64 {
        let metrics = self.fonts[glyph.font].glyph_metrics(&[]);
        f64::from(metrics.scale(size as f32).advance_width(glyph.id))
    }

    /// Left, top, right and bottom of the ink of a glyph at a size, from the origin downwards.
    pub(super) fn ink(&self, glyph: Glyph, size: f64) -> Option<[f64; 4]> {
        let mut context = ScaleContext::new();
        let mut scaler = context
            .builder(self.fonts[glyph.font])
            .size(size as f32)
            .hint(false)
            .build();
        let outline = scaler.scale_outline(glyph.id)?;
        let bounds = outline.bounds();
        let (min, max) = (bounds.min, bounds.max);
        let ink = [min.x, -max.y, max.x, -min.y].map(f64::from);
        (ink[0] < ink[2] && ink[1] < ink[3]).then_some(ink)
    }

    /// The picture of a glyph at a size, its origin moved by parts of a pixel.
    pub(super) fn draw(&self, glyph: Glyph, size: f64, offset: (f64, f64)) -> Option<Image> {
        let mut context = ScaleContext::new();
        let mut scaler = context
            .builder(self.fonts[glyph.font])
            .size(size as f32)
            .hint(false)
            .build();
        Render::new(&[Source::Outline])
            .format(Format::Alpha)
            .offset(swash::zeno::Vector::new(offset.0 as f32, -offset.1 as f32))
            .render(&mut scaler, glyph.id)
    }

    /// Height of all glyphs above the baseline, in parts of the size.
    pub(super) fn top(&self) -> f64 {
        let Some(font) = self.fonts.first() else {
            return 1.0;
        };
        let head = font.table(tag_from_bytes(b"head"));
        let top = head.and_then(|head| Some([*head.get(TOP)?, *head.get(TOP + 1)?]));
        let units = f64::from(font.metrics(&[]).units_per_em.max(1));
        top.map_or(1.0, |top| f64::from(i16::from_be_bytes(top)) / units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_that_people_write_names_in_has_glyphs() {
        let font = Font::named("Montserrat-Bold");
        for text in [
            "Ünïcødé",
            "Жизнь",
            "Αθήνα",
            "漢字",
            "简体",
            "かな",
            "カナ",
            "한글",
            "🎉",
        ] {
            for character in text.chars() {
                let glyph = font.glyph(character);
                let glyph = glyph.unwrap_or_else(|| panic!("{character} of {text}"));
                assert!(font.draw(glyph, 24.0, (0.0, 0.0)).is_some(), "{character}");
            }
        }
    }
}
