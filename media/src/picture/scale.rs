//! Scaling down, in linear light and with premultiplied alpha.

use std::sync::OnceLock;

use fast_image_resize::{
    FilterType, PixelComponentMapper, PixelType, ResizeAlg, ResizeOptions, Resizer,
    create_srgb_mapper,
    images::{Image, ImageRef},
};

use crate::{MediaError, Result};

/// Pixels of the source that are in linear light at one time: 16 bits a channel, 32 MiB.
const BAND: usize = 4 << 20;
/// Reach of the filter in pixels of the target.
const SUPPORT: f64 = 2.0;

/// Pixels of eight bits a channel in sRGB, alpha not multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 3, or 4 with alpha.
    pub(super) channels: usize,
    pub(super) pixels: Vec<u8>,
}

impl Raster {
    pub(super) fn new(width: u32, height: u32, channels: usize, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(
            pixels.len(),
            width as usize * height as usize * channels,
            "every pixel is there"
        );
        Self {
            width,
            height,
            channels,
            pixels,
        }
    }

    /// Whether some pixel is not opaque.
    pub(super) fn has_alpha(&self) -> bool {
        self.channels == 4
    }
}

fn mapper() -> &'static PixelComponentMapper {
    static MAPPER: OnceLock<PixelComponentMapper> = OnceLock::new();
    MAPPER.get_or_init(create_srgb_mapper)
}

/// Scales a picture down, band by band, so that memory depends on the band only.
pub(super) fn reduce(source: &Raster, width: u32, height: u32) -> Result<Raster> {
    let (narrow, wide) = match source.channels {
        4 => (PixelType::U8x4, PixelType::U16x4),
        _ => (PixelType::U8x3, PixelType::U16x3),
    };
    let scale = f64::from(source.height) / f64::from(height);
    let rows = BAND as f64 / f64::from(source.width) / scale;
    let rows = (rows as u32).clamp(1, height);
    let source_row = source.width as usize * source.channels;
    let mut resizer = Resizer::new();
    let mut pixels = Vec::with_capacity(width as usize * height as usize * source.channels);
    for top in (0..height).step_by(rows as usize) {
        let bottom = (top + rows).min(height);
        // The rows that are seen, and those around them that the filter reaches.
        let (from, to) = (f64::from(top) * scale, f64::from(bottom) * scale);
        let margin = SUPPORT * scale.max(1.0) + 1.0;
        let first = (from - margin).floor().max(0.0) as u32;
        let last = ((to + margin).ceil() as u32).min(source.height);
        let band = &source.pixels[first as usize * source_row..last as usize * source_row];
        let band = ImageRef::new(source.width, last - first, band, narrow).map_err(internal)?;
        let mut linear = Image::new(source.width, last - first, wide);
        mapper().forward_map(&band, &mut linear).map_err(internal)?;
        let mut reduced = Image::new(width, bottom - top, wide);
        // Rounding must not lead out of the band.
        let (offset, all) = (from - f64::from(first), f64::from(last - first));
        let seen = (to - from).min(all - offset);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            .crop(0.0, offset, f64::from(source.width), seen);
        resizer
            .resize(&linear, &mut reduced, &options)
            .map_err(internal)?;
        let mut shown = Image::new(width, bottom - top, narrow);
        mapper()
            .backward_map(&reduced, &mut shown)
            .map_err(internal)?;
        pixels.extend_from_slice(shown.buffer());
    }
    Ok(Raster::new(width, height, source.channels, pixels))
}

fn internal(error: impl std::fmt::Display) -> MediaError {
    MediaError::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_mix_to_the_grey_of_half_the_light() {
        let side = 512_u32;
        let board = (0..side * side).flat_map(|n| {
            let white = (n % side + n / side).is_multiple_of(2);
            [if white { 255 } else { 0 }; 3]
        });
        let board = Raster::new(side, side, 3, board.collect());
        let small = reduce(&board, side / 8, side / 8).expect("reduces");
        assert!(small.pixels.iter().all(|grey| grey.abs_diff(188) <= 2));
    }

    #[test]
    fn transparent_pixels_give_no_colour() {
        let side = 64_u32;
        let picture = (0..side * side).flat_map(|n| {
            if n % side < side / 2 {
                [255, 0, 0, 255]
            } else {
                [0, 255, 0, 0]
            }
        });
        let picture = Raster::new(side, side, 4, picture.collect());
        let small = reduce(&picture, 9, 9).expect("reduces");
        for pixel in small.pixels.chunks_exact(4).filter(|pixel| pixel[3] > 16) {
            assert!(pixel[0] > 250 && pixel[1] < 5, "{pixel:?}");
        }
    }

    #[test]
    fn every_size_can_be_reduced() {
        for (height, target) in (1..400).flat_map(|n| [(n * 7 + 3, n), (n * 13, n * 3), (n + 1, n)])
        {
            let source = Raster::new(3, height, 3, vec![9; 3 * height as usize * 3]);
            let small = reduce(&source, 1, target).expect("reduces");
            assert_eq!(small.pixels.len(), target as usize * 3);
        }
    }

    #[test]
    fn bands_leave_no_seams() {
        // A slope down the whole height, in so many rows that there are several bands.
        let (width, height) = (2048_u32, 8192_u32);
        let slope = (0..height).flat_map(|row| {
            let grey = (row * 255 / height) as u8;
            std::iter::repeat_n(grey, width as usize * 3)
        });
        let slope = Raster::new(width, height, 3, slope.collect());
        let small = reduce(&slope, 16, 256).expect("reduces");
        let column: Vec<u8> = small
            .pixels
            .chunks_exact(16 * 3)
            .map(|row| row[0])
            .collect();
        for pair in column.windows(2) {
            assert!(pair[1] >= pair[0] && pair[1] - pair[0] <= 2, "{pair:?}");
        }
    }
}
