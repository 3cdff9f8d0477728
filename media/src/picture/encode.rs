//! Encoders of variants.

use image::{
    ExtendedColorType, ImageEncoder,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};
use ravif::{Img, RGB8, RGBA8};
use webp::{AnimEncoder, AnimFrame, WebPConfig};

use super::scale::Raster;
use crate::{Format, MediaError, Result};

/// Quality of JPEG, 1 to 100.
const JPEG_QUALITY: u8 = 88;
/// Quality of lossy WebP, and effort from 0 to 6.
const WEBP_QUALITY: f32 = 84.0;
const WEBP_METHOD: i32 = 2;
/// Quality of AVIF, and haste from 1 to 10: this encoder takes seconds for what WebP does at once.
const AVIF_QUALITY: f32 = 72.0;
const AVIF_SPEED: u8 = 10;

/// Encoding of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The encoding that every client reads: JPEG, or PNG for pictures that are not opaque.
    Baseline,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
    /// AVIF.
    Avif,
}

impl Encoding {
    /// The word for it in names of variants and in queries.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Baseline => "base",
            Encoding::Png => "png",
            Encoding::Jpeg => "jpeg",
            Encoding::WebP => "webp",
            Encoding::Avif => "avif",
        }
    }

    /// The encoding that a query names.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Encoding::Png,
            Encoding::Jpeg,
            Encoding::WebP,
            Encoding::Avif,
        ]
        .into_iter()
        .find(|encoding| encoding.name() == name)
    }

    /// The format of stored pictures that is this encoding.
    pub(super) fn format(self) -> Option<Format> {
        match self {
            Encoding::Png => Some(Format::Png),
            Encoding::Jpeg => Some(Format::Jpeg),
            Encoding::WebP => Some(Format::WebP),
            Encoding::Baseline | Encoding::Avif => None,
        }
    }

    pub(super) fn mime(self) -> &'static str {
        match self {
            Encoding::Avif => "image/avif",
            other => other.format().map_or("image/png", Format::mime),
        }
    }

    pub(super) fn encode(self, raster: &Raster) -> Result<Vec<u8>> {
        match self {
            Encoding::Baseline | Encoding::Png => png(raster),
            Encoding::Jpeg => jpeg(raster),
            Encoding::WebP => webp(raster),
            Encoding::Avif => avif(raster),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> MediaError {
    MediaError::Internal(format!("an encoder failed: {error}"))
}

fn png(raster: &Raster) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let colours = match raster.has_alpha() {
        true => ExtendedColorType::Rgba8,
        false => ExtendedColorType::Rgb8,
    };
    PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive)
        .write_image(&raster.pixels, raster.width, raster.height, colours)
        .map_err(failed)?;
    Ok(out)
}

/// JPEG has no alpha: what is transparent is seen on white.
fn jpeg(raster: &Raster) -> Result<Vec<u8>> {
    let flat: Vec<u8>;
    let pixels = match raster.has_alpha() {
        false => &raster.pixels,
        true => {
            let over = |pixel: &[u8]| {
                let alpha = u32::from(pixel[3]);
                let mix =
                    |colour: u8| ((u32::from(colour) * alpha + 255 * (255 - alpha)) / 255) as u8;
                [mix(pixel[0]), mix(pixel[1]), mix(pixel[2])]
            };
            flat = raster.pixels.chunks_exact(4).flat_map(over).collect();
            &flat
        }
    };
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY)
        .write_image(pixels, raster.width, raster.height, ExtendedColorType::Rgb8)
        .map_err(failed)?;
    Ok(out)
}

fn webp_config() -> Result<WebPConfig> {
    let mut config = WebPConfig::new().map_err(|()| failed("libwebp refuses its defaults"))?;
    config.quality = WEBP_QUALITY;
    config.method = WEBP_METHOD;
    Ok(config)
}

fn webp(raster: &Raster) -> Result<Vec<u8>> {
    let (width, height) = (raster.width, raster.height);
    let encoder = match raster.has_alpha() {
        true => webp::Encoder::from_rgba(&raster.pixels, width, height),
        false => webp::Encoder::from_rgb(&raster.pixels, width, height),
    };
    let encoded = encoder.encode_advanced(&webp_config()?);
    let encoded = encoded.map_err(|error| failed(format!("{error:?}")))?;
    Ok(encoded.to_vec())
}

/// An animation of frames with their times in milliseconds.
pub(super) fn animation(frames: &[(Raster, u32)], width: u32, height: u32) -> Result<Vec<u8>> {
    let config = webp_config()?;
    let mut encoder = AnimEncoder::new(width, height, &config);
    encoder.set_loop_count(0);
    let mut time = 0;
    for (raster, delay) in frames {
        encoder.add_frame(match raster.has_alpha() {
            true => AnimFrame::from_rgba(&raster.pixels, width, height, time),
            false => AnimFrame::from_rgb(&raster.pixels, width, height, time),
        });
        time = time.saturating_add(i32::try_from(*delay).unwrap_or(i32::MAX).max(10));
    }
    let encoded = encoder.try_encode();
    let encoded = encoded.map_err(|error| failed(format!("{error:?}")))?;
    Ok(encoded.to_vec())
}

fn avif(raster: &Raster) -> Result<Vec<u8>> {
    let (width, height) = (raster.width as usize, raster.height as usize);
    let encoder = ravif::Encoder::new()
        .with_quality(AVIF_QUALITY)
        .with_speed(AVIF_SPEED)
        .with_num_threads(Some(1));
    let encoded = if raster.has_alpha() {
        let pixels: Vec<RGBA8> = raster
            .pixels
            .chunks_exact(4)
            .map(|pixel| RGBA8::new(pixel[0], pixel[1], pixel[2], pixel[3]))
            .collect();
        encoder.encode_rgba(Img::new(&pixels, width, height))
    } else {
        let pixels: Vec<RGB8> = raster
            .pixels
            .chunks_exact(3)
            .map(|pixel| RGB8::new(pixel[0], pixel[1], pixel[2]))
            .collect();
        encoder.encode_rgb(Img::new(&pixels, width, height))
    };
    Ok(encoded.map_err(failed)?.avif_file)
}
