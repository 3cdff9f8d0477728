//! Pictures: what they may be, what is taken out of them before they are stored, and the variants
//! in which they are served (docs/spec/media.md §2, §6 C and D).

mod class;
mod decode;
mod encode;
mod poster;
mod scale;
mod strip;

use std::time::Duration;

use bytes::Bytes;
use image::metadata::Orientation;

use crate::{Format, MediaError, Result};

pub use class::Class;
pub use encode::Encoding;
pub use poster::{poster, poster_name};

/// Limits of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLimits {
    /// Pixels of one frame. Default 50 million.
    pub pixels: u64,
    /// Pixels of a side. Default 16,384.
    pub side: u32,
    /// Frames of an animation. Default 300.
    pub frames: u32,
    /// Pixels of all frames. Default 200 million.
    pub all_pixels: u64,
    /// Memory of one decoder in bytes. Default 512 MiB.
    pub memory: u64,
    /// Time of one decoder. Default 10 s.
    pub time: Duration,
}

impl Default for PictureLimits {
    fn default() -> Self {
        Self {
            pixels: 50_000_000,
            side: 16_384,
            frames: 300,
            all_pixels: 200_000_000,
            memory: 512 * 1024 * 1024,
            time: Duration::from_secs(10),
        }
    }
}

/// Facts about a picture by its structure, before any pixel is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outline {
    /// Width and height as stored, before the orientation is applied.
    width: u32,
    height: u32,
    /// Frames; 1 for a still picture.
    frames: u32,
    /// Passes over the pixels: scans of a progressive JPEG.
    passes: u32,
    orientation: Orientation,
}

impl Outline {
    /// A still picture.
    fn still(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            frames: 1,
            passes: 1,
            orientation: Orientation::NoTransforms,
        }
    }

    /// Refuses what would cost too much to decode.
    fn check(&self, limits: &PictureLimits) -> Result<()> {
        let (width, height) = (self.width, self.height);
        let pixels = u64::from(width) * u64::from(height);
        let refuse = |rule: String| Err(MediaError::Invalid(rule));
        if width == 0 || height == 0 {
            return refuse("the picture has no pixels".to_owned());
        }
        if width > limits.side || height > limits.side || pixels > limits.pixels {
            return refuse(format!(
                "{width} × {height} pixels are more than {} or a side of more than {}",
                limits.pixels, limits.side
            ));
        }
        if self.frames > limits.frames || pixels * u64::from(self.frames) > limits.all_pixels {
            return refuse(format!(
                "{} frames of {width} × {height} pixels are too many",
                self.frames
            ));
        }
        // A scan costs time for each pixel, however few bytes it has.
        if pixels * u64::from(self.passes) > limits.all_pixels * 10 {
            return refuse(format!("{} scans are too many", self.passes));
        }
        Ok(())
    }
}

/// A picture that was checked and cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The bytes to store, without metadata; colours and orientation are kept.
    pub bytes: Bytes,
    /// Its format.
    pub format: Format,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// Frames; 1 for a still picture.
    pub frames: u32,
    /// Whether some pixel is not opaque.
    pub has_alpha: bool,
}

/// Takes metadata out of a picture and decodes it once, to be sure that it can be.
///
/// # Errors
/// `Invalid` with the rule that it breaks.
pub fn clean(format: Format, bytes: &[u8], limits: &PictureLimits) -> Result<Picture> {
    let (bytes, outline) = strip::strip(format, bytes)?;
    outline.check(limits)?;
    let (width, height) = outline.upright();
    let has_alpha = decode::check(format, &bytes, &outline, limits)?;
    Ok(Picture {
        bytes: bytes.into(),
        format,
        width,
        height,
        frames: outline.frames,
        has_alpha,
    })
}

impl Outline {
    /// Width and height of the upright picture.
    fn upright(&self) -> (u32, u32) {
        match self.orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (self.height, self.width),
            _ => (self.width, self.height),
        }
    }
}

/// A picture in a size and an encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The file.
    pub bytes: Bytes,
    /// Its media type, which is that of the baseline where the asked one would be larger.
    pub mime: &'static str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Decoded pixels of a stored picture, upright and in sRGB: the source of its variants.
#[derive(Debug)]
pub struct Pixels {
    pixels: scale::Raster,
    format: Format,
    /// The stored file, if its pixels are already upright and in sRGB.
    plain: Option<Bytes>,
}

impl Pixels {
    /// Decodes the first frame of a stored picture.
    ///
    /// # Errors
    /// `Invalid` if it cannot be decoded.
    pub fn decode(format: Format, bytes: Bytes, limits: &PictureLimits) -> Result<Self> {
        let (_, outline) = strip::strip(format, &bytes)?;
        outline.check(limits)?;
        let decoded = decode::first_frame(format, &bytes, limits)?;
        let plain = decoded.is_plain && outline.frames == 1;
        Ok(Self {
            pixels: decoded.raster,
            format,
            plain: plain.then_some(bytes),
        })
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.pixels.width, self.pixels.height)
    }

    /// Red, green, blue and alpha of a pixel; black beyond the edges.
    pub(crate) fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let raster = &self.pixels;
        let at = (y as usize * raster.width as usize + x as usize) * raster.channels;
        match raster.pixels.get(at..at + raster.channels) {
            Some([red, green, blue]) => [*red, *green, *blue, 255],
            Some([red, green, blue, alpha]) => [*red, *green, *blue, *alpha],
            _ => [0, 0, 0, 255],
        }
    }

    /// Makes a variant. A picture that is smaller than the class is not enlarged.
    ///
    /// # Errors
    /// `Internal` if an encoder fails.
    pub fn variant(&self, class: Class, encoding: Encoding) -> Result<Variant> {
        let (width, height) = class.fit(self.pixels.width, self.pixels.height);
        let scaled = (width, height) != (self.pixels.width, self.pixels.height);
        let raster = match scaled {
            true => &scale::reduce(&self.pixels, width, height)?,
            false => &self.pixels,
        };
        let baseline = match raster.has_alpha() {
            true => Encoding::Png,
            false => Encoding::Jpeg,
        };
        // The stored file is as good as any that could be made of it.
        let stored = self.plain.as_ref().filter(|_| !scaled);
        let encoded = |encoding: Encoding| match stored {
            Some(bytes) if encoding.format() == Some(self.format) => Ok(bytes.clone()),
            _ => encoding.encode(raster).map(Bytes::from),
        };
        let asked = match encoding {
            Encoding::Baseline => baseline,
            other => other,
        };
        let mut made = (asked, encoded(asked)?);
        if matches!(asked, Encoding::WebP | Encoding::Avif) {
            let plain = encoded(baseline)?;
            if plain.len() < made.1.len() {
                made = (baseline, plain);
            }
        }
        if let Some(bytes) = stored
            && encoding == Encoding::Baseline
            && bytes.len() < made.1.len()
            && self.format != Format::WebP
        {
            return Ok(Variant {
                bytes: bytes.clone(),
                mime: self.format.mime(),
                width,
                height,
            });
        }
        Ok(Variant {
            bytes: made.1,
            mime: made.0.mime(),
            width,
            height,
        })
    }
}

/// Makes an animated WebP of all frames in a size.
///
/// # Errors
/// `Invalid` if the picture cannot be decoded.
pub fn animated(
    format: Format,
    bytes: &[u8],
    class: Class,
    limits: &PictureLimits,
) -> Result<Variant> {
    let (_, outline) = strip::strip(format, bytes)?;
    outline.check(limits)?;
    let (width, height) = class.fit(outline.width, outline.height);
    let mut frames = Vec::new();
    decode::each_frame(format, bytes, &outline, limits, |frame, delay| {
        frames.push((scale::reduce(frame, width, height)?, delay));
        Ok(())
    })?;
    Ok(Variant {
        bytes: encode::animation(&frames, width, height)?.into(),
        mime: Format::WebP.mime(),
        width,
        height,
    })
}
