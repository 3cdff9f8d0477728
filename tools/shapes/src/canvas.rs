//! Pictures in memory, and how they become PNG files.

/// Red, green and blue as they are stored in a file (sRGB), 0 to 1.
pub(crate) type Colour = [f64; 3];

/// An opaque picture, eight bits per channel, rows from the top.
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<[u8; 3]>,
}

/// Ordered dither: turns the steps of a soft gradient into a pattern too fine to see, and unlike
/// noise it compresses.
const BAYER: [[u8; 8]; 8] = [
    [0, 32, 8, 40, 2, 34, 10, 42],
    [48, 16, 56, 24, 50, 18, 58, 26],
    [12, 44, 4, 36, 14, 46, 6, 38],
    [60, 28, 52, 20, 62, 30, 54, 22],
    [3, 35, 11, 43, 1, 33, 9, 41],
    [51, 19, 59, 27, 49, 17, 57, 25],
    [15, 47, 7, 39, 13, 45, 5, 37],
    [63, 31, 55, 23, 61, 29, 53, 21],
];

impl Canvas {
    /// Paints each pixel with the colour of its column and row, dithered.
    pub(crate) fn paint(
        width: u32,
        height: u32,
        mut colour: impl FnMut(u32, u32) -> Colour,
    ) -> Self {
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                let threshold = (f64::from(BAYER[(y % 8) as usize][(x % 8) as usize]) + 0.5) / 64.0;
                pixels.push(
                    colour(x, y)
                        .map(|value| (value.clamp(0.0, 1.0) * 255.0 + threshold).min(255.0) as u8),
                );
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Paints with sixteen samples per pixel, for pictures with edges. The colour gets a place in
    /// pixels.
    pub(crate) fn paint_smooth(
        width: u32,
        height: u32,
        colour: impl Fn(f64, f64) -> Colour,
    ) -> Self {
        const SIDE: u32 = 4;
        let share = 1.0 / f64::from(SIDE * SIDE);
        Self::paint(width, height, |x, y| {
            let mut sum = [0.0; 3];
            for sample in 0..SIDE * SIDE {
                let shift = |step: u32| (f64::from(step) + 0.5) / f64::from(SIDE);
                let at = colour(
                    f64::from(x) + shift(sample % SIDE),
                    f64::from(y) + shift(sample / SIDE),
                );
                for channel in 0..3 {
                    sum[channel] += at[channel] * share;
                }
            }
            sum
        })
    }

    /// The picture as a PNG file.
    pub(crate) fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        encoder.set_deflate_compression(png::DeflateCompression::Level(9));
        encoder.set_filter(png::Filter::Adaptive);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(file)
    }
}

/// `#rrggbb` as a colour.
pub(crate) const fn rgb(hex: u32) -> Colour {
    [
        (hex >> 16 & 255) as f64 / 255.0,
        (hex >> 8 & 255) as f64 / 255.0,
        (hex & 255) as f64 / 255.0,
    ]
}

/// From `a` (share 0) to `b` (share 1).
pub(crate) fn mix(a: Colour, b: Colour, share: f64) -> Colour {
    let mut mixed = [0.0; 3];
    for channel in 0..3 {
        mixed[channel] = a[channel] + (b[channel] - a[channel]) * share;
    }
    mixed
}

/// 0 below `from`, 1 above `to`, smooth in between.
pub(crate) fn smoothstep(from: f64, to: f64, value: f64) -> f64 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
