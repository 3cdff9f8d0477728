//! Pixels of stored pictures: with limits, upright, in sRGB.

use std::{io::Cursor, time::Instant};

use image::{
    AnimationDecoder, DynamicImage, Frame, ImageDecoder, ImageError, Limits,
    codecs::{gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::{Outline, PictureLimits, scale::Raster};
use crate::{Format, MediaError, Result};

/// A decoded picture.
pub(super) struct Decoded {
    pub(super) raster: Raster,
    /// Whether the pixels are as they were stored.
    pub(super) is_plain: bool,
}

impl From<ImageError> for MediaError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::invalid("the picture takes too much memory to decode"),
            other => Self::Invalid(other.to_string()),
        }
    }
}

/// Decodes all of a picture once; whether some pixel is not opaque.
pub(super) fn check(
    format: Format,
    bytes: &[u8],
    outline: &Outline,
    limits: &PictureLimits,
) -> Result<bool> {
    if outline.frames == 1 {
        return Ok(first_frame(format, bytes, limits)?.raster.has_alpha());
    }
    let mut has_alpha = false;
    each_frame(format, bytes, outline, limits, |frame, _| {
        has_alpha |= frame.has_alpha();
        Ok(())
    })?;
    Ok(has_alpha)
}

/// Decodes the first frame.
pub(super) fn first_frame(format: Format, bytes: &[u8], limits: &PictureLimits) -> Result<Decoded> {
    let source = Cursor::new(bytes);
    match format {
        Format::Png => decode(PngDecoder::with_limits(source, limits.decoder())?, limits),
        Format::Jpeg => decode(JpegDecoder::new(source)?, limits),
        Format::WebP => decode(WebPDecoder::new(source)?, limits),
        Format::Gif => decode(GifDecoder::new(source)?, limits),
        _ => Err(MediaError::UnsupportedType("not a picture")),
    }
}

/// Decodes frame after frame; `each` gets the whole picture and its time in milliseconds.
pub(super) fn each_frame(
    format: Format,
    bytes: &[u8],
    outline: &Outline,
    limits: &PictureLimits,
    mut each: impl FnMut(&Raster, u32) -> Result<()>,
) -> Result<()> {
    let source = Cursor::new(bytes);
    let frames = match format {
        Format::Gif => {
            let mut decoder = GifDecoder::new(source)?;
            decoder.set_limits(limits.decoder())?;
            decoder.into_frames()
        }
        Format::WebP => WebPDecoder::new(source)?.into_frames(),
        Format::Png => PngDecoder::with_limits(source, limits.decoder())?
            .apng()?
            .into_frames(),
        _ => return Err(MediaError::invalid("the picture has no frames")),
    };
    let deadline = Instant::now() + limits.time;
    let mut seen = 0;
    for frame in frames {
        if Instant::now() > deadline {
            return Err(MediaError::invalid("the picture takes too long to decode"));
        }
        let frame: Frame = frame?;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let delay = numerator / denominator.max(1);
        each(&raster(frame.into_buffer().into()), delay)?;
        seen += 1;
        if seen > outline.frames {
            return Err(MediaError::invalid(
                "the picture has more frames than it says",
            ));
        }
    }
    match seen {
        0 => Err(MediaError::invalid("the picture has no frames")),
        _ => Ok(()),
    }
}

impl PictureLimits {
    fn decoder(&self) -> Limits {
        let mut limits = Limits::default();
        limits.max_image_width = Some(self.side);
        limits.max_image_height = Some(self.side);
        limits.max_alloc = Some(self.memory);
        limits
    }
}

fn decode(mut decoder: impl ImageDecoder, limits: &PictureLimits) -> Result<Decoded> {
    decoder.set_limits(limits.decoder())?;
    let profile = decoder.icc_profile().ok().flatten();
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let mut raster = raster(picture);
    if let Some(profile) = &profile {
        to_srgb(&mut raster, profile);
    }
    Ok(Decoded {
        raster,
        is_plain: profile.is_none() && orientation == Orientation::NoTransforms,
    })
}

/// Eight bits a channel, with transparency only if there is any.
fn raster(picture: DynamicImage) -> Raster {
    let (width, height) = (picture.width(), picture.height());
    if picture.color().has_alpha() {
        let pixels = picture.into_rgba8().into_raw();
        if pixels.chunks_exact(4).any(|pixel| pixel[3] != u8::MAX) {
            return Raster::new(width, height, 4, pixels);
        }
        let opaque = pixels.chunks_exact(4).flat_map(|pixel| &pixel[..3]);
        return Raster::new(width, height, 3, opaque.copied().collect());
    }
    Raster::new(width, height, 3, picture.into_rgb8().into_raw())
}

/// Converts from the profile of the picture. One that cannot be used, such as that of a printer, is
/// ignored, as browsers do.
fn to_srgb(raster: &mut Raster, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else {
        return;
    };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let layout = match raster.channels {
        4 => Layout::Rgba,
        _ => Layout::Rgb,
    };
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else {
        return;
    };
    let row = raster.width as usize * raster.channels;
    let mut converted = vec![0; row];
    for pixels in raster.pixels.chunks_exact_mut(row) {
        if transform.transform(pixels, &mut converted).is_err() {
            return;
        }
        pixels.copy_from_slice(&converted);
    }
}
