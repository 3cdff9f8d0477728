//! Size classes of pictures: bounds of the number of pixels, not of a side (docs/spec/media.md
//! §2.2).

use std::fmt;

/// Pixels of the classes `s0` to `s9`.
const BUDGETS: [u32; 10] = [
    1_024, 4_096, 9_216, 25_600, 65_536, 193_600, 577_600, 1_721_344, 5_062_500, 14_745_600,
];

/// A size class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(u8);

impl Class {
    /// All classes, the smallest first.
    pub fn all() -> impl Iterator<Item = Class> {
        (0..10).map(Class)
    }

    /// Classes that are made before anybody asks.
    pub fn eager() -> impl Iterator<Item = Class> {
        (2..=6).map(Class)
    }

    /// The class of a name from `s0` to `s9`.
    pub fn parse(name: &str) -> Option<Self> {
        match name.as_bytes() {
            [b's', digit @ b'0'..=b'9'] => Some(Self(digit - b'0')),
            _ => None,
        }
    }

    /// Most pixels of a picture in this class.
    pub fn budget(self) -> u32 {
        BUDGETS[usize::from(self.0)]
    }

    /// Width and height of a picture in this class: the same shape, never larger than it is.
    pub fn fit(self, width: u32, height: u32) -> (u32, u32) {
        let (w, h) = (f64::from(width), f64::from(height));
        let scale = (f64::from(self.budget()) / (w * h)).sqrt();
        if scale >= 1.0 {
            return (width, height);
        }
        // The target keeps the number of pixels, its rounding may bend the shape.
        let (across, down) = ((w * scale).round().max(1.0), (h * scale).round().max(1.0));
        let fitted = if across / w <= down / h {
            (across, (across * h / w).floor())
        } else {
            ((down * w / h).floor(), down)
        };
        (
            (fitted.0.max(1.0) as u32).min(width),
            (fitted.1.max(1.0) as u32).min(height),
        )
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_fits(class: &str, source: (u32, u32), expected: (u32, u32)) {
        let fitted = Class::parse(class)
            .expect("a class")
            .fit(source.0, source.1);
        let near = |a: u32, b: u32| a.abs_diff(b) <= 1;
        assert!(
            near(fitted.0, expected.0) && near(fitted.1, expected.1),
            "{class} of {source:?}: {fitted:?}, not {expected:?}"
        );
    }

    /// Vectors of docs/spec/media.md §2.2.
    #[test]
    fn sizes_are_those_that_clients_expect() {
        const SQUARE: [u32; 10] = [32, 64, 96, 160, 256, 440, 760, 1312, 2250, 3840];
        const SKY: [(u32, u32); 9] = [
            (45, 22),
            (91, 45),
            (136, 68),
            (226, 113),
            (362, 181),
            (622, 311),
            (1075, 537),
            (1855, 927),
            (3182, 1591),
        ];
        const SCREEN: [(u32, u32); 8] = [
            (43, 24),
            (85, 47),
            (128, 72),
            (213, 119),
            (341, 191),
            (587, 330),
            (1013, 569),
            (1749, 983),
        ];
        for (n, side) in SQUARE.into_iter().enumerate() {
            assert_fits(&format!("s{n}"), (8000, 8000), (side, side));
        }
        for (n, size) in SKY.into_iter().enumerate() {
            assert_fits(&format!("s{n}"), (4096, 2048), size);
        }
        for (n, size) in SCREEN.into_iter().enumerate() {
            assert_fits(&format!("s{n}"), (1920, 1080), size);
        }
        for (class, source, size) in [
            ("s9", (4096, 2048), (4096, 2048)),
            ("s8", (1920, 1080), (1920, 1080)),
            ("s5", (1000, 3000), (254, 762)),
            ("s7", (1000, 3000), (757, 2271)),
            ("s5", (394, 680), (335, 578)),
            ("s6", (394, 680), (394, 680)),
            ("s9", (8192, 4096), (5431, 2715)),
        ] {
            assert_fits(class, source, size);
        }
    }

    #[test]
    fn names_are_s_and_one_digit() {
        for name in ["s", "s10", "S3", "m1", "3", "s\u{661}", ""] {
            assert_eq!(Class::parse(name), None, "{name}");
        }
        assert_eq!(Class::all().count(), 10);
    }

    #[test]
    fn extreme_shapes_keep_a_pixel() {
        for source in [(16_384, 1), (1, 16_384), (1, 1)] {
            for class in Class::all() {
                let (width, height) = class.fit(source.0, source.1);
                assert!(width >= 1 && height >= 1 && width <= source.0 && height <= source.1);
            }
        }
    }
}
